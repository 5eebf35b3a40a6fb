SELECT CAST(round(CAST(anon_1.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales,
  CAST(anon_2.buyer_count AS BIGINT) AS buyers
FROM (
  SELECT coalesce(sum(line.net), 0) AS net
  FROM agg_region_days AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
JOIN (
  SELECT coalesce(
    sum(
      CASE WHEN (line.previous_date IS NULL OR line.previous_date < DATE '2024-03-01')
        THEN line.buyer_count ELSE 0 END
    ),
    0
  ) AS buyer_count
  FROM agg_buyer_days AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_2
  ON true
