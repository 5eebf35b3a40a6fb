SELECT parts.category, CAST(coalesce(parts.gross, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.costed_net AS DOUBLE PRECISION), 0) AS gross_margin,
  CAST(round(CAST(parts.fee AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS payment_fee
FROM (
  SELECT product.category,
    coalesce(
      sum(
        CASE WHEN (product.cost IS NOT NULL)
          THEN fct_credited_lines.net_amount - fct_credited_lines.quantity
            * fct_credited_lines.share * CAST(product.cost AS NUMERIC(28, 2))
          ELSE 0 END
      ),
      0
    ) AS gross,
    coalesce(
      sum(CASE WHEN (product.cost IS NOT NULL) THEN fct_credited_lines.net_amount ELSE 0 END), 0
    ) AS costed_net,
    coalesce(
      sum(
        CASE WHEN NOT fct_credited_lines.is_return THEN CASE
          WHEN (fct_credited_lines.tender = 'wechat_pay')
          THEN fct_credited_lines.net_amount * 0.005 ELSE 0 END ELSE 0 END
      ),
      0
    ) AS fee
  FROM fct_credited_lines
  LEFT OUTER JOIN dim_products AS product
    ON product.product_key = fct_credited_lines.product_key AND product.is_known
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  GROUP BY product.category
) AS parts
ORDER BY parts.category ASC NULLS LAST
