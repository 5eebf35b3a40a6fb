SELECT parts.guide,
  CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales
FROM (
  SELECT CASE WHEN (fct_credited_lines.guide_key IS NOT NULL)
    THEN coalesce(guide.guide_id, 'unassigned') END AS guide,
    coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  LEFT OUTER JOIN dim_guides AS guide ON guide.guide_key = fct_credited_lines.guide_key
    AND guide.is_known
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    AND fct_credited_lines.store_key IN (
      SELECT dim_stores.store_key
      FROM dim_stores
      WHERE dim_stores.store_id IN ('S9')
        OR dim_stores.region_key IN (
          SELECT dim_region_paths.region_key
          FROM dim_region_paths
          JOIN dim_regions ON dim_regions.region_key = dim_region_paths.ancestor_key
          WHERE dim_regions.region_id IN ('EAST') AND dim_regions.is_known
        )
    )
  GROUP BY CASE WHEN (fct_credited_lines.guide_key IS NOT NULL)
    THEN coalesce(guide.guide_id, 'unassigned') END
) AS parts
ORDER BY parts.guide ASC NULLS LAST
