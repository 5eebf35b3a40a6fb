WITH anon_8 AS (
  SELECT anon_12.order_key, anon_12.ordered_at, anon_12.channel, anon_12.paid_at,
    anon_12.fulfilled_at, anon_12.cancelled_at, anon_12.fulfilment, anon_12.origin_store_key,
    anon_12.fulfil_store_key, anon_12.guide_key, anon_12.split_key, anon_12.member_key,
    anon_12.visitor_key, anon_12.tender, anon_12.coupon_key, anon_12.device,
    coalesce(dim_member_persons.person_key, dim_visitor_persons.person_key) AS person_key,
    CAST(
      timezone('Asia/Shanghai', timezone('UTC', anon_12.ordered_at)) AS DATE
    ) AS ordered_date,
    CAST(timezone('Asia/Shanghai', timezone('UTC', anon_12.paid_at)) AS DATE) AS paid_date,
    CAST(
      timezone('Asia/Shanghai', timezone('UTC', anon_12.cancelled_at)) AS DATE
    ) AS cancelled_date
  FROM (
    SELECT fct_order_lines.order_key, fct_order_lines.ordered_at, fct_order_lines.channel,
      fct_order_lines.paid_at, fct_order_lines.fulfilled_at, fct_order_lines.cancelled_at,
      fct_order_lines.fulfilment, fct_order_lines.origin_store_key,
      fct_order_lines.fulfil_store_key, fct_order_lines.guide_key, fct_order_lines.split_key,
      fct_order_lines.member_key, fct_order_lines.visitor_key, fct_order_lines.tender,
      fct_order_lines.coupon_key, fct_order_lines.device,
      row_number() OVER (
        PARTITION BY fct_order_lines.order_key
        ORDER BY fct_order_lines.updated_at DESC NULLS LAST, fct_order_lines.line_number
      ) AS place
    FROM fct_order_lines
    WHERE NOT fct_order_lines.is_deleted
  ) AS anon_12
  LEFT OUTER JOIN dim_member_persons ON dim_member_persons.member_key = anon_12.member_key
  LEFT OUTER JOIN dim_visitor_persons ON dim_visitor_persons.visitor_key = anon_12.visitor_key
  WHERE anon_12.place = 1
),
  anon_14 AS (
    SELECT anon_8.order_key, anon_15.event_id, anon_15.occurred_at, anon_15.guide_key,
      anon_15.store_key AS touch_store_key,
      EXISTS (
        SELECT 1 AS anon_16
        FROM dim_guide_periods
        WHERE dim_guide_periods.guide_key = anon_15.guide_key
          AND dim_guide_periods.starts_on <= anon_8.ordered_date
          AND dim_guide_periods.ends_before > anon_8.ordered_date
      ) AS is_assigned
    FROM anon_8
    JOIN (
      SELECT fct_touchpoints.event_id, fct_touchpoints.occurred_at, fct_touchpoints.event,
        fct_touchpoints.visitor_key, fct_touchpoints.member_key, fct_touchpoints.store_key,
        fct_touchpoints.guide_key, fct_touchpoints.product_key, fct_touchpoints.campaign_key,
        fct_touchpoints.coupon_key, fct_touchpoints.order_key, fct_touchpoints.channel,
        fct_touchpoints.bind_result, fct_touchpoints.updated_at, fct_touchpoints.file_key,
        fct_touchpoints.file_line, fct_touchpoints.is_deleted,
        coalesce(dim_member_persons.person_key, dim_visitor_persons.person_key) AS person_key
      FROM fct_touchpoints
      LEFT OUTER JOIN dim_member_persons
        ON dim_member_persons.member_key = fct_touchpoints.member_key
      LEFT OUTER JOIN dim_visitor_persons
        ON dim_visitor_persons.visitor_key = fct_touchpoints.visitor_key
      WHERE NOT fct_touchpoints.is_deleted
        AND fct_touchpoints.event IN ('guide_scan', 'tag_scan', 'share')
    ) AS anon_15
      ON anon_15.person_key = anon_8.person_key AND anon_15.occurred_at <= anon_8.ordered_at
      AND anon_15.occurred_at >= anon_8.ordered_at - INTERVAL '7 days'
  ),
  anon_11 AS (
    SELECT anon_13.order_key, anon_13.event_id, anon_13.occurred_at, anon_13.guide_key,
      anon_13.touch_store_key, anon_13.is_assigned
    FROM (
      SELECT anon_14.order_key, anon_14.event_id, anon_14.occurred_at, anon_14.guide_key,
        anon_14.touch_store_key, anon_14.is_assigned,
        row_number() OVER (
          PARTITION BY anon_14.order_key
          ORDER BY anon_14.occurred_at DESC, anon_14.event_id DESC
        ) AS place
      FROM anon_14
      WHERE anon_14.touch_store_key IS NOT NULL
    ) AS anon_13
    WHERE anon_13.place = 1
  ),
  anon_9 AS (
    SELECT anon_17.order_key, anon_17.event_id, anon_17.bound_at AS occurred_at,
      anon_17.guide_key
    FROM (
      SELECT anon_8.order_key, anon_8.ordered_date, anon_18.person_key, anon_18.bound_at,
        anon_18.guide_key, anon_18.is_scan, anon_18.event_id, anon_18.tie,
        row_number() OVER (
          PARTITION BY anon_8.order_key
          ORDER BY anon_18.bound_at DESC, anon_18.is_scan DESC, anon_18.tie DESC
        ) AS place
      FROM anon_8
      JOIN (
        SELECT dim_member_persons.person_key,
          coalesce(dim_members.bound_at, dim_members.joined_at) AS bound_at,
          dim_members.bound_guide_key AS guide_key, 0 AS is_scan,
          coalesce(NULL, NULL) AS event_id, dim_members.member_id AS tie
        FROM dim_members
        JOIN dim_member_persons ON dim_member_persons.member_key = dim_members.member_key
        WHERE dim_members.bound_guide_key IS NOT NULL AND NOT dim_members.is_deleted
        UNION ALL
        SELECT anon_19.person_key, anon_19.occurred_at, anon_19.guide_key, 1 AS anon_20,
          anon_19.event_id, anon_19.event_id AS event_id__1
        FROM (
          SELECT fct_touchpoints.event_id, fct_touchpoints.occurred_at, fct_touchpoints.event,
            fct_touchpoints.visitor_key, fct_touchpoints.member_key, fct_touchpoints.store_key,
            fct_touchpoints.guide_key, fct_touchpoints.product_key,
            fct_touchpoints.campaign_key, fct_touchpoints.coupon_key, fct_touchpoints.order_key,
            fct_touchpoints.channel, fct_touchpoints.bind_result, fct_touchpoints.updated_at,
            fct_touchpoints.file_key, fct_touchpoints.file_line, fct_touchpoints.is_deleted,
            coalesce(
              dim_member_persons.person_key, dim_visitor_persons.person_key
            ) AS person_key
          FROM fct_touchpoints
          LEFT OUTER JOIN dim_member_persons
            ON dim_member_persons.member_key = fct_touchpoints.member_key
          LEFT OUTER JOIN dim_visitor_persons
            ON dim_visitor_persons.visitor_key = fct_touchpoints.visitor_key
          WHERE NOT fct_touchpoints.is_deleted
        ) AS anon_19
        WHERE anon_19.event = 'guide_scan' AND anon_19.bind_result = 'bound'
          AND anon_19.guide_key IS NOT NULL
      ) AS anon_18
        ON anon_18.person_key = anon_8.person_key AND anon_8.ordered_at >= anon_18.bound_at
    ) AS anon_17
    WHERE anon_17.place = 1
      AND (
        EXISTS (
          SELECT 1 AS anon_21
          FROM dim_guide_periods
          WHERE dim_guide_periods.guide_key = anon_17.guide_key
            AND dim_guide_periods.starts_on <= anon_17.ordered_date
            AND dim_guide_periods.ends_before > anon_17.ordered_date
        )
      )
  ),
  anon_10 AS (
    SELECT anon_22.order_key, anon_22.event_id, anon_22.occurred_at, anon_22.guide_key,
      anon_22.touch_store_key, anon_22.is_assigned
    FROM (
      SELECT anon_14.order_key, anon_14.event_id, anon_14.occurred_at, anon_14.guide_key,
        anon_14.touch_store_key, anon_14.is_assigned,
        row_number() OVER (
          PARTITION BY anon_14.order_key
          ORDER BY anon_14.occurred_at DESC, anon_14.event_id DESC
        ) AS place
      FROM anon_14
      WHERE anon_14.guide_key IS NOT NULL AND anon_14.is_assigned
    ) AS anon_22
    WHERE anon_22.place = 1
  ),
  anon_6 AS (
    SELECT anon_8.order_key, anon_8.ordered_at, anon_8.channel, anon_8.paid_at,
      anon_8.fulfilled_at, anon_8.cancelled_at, anon_8.fulfilment, anon_8.origin_store_key,
      anon_8.fulfil_store_key, anon_8.tender, anon_8.coupon_key, anon_8.device,
      anon_8.person_key, anon_8.ordered_date, anon_8.paid_date, anon_8.cancelled_date,
      CASE WHEN (anon_8.guide_key IS NOT NULL) THEN 'order_scan'
        WHEN (anon_9.order_key IS NOT NULL) THEN 'bound_guide'
        WHEN (anon_10.order_key IS NOT NULL) THEN 'recent_touch'
        WHEN (anon_8.origin_store_key IS NOT NULL) THEN 'store_only'
        WHEN (anon_11.order_key IS NOT NULL) THEN 'store_only'
        ELSE 'uncredited' END AS credit_rule,
      CASE WHEN (anon_8.guide_key IS NOT NULL) THEN anon_8.guide_key
        WHEN (anon_9.order_key IS NOT NULL) THEN anon_9.guide_key
        WHEN (anon_10.order_key IS NOT NULL) THEN anon_10.guide_key
        WHEN (anon_8.origin_store_key IS NOT NULL) THEN NULL
        WHEN (anon_11.order_key IS NOT NULL) THEN NULL ELSE NULL END AS guide_key,
      anon_8.split_key,
      coalesce(anon_8.origin_store_key, anon_11.touch_store_key) AS near_store_key,
      CASE WHEN (anon_8.guide_key IS NOT NULL) THEN NULL WHEN (anon_9.order_key IS NOT NULL)
        THEN anon_9.event_id WHEN (anon_10.order_key IS NOT NULL) THEN anon_10.event_id
        WHEN (anon_8.origin_store_key IS NOT NULL) THEN NULL
        WHEN (anon_11.order_key IS NOT NULL) THEN anon_11.event_id
        ELSE NULL END AS evidence_event_id,
      CASE WHEN (anon_8.guide_key IS NOT NULL) THEN anon_8.ordered_at
        WHEN (anon_9.order_key IS NOT NULL) THEN anon_9.occurred_at
        WHEN (anon_10.order_key IS NOT NULL) THEN anon_10.occurred_at
        WHEN (anon_8.origin_store_key IS NOT NULL) THEN anon_8.ordered_at
        WHEN (anon_11.order_key IS NOT NULL) THEN anon_11.occurred_at
        ELSE NULL END AS evidence_at
    FROM anon_8
    LEFT OUTER JOIN anon_11 ON anon_11.order_key = anon_8.order_key
    LEFT OUTER JOIN anon_9 ON anon_9.order_key = anon_8.order_key
    LEFT OUTER JOIN anon_10 ON anon_10.order_key = anon_8.order_key
  ),
  anon_4 AS (
    SELECT anon_6.order_key, anon_6.ordered_at, anon_6.paid_at, anon_6.fulfilled_at,
      anon_6.cancelled_at, anon_6.ordered_date, anon_6.paid_date, anon_6.cancelled_date,
      anon_6.channel, anon_6.fulfilment, anon_6.origin_store_key, anon_6.fulfil_store_key,
      anon_6.person_key, anon_6.tender, anon_6.coupon_key, anon_6.device, anon_6.credit_rule,
      anon_6.guide_key, anon_6.split_key,
      CASE WHEN (anon_6.guide_key IS NOT NULL)
        THEN coalesce(anon_7.store_key, anon_6.origin_store_key)
        ELSE anon_6.near_store_key END AS store_key,
      anon_6.evidence_event_id, anon_6.evidence_at
    FROM anon_6
    LEFT OUTER JOIN (
      SELECT anon_6.order_key, dim_guide_periods.store_key,
        row_number() OVER (
          PARTITION BY anon_6.order_key ORDER BY dim_guide_periods.starts_on DESC
        ) AS place
      FROM anon_6
      JOIN dim_guide_periods ON dim_guide_periods.guide_key = anon_6.guide_key
        AND dim_guide_periods.starts_on <= anon_6.ordered_date
        AND dim_guide_periods.ends_before > anon_6.ordered_date
    ) AS anon_7
      ON anon_7.order_key = anon_6.order_key AND anon_7.place = 1
  )
