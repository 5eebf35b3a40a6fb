WITH anon_5 AS (
  SELECT DISTINCT fct_credited_lines.credit_order_key
  FROM fct_credited_lines
  WHERE fct_credited_lines.business_date IN (
    SELECT days.source_date
    FROM (
      SELECT dim_dates.date AS source_date
      FROM dim_dates
      WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    ) AS days
  )
    AND fct_credited_lines.credit_order_key IS NOT NULL
),
  anon_4 AS (
    SELECT fct_pos_lines.store_key, fct_pos_lines.receipt_key, fct_pos_lines.line_number,
      fct_pos_lines.sold_at, fct_pos_lines.product_key, fct_pos_lines.quantity,
      fct_pos_lines.net_amount, fct_pos_lines.list_amount, fct_pos_lines.discount_amount,
      fct_pos_lines.guide_key, fct_pos_lines.split_key, fct_pos_lines.member_key,
      fct_pos_lines.tender, fct_pos_lines.coupon_key, fct_pos_lines.original_receipt_key,
      fct_pos_lines.original_store_key, fct_pos_lines.original_line_number,
      fct_pos_lines.original_order_key, fct_pos_lines.updated_at, fct_pos_lines.file_key,
      fct_pos_lines.file_line, fct_pos_lines.is_deleted
    FROM fct_pos_lines
    WHERE fct_pos_lines.original_order_key IN (SELECT anon_5.credit_order_key FROM anon_5)
      OR fct_pos_lines.receipt_key IN (
        SELECT fct_pos_lines.original_receipt_key
        FROM fct_pos_lines
        WHERE fct_pos_lines.original_order_key IN (SELECT anon_5.credit_order_key FROM anon_5)
      )
  ),
  anon_14 AS (
    SELECT fct_order_lines.order_key, fct_order_lines.line_number, fct_order_lines.ordered_at,
      fct_order_lines.channel, fct_order_lines.product_key, fct_order_lines.quantity,
      fct_order_lines.net_amount, fct_order_lines.list_amount, fct_order_lines.discount_amount,
      fct_order_lines.shipping_amount, fct_order_lines.paid_at, fct_order_lines.fulfilled_at,
      fct_order_lines.cancelled_at, fct_order_lines.fulfilment,
      fct_order_lines.origin_store_key, fct_order_lines.fulfil_store_key,
      fct_order_lines.guide_key, fct_order_lines.split_key, fct_order_lines.member_key,
      fct_order_lines.visitor_key, fct_order_lines.tender, fct_order_lines.coupon_key,
      fct_order_lines.device, fct_order_lines.updated_at, fct_order_lines.file_key,
      fct_order_lines.file_line, fct_order_lines.is_deleted
    FROM fct_order_lines
    WHERE fct_order_lines.order_key IN (SELECT anon_5.credit_order_key FROM anon_5)
  ),
  anon_9 AS (
    SELECT anon_13.order_key, anon_13.ordered_at, anon_13.channel, anon_13.paid_at,
      anon_13.fulfilled_at, anon_13.cancelled_at, anon_13.fulfilment, anon_13.origin_store_key,
      anon_13.fulfil_store_key, anon_13.guide_key, anon_13.split_key, anon_13.member_key,
      anon_13.visitor_key, anon_13.tender, anon_13.coupon_key, anon_13.device,
      coalesce(dim_member_persons.person_key, dim_visitor_persons.person_key) AS person_key,
      CAST(
        timezone('Asia/Shanghai', timezone('UTC', anon_13.ordered_at)) AS DATE
      ) AS ordered_date,
      CAST(timezone('Asia/Shanghai', timezone('UTC', anon_13.paid_at)) AS DATE) AS paid_date,
      CAST(
        timezone('Asia/Shanghai', timezone('UTC', anon_13.cancelled_at)) AS DATE
      ) AS cancelled_date
    FROM (
      SELECT anon_14.order_key, anon_14.ordered_at, anon_14.channel, anon_14.paid_at,
        anon_14.fulfilled_at, anon_14.cancelled_at, anon_14.fulfilment,
        anon_14.origin_store_key, anon_14.fulfil_store_key, anon_14.guide_key,
        anon_14.split_key, anon_14.member_key, anon_14.visitor_key, anon_14.tender,
        anon_14.coupon_key, anon_14.device,
        row_number() OVER (
          PARTITION BY anon_14.order_key
          ORDER BY anon_14.updated_at DESC NULLS LAST, anon_14.line_number
        ) AS place
      FROM anon_14
      WHERE NOT anon_14.is_deleted
    ) AS anon_13
    LEFT OUTER JOIN dim_member_persons ON dim_member_persons.member_key = anon_13.member_key
    LEFT OUTER JOIN dim_visitor_persons ON dim_visitor_persons.visitor_key = anon_13.visitor_key
    WHERE anon_13.place = 1
  ),
  anon_19 AS (
    SELECT fct_touchpoints.event_id, fct_touchpoints.occurred_at, fct_touchpoints.event,
      fct_touchpoints.visitor_key, fct_touchpoints.member_key, fct_touchpoints.store_key,
      fct_touchpoints.guide_key, fct_touchpoints.product_key, fct_touchpoints.campaign_key,
      fct_touchpoints.coupon_key, fct_touchpoints.order_key, fct_touchpoints.channel,
      fct_touchpoints.bind_result, fct_touchpoints.updated_at, fct_touchpoints.file_key,
      fct_touchpoints.file_line, fct_touchpoints.is_deleted
    FROM fct_touchpoints
    WHERE fct_touchpoints.member_key IN (
      SELECT dim_member_persons.member_key
      FROM dim_member_persons
      WHERE dim_member_persons.person_key IN (
        SELECT fct_orders.person_key
        FROM fct_orders
        WHERE fct_orders.order_key IN (SELECT anon_5.credit_order_key FROM anon_5)
      )
    )
      OR fct_touchpoints.visitor_key IN (
        SELECT dim_visitor_persons.visitor_key
        FROM dim_visitor_persons
        WHERE dim_visitor_persons.person_key IN (
          SELECT fct_orders.person_key
          FROM fct_orders
          WHERE fct_orders.order_key IN (SELECT anon_5.credit_order_key FROM anon_5)
        )
      )
  ),
  anon_16 AS (
    SELECT anon_9.order_key, anon_17.event_id, anon_17.occurred_at, anon_17.guide_key,
      anon_17.store_key AS touch_store_key,
      EXISTS (
        SELECT 1 AS anon_18
        FROM dim_guide_periods
        WHERE dim_guide_periods.guide_key = anon_17.guide_key
          AND dim_guide_periods.starts_on <= anon_9.ordered_date
          AND dim_guide_periods.ends_before > anon_9.ordered_date
      ) AS is_assigned
    FROM anon_9
    JOIN (
      SELECT anon_19.event_id, anon_19.occurred_at, anon_19.event, anon_19.visitor_key,
        anon_19.member_key, anon_19.store_key, anon_19.guide_key, anon_19.product_key,
        anon_19.campaign_key, anon_19.coupon_key, anon_19.order_key, anon_19.channel,
        anon_19.bind_result, anon_19.updated_at, anon_19.file_key, anon_19.file_line,
        anon_19.is_deleted,
        coalesce(dim_member_persons.person_key, dim_visitor_persons.person_key) AS person_key
      FROM anon_19
      LEFT OUTER JOIN dim_member_persons ON dim_member_persons.member_key = anon_19.member_key
      LEFT OUTER JOIN dim_visitor_persons
        ON dim_visitor_persons.visitor_key = anon_19.visitor_key
      WHERE NOT anon_19.is_deleted AND anon_19.event IN ('guide_scan', 'tag_scan', 'share')
    ) AS anon_17
      ON anon_17.person_key = anon_9.person_key AND anon_17.occurred_at <= anon_9.ordered_at
      AND anon_17.occurred_at >= anon_9.ordered_at - INTERVAL '7 days'
  ),
  anon_12 AS (
    SELECT anon_15.order_key, anon_15.event_id, anon_15.occurred_at, anon_15.guide_key,
      anon_15.touch_store_key, anon_15.is_assigned
    FROM (
      SELECT anon_16.order_key, anon_16.event_id, anon_16.occurred_at, anon_16.guide_key,
        anon_16.touch_store_key, anon_16.is_assigned,
        row_number() OVER (
          PARTITION BY anon_16.order_key
          ORDER BY anon_16.occurred_at DESC, anon_16.event_id DESC
        ) AS place
      FROM anon_16
      WHERE anon_16.touch_store_key IS NOT NULL
    ) AS anon_15
    WHERE anon_15.place = 1
  ),
  anon_10 AS (
    SELECT anon_20.order_key, anon_20.event_id, anon_20.bound_at AS occurred_at,
      anon_20.guide_key
    FROM (
      SELECT anon_9.order_key, anon_9.ordered_date, anon_21.person_key, anon_21.bound_at,
        anon_21.guide_key, anon_21.is_scan, anon_21.event_id, anon_21.tie,
        row_number() OVER (
          PARTITION BY anon_9.order_key
          ORDER BY anon_21.bound_at DESC, anon_21.is_scan DESC, anon_21.tie DESC
        ) AS place
      FROM anon_9
      JOIN (
        SELECT dim_member_persons.person_key,
          coalesce(dim_members.bound_at, dim_members.joined_at) AS bound_at,
          dim_members.bound_guide_key AS guide_key, 0 AS is_scan,
          coalesce(NULL, NULL) AS event_id, dim_members.member_id AS tie
        FROM dim_members
        JOIN dim_member_persons ON dim_member_persons.member_key = dim_members.member_key
        WHERE dim_members.bound_guide_key IS NOT NULL AND NOT dim_members.is_deleted
        UNION ALL
        SELECT anon_22.person_key, anon_22.occurred_at, anon_22.guide_key, 1 AS anon_23,
          anon_22.event_id, anon_22.event_id AS event_id__1
        FROM (
          SELECT anon_19.event_id, anon_19.occurred_at, anon_19.event, anon_19.visitor_key,
            anon_19.member_key, anon_19.store_key, anon_19.guide_key, anon_19.product_key,
            anon_19.campaign_key, anon_19.coupon_key, anon_19.order_key, anon_19.channel,
            anon_19.bind_result, anon_19.updated_at, anon_19.file_key, anon_19.file_line,
            anon_19.is_deleted,
            coalesce(
              dim_member_persons.person_key, dim_visitor_persons.person_key
            ) AS person_key
          FROM anon_19
          LEFT OUTER JOIN dim_member_persons
            ON dim_member_persons.member_key = anon_19.member_key
          LEFT OUTER JOIN dim_visitor_persons
            ON dim_visitor_persons.visitor_key = anon_19.visitor_key
          WHERE NOT anon_19.is_deleted
        ) AS anon_22
        WHERE anon_22.event = 'guide_scan' AND anon_22.bind_result = 'bound'
          AND anon_22.guide_key IS NOT NULL
      ) AS anon_21
        ON anon_21.person_key = anon_9.person_key AND anon_9.ordered_at >= anon_21.bound_at
    ) AS anon_20
    WHERE anon_20.place = 1
      AND (
        EXISTS (
          SELECT 1 AS anon_24
          FROM dim_guide_periods
          WHERE dim_guide_periods.guide_key = anon_20.guide_key
            AND dim_guide_periods.starts_on <= anon_20.ordered_date
            AND dim_guide_periods.ends_before > anon_20.ordered_date
        )
      )
  ),
  anon_11 AS (
    SELECT anon_25.order_key, anon_25.event_id, anon_25.occurred_at, anon_25.guide_key,
      anon_25.touch_store_key, anon_25.is_assigned
    FROM (
      SELECT anon_16.order_key, anon_16.event_id, anon_16.occurred_at, anon_16.guide_key,
        anon_16.touch_store_key, anon_16.is_assigned,
        row_number() OVER (
          PARTITION BY anon_16.order_key
          ORDER BY anon_16.occurred_at DESC, anon_16.event_id DESC
        ) AS place
      FROM anon_16
      WHERE anon_16.guide_key IS NOT NULL AND anon_16.is_assigned
    ) AS anon_25
    WHERE anon_25.place = 1
  ),
  anon_7 AS (
    SELECT anon_9.order_key, anon_9.ordered_at, anon_9.channel, anon_9.paid_at,
      anon_9.fulfilled_at, anon_9.cancelled_at, anon_9.fulfilment, anon_9.origin_store_key,
      anon_9.fulfil_store_key, anon_9.tender, anon_9.coupon_key, anon_9.device,
      anon_9.person_key, anon_9.ordered_date, anon_9.paid_date, anon_9.cancelled_date,
      CASE WHEN (anon_9.guide_key IS NOT NULL) THEN 'order_scan'
        WHEN (anon_10.order_key IS NOT NULL) THEN 'bound_guide'
        WHEN (anon_11.order_key IS NOT NULL) THEN 'recent_touch'
        WHEN (anon_9.origin_store_key IS NOT NULL) THEN 'store_only'
        WHEN (anon_12.order_key IS NOT NULL) THEN 'store_only'
        ELSE 'uncredited' END AS credit_rule,
      CASE WHEN (anon_9.guide_key IS NOT NULL) THEN anon_9.guide_key
        WHEN (anon_10.order_key IS NOT NULL) THEN anon_10.guide_key
        WHEN (anon_11.order_key IS NOT NULL) THEN anon_11.guide_key
        WHEN (anon_9.origin_store_key IS NOT NULL) THEN NULL
        WHEN (anon_12.order_key IS NOT NULL) THEN NULL ELSE NULL END AS guide_key,
      anon_9.split_key,
      coalesce(anon_9.origin_store_key, anon_12.touch_store_key) AS near_store_key,
      CASE WHEN (anon_9.guide_key IS NOT NULL) THEN NULL WHEN (anon_10.order_key IS NOT NULL)
        THEN anon_10.event_id WHEN (anon_11.order_key IS NOT NULL) THEN anon_11.event_id
        WHEN (anon_9.origin_store_key IS NOT NULL) THEN NULL
        WHEN (anon_12.order_key IS NOT NULL) THEN anon_12.event_id
        ELSE NULL END AS evidence_event_id,
      CASE WHEN (anon_9.guide_key IS NOT NULL) THEN anon_9.ordered_at
        WHEN (anon_10.order_key IS NOT NULL) THEN anon_10.occurred_at
        WHEN (anon_11.order_key IS NOT NULL) THEN anon_11.occurred_at
        WHEN (anon_9.origin_store_key IS NOT NULL) THEN anon_9.ordered_at
        WHEN (anon_12.order_key IS NOT NULL) THEN anon_12.occurred_at
        ELSE NULL END AS evidence_at
    FROM anon_9
    LEFT OUTER JOIN anon_12 ON anon_12.order_key = anon_9.order_key
    LEFT OUTER JOIN anon_10 ON anon_10.order_key = anon_9.order_key
    LEFT OUTER JOIN anon_11 ON anon_11.order_key = anon_9.order_key
  ),
  anon_3 AS (
    SELECT anon_7.order_key, anon_7.ordered_at, anon_7.paid_at, anon_7.fulfilled_at,
      anon_7.cancelled_at, anon_7.ordered_date, anon_7.paid_date, anon_7.cancelled_date,
      anon_7.channel, anon_7.fulfilment, anon_7.origin_store_key, anon_7.fulfil_store_key,
      anon_7.person_key, anon_7.tender, anon_7.coupon_key, anon_7.device, anon_7.credit_rule,
      anon_7.guide_key, anon_7.split_key,
      CASE WHEN (anon_7.guide_key IS NOT NULL)
        THEN coalesce(anon_8.store_key, anon_7.origin_store_key)
        ELSE anon_7.near_store_key END AS store_key,
      anon_7.evidence_event_id, anon_7.evidence_at
    FROM anon_7
    LEFT OUTER JOIN (
      SELECT anon_7.order_key, dim_guide_periods.store_key,
        row_number() OVER (
          PARTITION BY anon_7.order_key ORDER BY dim_guide_periods.starts_on DESC
        ) AS place
      FROM anon_7
      JOIN dim_guide_periods ON dim_guide_periods.guide_key = anon_7.guide_key
        AND dim_guide_periods.starts_on <= anon_7.ordered_date
        AND dim_guide_periods.ends_before > anon_7.ordered_date
    ) AS anon_8
      ON anon_8.order_key = anon_7.order_key AND anon_8.place = 1
  )
