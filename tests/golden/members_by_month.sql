SELECT parts.month, CAST(parts.memberships AS BIGINT) AS members,
  CAST(parts.joined AS BIGINT) AS new_members
FROM (
  SELECT branches.month, max(branches.joined) AS joined,
    max(branches.memberships) AS memberships, max(branches.is_there) AS is_there
  FROM (
    SELECT anon_1.month, anon_1.joined, NULL AS memberships, 1 AS is_there
    FROM (
      SELECT days.month, coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS joined
      FROM (
        SELECT anon_2.joined_date, anon_2.left_date, anon_2.store_key, anon_2.guide_key,
          anon_2.is_referred, anon_2.member_key, anon_2.business_date
        FROM (
          SELECT anon_3.joined_date, anon_3.left_date, anon_3.store_key, anon_3.guide_key,
            anon_3.is_referred, anon_3.member_key, anon_3.joined_date AS business_date
          FROM (
            SELECT CAST(
              timezone('Asia/Shanghai', timezone('UTC', dim_members.joined_at)) AS DATE
            ) AS joined_date,
              CAST(
                timezone('Asia/Shanghai', timezone('UTC', dim_members.left_at)) AS DATE
              ) AS left_date,
              dim_members.join_store_key AS store_key, dim_members.join_guide_key AS guide_key,
              dim_members.referrer_member_key IS NOT NULL AS is_referred, dim_members.member_key
            FROM dim_members
            JOIN dim_member_persons ON dim_member_persons.member_key = dim_members.member_key
              AND dim_member_persons.person_key = dim_members.member_key
            WHERE dim_members.is_known
              AND dim_members.joined_at BETWEEN TIMESTAMP '2024-02-29 00:00:00' AND TIMESTAMP '2024-04-02 00:00:00'
          ) AS anon_3
        ) AS anon_2
      ) AS line
      JOIN (
        SELECT dim_dates.month, dim_dates.date AS source_date
        FROM dim_dates
        WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
      ) AS days
        ON days.source_date = line.business_date
      GROUP BY days.month
    ) AS anon_1
    UNION ALL
    SELECT anon_4.month, NULL AS joined, anon_4.memberships, 1 AS is_there
    FROM (
      SELECT bucket_ends.month,
        coalesce(sum(CASE WHEN TRUE THEN 1 ELSE 0 END), 0) AS memberships
      FROM (
        SELECT anon_5.joined_date, anon_5.left_date, anon_5.store_key, anon_5.guide_key,
          anon_5.is_referred, anon_5.member_key, anon_5.business_date
        FROM (
          SELECT anon_6.joined_date, anon_6.left_date, anon_6.store_key, anon_6.guide_key,
            anon_6.is_referred, anon_6.member_key, ends.business_date
          FROM (
            SELECT CAST(
              timezone('Asia/Shanghai', timezone('UTC', dim_members.joined_at)) AS DATE
            ) AS joined_date,
              CAST(
                timezone('Asia/Shanghai', timezone('UTC', dim_members.left_at)) AS DATE
              ) AS left_date,
              dim_members.join_store_key AS store_key, dim_members.join_guide_key AS guide_key,
              dim_members.referrer_member_key IS NOT NULL AS is_referred, dim_members.member_key
            FROM dim_members
            JOIN dim_member_persons ON dim_member_persons.member_key = dim_members.member_key
              AND dim_member_persons.person_key = dim_members.member_key
            WHERE dim_members.is_known
          ) AS anon_6
          JOIN (
            SELECT DISTINCT bucket_ends.source_date AS business_date
            FROM (
              SELECT days.month, max(days.source_date) AS source_date
              FROM (
                SELECT dim_dates.month, dim_dates.date AS source_date
                FROM dim_dates
                WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
              ) AS days
              GROUP BY days.month
            ) AS bucket_ends
          ) AS ends
            ON anon_6.joined_date <= ends.business_date
            AND (anon_6.left_date IS NULL OR anon_6.left_date > ends.business_date)
        ) AS anon_5
      ) AS line
      JOIN (
        SELECT days.month, max(days.source_date) AS source_date
        FROM (
          SELECT dim_dates.month, dim_dates.date AS source_date
          FROM dim_dates
          WHERE dim_dates.date BETWEEN DATE '2024-03-01' AND DATE '2024-03-31'
        ) AS days
        GROUP BY days.month
      ) AS bucket_ends
        ON bucket_ends.source_date = line.business_date
      GROUP BY bucket_ends.month
    ) AS anon_4
  ) AS branches
  GROUP BY branches.month
) AS parts
WHERE parts.is_there IS NOT NULL
ORDER BY parts.month ASC NULLS LAST
