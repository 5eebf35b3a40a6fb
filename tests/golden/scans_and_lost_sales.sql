SELECT parts.store, CAST(parts.scan_count AS BIGINT) AS scans,
  CAST(parts.visit_count AS BIGINT) AS scanning_visits,
  CAST(round(CAST(parts.lost_value AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS lost_sale_value
FROM (
  SELECT branches.store, max(branches.scan_count) AS scan_count,
    max(branches.visit_count) AS visit_count, max(branches.lost_value) AS lost_value,
    max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.store, anon_1.scan_count, NULL AS visit_count, NULL AS lost_value,
      1 AS is_there
    FROM (
      SELECT CASE WHEN (fct_scans.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END AS store,
        coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS scan_count
      FROM fct_scans
      LEFT OUTER JOIN dim_stores AS store ON store.store_key = fct_scans.store_key
        AND store.is_known
      WHERE fct_scans.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (fct_scans.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END
    ) AS anon_1
    UNION ALL
    SELECT anon_2.store, NULL AS scan_count, anon_2.visit_count, NULL AS lost_value,
      1 AS is_there
    FROM (
      SELECT CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END AS store,
        coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS visit_count
      FROM (
        SELECT fct_scans.event_id, fct_scans.occurred_at, fct_scans.business_date,
          fct_scans.person_key, fct_scans.member_key, fct_scans.store_key, fct_scans.region_key,
          fct_scans.brand, fct_scans.guide_key, fct_scans.product_key, fct_scans.channel,
          fct_scans.is_visit, fct_scans.bind_result, fct_scans.on_hand, fct_scans.is_lost,
          fct_scans.lost_amount
        FROM fct_scans
        WHERE fct_scans.is_visit
      ) AS line
      LEFT OUTER JOIN dim_stores AS store ON store.store_key = line.store_key AND store.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END
    ) AS anon_2
    UNION ALL
    SELECT anon_3.store, NULL AS scan_count, NULL AS visit_count, anon_3.lost_value,
      1 AS is_there
    FROM (
      SELECT CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END AS store,
        coalesce(sum(line.lost_amount), 0) AS lost_value
      FROM (
        SELECT fct_scans.event_id, fct_scans.occurred_at, fct_scans.business_date,
          fct_scans.person_key, fct_scans.member_key, fct_scans.store_key, fct_scans.region_key,
          fct_scans.brand, fct_scans.guide_key, fct_scans.product_key, fct_scans.channel,
          fct_scans.is_visit, fct_scans.bind_result, fct_scans.on_hand, fct_scans.is_lost,
          fct_scans.lost_amount
        FROM fct_scans
        WHERE fct_scans.is_lost
      ) AS line
      LEFT OUTER JOIN dim_stores AS store ON store.store_key = line.store_key AND store.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END
    ) AS anon_3
  ) AS branches
  GROUP BY branches.store
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.store ASC NULLS LAST
