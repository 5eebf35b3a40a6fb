SELECT CASE WHEN (anon_1.net IS NOT NULL)
  THEN CAST(
    coalesce(anon_2.coupon_buyers_back, 0) AS DOUBLE PRECISION
  ) / nullif(CAST(anon_2.coupon_buyers AS DOUBLE PRECISION), 0) END AS coupon_buyer_retention
FROM (
  SELECT coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
JOIN (
  SELECT coalesce(
    sum(
      CASE WHEN (of_each.began = 1 AND of_each.used_coupon = 1 AND of_each.came_again = 1)
        THEN 1 ELSE 0 END
    ),
    0
  ) AS coupon_buyers_back,
    coalesce(
      sum(CASE WHEN (of_each.began = 1 AND of_each.used_coupon = 1) THEN 1 ELSE 0 END), 0
    ) AS coupon_buyers
  FROM (
    SELECT max(CASE WHEN line.is_first THEN 1 ELSE 0 END) AS began,
      max(CASE WHEN NOT line.is_first THEN 1 ELSE 0 END) AS came_again,
      max(CASE WHEN line.used_coupon THEN 1 ELSE 0 END) AS used_coupon
    FROM (
      SELECT line.source, line.receipt_key, line.line_number, line.local_hour, line.is_return,
        line.original_date, line.channel, line.store_key, line.region_key, line.store_brand,
        line.brand, line.handling_store_key, line.credit_order_key, line.guide_key, line.share,
        line.product_key, line.member_key, line.tender, line.fulfilment, line.device,
        line.origin_store_key, line.fulfil_store_key, line.quantity, line.net_amount,
        line.list_amount, coalesce(firsts.with_coupon, firsts.any_way) AS business_date,
        line.business_date = coalesce(firsts.with_coupon, firsts.any_way) AS is_first,
        firsts.with_coupon IS NOT NULL AS used_coupon
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
          fct_credited_lines.list_amount
        FROM fct_credited_lines
        WHERE NOT fct_credited_lines.is_return AND fct_credited_lines.member_key IS NOT NULL
      ) AS line
      JOIN (
        SELECT line.member_key, min(line.business_date) AS any_way,
          min(CASE WHEN line.has_coupon THEN line.business_date END) AS with_coupon
        FROM (
          SELECT line.source, line.receipt_key, line.line_number, line.business_date,
            line.local_hour, line.is_return, line.original_date, line.channel, line.store_key,
            line.region_key, line.store_brand, line.brand, line.handling_store_key,
            line.credit_order_key, line.guide_key, line.share, line.product_key,
            line.member_key, line.tender, line.fulfilment, line.device, line.origin_store_key,
            line.fulfil_store_key, line.quantity, line.net_amount, line.list_amount,
            couponed.receipt_key IS NOT NULL AS has_coupon
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
              fct_credited_lines.tender, fct_credited_lines.fulfilment,
              fct_credited_lines.device, fct_credited_lines.origin_store_key,
              fct_credited_lines.fulfil_store_key, fct_credited_lines.quantity,
              fct_credited_lines.net_amount, fct_credited_lines.list_amount
            FROM fct_credited_lines
            WHERE NOT fct_credited_lines.is_return AND fct_credited_lines.member_key IS NOT NULL
          ) AS line
          LEFT OUTER JOIN (
            SELECT fct_pos_lines.receipt_key
            FROM fct_pos_lines
            WHERE fct_pos_lines.coupon_key IS NOT NULL AND fct_pos_lines.quantity > 0
              AND NOT fct_pos_lines.is_deleted
            UNION
            SELECT -fct_orders.order_key AS anon_3
            FROM fct_orders
            WHERE fct_orders.coupon_key IS NOT NULL
          ) AS couponed
            ON couponed.receipt_key = line.receipt_key
        ) AS line
        JOIN (
          SELECT dim_dates.date AS source_date
          FROM dim_dates
          WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
        ) AS days
          ON days.source_date = line.business_date
        GROUP BY line.member_key
      ) AS firsts
        ON firsts.member_key = line.member_key
        AND coalesce(firsts.with_coupon, firsts.any_way) <= line.business_date
      JOIN dim_as_of ON coalesce(firsts.with_coupon, firsts.any_way) + 90 < dim_as_of.as_of_date
      WHERE line.business_date <= coalesce(firsts.with_coupon, firsts.any_way) + 90
    ) AS line
    WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY line.member_key
  ) AS of_each
) AS anon_2
  ON true
