SELECT CAST(coalesce(anon_1.store_scan_count, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.scan_visit_count AS DOUBLE PRECISION), 0) AS scans_per_visit,
  CAST(coalesce(anon_2.bound_count, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_2.binding_count AS DOUBLE PRECISION), 0) AS scan_bound_share
FROM (
  SELECT coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS store_scan_count,
    count(DISTINCT (line.person_key, line.store_key, line.business_date)) AS scan_visit_count
  FROM (
    SELECT fct_scans.event_id, fct_scans.occurred_at, fct_scans.business_date,
      fct_scans.person_key, fct_scans.member_key, fct_scans.store_key, fct_scans.region_key,
      fct_scans.brand, fct_scans.guide_key, fct_scans.product_key, fct_scans.channel,
      fct_scans.is_visit, fct_scans.bind_result, fct_scans.on_hand, fct_scans.is_lost,
      fct_scans.lost_amount
    FROM fct_scans
    WHERE fct_scans.store_key IS NOT NULL
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
JOIN (
  SELECT coalesce(
    sum(CASE WHEN (line.bind_result = 'bound') THEN 1 ELSE 0 END), 0
  ) AS bound_count,
    coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS binding_count
  FROM (
    SELECT fct_scans.event_id, fct_scans.occurred_at, fct_scans.business_date,
      fct_scans.person_key, fct_scans.member_key, fct_scans.store_key, fct_scans.region_key,
      fct_scans.brand, fct_scans.guide_key, fct_scans.product_key, fct_scans.channel,
      fct_scans.is_visit, fct_scans.bind_result, fct_scans.on_hand, fct_scans.is_lost,
      fct_scans.lost_amount
    FROM fct_scans
    WHERE fct_scans.bind_result IS NOT NULL
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_2
  ON true
