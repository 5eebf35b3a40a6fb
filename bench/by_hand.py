"""The pages' questions, each with the SQL somebody who knows the tables would write for it.

It says what figures are where nothing was sold or a key is not known yet, as the product's does.
In the SQL {first} and {last} are the period, {first_prior} … the days before it, {first_ago} … the
same days a year ago.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.sql.expression import Select

from warehouse import cohorts, queries, rfm
from warehouse.access import EVERYTHING
from warehouse.filters import Question
from warehouse.settings import Settings

Ask = Callable[[Question], Select[Any]]


def _figures(question: Question) -> Select[Any]:
    return queries.figures(question, EVERYTHING, Settings())


def _cohorts(question: Question) -> Select[Any]:
    return cohorts.cohort_months(question, EVERYTHING)


def _quintiles(by: str) -> Ask:
    return lambda question: rfm.quintiles(question, by, EVERYTHING)


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
    ask: Ask = _figures

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


def _share(number: str, of: str, name: str) -> str:
    """A quotient, empty where there is nothing to divide by."""
    return f"{number}::DOUBLE / nullif({of}, 0) AS {name}"


def _both(number: str, of: str) -> str:
    """Now and then."""
    return ", ".join(_share(f"{when}.{number}", f"{when}.{of}", f"{number}_{of}_{when}")
                     for when in ("now", "ago"))  # fmt: skip


def _shown(entity: str) -> str:
    """What a key is called, and what it is without a name yet."""
    return f"CASE WHEN {entity}_key IS NOT NULL THEN coalesce({entity}_id, 'unassigned') END"


def _known(entity: str) -> str:
    """Those of a kind that have been loaded themselves."""
    return f"(SELECT * FROM dim_{entity}s WHERE is_known) {entity}s"


_SUMS = """
SELECT round(now.net, 2) net, round(ago.net, 2) net_ago,
       now.receipts::BIGINT receipts, ago.receipts::BIGINT receipts_ago"""
_TOTAL = f"""{_SUMS}
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
  JOIN dim_dates USING (month) JOIN dim_stores ON store_id = id
  WHERE level = 'store' AND metric = 'net_sales' AND NOT is_deleted AND date BETWEEN """
_TILES = f"""
WITH now AS ({_TILE_PARTS} {_NOW}), ago AS ({_TILE_PARTS} {_PRIOR}),
     target_now AS ({_TARGET} {{first}} AND {{last}}),
     target_ago AS ({_TARGET} {{first_prior}} AND {{last_prior}})
{_SUMS}, {_both("net", "receipts")},
       {_share("now.stores", "target_now.target", "target")},
       {_share("ago.stores", "target_ago.target", "target_then")},
       {_both("credited", "net")}, {_both("online", "net")}, {_both("members", "net")}
FROM now, ago, target_now, target_ago
"""

_TREND = f"""
WITH days AS (SELECT day, date, year_ago_date FROM dim_dates
              WHERE date BETWEEN {{first}} AND {{last}}),
     net AS (SELECT business_date, sum(net) net FROM agg_region_days
             WHERE {_NOW} OR {_AGO} GROUP BY ALL)
SELECT day, round(now.net, 2) net, round(ago.net, 2) net_ago FROM days
LEFT JOIN net now ON now.business_date = date LEFT JOIN net ago ON ago.business_date = year_ago_date
ORDER BY day
"""

_REGIONS = f"""
WITH parts AS (
  SELECT {_shown("region").replace("region_key", "ancestor_key")} AS region,
         CASE WHEN {_NOW} THEN net END net, CASE WHEN {_PRIOR} THEN net END net_ago,
         receipt_key, CASE WHEN {_NOW} THEN receipt_count END count,
         CASE WHEN {_PRIOR} THEN receipt_count END count_ago
  FROM agg_region_days
  LEFT JOIN dim_region_paths paths ON paths.region_key = agg_region_days.region_key AND is_top
  LEFT JOIN {_known("region")} ON regions.region_key = ancestor_key
  WHERE {_NOW} OR {_PRIOR}
)
SELECT region, round(sum(net), 2) now, round(sum(net_ago), 2) ago,
       {_share("sum(net)", _RECEIPTS.replace("receipt_count", "count"), "average")},
       {_share("sum(net_ago)", _RECEIPTS.replace("receipt_count", "count_ago"), "average_ago")}
FROM parts GROUP BY region ORDER BY region NULLS LAST
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
SELECT {_shown("store")} AS store, round(now.net, 2) net,
       {_share("now.net", "now.receipts", "average")},
       {_share("now.pieces", "now.receipts", "pieces")},
       {_share("coalesce(seen.receipts, 0)", "seen.visitors", "conversion")},
       seen.visitors::BIGINT visitors, {_share("now.net", "selling_area_sqm", "density")}
FROM now LEFT JOIN {_known("store")} USING (store_key) LEFT JOIN seen USING (store_key)
ORDER BY store NULLS LAST
"""

_TARGETS = f"""
WITH plan AS (
  SELECT id AS store_id, sum(target / length) target FROM fct_targets
  JOIN (SELECT month, count(*) AS length FROM dim_dates GROUP BY month) USING (month)
  JOIN dim_dates USING (month)
  WHERE level = 'store' AND metric = 'net_sales' AND NOT is_deleted
    AND date BETWEEN {{first}} AND {{last}}
  GROUP BY id
), sold AS (
  SELECT store_key, sum(store_net) net FROM agg_store_days WHERE {_NOW} GROUP BY store_key
)
SELECT CASE WHEN is_known THEN store_id ELSE 'unassigned' END AS store,
       {_share("coalesce(net, 0)", "target", "attainment")}
