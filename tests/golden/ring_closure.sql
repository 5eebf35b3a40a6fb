WITH anon_2 AS (
  SELECT fct_funnel_entries.event_id, fct_funnel_entries.person_key,
    fct_funnel_entries.entered_at, fct_funnel_entries.business_date,
    fct_funnel_entries.store_key, fct_funnel_entries.region_key, fct_funnel_entries.brand,
    fct_funnel_entries.guide_key, fct_funnel_entries.campaign_key, fct_funnel_entries.coupon_key
  FROM fct_funnel_entries
  WHERE fct_funnel_entries.funnel = 'scan_to_order'
),
  anon_4 AS (
    SELECT anon_2.event_id, min(purchases."at") AS paid_at
    FROM anon_2
    JOIN (
      SELECT receipts.person_key, receipts."at", TRUE AS is_pos
      FROM (
        SELECT till.receipt_key, till.store_key, till."at", till.day, till.member_key,
          till.coupon_key, dim_member_persons.person_key
        FROM (
          SELECT first.receipt_key, first.store_key, first."at",
            CAST(
              timezone(
                'Asia/Shanghai',
                timezone('UTC', first."at" - to_hours(coalesce(dim_stores.day_cutoff_hour, 0)))
              ) AS DATE
            ) AS day,
            first.member_key, first.coupon_key
          FROM (
            SELECT fct_pos_lines.receipt_key, fct_pos_lines.store_key,
              min(fct_pos_lines.sold_at) AS "at",
              arg_min(
                fct_pos_lines.member_key,
                CASE WHEN (fct_pos_lines.member_key IS NOT NULL)
                  THEN fct_pos_lines.line_number END
              ) AS member_key,
              arg_min(
                fct_pos_lines.coupon_key,
                CASE WHEN (fct_pos_lines.coupon_key IS NOT NULL)
                  THEN fct_pos_lines.line_number END
              ) AS coupon_key
            FROM fct_pos_lines
            WHERE fct_pos_lines.quantity > 0 AND NOT fct_pos_lines.is_deleted
            GROUP BY fct_pos_lines.receipt_key, fct_pos_lines.store_key
          ) AS first
          JOIN dim_stores ON dim_stores.store_key = first.store_key
        ) AS till
        LEFT OUTER JOIN dim_member_persons ON dim_member_persons.member_key = till.member_key
      ) AS receipts
      UNION ALL
      SELECT fct_orders.person_key, fct_orders.paid_at, FALSE AS anon_5
      FROM fct_orders
      WHERE fct_orders.paid_at IS NOT NULL
    ) AS purchases
      ON purchases.person_key = anon_2.person_key AND anon_2.entered_at <= purchases."at"
      AND purchases."at" <= anon_2.entered_at + INTERVAL '60 days'
    WHERE NOT purchases.is_pos
    GROUP BY anon_2.event_id
  ),
  anon_3 AS (
    SELECT DISTINCT anon_2.event_id
    FROM anon_2
    JOIN anon_4 ON anon_4.event_id = anon_2.event_id
    JOIN (
      SELECT receipts.person_key, receipts."at", TRUE AS is_pos
      FROM (
        SELECT till.receipt_key, till.store_key, till."at", till.day, till.member_key,
          till.coupon_key, dim_member_persons.person_key
        FROM (
          SELECT first.receipt_key, first.store_key, first."at",
            CAST(
              timezone(
                'Asia/Shanghai',
                timezone('UTC', first."at" - to_hours(coalesce(dim_stores.day_cutoff_hour, 0)))
              ) AS DATE
            ) AS day,
            first.member_key, first.coupon_key
          FROM (
            SELECT fct_pos_lines.receipt_key, fct_pos_lines.store_key,
              min(fct_pos_lines.sold_at) AS "at",
              arg_min(
                fct_pos_lines.member_key,
                CASE WHEN (fct_pos_lines.member_key IS NOT NULL)
                  THEN fct_pos_lines.line_number END
              ) AS member_key,
              arg_min(
                fct_pos_lines.coupon_key,
                CASE WHEN (fct_pos_lines.coupon_key IS NOT NULL)
                  THEN fct_pos_lines.line_number END
              ) AS coupon_key
            FROM fct_pos_lines
            WHERE fct_pos_lines.quantity > 0 AND NOT fct_pos_lines.is_deleted
            GROUP BY fct_pos_lines.receipt_key, fct_pos_lines.store_key
          ) AS first
          JOIN dim_stores ON dim_stores.store_key = first.store_key
        ) AS till
        LEFT OUTER JOIN dim_member_persons ON dim_member_persons.member_key = till.member_key
      ) AS receipts
      UNION ALL
      SELECT fct_orders.person_key, fct_orders.paid_at, FALSE AS anon_5
      FROM fct_orders
      WHERE fct_orders.paid_at IS NOT NULL
    ) AS purchases
      ON purchases.person_key = anon_2.person_key AND anon_2.entered_at <= purchases."at"
      AND purchases."at" <= anon_2.entered_at + INTERVAL '60 days'
    WHERE purchases.is_pos AND purchases."at" > anon_4.paid_at
  )
SELECT CAST(coalesce(anon_1.closed_rings, 0) AS DOUBLE PRECISION)
  / nullif(CAST(anon_1.ripe_rings AS DOUBLE PRECISION), 0) AS ring_closure_rate
FROM (
  SELECT coalesce(
    sum(CASE WHEN (of_each.is_ripe AND of_each.is_closed) THEN 1 ELSE 0 END), 0
  ) AS closed_rings,
    coalesce(sum(CASE WHEN of_each.is_ripe THEN 1 ELSE 0 END), 0) AS ripe_rings
  FROM (
    SELECT arg_min(line.is_ripe, line.entered_at) AS is_ripe,
      arg_min(line.is_closed, line.entered_at) AS is_closed
    FROM (
      SELECT anon_2.event_id, anon_2.person_key, anon_2.entered_at, anon_2.business_date,
        anon_2.store_key, anon_2.region_key, anon_2.brand, anon_2.guide_key,
        anon_2.campaign_key, anon_2.coupon_key, anon_2.entered_at
        + INTERVAL '60 days' < dim_as_of.as_of AS is_ripe,
        anon_3.event_id IS NOT NULL AS is_closed
      FROM anon_2
      JOIN dim_as_of ON TRUE
      LEFT OUTER JOIN anon_3 ON anon_3.event_id = anon_2.event_id
    ) AS line
    WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY line.person_key
  ) AS of_each
) AS anon_1
