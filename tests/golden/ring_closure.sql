SELECT CAST(coalesce(anon_1.closed_rings, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.ripe_rings AS DOUBLE PRECISION), 0) AS ring_closure_rate
FROM (
  SELECT coalesce(
    sum(CASE WHEN (of_each.is_ripe AND of_each.is_closed) THEN 1 ELSE 0 END), 0
  ) AS closed_rings,
    coalesce(sum(CASE WHEN of_each.is_ripe THEN 1 ELSE 0 END), 0) AS ripe_rings
  FROM (
    SELECT arg_min(line.is_ripe, line.entered_at) AS is_ripe,
      arg_min(line.is_closed, line.entered_at) AS is_closed
    FROM (
      SELECT fct_funnel_entries.event_id, fct_funnel_entries.person_key,
        fct_funnel_entries.entered_at, fct_funnel_entries.business_date,
        fct_funnel_entries.store_key, fct_funnel_entries.region_key, fct_funnel_entries.brand,
        fct_funnel_entries.guide_key, fct_funnel_entries.campaign_key,
        fct_funnel_entries.coupon_key, fct_funnel_entries.entered_at
        + INTERVAL '60 days' < dim_as_of.as_of AS is_ripe,
        fct_funnel_entries.closed_at IS NOT NULL AS is_closed
      FROM fct_funnel_entries
      JOIN dim_as_of ON TRUE
      WHERE fct_funnel_entries.funnel = 'scan_to_order'
    ) AS line
    WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY line.person_key
  ) AS of_each
) AS anon_1
