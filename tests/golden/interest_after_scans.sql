SELECT CAST(coalesce(anon_1.interested, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.scan_entry_count AS DOUBLE PRECISION), 0) AS scan_interest_share
FROM (
  SELECT coalesce(
    sum(CASE WHEN (line.is_mature AND line.at_interest IS NOT NULL) THEN 1 ELSE 0 END), 0
  ) AS interested,
    coalesce(sum(CASE WHEN line.is_mature THEN 1 ELSE 0 END), 0) AS scan_entry_count
  FROM (
    SELECT entries.event_id, entries.person_key, entries.entered_at, entries.business_date,
      entries.store_key, entries.region_key, entries.brand, entries.guide_key,
      entries.campaign_key, entries.coupon_key, entries.at_interest, entries.at_ordered,
      entries.at_paid, entries.at_fulfilled, entries.entered_at
      + INTERVAL '14 days' < dim_as_of.as_of AS is_mature
    FROM (
      SELECT fct_funnel_entries.event_id, fct_funnel_entries.person_key,
        fct_funnel_entries.entered_at, fct_funnel_entries.business_date,
        fct_funnel_entries.store_key, fct_funnel_entries.region_key, fct_funnel_entries.brand,
        fct_funnel_entries.guide_key, fct_funnel_entries.campaign_key,
        fct_funnel_entries.coupon_key, fct_funnel_entries.step_1_at AS at_interest,
        fct_funnel_entries.step_2_at AS at_ordered, fct_funnel_entries.step_3_at AS at_paid,
        fct_funnel_entries.step_4_at AS at_fulfilled
      FROM fct_funnel_entries
      WHERE fct_funnel_entries.funnel = 'scan_to_order'
    ) AS entries
    JOIN dim_as_of ON TRUE
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
