WITH anon_3 AS (
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
SELECT CAST(coalesce(anon_1.comparable, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.comparable_ago AS DOUBLE PRECISION), 0) - 1 AS like_for_like_growth
FROM (
  SELECT coalesce(sum(line.this_year), 0) AS comparable,
    coalesce(sum(line.last_year), 0) AS comparable_ago
  FROM (
    SELECT anon_2.business_date, anon_2.source, anon_2.receipt_key, anon_2.line_number,
      anon_2.local_hour, anon_2.is_return, anon_2.original_date, anon_2.channel,
      anon_2.store_key, anon_2.handling_store_key, anon_2.credit_order_key, anon_2.guide_key,
      anon_2.share, anon_2.product_key, anon_2.member_key, anon_2.tender, anon_2.fulfilment,
      anon_2.device, anon_2.origin_store_key, anon_2.fulfil_store_key, anon_2.quantity,
      anon_2.net_amount, anon_2.list_amount, anon_2.this_year, anon_2.last_year
    FROM (
      SELECT anon_3.day AS business_date, fct_credited_lines.source,
        fct_credited_lines.receipt_key, fct_credited_lines.line_number,
        fct_credited_lines.local_hour, fct_credited_lines.is_return,
        fct_credited_lines.original_date, fct_credited_lines.channel,
        fct_credited_lines.store_key, fct_credited_lines.handling_store_key,
        fct_credited_lines.credit_order_key, fct_credited_lines.guide_key,
        fct_credited_lines.share, fct_credited_lines.product_key, fct_credited_lines.member_key,
        fct_credited_lines.tender, fct_credited_lines.fulfilment, fct_credited_lines.device,
        fct_credited_lines.origin_store_key, fct_credited_lines.fulfil_store_key,
        fct_credited_lines.quantity, fct_credited_lines.net_amount,
        fct_credited_lines.list_amount, fct_credited_lines.net_amount AS this_year,
        0 AS last_year
      FROM fct_credited_lines
      JOIN anon_3 ON anon_3.store_key = fct_credited_lines.store_key
        AND anon_3.day = fct_credited_lines.business_date
      UNION ALL
      SELECT anon_3.day AS business_date, fct_credited_lines.source,
        fct_credited_lines.receipt_key, fct_credited_lines.line_number,
        fct_credited_lines.local_hour, fct_credited_lines.is_return,
        fct_credited_lines.original_date, fct_credited_lines.channel,
        fct_credited_lines.store_key, fct_credited_lines.handling_store_key,
        fct_credited_lines.credit_order_key, fct_credited_lines.guide_key,
        fct_credited_lines.share, fct_credited_lines.product_key, fct_credited_lines.member_key,
        fct_credited_lines.tender, fct_credited_lines.fulfilment, fct_credited_lines.device,
        fct_credited_lines.origin_store_key, fct_credited_lines.fulfil_store_key,
        fct_credited_lines.quantity, fct_credited_lines.net_amount,
        fct_credited_lines.list_amount, 0 AS this_year,
        fct_credited_lines.net_amount AS last_year
      FROM fct_credited_lines
      JOIN anon_3 ON anon_3.store_key = fct_credited_lines.store_key
        AND anon_3.aligned = fct_credited_lines.business_date
    ) AS anon_2
  ) AS line
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
) AS anon_1
