WITH anon_2 AS (
  SELECT store_days.store_key, store_days.day, store_days.aligned
  FROM (
    SELECT dim_stores.store_key, dim_dates.date AS day, dim_dates.year_ago_date AS aligned
    FROM (
      SELECT min(days_sold.business_date) AS first, max(days_sold.business_date) AS last
      FROM (
        SELECT agg_store_days.business_date, agg_store_days.store_key
        FROM agg_store_days
        WHERE agg_store_days.receipt_count > 0
      ) AS days_sold
    ) AS loaded
    JOIN dim_dates ON TRUE
    JOIN dim_stores ON dim_stores.is_known
      AND (
        dim_stores.opened_on IS NULL
        OR date_diff('day', dim_stores.opened_on, dim_dates.year_ago_date) >= 30
      )
      AND (dim_stores.closed_on IS NULL OR dim_stores.closed_on > dim_dates.date)
      AND dim_dates.year_ago_date >= loaded.first AND dim_dates.date <= loaded.last
      AND dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  ) AS store_days
  WHERE NOT (
    EXISTS (
      SELECT *
      FROM dim_store_closures
      WHERE dim_store_closures.store_key = store_days.store_key
        AND NOT dim_store_closures.is_deleted
        AND (
          dim_store_closures.closed_from <= store_days.day
          AND dim_store_closures.closed_to >= store_days.day
          OR dim_store_closures.closed_from <= store_days.aligned
          AND dim_store_closures.closed_to >= store_days.aligned
        )
    )
  )
)
SELECT CAST(coalesce(anon_1.covered, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.coverable_net AS DOUBLE PRECISION), 0) AS like_for_like_coverage
FROM (
  SELECT coalesce(sum(line.comparable_amount), 0) AS covered,
    coalesce(sum(line.net_amount), 0) AS coverable_net
  FROM (
    SELECT fct_credited_lines.source, fct_credited_lines.receipt_key,
      fct_credited_lines.line_number, fct_credited_lines.business_date,
      fct_credited_lines.local_hour, fct_credited_lines.is_return,
      fct_credited_lines.original_date, fct_credited_lines.channel,
      fct_credited_lines.store_key, fct_credited_lines.region_key,
      fct_credited_lines.handling_store_key, fct_credited_lines.credit_order_key,
      fct_credited_lines.guide_key, fct_credited_lines.share, fct_credited_lines.product_key,
      fct_credited_lines.member_key, fct_credited_lines.tender, fct_credited_lines.fulfilment,
      fct_credited_lines.device, fct_credited_lines.origin_store_key,
      fct_credited_lines.fulfil_store_key, fct_credited_lines.quantity,
      fct_credited_lines.net_amount, fct_credited_lines.list_amount,
      fct_credited_lines.store_brand AS brand,
      CASE WHEN (anon_2.day IS NOT NULL) THEN fct_credited_lines.net_amount
        ELSE 0 END AS comparable_amount
    FROM fct_credited_lines
    LEFT OUTER JOIN anon_2 ON anon_2.store_key = fct_credited_lines.store_key
      AND anon_2.day = fct_credited_lines.business_date
    WHERE fct_credited_lines.store_key IS NOT NULL
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
