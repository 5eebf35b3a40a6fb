SELECT parts.day,
  CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales,
  CAST(round(CAST(parts.net_then AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales_compare
FROM (
  SELECT branches.day, max(CASE WHEN NOT branches.is_compared THEN branches.net END) AS net,
    max(CASE WHEN branches.is_compared THEN branches.net END) AS net_then
  FROM (
    SELECT anon_1.day, anon_1.is_compared, anon_1.net
    FROM (
      SELECT days.is_compared, days.day, coalesce(sum(fct_credited_lines.net_amount), 0) AS net
      FROM fct_credited_lines
      JOIN (
        SELECT dim_dates.day, dim_dates.date AS source_date, FALSE AS is_compared
        FROM dim_dates
        WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
        UNION ALL
        SELECT dim_dates.day, dim_dates.year_ago_date AS source_date, TRUE AS is_compared
        FROM dim_dates
        WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      ) AS days
        ON days.source_date = fct_credited_lines.business_date
      GROUP BY days.is_compared, days.day
    ) AS anon_1
  ) AS branches
  GROUP BY branches.day
) AS parts
ORDER BY parts.day ASC NULLS LAST
