WITH anon_3 AS (
  SELECT fct_footfall_hours.store_key,
    CAST(
      timezone('Asia/Shanghai', timezone('UTC', fct_footfall_hours.hour_start)) AS DATE
    ) AS business_date,
    fct_footfall_hours.visitors
  FROM fct_footfall_hours
  WHERE NOT fct_footfall_hours.is_deleted
    AND fct_footfall_hours.hour_start BETWEEN TIMESTAMP '2024-02-29 00:00:00' AND TIMESTAMP '2024-04-02 00:00:00'
)
SELECT parts.store, CAST(coalesce(parts.counted_receipts, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.visitor_count AS DOUBLE PRECISION), 0) AS conversion_rate
FROM (
  SELECT branches.store, max(branches.counted_receipts) AS counted_receipts,
    max(branches.visitor_count) AS visitor_count, max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.store, anon_1.counted_receipts, NULL AS visitor_count, NULL AS is_there
    FROM (
      SELECT CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END AS store,
        count(
          DISTINCT CASE WHEN (NOT line.is_return AND line.source = 'pos')
            THEN line.receipt_key END
        ) AS counted_receipts
      FROM (
        SELECT fct_credited_lines.source, fct_credited_lines.receipt_key,
          fct_credited_lines.line_number, fct_credited_lines.business_date,
          fct_credited_lines.local_hour, fct_credited_lines.is_return,
          fct_credited_lines.original_date, fct_credited_lines.channel,
          fct_credited_lines.store_key, fct_credited_lines.region_key,
          fct_credited_lines.handling_store_key, fct_credited_lines.credit_order_key,
          fct_credited_lines.guide_key, fct_credited_lines.share,
          fct_credited_lines.product_key, fct_credited_lines.member_key,
          fct_credited_lines.tender, fct_credited_lines.fulfilment, fct_credited_lines.device,
          fct_credited_lines.origin_store_key, fct_credited_lines.fulfil_store_key,
          fct_credited_lines.quantity, fct_credited_lines.net_amount,
          fct_credited_lines.list_amount, fct_credited_lines.store_brand AS brand
        FROM fct_credited_lines
        JOIN (SELECT DISTINCT anon_3.store_key, anon_3.business_date FROM anon_3) AS anon_2
          ON anon_2.store_key = fct_credited_lines.store_key
          AND fct_credited_lines.business_date = anon_2.business_date
      ) AS line
      LEFT OUTER JOIN dim_stores AS store ON store.store_key = line.store_key AND store.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END
    ) AS anon_1
    UNION ALL
    SELECT anon_4.store, NULL AS counted_receipts, anon_4.visitor_count, 1 AS is_there
    FROM (
      SELECT CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END AS store,
        coalesce(sum(line.visitors), 0) AS visitor_count
      FROM (SELECT anon_3.store_key, anon_3.business_date, anon_3.visitors FROM anon_3) AS line
      LEFT OUTER JOIN dim_stores AS store ON store.store_key = line.store_key AND store.is_known
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY CASE WHEN (line.store_key IS NOT NULL)
        THEN coalesce(store.store_id, 'unassigned') END
    ) AS anon_4
  ) AS branches
  GROUP BY branches.store
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.store ASC NULLS LAST