SELECT parts.guide,
  CASE WHEN (parts.is_there IS NOT NULL)
    THEN CAST(round(CAST(parts.net AS NUMERIC(38, 6)), 2) AS NUMERIC(38, 2)) END AS net_sales
FROM (
  SELECT anon_1.guide, anon_1.net, 1 AS is_there
  FROM (
    SELECT CASE WHEN (line.guide_key IS NULL) THEN NULL
      ELSE coalesce(guide.guide_id, 'unassigned') END AS guide,
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
      SELECT exploded.source, exploded.receipt_key, exploded.line_number,
        exploded.business_date, exploded.local_hour, exploded.is_return, exploded.original_date,
        exploded.channel, exploded.store_key, exploded.region_key, exploded.store_brand,
        exploded.brand, exploded.handling_store_key, exploded.credit_order_key,
        exploded.guide_key, exploded.share, exploded.product_key, exploded.member_key,
        exploded.tender, exploded.fulfilment, exploded.device, exploded.origin_store_key,
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
          numbered.business_date, numbered.local_hour, numbered.is_return,
          numbered.original_date, numbered.channel, numbered.store_key, numbered.region_key,
          numbered.store_brand, numbered.brand, numbered.handling_store_key,
          numbered.credit_order_key, numbered.product_key, numbered.member_key, numbered.tender,
          numbered.fulfilment, numbered.device, numbered.origin_store_key,
          numbered.fulfil_store_key, numbered.quantity, numbered.net_amount,
          numbered.list_amount, numbered.split_key, numbered.line_id, shares.guide_key,
          coalesce(shares.share, 1) AS share, coalesce(shares.is_lead, true) AS is_lead
        FROM (
          SELECT anew.source, anew.receipt_key, anew.line_number, anew.business_date,
            anew.local_hour, anew.is_return, anew.original_date, anew.channel, anew.store_key,
            anew.region_key, anew.store_brand, anew.brand, anew.handling_store_key,
            anew.credit_order_key, anew.guide_key, anew.share, anew.product_key,
            anew.member_key, anew.tender, anew.fulfilment, anew.device, anew.origin_store_key,
            anew.fulfil_store_key, anew.quantity, anew.net_amount, anew.list_amount,
            anew.split_key,
            row_number() OVER (PARTITION BY 1 ORDER BY anew.business_date) AS line_id
          FROM (
            SELECT anon_2.source, anon_2.receipt_key, anon_2.line_number, anon_2.business_date,
              anon_2.local_hour, anon_2.is_return, anon_2.original_date, anon_2.channel,
              anon_2.store_key, anon_2.region_key, anon_2.store_brand, anon_2.brand,
              anon_2.handling_store_key, anon_2.credit_order_key, anon_2.guide_key,
              anon_2.share, anon_2.product_key, anon_2.member_key, anon_2.tender,
              anon_2.fulfilment, anon_2.device, anon_2.origin_store_key,
              anon_2.fulfil_store_key, anon_2.quantity, anon_2.net_amount, anon_2.list_amount,
              anon_2.split_key
            FROM (
              SELECT anon_3.source, anon_3.receipt_key, anon_3.line_number,
                anon_3.business_date, anon_3.local_hour, anon_3.is_return, anon_3.original_date,
                anon_3.channel, anon_3.store_key, dim_store_periods.region_key,
                dim_store_periods.brand AS store_brand,
                coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
                anon_3.handling_store_key, anon_3.credit_order_key, anon_3.guide_key,
                1 AS share, anon_3.product_key, anon_3.member_key, anon_3.tender,
                NULL AS fulfilment, NULL AS device, NULL AS origin_store_key,
                NULL AS fulfil_store_key, anon_3.quantity, anon_3.net_amount,
                anon_3.list_amount, anon_3.split_key
              FROM (
                SELECT CASE WHEN (original.original_line IS NULL)
                  THEN anon_4.order_key END AS credit_order_key,
                  'pos' AS source, fct_pos_lines.receipt_key, fct_pos_lines.line_number,
                  CAST(
                    timezone(
                      'Asia/Shanghai',
                      timezone(
                        'UTC', fct_pos_lines.sold_at
                        - to_hours(coalesce(dim_stores.day_cutoff_hour, 0))
                      )
                    ) AS DATE
                  ) AS business_date,
                  CAST(
                    date_part(
                      'hour', timezone('Asia/Shanghai', timezone('UTC', fct_pos_lines.sold_at))
                    ) AS SMALLINT
                  ) AS local_hour,
                  fct_pos_lines.quantity < 0 AS is_return,
                  CASE WHEN (original.original_line IS NOT NULL) THEN original.original_date
                    ELSE anon_4.paid_date END AS original_date,
                  'pos' AS channel,
                  CASE WHEN (original.original_line IS NOT NULL) THEN original.store_key
                    WHEN (anon_4.order_key IS NOT NULL) THEN anon_4.store_key
                    ELSE fct_pos_lines.store_key END AS store_key,
                  CASE WHEN (fct_pos_lines.quantity < 0)
                    THEN fct_pos_lines.store_key END AS handling_store_key,
                  CASE WHEN (original.original_line IS NOT NULL) THEN original.guide_key
                    WHEN (anon_4.order_key IS NOT NULL) THEN anon_4.guide_key
                    ELSE fct_pos_lines.guide_key END AS guide_key,
                  CASE WHEN (original.original_line IS NOT NULL) THEN original.split_key
                    WHEN (anon_4.order_key IS NOT NULL) THEN anon_4.split_key
                    ELSE fct_pos_lines.split_key END AS split_key,
                  fct_pos_lines.product_key, dim_member_persons.person_key AS member_key,
                  fct_pos_lines.tender, fct_pos_lines.quantity, fct_pos_lines.net_amount,
                  fct_pos_lines.list_amount
                FROM fct_pos_lines
                JOIN dim_stores ON dim_stores.store_key = fct_pos_lines.store_key
                LEFT OUTER JOIN dim_member_persons
                  ON dim_member_persons.member_key = fct_pos_lines.member_key
                LEFT OUTER JOIN (
                  SELECT anon_5.receipt_key, anon_5.line_number, anon_5.original_line,
                    anon_5.store_key, anon_5.guide_key, anon_5.split_key, anon_5.original_date
                  FROM (
                    SELECT back.receipt_key, back.line_number,
                      sale.line_number AS original_line, sale.store_key, sale.guide_key,
                      sale.split_key,
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
                    FROM fct_pos_lines AS back
                    JOIN fct_pos_lines AS sale ON sale.receipt_key = back.original_receipt_key
                      AND sale.quantity > 0 AND NOT sale.is_deleted
                    JOIN dim_stores AS till ON till.store_key = sale.store_key
                    WHERE back.quantity < 0 AND NOT back.is_deleted
                  ) AS anon_5
                  WHERE anon_5.place = 1
                ) AS original
                  ON original.receipt_key = fct_pos_lines.receipt_key
                  AND original.line_number = fct_pos_lines.line_number
                LEFT OUTER JOIN anon_4 ON fct_pos_lines.quantity < 0
                  AND anon_4.order_key = fct_pos_lines.original_order_key
                  AND anon_4.paid_at IS NOT NULL
                WHERE NOT fct_pos_lines.is_deleted
              ) AS anon_3
              LEFT OUTER JOIN dim_store_periods
                ON dim_store_periods.store_key = anon_3.store_key
                AND dim_store_periods.starts_on <= anon_3.business_date
                AND dim_store_periods.ends_before > anon_3.business_date
              LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_3.product_key
                AND dim_products.is_known
            ) AS anon_2
            WHERE anon_2.credit_order_key IS NOT NULL
            UNION ALL
            SELECT anon_23.source, anon_23.receipt_key, anon_23.line_number,
              anon_23.business_date, anon_23.local_hour, anon_23.is_return,
              anon_23.original_date, anon_23.channel, anon_23.store_key, anon_23.region_key,
              anon_23.store_brand, anon_23.brand, anon_23.handling_store_key,
              anon_23.credit_order_key, anon_23.guide_key, anon_23.share, anon_23.product_key,
              anon_23.member_key, anon_23.tender, anon_23.fulfilment, anon_23.device,
              anon_23.origin_store_key, anon_23.fulfil_store_key, anon_23.quantity,
              anon_23.net_amount, anon_23.list_amount, anon_23.split_key
            FROM (
              SELECT anon_24.source, anon_24.receipt_key, anon_24.line_number,
                anon_24.business_date, anon_24.local_hour, anon_24.is_return,
                NULL AS original_date, anon_24.channel, anon_24.store_key,
                dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
                coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
                NULL AS handling_store_key, anon_24.credit_order_key, anon_24.guide_key,
                1 AS share, anon_24.product_key, anon_24.member_key, anon_24.tender,
                anon_24.fulfilment, anon_24.device, anon_24.origin_store_key,
                anon_24.fulfil_store_key, anon_24.quantity, anon_24.net_amount,
                anon_24.list_amount, anon_24.split_key
              FROM (
                SELECT anon_4.order_key AS credit_order_key, -anon_4.order_key AS receipt_key,
                  fct_order_lines.line_number,
                  CAST(
                    date_part(
                      'hour', timezone('Asia/Shanghai', timezone('UTC', anon_4.paid_at))
                    ) AS SMALLINT
                  ) AS local_hour,
                  anon_4.channel, anon_4.store_key, anon_4.guide_key, anon_4.split_key,
                  anon_4.tender, anon_4.fulfilment, anon_4.device, anon_4.origin_store_key,
                  anon_4.fulfil_store_key, fct_order_lines.product_key,
                  CASE WHEN (anon_4.person_key > 0) THEN anon_4.person_key END AS member_key,
                  'order' AS source, anon_4.paid_date AS business_date, FALSE AS is_return,
                  fct_order_lines.quantity, fct_order_lines.net_amount,
                  fct_order_lines.list_amount
                FROM fct_order_lines
                JOIN anon_4 ON anon_4.order_key = fct_order_lines.order_key
                WHERE NOT fct_order_lines.is_deleted AND anon_4.paid_at IS NOT NULL
              ) AS anon_24
              LEFT OUTER JOIN dim_store_periods
                ON dim_store_periods.store_key = anon_24.store_key
                AND dim_store_periods.starts_on <= anon_24.business_date
                AND dim_store_periods.ends_before > anon_24.business_date
              LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_24.product_key
                AND dim_products.is_known
            ) AS anon_23
            UNION ALL
            SELECT anon_25.source, anon_25.receipt_key, anon_25.line_number,
              anon_25.business_date, anon_25.local_hour, anon_25.is_return,
              anon_25.original_date, anon_25.channel, anon_25.store_key, anon_25.region_key,
              anon_25.store_brand, anon_25.brand, anon_25.handling_store_key,
              anon_25.credit_order_key, anon_25.guide_key, anon_25.share, anon_25.product_key,
              anon_25.member_key, anon_25.tender, anon_25.fulfilment, anon_25.device,
              anon_25.origin_store_key, anon_25.fulfil_store_key, anon_25.quantity,
              anon_25.net_amount, anon_25.list_amount, anon_25.split_key
            FROM (
              SELECT anon_26.source, anon_26.receipt_key, anon_26.line_number,
                anon_26.business_date, anon_26.local_hour, anon_26.is_return,
                anon_26.original_date, anon_26.channel, anon_26.store_key,
                dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
                coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
                anon_26.handling_store_key, anon_26.credit_order_key, anon_26.guide_key,
                1 AS share, anon_26.product_key, anon_26.member_key, anon_26.tender,
                anon_26.fulfilment, anon_26.device, anon_26.origin_store_key,
                anon_26.fulfil_store_key, anon_26.quantity, anon_26.net_amount,
                NULL AS list_amount, anon_26.split_key
              FROM (
                SELECT anon_4.order_key AS credit_order_key, -anon_4.order_key AS receipt_key,
                  fct_order_lines.line_number,
                  CAST(
                    date_part(
                      'hour',
                      timezone('Asia/Shanghai', timezone('UTC', fct_refund_lines.refunded_at))
                    ) AS SMALLINT
                  ) AS local_hour,
                  anon_4.channel, anon_4.store_key, anon_4.guide_key, anon_4.split_key,
                  anon_4.tender, anon_4.fulfilment, anon_4.device, anon_4.origin_store_key,
                  anon_4.fulfil_store_key, fct_order_lines.product_key,
                  CASE WHEN (anon_4.person_key > 0) THEN anon_4.person_key END AS member_key,
                  'refund' AS source, anon_4.paid_date AS original_date,
                  CAST(
                    timezone(
                      'Asia/Shanghai', timezone('UTC', fct_refund_lines.refunded_at)
                    ) AS DATE
                  ) AS business_date,
                  TRUE AS is_return, fct_refund_lines.handled_store_key AS handling_store_key,
                  -fct_refund_lines.quantity, -fct_refund_lines.amount AS net_amount
                FROM fct_order_lines
                JOIN anon_4 ON anon_4.order_key = fct_order_lines.order_key
                JOIN fct_refund_lines ON fct_refund_lines.order_key = fct_order_lines.order_key
                  AND fct_refund_lines.line_number = fct_order_lines.line_number
                WHERE NOT fct_order_lines.is_deleted AND anon_4.paid_at IS NOT NULL
                  AND NOT fct_refund_lines.is_deleted
              ) AS anon_26
              LEFT OUTER JOIN dim_store_periods
                ON dim_store_periods.store_key = anon_26.store_key
                AND dim_store_periods.starts_on <= anon_26.business_date
                AND dim_store_periods.ends_before > anon_26.business_date
              LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_26.product_key
                AND dim_products.is_known
            ) AS anon_25
            UNION ALL
            SELECT anon_27.source, anon_27.receipt_key, anon_27.line_number,
              anon_27.business_date, anon_27.local_hour, anon_27.is_return,
              anon_27.original_date, anon_27.channel, anon_27.store_key, anon_27.region_key,
              anon_27.store_brand, anon_27.brand, anon_27.handling_store_key,
              anon_27.credit_order_key, anon_27.guide_key, anon_27.share, anon_27.product_key,
              anon_27.member_key, anon_27.tender, anon_27.fulfilment, anon_27.device,
              anon_27.origin_store_key, anon_27.fulfil_store_key, anon_27.quantity,
              anon_27.net_amount, anon_27.list_amount, anon_27.split_key
            FROM (
              SELECT anon_28.source, anon_28.receipt_key, anon_28.line_number,
                anon_28.business_date, anon_28.local_hour, anon_28.is_return,
                anon_28.original_date, anon_28.channel, anon_28.store_key,
                dim_store_periods.region_key, dim_store_periods.brand AS store_brand,
                coalesce(dim_products.brand, dim_store_periods.brand) AS brand,
                NULL AS handling_store_key, anon_28.credit_order_key, anon_28.guide_key,
                1 AS share, anon_28.product_key, anon_28.member_key, anon_28.tender,
                anon_28.fulfilment, anon_28.device, anon_28.origin_store_key,
                anon_28.fulfil_store_key, anon_28.quantity, anon_28.net_amount,
                NULL AS list_amount, anon_28.split_key
              FROM (
                SELECT anon_4.order_key AS credit_order_key, -anon_4.order_key AS receipt_key,
                  fct_order_lines.line_number,
                  CAST(
                    date_part(
                      'hour',
                      timezone(
                        'Asia/Shanghai',
                        timezone(
                          'UTC',
                          CASE WHEN (anon_4.paid_at >= anon_4.cancelled_at) THEN anon_4.paid_at
                            ELSE anon_4.cancelled_at END
                        )
                      )
                    ) AS SMALLINT
                  ) AS local_hour,
                  anon_4.channel, anon_4.store_key, anon_4.guide_key, anon_4.split_key,
                  anon_4.tender, anon_4.fulfilment, anon_4.device, anon_4.origin_store_key,
                  anon_4.fulfil_store_key, fct_order_lines.product_key,
                  CASE WHEN (anon_4.person_key > 0) THEN anon_4.person_key END AS member_key,
                  'cancel' AS source, anon_4.paid_date AS original_date,
                  CASE WHEN (anon_4.paid_date >= anon_4.cancelled_date) THEN anon_4.paid_date
                    ELSE anon_4.cancelled_date END AS business_date,
                  TRUE AS is_return,
                  -CASE WHEN (fct_order_lines.quantity - coalesce(covered.quantity, 0) > 0)
                    THEN fct_order_lines.quantity - coalesce(covered.quantity, 0)
                    ELSE 0 END AS quantity,
                  -CASE WHEN (fct_order_lines.net_amount - coalesce(covered.amount, 0) > 0)
                    THEN fct_order_lines.net_amount - coalesce(covered.amount, 0)
                    ELSE 0 END AS net_amount
                FROM fct_order_lines
                JOIN anon_4 ON anon_4.order_key = fct_order_lines.order_key
                LEFT OUTER JOIN (
                  SELECT fct_refund_lines.order_key, fct_refund_lines.line_number,
                    sum(fct_refund_lines.quantity) AS quantity,
                    sum(fct_refund_lines.amount) AS amount
                  FROM fct_refund_lines
                  WHERE NOT fct_refund_lines.is_deleted
                  GROUP BY fct_refund_lines.order_key, fct_refund_lines.line_number
                ) AS covered
                  ON covered.order_key = fct_order_lines.order_key
                  AND covered.line_number = fct_order_lines.line_number
                WHERE NOT fct_order_lines.is_deleted AND anon_4.paid_at IS NOT NULL
                  AND anon_4.cancelled_at IS NOT NULL
                  AND (
                    CASE WHEN (fct_order_lines.quantity - coalesce(covered.quantity, 0) > 0)
                      THEN fct_order_lines.quantity - coalesce(covered.quantity, 0)
                      ELSE 0 END > 0
                    OR CASE WHEN (fct_order_lines.net_amount - coalesce(covered.amount, 0) > 0)
                      THEN fct_order_lines.net_amount - coalesce(covered.amount, 0)
                      ELSE 0 END > 0
                  )
              ) AS anon_28
              LEFT OUTER JOIN dim_store_periods
                ON dim_store_periods.store_key = anon_28.store_key
                AND dim_store_periods.starts_on <= anon_28.business_date
                AND dim_store_periods.ends_before > anon_28.business_date
              LEFT OUTER JOIN dim_products ON dim_products.product_key = anon_28.product_key
                AND dim_products.is_known
            ) AS anon_27
          ) AS anew
        ) AS numbered
        LEFT OUTER JOIN (
          SELECT anon_4.order_key AS credit_order_key, anon_4.guide_key, 1 AS share,
            true AS is_lead
          FROM anon_4
          WHERE anon_4.guide_key IS NOT NULL AND anon_4.split_key IS NULL
            AND anon_4.credit_rule != 'linear'
          UNION ALL
          SELECT anon_4.order_key AS credit_order_key, dim_split_guides.guide_key,
            dim_split_guides.share, dim_split_guides.is_lead
          FROM anon_4
          JOIN dim_split_guides ON dim_split_guides.split_key = anon_4.split_key
        ) AS shares
          ON shares.credit_order_key = numbered.credit_order_key
      ) AS exploded
    ) AS line
    LEFT OUTER JOIN dim_guides AS guide ON guide.guide_key = line.guide_key AND guide.is_known
    WHERE line.business_date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
    GROUP BY CASE WHEN (line.guide_key IS NULL) THEN NULL
      ELSE coalesce(guide.guide_id, 'unassigned') END
  ) AS anon_1
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.guide ASC NULLS LAST
