SELECT parts.brand, parts.top_region,
  CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales
FROM (
  SELECT coalesce(
    product.brand,
    coalesce(
      store.brand,
      CASE WHEN (fct_credited_lines.store_key IS NULL) THEN fct_credited_lines.brand END
    )
  ) AS brand,
    CASE WHEN (top_path.ancestor_key IS NOT NULL)
      THEN coalesce(top_region.region_id, 'unassigned') END AS top_region,
    coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  LEFT OUTER JOIN dim_stores AS store ON store.store_key = fct_credited_lines.store_key
    AND store.is_known
  LEFT OUTER JOIN dim_products AS product
    ON product.product_key = fct_credited_lines.product_key AND product.is_known
  LEFT OUTER JOIN dim_region_paths AS top_path
    ON top_path.region_key = coalesce(
      store.region_key,
      CASE WHEN (fct_credited_lines.store_key IS NULL) THEN fct_credited_lines.region_key END
    )
    AND top_path.is_top
  LEFT OUTER JOIN dim_regions AS top_region ON top_region.region_key = top_path.ancestor_key
    AND top_region.is_known
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  GROUP BY coalesce(
    product.brand,
    coalesce(
      store.brand,
      CASE WHEN (fct_credited_lines.store_key IS NULL) THEN fct_credited_lines.brand END
    )
  ),
    CASE WHEN (top_path.ancestor_key IS NOT NULL)
      THEN coalesce(top_region.region_id, 'unassigned') END
) AS parts
ORDER BY parts.brand ASC NULLS LAST, parts.top_region ASC NULLS LAST
