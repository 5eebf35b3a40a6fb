SELECT parts.region, CAST(coalesce(parts.area_net, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.area AS DOUBLE PRECISION), 0) AS sales_per_sqm
FROM (
  SELECT of_each.region, coalesce(sum(of_each.net), 0) AS area_net,
    coalesce(sum(of_each.area), 0) AS area
  FROM (
    SELECT CASE WHEN (fct_credited_lines.region_key IS NOT NULL)
      THEN coalesce(region.region_id, 'unassigned') END AS region,
      coalesce(
        sum(
          CASE WHEN (store.selling_area_sqm IS NOT NULL) THEN fct_credited_lines.net_amount
            ELSE 0 END
        ),
        0
      ) AS net,
      max(store.selling_area_sqm) AS area
    FROM fct_credited_lines
    LEFT OUTER JOIN dim_regions AS region ON region.region_key = fct_credited_lines.region_key
      AND region.is_known
    LEFT OUTER JOIN dim_stores AS store ON store.store_key = fct_credited_lines.store_key
      AND store.is_known
    WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY CASE WHEN (fct_credited_lines.region_key IS NOT NULL)
      THEN coalesce(region.region_id, 'unassigned') END,
      fct_credited_lines.store_key
  ) AS of_each
  GROUP BY of_each.region
) AS parts
ORDER BY parts.region ASC NULLS LAST
