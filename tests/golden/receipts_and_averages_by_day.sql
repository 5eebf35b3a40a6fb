SELECT parts.day, CAST(parts.receipt_count AS BIGINT) AS receipts,
  CAST(coalesce(parts.net, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.receipt_count AS DOUBLE PRECISION), 0) AS average_receipt_value
FROM (
  SELECT days.day,
    count(
      DISTINCT CASE WHEN NOT fct_credited_lines.is_return
        THEN fct_credited_lines.receipt_key END
    ) AS receipt_count,
    coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  JOIN (
    SELECT dim_dates.day, dim_dates.date AS source_date
    FROM dim_dates
    WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  ) AS days
    ON days.source_date = fct_credited_lines.business_date
  GROUP BY days.day
) AS parts
ORDER BY parts.day ASC NULLS LAST
