SELECT parts.region, CAST(coalesce(parts.target_base, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.target_amount AS DOUBLE PRECISION), 0) AS target_attainment
FROM (
  SELECT branches.region, max(branches.target_amount) AS target_amount,
    max(branches.target_base) AS target_base, max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.region, anon_1.target_amount, NULL AS target_base, 1 AS is_there
    FROM (
      SELECT CASE WHEN (line.region_key IS NOT NULL)
        THEN coalesce(region.region_id, 'unassigned') END AS region,
        coalesce(
          sum(CASE WHEN line.is_own THEN line.target END),
          sum(CASE WHEN NOT line.is_own THEN line.target END), 0
        ) AS target_amount
      FROM (
        SELECT anon_2.business_date, anon_2.target, NULL AS store_key, dim_regions.region_key,
          NULL AS brand, TRUE AS is_own
        FROM (
          SELECT dim_dates.date AS business_date, fct_targets.id,
            CAST(fct_targets.target AS DOUBLE PRECISION)
            / nullif(CAST(day(last_day(dim_dates.date)) AS DOUBLE PRECISION), 0) AS target
          FROM fct_targets
          JOIN dim_dates ON dim_dates.month = fct_targets.month
          WHERE fct_targets.level = 'region' AND fct_targets.metric = 'net_sales'
            AND NOT fct_targets.is_deleted
        ) AS anon_2
        JOIN dim_regions ON dim_regions.region_id = anon_2.id
        UNION ALL
        SELECT line.business_date, line.target, line.store_key, line.region_key, line.brand,
          FALSE AS is_own
        FROM (
          SELECT anon_3.business_date, anon_3.target, anon_3.store_key, anon_3.store_id,
            dim_store_periods.region_key, dim_store_periods.brand
          FROM (
            SELECT anon_4.business_date, anon_4.target, dim_stores.store_key,
              CASE WHEN dim_stores.is_known THEN dim_stores.store_id END AS store_id
            FROM (
              SELECT dim_dates.date AS business_date, fct_targets.id,
                CAST(fct_targets.target AS DOUBLE PRECISION)
                / nullif(CAST(day(last_day(dim_dates.date)) AS DOUBLE PRECISION), 0) AS target
              FROM fct_targets
              JOIN dim_dates ON dim_dates.month = fct_targets.month
              WHERE fct_targets.level = 'store' AND fct_targets.metric = 'net_sales'
                AND NOT fct_targets.is_deleted
            ) AS anon_4
            JOIN dim_stores ON dim_stores.store_id = anon_4.id
          ) AS anon_3
          LEFT OUTER JOIN dim_store_periods ON dim_store_periods.store_key = anon_3.store_key
            AND dim_store_periods.starts_on <= anon_3.business_date
            AND anon_3.business_date < dim_store_periods.ends_before
        ) AS line
      ) AS line
      LEFT OUTER JOIN dim_regions AS region ON region.region_key = line.region_key
        AND region.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.region_key IS NOT NULL)
        THEN coalesce(region.region_id, 'unassigned') END
    ) AS anon_1
    UNION ALL
    SELECT anon_5.region, NULL AS target_amount, anon_5.target_base, NULL AS is_there
    FROM (
      SELECT CASE WHEN (line.region_key IS NOT NULL)
        THEN coalesce(region.region_id, 'unassigned') END AS region,
        coalesce(sum(line.base_amount), 0) AS target_base
      FROM (
        SELECT fct_credited_lines.source, fct_credited_lines.receipt_key,
          fct_credited_lines.line_number, fct_credited_lines.business_date,
          fct_credited_lines.local_hour, fct_credited_lines.is_return,
          fct_credited_lines.original_date, fct_credited_lines.channel,
          fct_credited_lines.store_key, fct_credited_lines.region_key,
          fct_credited_lines.store_brand, fct_credited_lines.brand,
          fct_credited_lines.handling_store_key, fct_credited_lines.credit_order_key,
          fct_credited_lines.guide_key, fct_credited_lines.share,
          fct_credited_lines.product_key, fct_credited_lines.member_key,
          fct_credited_lines.tender, fct_credited_lines.fulfilment, fct_credited_lines.device,
          fct_credited_lines.origin_store_key, fct_credited_lines.fulfil_store_key,
          fct_credited_lines.quantity, fct_credited_lines.net_amount,
          fct_credited_lines.list_amount,
          CASE WHEN (fct_credited_lines.store_key IS NOT NULL)
            THEN fct_credited_lines.net_amount ELSE 0 END AS base_amount
        FROM fct_credited_lines
      ) AS line
      LEFT OUTER JOIN dim_regions AS region ON region.region_key = line.region_key
        AND region.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.region_key IS NOT NULL)
        THEN coalesce(region.region_id, 'unassigned') END
    ) AS anon_5
  ) AS branches
  GROUP BY branches.region
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.region ASC NULLS LAST
