SELECT parts.store,
  CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales
FROM (
  SELECT CASE WHEN (fct_credited_lines.store_key IS NOT NULL)
    THEN coalesce(store.store_id, 'unassigned') END AS store,
    coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  LEFT OUTER JOIN dim_regions AS region ON region.region_key = fct_credited_lines.region_key
    AND region.is_known
  LEFT OUTER JOIN dim_stores AS store ON store.store_key = fct_credited_lines.store_key
    AND store.is_known
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    AND (
      fct_credited_lines.region_key IN (
        SELECT dim_region_paths.region_key
        FROM dim_region_paths
        JOIN dim_regions ON dim_regions.region_key = dim_region_paths.ancestor_key
        WHERE dim_regions.region_id IN ('EAST') AND dim_regions.is_known
      )
      OR CASE WHEN (fct_credited_lines.region_key IS NOT NULL)
        THEN coalesce(region.region_id, 'unassigned') END IN ('EAST')
    )
  GROUP BY CASE WHEN (fct_credited_lines.store_key IS NOT NULL)
    THEN coalesce(store.store_id, 'unassigned') END
) AS parts
ORDER BY parts.store ASC NULLS LAST
