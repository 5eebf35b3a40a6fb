SELECT CAST(round(CAST(anon_1.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales,
  CAST(round(CAST(anon_2.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales_compare
FROM (
  SELECT coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
JOIN (
  SELECT coalesce(sum(fct_credited_lines.net_amount), 0) AS net
  FROM fct_credited_lines
  JOIN (
    SELECT DISTINCT dim_dates.lunar_ago_date AS source_date
    FROM dim_dates
    WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  ) AS days
    ON days.source_date = fct_credited_lines.business_date
) AS anon_2
  ON true
