"""The pages' questions, each with the SQL somebody who knows the tables would write for it.

In the SQL {first} and {last} are the period, {first_prior} … the days before it, {first_ago} … the
same days a year ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from warehouse.filters import Question


@dataclass(frozen=True)
class Asked:
    """A page's question about the last `days` days."""

    page: str
    name: str
    keys: tuple[str, ...]
    sql: str
    by: tuple[str, ...] = ()
    compare: str | None = None
    days: int = 30

    def within(self, last: date) -> tuple[Question, str]:
        """The question and its SQL, about the days up to `last`."""
        first = last - timedelta(days=self.days - 1)
        length, year = timedelta(days=self.days), timedelta(days=365)
        spans = {"": (first, last), "_prior": (first - length, last - length),
                 "_ago": (first - year, last - year)}  # fmt: skip
        dates = {
            f"{end}{which}": f"DATE '{day}'"
            for which, span in spans.items()
            for end, day in zip(("first", "last"), span, strict=True)
        }
        question = Question(self.keys, first, last, self.by, (), self.compare)
        return question, self.sql.format(**dates)


_NOW = "business_date BETWEEN {first} AND {last}"
_AGO = "business_date BETWEEN {first_ago} AND {last_ago}"
_PRIOR = "business_date BETWEEN {first_prior} AND {last_prior}"
_RECEIPTS = (
    "(sum(CASE WHEN receipt_key IS NULL THEN receipt_count ELSE 0 END)"
    " + count(DISTINCT CASE WHEN receipt_count > 0 THEN receipt_key END))"
)

_TOTAL = f"""
SELECT now.net, ago.net, now.receipts::BIGINT, ago.receipts::BIGINT
FROM (SELECT sum(net) net, {_RECEIPTS} receipts FROM agg_region_days WHERE {_NOW}) now,
     (SELECT sum(net) net, {_RECEIPTS} receipts FROM agg_region_days WHERE {_AGO}) ago
"""


_TILE_PARTS = f"""
  SELECT sum(net) net, {_RECEIPTS} receipts, sum(credited) credited, sum(online_net) online,
         sum(member_net) members, sum(store_net) stores
  FROM agg_region_days WHERE """
_TARGET = """
  SELECT sum(target / length) AS target FROM fct_targets
  JOIN (SELECT month, count(*) AS length FROM dim_dates GROUP BY month) USING (month)
  JOIN dim_dates USING (month)
  WHERE level = 'store' AND metric = 'net_sales' AND date BETWEEN """
_TILES = f"""
WITH now AS ({_TILE_PARTS} {_NOW}), ago AS ({_TILE_PARTS} {_PRIOR}),
     target_now AS ({_TARGET} {{first}} AND {{last}}),
     target_ago AS ({_TARGET} {{first_prior}} AND {{last_prior}})
SELECT now.net, ago.net, now.receipts::BIGINT, ago.receipts::BIGINT,
       now.net::DOUBLE / now.receipts, ago.net::DOUBLE / ago.receipts,
       now.stores::DOUBLE / target_now.target, ago.stores::DOUBLE / target_ago.target,
       now.credited::DOUBLE / now.net, ago.credited::DOUBLE / ago.net,
       now.online::DOUBLE / now.net, ago.online::DOUBLE / ago.net,
       now.members::DOUBLE / now.net, ago.members::DOUBLE / ago.net
FROM now, ago, target_now, target_ago
"""

_TREND = f"""
WITH days AS (SELECT day, date, year_ago_date FROM dim_dates
              WHERE date BETWEEN {{first}} AND {{last}}),
     net AS (SELECT business_date, sum(net) net FROM agg_region_days
             WHERE {_NOW} OR {_AGO} GROUP BY ALL)
SELECT day, now.net, ago.net FROM days
LEFT JOIN net now ON now.business_date = date LEFT JOIN net ago ON ago.business_date = year_ago_date
ORDER BY day
"""

