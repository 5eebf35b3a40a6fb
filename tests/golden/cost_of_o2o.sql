SELECT CAST(coalesce(anon_1.o2o_cost, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.o2o_order_count AS DOUBLE PRECISION), 0) AS o2o_cost_per_order
FROM (
  SELECT coalesce(
    sum(
      CASE WHEN NOT line.is_return THEN CASE WHEN (line.tender = 'wechat_pay')
        THEN line.net_amount * 0.005 ELSE 0 END ELSE 0 END
    ),
    0
  )
    + coalesce(
      sum(
        CASE WHEN (NOT line.is_return AND line.has_coupon AND line.list_amount IS NOT NULL)
          THEN line.list_amount - line.net_amount ELSE 0 END
      ),
      0
    ) AS o2o_cost,
    count(
      DISTINCT CASE WHEN (line.source = 'order') THEN line.receipt_key END
    ) AS o2o_order_count
  FROM (
    SELECT fct_credited_lines.source, fct_credited_lines.receipt_key,
      fct_credited_lines.line_number, fct_credited_lines.business_date,
      fct_credited_lines.local_hour, fct_credited_lines.is_return,
      fct_credited_lines.original_date, fct_credited_lines.channel,
      fct_credited_lines.store_key, fct_credited_lines.region_key,
      fct_credited_lines.store_brand, fct_credited_lines.brand,
      fct_credited_lines.handling_store_key, fct_credited_lines.credit_order_key,
      fct_credited_lines.guide_key, fct_credited_lines.share, fct_credited_lines.product_key,
      fct_credited_lines.member_key, fct_credited_lines.tender, fct_credited_lines.fulfilment,
      fct_credited_lines.device, fct_credited_lines.origin_store_key,
      fct_credited_lines.fulfil_store_key, fct_credited_lines.quantity,
      fct_credited_lines.net_amount, fct_credited_lines.list_amount,
      couponed.receipt_key IS NOT NULL AS has_coupon
    FROM fct_credited_lines
    LEFT OUTER JOIN (
      SELECT fct_pos_lines.receipt_key
      FROM fct_pos_lines
      WHERE fct_pos_lines.coupon_key IS NOT NULL AND fct_pos_lines.quantity > 0
        AND NOT fct_pos_lines.is_deleted
      UNION
      SELECT -fct_orders.order_key AS anon_2
      FROM fct_orders
      WHERE fct_orders.coupon_key IS NOT NULL
    ) AS couponed
      ON couponed.receipt_key = fct_credited_lines.receipt_key
    WHERE fct_credited_lines.source != 'pos' AND fct_credited_lines.store_key IS NOT NULL
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
