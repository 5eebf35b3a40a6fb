SELECT CASE WHEN (parts.is_there IS NOT NULL)
  THEN CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) END AS net_sales,
  CASE WHEN (parts.is_there IS NOT NULL) THEN CAST(parts.buyer_count AS BIGINT) END AS buyers
FROM (
  SELECT max(branches.net) AS net, max(branches.buyer_count) AS buyer_count,
    max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.net, NULL AS buyer_count, 1 AS is_there
    FROM (
      SELECT coalesce(sum(line.net), 0) AS net
      FROM agg_region_days AS line
      WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    ) AS anon_1
    UNION ALL
    SELECT NULL AS net, anon_2.buyer_count, 1 AS is_there
    FROM (
      SELECT coalesce(
        sum(
          CASE WHEN (line.previous_date IS NULL OR line.previous_date < since.first_date)
            THEN line.buyer_count ELSE 0 END
        ),
        0
      ) AS buyer_count
      FROM agg_buyer_days AS line
      JOIN (
        SELECT days.source_date, min(days.source_date) OVER () AS first_date
        FROM (
          SELECT DISTINCT dim_dates.date AS source_date
          FROM dim_dates
          WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
        ) AS days
      ) AS since
        ON since.source_date = line.business_date
      WHERE true
    ) AS anon_2
  ) AS branches
) AS parts
WHERE parts.is_there IS NOT NULL
