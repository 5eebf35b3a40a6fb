SELECT parts.tender, CAST(coalesce(parts.sales, 0) AS DOUBLE PRECISION)
  / nullif(CAST(parts.all_tender_sales AS DOUBLE PRECISION), 0) AS tender_share
FROM (
  SELECT branches.tender, max(branches.sales) AS sales,
    max(branches.all_tender_sales) AS all_tender_sales, max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.tender, anon_1.sales, NULL AS all_tender_sales, 1 AS is_there
    FROM (
      SELECT fct_credited_lines.tender,
        coalesce(
          sum(
            CASE WHEN NOT fct_credited_lines.is_return THEN fct_credited_lines.net_amount
              ELSE 0 END
          ),
          0
        ) AS sales
      FROM fct_credited_lines
      WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      GROUP BY fct_credited_lines.tender
    ) AS anon_1
    UNION ALL
    SELECT anon_2.tender, NULL AS sales, anon_2.all_tender_sales, NULL AS is_there
    FROM (
      SELECT by_tender.tender, sum(by_tender.all_tender_sales) OVER () AS all_tender_sales
      FROM (
        SELECT fct_credited_lines.tender,
          coalesce(
            sum(
              CASE WHEN NOT fct_credited_lines.is_return THEN fct_credited_lines.net_amount
                ELSE 0 END
            ),
            0
          ) AS all_tender_sales
        FROM fct_credited_lines
        WHERE fct_credited_lines.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
        GROUP BY fct_credited_lines.tender
      ) AS by_tender
    ) AS anon_2
  ) AS branches
  GROUP BY branches.tender
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.tender ASC NULLS LAST