_REGIONS = f"""
SELECT regions.region_id, sum(CASE WHEN {_NOW} THEN net END) now,
       sum(CASE WHEN {_PRIOR} THEN net END) ago,
       now::DOUBLE / (sum(CASE WHEN receipt_key IS NULL AND {_NOW} THEN receipt_count ELSE 0 END)
         + count(DISTINCT CASE WHEN receipt_count > 0 AND {_NOW} THEN receipt_key END)),
       ago::DOUBLE / (sum(CASE WHEN receipt_key IS NULL AND {_PRIOR} THEN receipt_count ELSE 0 END)
         + count(DISTINCT CASE WHEN receipt_count > 0 AND {_PRIOR} THEN receipt_key END))
FROM agg_region_days
LEFT JOIN dim_region_paths paths ON paths.region_key = agg_region_days.region_key AND is_top
LEFT JOIN dim_regions regions ON regions.region_key = ancestor_key
WHERE {_NOW} OR {_PRIOR} GROUP BY region_id ORDER BY region_id NULLS LAST
"""

_STORE_PARTS = f"""
  SELECT store_key, sum(net) net, {_RECEIPTS} receipts, sum(pieces_sold) pieces
  FROM agg_store_days WHERE """
_VISITORS = f"""
  SELECT store_key, sum(visitors) visitors, sum(receipts) receipts FROM (
    SELECT store_key,
           (hour_start AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::DATE business_date,
           sum(visitors) visitors FROM fct_footfall_hours
    WHERE NOT is_deleted AND hour_start BETWEEN {{first}} - 1 AND {{last}} + 2 GROUP BY ALL)
  LEFT JOIN (SELECT store_key, business_date,
                    sum(CASE WHEN receipt_key IS NULL THEN counted_receipts ELSE 0 END)
                    + count(DISTINCT CASE WHEN counted_receipts > 0 THEN receipt_key END) receipts
             FROM agg_store_days WHERE {_NOW} GROUP BY ALL)
  USING (store_key, business_date) WHERE {_NOW} GROUP BY store_key
"""
_LEADERS = f"""
WITH now AS ({_STORE_PARTS} {_NOW} GROUP BY store_key), seen AS ({_VISITORS})
SELECT store_id, now.net, now.net::DOUBLE / now.receipts, now.pieces::DOUBLE / now.receipts,
       seen.receipts::DOUBLE / seen.visitors, seen.visitors::BIGINT,
       now.net::DOUBLE / selling_area_sqm
FROM now LEFT JOIN dim_stores USING (store_key) LEFT JOIN seen USING (store_key)
ORDER BY store_id NULLS LAST
"""

_TARGETS = f"""
WITH plan AS (
  SELECT id AS store_id, sum(target / length) target FROM fct_targets
  JOIN (SELECT month, count(*) AS length FROM dim_dates GROUP BY month) USING (month)
  JOIN dim_dates USING (month)
  WHERE level = 'store' AND metric = 'net_sales' AND date BETWEEN {{first}} AND {{last}}
  GROUP BY id
), sold AS (
  SELECT store_key, sum(store_net) net FROM agg_store_days WHERE {_NOW} GROUP BY store_key
)
SELECT store_id, coalesce(net, 0)::DOUBLE / target
FROM plan JOIN dim_stores USING (store_id) LEFT JOIN sold USING (store_key) ORDER BY store_id
"""
_COMPARABLE = f"""
WITH loaded AS (
  SELECT min(business_date) AS first, max(business_date) AS last FROM agg_store_days
  WHERE receipt_count > 0
), days AS (
  SELECT store_key, date, year_ago_date FROM loaded, dim_dates, dim_stores stores
  WHERE date BETWEEN {{first}} AND {{last}} AND year_ago_date >= loaded.first
    AND date <= loaded.last AND is_known AND (closed_on IS NULL OR closed_on > date)
    AND (opened_on IS NULL OR year_ago_date - opened_on >= 30)
    AND NOT EXISTS (
      SELECT 1 FROM dim_store_closures closures
      WHERE closures.store_key = stores.store_key AND NOT is_deleted
        AND (date BETWEEN closed_from AND closed_to
             OR year_ago_date BETWEEN closed_from AND closed_to))
), sold AS (
  SELECT store_key, business_date, sum(net) net FROM agg_store_days WHERE {_NOW} OR {_AGO}
  GROUP BY ALL
)
SELECT sum(now.net)::DOUBLE / sum(ago.net) - 1 FROM days
LEFT JOIN sold now ON now.store_key = days.store_key AND now.business_date = date
LEFT JOIN sold ago ON ago.store_key = days.store_key AND ago.business_date = year_ago_date
"""