FROM plan JOIN dim_stores USING (store_id) LEFT JOIN sold USING (store_key) ORDER BY store
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
SELECT {_share("sum(now.net)", "sum(ago.net)", "growth")[: -len(" AS growth")]} - 1 FROM days
LEFT JOIN sold now ON now.store_key = days.store_key AND now.business_date = date
LEFT JOIN sold ago ON ago.store_key = days.store_key AND ago.business_date = year_ago_date
"""

_HOURS = f"""
SELECT weekday, local_hour, round(sum(pos_net), 2) FROM agg_store_hours
JOIN dim_dates ON date = business_date WHERE {_NOW} GROUP BY ALL ORDER BY ALL
"""


def _cut(entity: str) -> str:
    return f"""
SELECT {_shown(entity)} AS shown, round(sum(net), 2) FROM agg_{entity}_days
LEFT JOIN {_known(entity)} USING ({entity}_key) WHERE {_NOW}
GROUP BY shown ORDER BY shown NULLS LAST
"""


_BUYERS = f"""
SELECT sum(CASE WHEN previous_date IS NULL OR previous_date < {{first}} THEN buyer_count ELSE 0 END)
  ::BIGINT FROM agg_buyer_days WHERE {_NOW}
"""
_REGION_BUYERS = f"""
SELECT {_shown("region")} AS region,
       sum(CASE WHEN previous_date IS NULL OR previous_date < {{first}} THEN buyer_count
           ELSE 0 END)::BIGINT buyers
FROM agg_region_buyer_days LEFT JOIN {_known("region")} USING (region_key)
WHERE {_NOW} GROUP BY region ORDER BY region NULLS LAST
"""
_STORE_BUYERS = f"""
SELECT {_shown("store")} AS store,
       count(DISTINCT CASE WHEN buyer_count > 0 THEN member_key END) buyers
FROM agg_member_days LEFT JOIN {_known("store")} USING (store_key)
WHERE {_NOW} GROUP BY store ORDER BY store NULLS LAST
"""

_BOUGHT = "agg_member_days WHERE member_key IS NOT NULL"
_COHORTS = f"""
WITH firsts AS (
  SELECT member_key, min(business_date) AS day FROM {_BOUGHT} AND buyer_count > 0
  GROUP BY member_key HAVING day BETWEEN {{first}} AND {{last}}
), active AS (
  SELECT date_trunc('month', day)::DATE AS cohort, date_diff('month', day, business_date) AS since,
         count(DISTINCT member_key) AS active
  FROM agg_member_days JOIN firsts USING (member_key) WHERE buyer_count > 0 GROUP BY ALL
), cells AS (
  SELECT cohort, active AS members, number AS since,
         last_day(cohort + to_months(number::INTEGER)) < as_of_date AS is_over
  FROM active, dim_as_of, range(100) numbers(number)
  WHERE since = 0 AND cohort + to_months(number::INTEGER) <= as_of_date
)
SELECT strftime(cohort, '%Y-%m') AS cohort, members, since,
       CASE WHEN is_over THEN coalesce(active, 0) END AS active,
       CASE WHEN is_over THEN coalesce(active, 0)::DOUBLE / members END AS share
FROM cells LEFT JOIN active USING (cohort, since) ORDER BY cohort, since
"""


def _score(name: str, worst_first: str) -> str:
    rank = f"rank() OVER (ORDER BY {worst_first})"
    return f"1 + (({rank} - 1) * 5 // count(*) OVER ())::INTEGER AS {name}"


_SCORED = f"""
WITH bought AS (
  SELECT {{last}} - max(CASE WHEN buyer_count > 0 THEN business_date END) AS days, sum(net) AS net,
         {_RECEIPTS} AS receipts
  FROM {_BOUGHT} AND business_date > {{last_ago}} AND business_date <= {{last}}
  GROUP BY member_key HAVING receipts > 0
), scored AS (
  SELECT net, {_score("r", "days DESC")}, {_score("f", "receipts")}, {_score("m", "net")}
  FROM bought
)"""
_SCORES = f"""{_SCORED}
SELECT r, f, m, count(*) AS members, round(sum(net), 2) AS net
FROM scored GROUP BY r, f, m ORDER BY r DESC, f DESC, m DESC
"""
_SEGMENTS = f"""{_SCORED}
SELECT segment, count(*) AS members, round(sum(net), 2) AS net FROM (
  SELECT net, CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
                   WHEN r >= 3 AND f >= 3 THEN 'loyal' WHEN r >= 4 THEN 'recent'
                   WHEN r = 3 THEN 'fading' WHEN f >= 3 OR m >= 4 THEN 'at_risk'
                   ELSE 'dormant' END AS segment
  FROM scored)
GROUP BY segment ORDER BY array_position(
  ['champions', 'loyal', 'recent', 'fading', 'at_risk', 'dormant'], segment)
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
          _cut("guide"), ("guide",)),
    Asked("health", "stores", ("net_sales",),
          _cut("store"), ("store",)),
    Asked("members", "buyers", ("buyers",), _BUYERS),
    Asked("members", "buyers, a year", ("buyers",), _BUYERS, days=365),
    Asked("members", "buyers by region, a year", ("buyers",), _REGION_BUYERS, ("region",),
          days=365),
    Asked("members", "buyers by store", ("buyers",), _STORE_BUYERS, ("store",)),
    Asked("cohorts", "cohorts of a year", (), _COHORTS, days=365, ask=_cohorts),
    Asked("cohorts", "segments", (), _SEGMENTS, ask=_quintiles("segment")),
    Asked("cohorts", "scores", (), _SCORES, ask=_quintiles("score")),
)  # fmt: skip
