SELECT parts.day,
  CASE WHEN (parts.is_there IS NOT NULL)
    THEN CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) END AS net_sales,
  CASE WHEN (parts.is_there_then IS NOT NULL)
    THEN CAST(
      round(CAST(parts.net_then AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)
    ) END AS net_sales_compare
FROM (
  SELECT branches.day, max(branches.net) AS net, max(branches.net_then) AS net_then,
    max(branches.is_there) AS is_there, max(branches.is_there_then) AS is_there_then
  FROM (
    SELECT anon_1.day, anon_1.net, NULL AS net_then, 1 AS is_there, NULL AS is_there_then
    FROM (
      SELECT days.day, coalesce(sum(fct_credited_lines.net_amount), 0) AS net
      FROM fct_credited_lines
      JOIN (
        SELECT DISTINCT dim_dates.day, dim_dates.date AS source_date
        FROM dim_dates
        WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      ) AS days
        ON days.source_date = fct_credited_lines.business_date
      WHERE true
      GROUP BY days.day
    ) AS anon_1
    UNION ALL
    SELECT anon_2.day, NULL AS net, anon_2.net AS net_then, NULL AS is_there, 1 AS is_there_then
    FROM (
      SELECT days.day, coalesce(sum(fct_credited_lines.net_amount), 0) AS net
      FROM fct_credited_lines
      JOIN (
        SELECT DISTINCT dim_dates.day, dim_dates.year_ago_date AS source_date
        FROM dim_dates
        WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      ) AS days
        ON days.source_date = fct_credited_lines.business_date
      WHERE true
      GROUP BY days.day
    ) AS anon_2
  ) AS branches
  GROUP BY branches.day
) AS parts
WHERE parts.is_there IS NOT NULL OR parts.is_there_then IS NOT NULL
ORDER BY parts.day ASC NULLS LAST