_HOURS = f"""
SELECT weekday, local_hour, sum(pos_net) FROM agg_store_hours
JOIN dim_dates ON date = business_date WHERE {_NOW} GROUP BY ALL ORDER BY ALL
"""


def _cut(column: str, table: str, key: str, identifier: str) -> str:
    return f"""
SELECT {identifier} AS shown, sum(net) FROM {table}
LEFT JOIN {column} USING ({key}) WHERE {_NOW} GROUP BY shown ORDER BY shown NULLS LAST
"""


_BUYERS = f"""
SELECT sum(CASE WHEN previous_date IS NULL OR previous_date < {{first}} THEN buyer_count ELSE 0 END)
  ::BIGINT FROM agg_buyer_days WHERE {_NOW}
"""
_REGION_BUYERS = f"""
SELECT region_id, sum(CASE WHEN previous_date IS NULL OR previous_date < {{first}} THEN buyer_count
  ELSE 0 END)::BIGINT FROM agg_region_buyer_days LEFT JOIN dim_regions USING (region_key)
WHERE {_NOW} GROUP BY region_id ORDER BY region_id NULLS LAST
"""
_STORE_BUYERS = f"""
SELECT store_id, count(DISTINCT CASE WHEN buyer_count > 0 THEN member_key END)
FROM agg_member_days LEFT JOIN dim_stores USING (store_key)
WHERE {_NOW} GROUP BY store_id ORDER BY store_id NULLS LAST
"""

_TILE_KEYS = ("net_sales", "receipts", "average_receipt_value", "target_attainment",
              "guide_coverage", "online_share", "member_sales_share")  # fmt: skip
_STORE_KEYS = ("net_sales", "average_receipt_value", "units_per_receipt", "conversion_rate",
               "visitors", "sales_per_sqm")  # fmt: skip

ASKED: Sequence[Asked] = (
    Asked("overview", "total", ("net_sales", "receipts"), _TOTAL, compare="year"),
    Asked("overview", "tiles", _TILE_KEYS, _TILES, compare="prior"),
    Asked("overview", "trend", ("net_sales",), _TREND, ("day",), "year"),
    Asked("overview", "regions", ("net_sales", "average_receipt_value"), _REGIONS, ("top_region",),
          "prior"),
    Asked("overview", "total, a year", ("net_sales", "receipts"), _TOTAL, compare="year", days=365),
    Asked("overview", "tiles, a year", _TILE_KEYS, _TILES, compare="prior", days=365),
    Asked("stores", "leaderboard", _STORE_KEYS, _LEADERS, ("store",)),
    Asked("stores", "targets by store", ("target_attainment",), _TARGETS, ("store",)),
    Asked("stores", "like for like", ("like_for_like_growth",), _COMPARABLE),
    Asked("stores", "like for like, a year", ("like_for_like_growth",), _COMPARABLE, days=365),
    Asked("stores", "hours of the week", ("pos_net_sales",), _HOURS, ("weekday", "hour")),
    Asked("stores", "hours, a year", ("pos_net_sales",), _HOURS, ("weekday", "hour"), days=365),
    Asked("health", "guides", ("net_sales",),
          _cut("dim_guides", "agg_guide_days", "guide_key", "guide_id"), ("guide",)),
    Asked("health", "stores", ("net_sales",),
          _cut("dim_stores", "agg_store_days", "store_key", "store_id"), ("store",)),
    Asked("members", "buyers", ("buyers",), _BUYERS),
    Asked("members", "buyers, a year", ("buyers",), _BUYERS, days=365),
    Asked("members", "buyers by region, a year", ("buyers",), _REGION_BUYERS, ("region",),
          days=365),
    Asked("members", "buyers by store", ("buyers",), _STORE_BUYERS, ("store",)),
)  # fmt: skip
