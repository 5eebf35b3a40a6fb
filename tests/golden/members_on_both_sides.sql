SELECT CASE WHEN (anon_1.net IS NOT NULL)
  THEN CAST(
    coalesce(anon_2.both_sides, 0) AS DOUBLE PRECISION
  ) / nullif(CAST(anon_2.year_buyers AS DOUBLE PRECISION), 0) END AS omnichannel_share
FROM (
  SELECT coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
JOIN (
  SELECT coalesce(
    sum(CASE WHEN (of_each.on_pos = 1 AND of_each.online = 1) THEN 1 ELSE 0 END), 0
  ) AS both_sides,
    coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS year_buyers
  FROM (
    SELECT max(CASE WHEN (line.source = 'pos') THEN 1 ELSE 0 END) AS on_pos,
      max(CASE WHEN (line.source != 'pos') THEN 1 ELSE 0 END) AS online
    FROM (
      SELECT line.source, line.receipt_key, line.line_number, line.local_hour, line.is_return,
        line.original_date, line.channel, line.store_key, line.region_key, line.store_brand,
        line.brand, line.handling_store_key, line.credit_order_key, line.guide_key, line.share,
        line.product_key, line.member_key, line.tender, line.fulfilment, line.device,
        line.origin_store_key, line.fulfil_store_key, line.quantity, line.net_amount,
        line.list_amount, ends.business_date
      FROM (
        SELECT DISTINCT bucket_ends.source_date AS business_date
        FROM (
          SELECT max(days.source_date) AS source_date
          FROM (
            SELECT dim_dates.date AS source_date
            FROM dim_dates
            WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
          ) AS days
        ) AS bucket_ends
      ) AS ends
      JOIN dim_dates ON dim_dates.date = ends.business_date
      JOIN (
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
          fct_credited_lines.list_amount
        FROM fct_credited_lines
        WHERE NOT fct_credited_lines.is_return AND fct_credited_lines.member_key IS NOT NULL
      ) AS line
        ON line.business_date <= ends.business_date
        AND line.business_date > dim_dates.year_ago_date
    ) AS line
    WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY line.member_key
  ) AS of_each
) AS anon_2
  ON true