SELECT parts.guide,
  CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) AS net_sales
FROM (
  SELECT CASE WHEN (line.guide_key IS NOT NULL)
    THEN coalesce(guide.guide_id, 'unassigned') END AS guide,
    coalesce(sum(line.net_amount), 0) AS net
  FROM (
    SELECT fct_credited_lines.source, fct_credited_lines.receipt_key,
      fct_credited_lines.line_number, fct_credited_lines.business_date,
      fct_credited_lines.local_hour, fct_credited_lines.is_return,
      fct_credited_lines.original_date, fct_credited_lines.channel,
      fct_credited_lines.store_key, fct_credited_lines.region_key,
      fct_credited_lines.store_brand, fct_credited_lines.brand,
      fct_credited_lines.handling_store_key, fct_credited_lines.credit_order_key,
      fct_credited_lines.guide_key, fct_credited_lines.share, fct_credited_lines.product_key,
      fct_credited_lines.member_key, fct_credited_lines.tender, fct_credited_lines.fulfilment,
      fct_credited_lines.device, fct_credited_lines.origin_store_key,
      fct_credited_lines.fulfil_store_key, fct_credited_lines.quantity,
      fct_credited_lines.net_amount, fct_credited_lines.list_amount
    FROM fct_credited_lines
    WHERE fct_credited_lines.credit_order_key IS NULL
    UNION ALL
    SELECT exploded.source, exploded.receipt_key, exploded.line_number, exploded.business_date,
      exploded.local_hour, exploded.is_return, exploded.original_date, exploded.channel,
      exploded.store_key, exploded.region_key, exploded.store_brand, exploded.brand,
      exploded.handling_store_key, exploded.credit_order_key, exploded.guide_key,
      exploded.share, exploded.product_key, exploded.member_key, exploded.tender,
      exploded.fulfilment, exploded.device, exploded.origin_store_key,
      exploded.fulfil_store_key, exploded.quantity,
      CASE WHEN exploded.is_lead
        THEN exploded.net_amount - sum(
          CASE WHEN exploded.is_lead THEN 0
            ELSE CAST(
              round(
                CAST(exploded.net_amount AS NUMERIC(28, 2)) * exploded.share, 2
              ) AS NUMERIC(18, 2)
            ) END
        ) OVER (PARTITION BY exploded.line_id)
        ELSE CAST(
          round(
            CAST(exploded.net_amount AS NUMERIC(28, 2)) * exploded.share, 2
          ) AS NUMERIC(18, 2)
        ) END AS net_amount,
      CASE WHEN exploded.is_lead
        THEN exploded.list_amount - sum(
          CASE WHEN exploded.is_lead THEN 0
            ELSE CAST(
              round(
                CAST(exploded.list_amount AS NUMERIC(28, 2)) * exploded.share, 2
              ) AS NUMERIC(18, 2)
            ) END
        ) OVER (PARTITION BY exploded.line_id)
        ELSE CAST(
          round(
            CAST(exploded.list_amount AS NUMERIC(28, 2)) * exploded.share, 2
          ) AS NUMERIC(18, 2)
        ) END AS list_amount
    FROM (
      SELECT numbered.source, numbered.receipt_key, numbered.line_number,
        numbered.business_date, numbered.local_hour, numbered.is_return, numbered.original_date,
        numbered.channel, numbered.store_key, numbered.region_key, numbered.store_brand,
        numbered.brand, numbered.handling_store_key, numbered.credit_order_key,
        numbered.product_key, numbered.member_key, numbered.tender, numbered.fulfilment,
        numbered.device, numbered.origin_store_key, numbered.fulfil_store_key,
        numbered.quantity, numbered.net_amount, numbered.list_amount, numbered.split_key,
        numbered.line_id, shares.guide_key, coalesce(shares.share, 1) AS share,
        coalesce(shares.is_lead, true) AS is_lead
      FROM (
        SELECT anew.source, anew.receipt_key, anew.line_number, anew.business_date,
          anew.local_hour, anew.is_return, anew.original_date, anew.channel, anew.store_key,
          anew.region_key, anew.store_brand, anew.brand, anew.handling_store_key,
          anew.credit_order_key, anew.guide_key, anew.share, anew.product_key, anew.member_key,
          anew.tender, anew.fulfilment, anew.device, anew.origin_store_key,
          anew.fulfil_store_key, anew.quantity, anew.net_amount, anew.list_amount,
          anew.split_key,
          row_number() OVER (PARTITION BY 1 ORDER BY anew.business_date) AS line_id
        FROM (
          SELECT anon_1.source, anon_1.receipt_key, anon_1.line_number, anon_1.business_date,
            anon_1.local_hour, anon_1.is_return, anon_1.original_date, anon_1.channel,
            anon_1.store_key, anon_1.region_key, anon_1.store_brand, anon_1.brand,
            anon_1.handling_store_key, anon_1.credit_order_key, anon_1.guide_key, anon_1.share,
            anon_1.product_key, anon_1.member_key, anon_1.tender, anon_1.fulfilment,
            anon_1.device, anon_1.origin_store_key, anon_1.fulfil_store_key, anon_1.quantity,
            anon_1.net_amount, anon_1.list_amount, anon_1.split_key
          FROM (
            SELECT anon_2.source, anon_2.receipt_key, anon_2.line_number, anon_2.business_date,
              anon_2.local_hour, anon_2.is_return, anon_2.original_date, anon_2.channel,
              anon_2.store_key, dim_store_periods.region_key,
              dim_store_periods.brand AS store_brand,
              coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
              anon_2.handling_store_key, anon_2.credit_order_key, anon_2.guide_key, 1 AS share,
              anon_2.product_key, anon_2.member_key, anon_2.tender, NULL AS fulfilment,
              NULL AS device, NULL AS origin_store_key, NULL AS fulfil_store_key,
              anon_2.quantity, anon_2.net_amount, anon_2.list_amount, anon_2.split_key
            FROM (
              SELECT CASE WHEN (original.original_line IS NULL)
                THEN anon_3.order_key END AS credit_order_key,
                'pos' AS source, anon_4.receipt_key, anon_4.line_number,
                CAST(
                  timezone(
                    'Asia/Shanghai',
                    timezone(
                      'UTC', anon_4.sold_at - to_hours(coalesce(dim_stores.day_cutoff_hour, 0))
                    )
                  ) AS DATE
                ) AS business_date,
                CAST(
                  date_part(
                    'hour', timezone('Asia/Shanghai', timezone('UTC', anon_4.sold_at))
                  ) AS SMALLINT
                ) AS local_hour,
                anon_4.quantity < 0 AS is_return,
                CASE WHEN (original.original_line IS NOT NULL) THEN original.original_date
                  ELSE anon_3.paid_date END AS original_date,
                'pos' AS channel,
                CASE WHEN (original.original_line IS NOT NULL) THEN original.store_key
                  WHEN (anon_3.order_key IS NOT NULL) THEN anon_3.store_key
                  ELSE anon_4.store_key END AS store_key,
                CASE WHEN (anon_4.quantity < 0) THEN anon_4.store_key END AS handling_store_key,
                CASE WHEN (original.original_line IS NOT NULL) THEN original.guide_key
                  WHEN (anon_3.order_key IS NOT NULL) THEN anon_3.guide_key
                  ELSE anon_4.guide_key END AS guide_key,
                CASE WHEN (original.original_line IS NOT NULL) THEN original.split_key
                  WHEN (anon_3.order_key IS NOT NULL) THEN anon_3.split_key
                  ELSE anon_4.split_key END AS split_key,
                anon_4.product_key, dim_member_persons.person_key AS member_key, anon_4.tender,
                anon_4.quantity, anon_4.net_amount, anon_4.list_amount
              FROM anon_4
              JOIN dim_stores ON dim_stores.store_key = anon_4.store_key
              LEFT OUTER JOIN dim_member_persons
                ON dim_member_persons.member_key = anon_4.member_key
              LEFT OUTER JOIN (
                SELECT anon_6.receipt_key, anon_6.line_number, anon_6.original_line,
                  anon_6.store_key, anon_6.guide_key, anon_6.split_key, anon_6.original_date
                FROM (
                  SELECT back.receipt_key, back.line_number, sale.line_number AS original_line,
                    sale.store_key, sale.guide_key, sale.split_key,
                    CAST(
                      timezone(
                        'Asia/Shanghai',
                        timezone(
                          'UTC', sale.sold_at - to_hours(coalesce(till.day_cutoff_hour, 0))
                        )
                      ) AS DATE
                    ) AS original_date,
                    row_number() OVER (
                      PARTITION BY back.receipt_key, back.line_number
                      ORDER BY CASE WHEN (sale.line_number = back.original_line_number) THEN 0
                        ELSE 1 END,
                        CASE WHEN (sale.product_key = back.product_key) THEN 0 ELSE 1 END,
                        sale.line_number
                    ) AS place
                  FROM anon_4 AS back
                  JOIN anon_4 AS sale ON sale.receipt_key = back.original_receipt_key
                    AND sale.quantity > 0 AND NOT sale.is_deleted
                  JOIN dim_stores AS till ON till.store_key = sale.store_key
                  WHERE back.quantity < 0 AND NOT back.is_deleted
                ) AS anon_6
                WHERE anon_6.place = 1
              ) AS original
                ON original.receipt_key = anon_4.receipt_key
                AND original.line_number = anon_4.line_number
              LEFT OUTER JOIN anon_3 ON anon_4.quantity < 0
                AND anon_3.order_key = anon_4.original_order_key AND anon_3.paid_at IS NOT NULL
              WHERE NOT anon_4.is_deleted
            ) AS anon_2
            LEFT OUTER JOIN dim_store_periods ON dim_store_periods.store_key = anon_2.store_key
              AND dim_store_periods.starts_on <= anon_2.business_date
              AND dim_store_periods.ends_before > anon_2.business_date
            LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_2.product_key
              AND dim_products.is_known
          ) AS anon_1
          WHERE anon_1.credit_order_key IS NOT NULL
          UNION ALL
          SELECT anon_26.source, anon_26.receipt_key, anon_26.line_number,
            anon_26.business_date, anon_26.local_hour, anon_26.is_return, anon_26.original_date,
            anon_26.channel, anon_26.store_key, anon_26.region_key, anon_26.store_brand,
            anon_26.brand, anon_26.handling_store_key, anon_26.credit_order_key,
            anon_26.guide_key, anon_26.share, anon_26.product_key, anon_26.member_key,
            anon_26.tender, anon_26.fulfilment, anon_26.device, anon_26.origin_store_key,
            anon_26.fulfil_store_key, anon_26.quantity, anon_26.net_amount, anon_26.list_amount,
            anon_26.split_key
          FROM (
            SELECT anon_27.source, anon_27.receipt_key, anon_27.line_number,
              anon_27.business_date, anon_27.local_hour, anon_27.is_return,
              NULL AS original_date, anon_27.channel, anon_27.store_key,
              dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
              coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
              NULL AS handling_store_key, anon_27.credit_order_key, anon_27.guide_key,
              1 AS share, anon_27.product_key, anon_27.member_key, anon_27.tender,
              anon_27.fulfilment, anon_27.device, anon_27.origin_store_key,
              anon_27.fulfil_store_key, anon_27.quantity, anon_27.net_amount,
              anon_27.list_amount, anon_27.split_key
            FROM (
              SELECT anon_3.order_key AS credit_order_key, -anon_3.order_key AS receipt_key,
                anon_14.line_number,
                CAST(
                  date_part(
                    'hour', timezone('Asia/Shanghai', timezone('UTC', anon_3.paid_at))
                  ) AS SMALLINT
                ) AS local_hour,
                anon_3.channel, anon_3.store_key, anon_3.guide_key, anon_3.split_key,
                anon_3.tender, anon_3.fulfilment, anon_3.device, anon_3.origin_store_key,
                anon_3.fulfil_store_key, anon_14.product_key,
                CASE WHEN (anon_3.person_key > 0) THEN anon_3.person_key END AS member_key,
                'order' AS source, anon_3.paid_date AS business_date, FALSE AS is_return,
                anon_14.quantity, anon_14.net_amount, anon_14.list_amount
              FROM anon_14
              JOIN anon_3 ON anon_3.order_key = anon_14.order_key
              WHERE NOT anon_14.is_deleted AND anon_3.paid_at IS NOT NULL
            ) AS anon_27
            LEFT OUTER JOIN dim_store_periods ON dim_store_periods.store_key = anon_27.store_key
              AND dim_store_periods.starts_on <= anon_27.business_date
              AND dim_store_periods.ends_before > anon_27.business_date
            LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_27.product_key
              AND dim_products.is_known
          ) AS anon_26
          UNION ALL
          SELECT anon_28.source, anon_28.receipt_key, anon_28.line_number,
            anon_28.business_date, anon_28.local_hour, anon_28.is_return, anon_28.original_date,
            anon_28.channel, anon_28.store_key, anon_28.region_key, anon_28.store_brand,
            anon_28.brand, anon_28.handling_store_key, anon_28.credit_order_key,
            anon_28.guide_key, anon_28.share, anon_28.product_key, anon_28.member_key,
            anon_28.tender, anon_28.fulfilment, anon_28.device, anon_28.origin_store_key,
            anon_28.fulfil_store_key, anon_28.quantity, anon_28.net_amount, anon_28.list_amount,
            anon_28.split_key
          FROM (
            SELECT anon_29.source, anon_29.receipt_key, anon_29.line_number,
              anon_29.business_date, anon_29.local_hour, anon_29.is_return,
              anon_29.original_date, anon_29.channel, anon_29.store_key,
              dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
              coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
              anon_29.handling_store_key, anon_29.credit_order_key, anon_29.guide_key,
              1 AS share, anon_29.product_key, anon_29.member_key, anon_29.tender,
              anon_29.fulfilment, anon_29.device, anon_29.origin_store_key,
              anon_29.fulfil_store_key, anon_29.quantity, anon_29.net_amount,
              NULL AS list_amount, anon_29.split_key
            FROM (
              SELECT anon_3.order_key AS credit_order_key, -anon_3.order_key AS receipt_key,
                anon_14.line_number,
                CAST(
                  date_part(
                    'hour',
                    timezone('Asia/Shanghai', timezone('UTC', fct_refund_lines.refunded_at))
                  ) AS SMALLINT
                ) AS local_hour,
                anon_3.channel, anon_3.store_key, anon_3.guide_key, anon_3.split_key,
                anon_3.tender, anon_3.fulfilment, anon_3.device, anon_3.origin_store_key,
                anon_3.fulfil_store_key, anon_14.product_key,
                CASE WHEN (anon_3.person_key > 0) THEN anon_3.person_key END AS member_key,
                'refund' AS source, anon_3.paid_date AS original_date,
                CAST(
                  timezone(
                    'Asia/Shanghai', timezone('UTC', fct_refund_lines.refunded_at)
                  ) AS DATE
                ) AS business_date,
                TRUE AS is_return, fct_refund_lines.handled_store_key AS handling_store_key,
                -fct_refund_lines.quantity, -fct_refund_lines.amount AS net_amount
              FROM anon_14
              JOIN anon_3 ON anon_3.order_key = anon_14.order_key
              JOIN fct_refund_lines ON fct_refund_lines.order_key = anon_14.order_key
                AND fct_refund_lines.line_number = anon_14.line_number
              WHERE NOT anon_14.is_deleted AND anon_3.paid_at IS NOT NULL
                AND NOT fct_refund_lines.is_deleted
            ) AS anon_29
            LEFT OUTER JOIN dim_store_periods ON dim_store_periods.store_key = anon_29.store_key
              AND dim_store_periods.starts_on <= anon_29.business_date
              AND dim_store_periods.ends_before > anon_29.business_date
            LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_29.product_key
              AND dim_products.is_known
          ) AS anon_28
          UNION ALL
          SELECT anon_30.source, anon_30.receipt_key, anon_30.line_number,
            anon_30.business_date, anon_30.local_hour, anon_30.is_return, anon_30.original_date,
            anon_30.channel, anon_30.store_key, anon_30.region_key, anon_30.store_brand,
            anon_30.brand, anon_30.handling_store_key, anon_30.credit_order_key,
            anon_30.guide_key, anon_30.share, anon_30.product_key, anon_30.member_key,
            anon_30.tender, anon_30.fulfilment, anon_30.device, anon_30.origin_store_key,
            anon_30.fulfil_store_key, anon_30.quantity, anon_30.net_amount, anon_30.list_amount,
            anon_30.split_key
          FROM (
            SELECT anon_31.source, anon_31.receipt_key, anon_31.line_number,
              anon_31.business_date, anon_31.local_hour, anon_31.is_return,
              anon_31.original_date, anon_31.channel, anon_31.store_key,
              dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
              coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
              NULL AS handling_store_key, anon_31.credit_order_key, anon_31.guide_key,
              1 AS share, anon_31.product_key, anon_31.member_key, anon_31.tender,
              anon_31.fulfilment, anon_31.device, anon_31.origin_store_key,
              anon_31.fulfil_store_key, anon_31.quantity, anon_31.net_amount,
              NULL AS list_amount, anon_31.split_key
            FROM (
              SELECT anon_3.order_key AS credit_order_key, -anon_3.order_key AS receipt_key,
                anon_14.line_number,
                CAST(
                  date_part(
                    'hour',
                    timezone(
                      'Asia/Shanghai',
                      timezone(
                        'UTC',
                        CASE WHEN (anon_3.paid_at >= anon_3.cancelled_at) THEN anon_3.paid_at
                          ELSE anon_3.cancelled_at END
                      )
                    )
                  ) AS SMALLINT
                ) AS local_hour,
                anon_3.channel, anon_3.store_key, anon_3.guide_key, anon_3.split_key,
                anon_3.tender, anon_3.fulfilment, anon_3.device, anon_3.origin_store_key,
                anon_3.fulfil_store_key, anon_14.product_key,
                CASE WHEN (anon_3.person_key > 0) THEN anon_3.person_key END AS member_key,
                'cancel' AS source, anon_3.paid_date AS original_date,
                CASE WHEN (anon_3.paid_date >= anon_3.cancelled_date) THEN anon_3.paid_date
                  ELSE anon_3.cancelled_date END AS business_date,
                TRUE AS is_return,
                -CASE WHEN (anon_14.quantity - coalesce(covered.quantity, 0) > 0)
                  THEN anon_14.quantity - coalesce(covered.quantity, 0) ELSE 0 END AS quantity,
                -CASE WHEN (anon_14.net_amount - coalesce(covered.amount, 0) > 0)
                  THEN anon_14.net_amount - coalesce(covered.amount, 0) ELSE 0 END AS net_amount
              FROM anon_14
              JOIN anon_3 ON anon_3.order_key = anon_14.order_key
              LEFT OUTER JOIN (
                SELECT fct_refund_lines.order_key, fct_refund_lines.line_number,
                  sum(fct_refund_lines.quantity) AS quantity,
                  sum(fct_refund_lines.amount) AS amount
                FROM fct_refund_lines
                WHERE NOT fct_refund_lines.is_deleted
                GROUP BY fct_refund_lines.order_key, fct_refund_lines.line_number
              ) AS covered
                ON covered.order_key = anon_14.order_key
                AND covered.line_number = anon_14.line_number
              WHERE NOT anon_14.is_deleted AND anon_3.paid_at IS NOT NULL
                AND anon_3.cancelled_at IS NOT NULL
                AND (
                  CASE WHEN (anon_14.quantity - coalesce(covered.quantity, 0) > 0)
                    THEN anon_14.quantity - coalesce(covered.quantity, 0) ELSE 0 END > 0
                  OR CASE WHEN (anon_14.net_amount - coalesce(covered.amount, 0) > 0)
                    THEN anon_14.net_amount - coalesce(covered.amount, 0) ELSE 0 END > 0
                )
            ) AS anon_31
            LEFT OUTER JOIN dim_store_periods ON dim_store_periods.store_key = anon_31.store_key
              AND dim_store_periods.starts_on <= anon_31.business_date
              AND dim_store_periods.ends_before > anon_31.business_date
            LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_31.product_key
              AND dim_products.is_known
          ) AS anon_30
        ) AS anew
      ) AS numbered
      LEFT OUTER JOIN (
        SELECT anon_3.order_key AS credit_order_key, anon_3.guide_key, 1 AS share,
          true AS is_lead
        FROM anon_3
        WHERE anon_3.guide_key IS NOT NULL AND anon_3.split_key IS NULL
          AND anon_3.credit_rule != 'linear'
        UNION ALL
        SELECT anon_3.order_key AS credit_order_key, dim_split_guides.guide_key,
          dim_split_guides.share, dim_split_guides.is_lead
        FROM anon_3
        JOIN dim_split_guides ON dim_split_guides.split_key = anon_3.split_key
      ) AS shares
        ON shares.credit_order_key = numbered.credit_order_key
    ) AS exploded
  ) AS line
  LEFT OUTER JOIN dim_guides AS guide ON guide.guide_key = line.guide_key AND guide.is_known
  WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
  GROUP BY CASE WHEN (line.guide_key IS NOT NULL)
    THEN coalesce(guide.guide_id, 'unassigned') END
) AS parts
ORDER BY parts.guide ASC NULLS LAST
