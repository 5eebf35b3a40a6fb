SELECT CASE WHEN (line.store_key IS NOT NULL)
  THEN coalesce(store.store_id, 'unassigned') END AS store,
  CAST(coalesce(sum(CASE WHEN line.is_mature THEN 1 ELSE 0 END), 0) AS BIGINT) AS entries,
  CAST(coalesce(sum(CASE WHEN NOT line.is_mature THEN 1 ELSE 0 END), 0) AS BIGINT) AS immature,
  CAST(
    coalesce(
      sum(CASE WHEN (line.is_mature AND line.at_visit IS NOT NULL) THEN 1 ELSE 0 END), 0
    ) AS BIGINT
  ) AS visit,
  CAST(
    coalesce(
      sum(CASE WHEN (line.is_mature AND line.at_purchase IS NOT NULL) THEN 1 ELSE 0 END), 0
    ) AS BIGINT
  ) AS purchase,
  CAST(
    coalesce(
      sum(CASE WHEN (line.is_mature AND line.at_repeat IS NOT NULL) THEN 1 ELSE 0 END), 0
    ) AS BIGINT
  ) AS repeat,
  quantile_cont(
    CASE WHEN (line.is_mature AND line.at_repeat IS NOT NULL)
      THEN CAST(
        date_diff('microsecond', line.entered_at, line.at_repeat) AS DOUBLE PRECISION
      ) / 3600000000.0 END,
    0.5
  ) AS median_hours
FROM (
  SELECT entries.event_id, entries.person_key, entries.entered_at, entries.business_date,
    entries.store_key, entries.region_key, entries.brand, entries.guide_key,
    entries.campaign_key, entries.coupon_key, entries.at_visit, entries.at_purchase,
    entries.at_repeat, entries.entered_at + INTERVAL '60 days' < dim_as_of.as_of AS is_mature
  FROM (
    SELECT fct_funnel_entries.event_id, fct_funnel_entries.person_key,
      fct_funnel_entries.entered_at, fct_funnel_entries.business_date,
      fct_funnel_entries.store_key, fct_funnel_entries.region_key, fct_funnel_entries.brand,
      fct_funnel_entries.guide_key, fct_funnel_entries.campaign_key,
      fct_funnel_entries.coupon_key, fct_funnel_entries.step_1_at AS at_visit,
      fct_funnel_entries.step_2_at AS at_purchase, fct_funnel_entries.step_4_at AS at_repeat
    FROM fct_funnel_entries
    WHERE fct_funnel_entries.funnel = 'coupon_to_store'
  ) AS entries
  JOIN dim_as_of ON TRUE
) AS line
JOIN (
  SELECT dim_dates.date AS source_date, dim_dates.day, dim_dates.week, dim_dates.month,
    dim_dates.quarter, dim_dates.year, dim_dates.weekday
  FROM dim_dates
  WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS days
  ON days.source_date = line.business_date
LEFT OUTER JOIN dim_stores AS store ON store.store_key = line.store_key AND store.is_known
WHERE true
GROUP BY CASE WHEN (line.store_key IS NOT NULL) THEN coalesce(store.store_id, 'unassigned') END
ORDER BY CASE WHEN (line.store_key IS NOT NULL)
  THEN coalesce(store.store_id, 'unassigned') END ASC NULLS LAST
