"""Rankings that say how sure they are: an interval for each figure and a range for each rank.

What varies is the day: an interval says where the figure would lie in most periods of such days.

- A ratio of sums: Var(R) ≈ n/(n−1) · Σ(y − Rx)² / (Σx)² over the n days that have anything, each a
  cluster (Cochran 1977, Sampling Techniques, 3rd ed., §2.11), and Student's t with n − 1 degrees
  of freedom.
- A sum is such a ratio to the number of days, from the first to the last on which any unit has
  anything; so a day without anything counts, as 0.
- A share of persons who count once however often they come: Wilson's score interval (Wilson 1927,
  J. Am. Stat. Assoc. 22: 209–212).

Ranks: intervals that hold for all units at once (each at the level's n-th root; Šidák 1967, J. Am.
Stat. Assoc. 62: 626–633), and of two that do not meet the better surely ranks first (Klein, Wright
& Wieczorek 2020, J. R. Stat. Soc. C 69: 589–606). Nothing is drawn at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Double, cast, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from warehouse import parts as p
from warehouse.dimensions import TIME
from warehouse.filters import Question, QuestionError
from warehouse.joined import UNASSIGNED
from warehouse.metrics import Metric, Unit
from warehouse.parts import Part
from warehouse.sources import SOURCES

LEVEL = 0.90
"""Confidence of each interval, and of all rank ranges of an answer together."""
FEW_DAYS, FEW = 7, 30
"""Fewer days (a week has every weekday once), or fewer of what is divided by, is a small sample."""
_GIVEN = (p.AREA, p.TARGET, p.ACTIVE_GUIDES)
"""What a figure is divided by that does not vary with the days."""
_AMOUNTS = (p.SALES, p.NET, p.LISTED, p.COSTED_NET, p.UNITS_SOLD, p.STORE_NET, p.ALL_TENDERS,
            p.COMPARABLE_AGO, p.COVERABLE)  # fmt: skip
"""What a figure is divided by that is no count of anything: its sample is counted in receipts."""
_NOT_OF_DAYS = {
    p.TARGET: "it is set, not measured",
    p.BUYERS: "a person who comes on several days counts once",
    p.ACTIVE_GUIDES: "a guide who works on several days counts once",
    p.MEMBERSHIPS: "it is counted on one day",
}
"""What days cannot tell the uncertainty of, and why."""
_NOISE = 1e-12
"""Squares smaller than this part of all are those of binary fractions."""


@dataclass(frozen=True)
class Plan:
    """How a figure is ranked: the question after the sums that show how it varies, by unit and
    day, or by unit alone where persons vary and not days; and the `things` a sample is counted in,
    if any: those the figure is divided by, or receipts."""

    metric: Metric
    by: tuple[str, ...]
    asked: Question
    things: Part | None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sums to ask for."""
        things = (self.things,) if self.things else ()
        return tuple(dict.fromkeys(self.metric.parts + things))

    @property
    def of_days(self) -> bool:
        """Whether days vary."""
        return "day" in self.asked.by

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over days, be it divided by what stands still."""
        return not self.metric.denominator or self.metric.denominator[0] in _GIVEN


def planned(metric: Metric, question: Question) -> Plan:
    """How a figure of a question can be ranked. Raises QuestionError where it cannot."""
    if not question.by:
        raise QuestionError("a ranking needs something to rank: add --by store or --by guide")
    refuse_time(question.by, "a ranking")
    _refuse_uncountable(metric)
    source = SOURCES[metric.numerator[0].source]
    by = question.by if source.each in ("member", "person") else (*question.by, "day")
    asked = replace(question, keys=(metric.key,), by=by, compare=None)
    counted = [part for part in metric.denominator if part not in _GIVEN + _AMOUNTS]
    receipts = [p.RECEIPTS] if "line" in source.dimensions else []
    return Plan(metric, question.by, asked, next(iter(counted + receipts), None))


def refuse_time(by: tuple[str, ...], what: str) -> None:
    """Raises QuestionError for a question by time."""
    for name in by:
        if name in TIME:
            raise QuestionError(
                f"{what} cannot be by {name}: days are what its uncertainty is taken from;"
                " rank stores, guides or the like"
            )


def _refuse_uncountable(metric: Metric) -> None:
    varying = tuple(part for part in metric.denominator if part not in _GIVEN)
    for part in metric.numerator + varying:
        if part in _NOT_OF_DAYS:
            raise QuestionError(
                f"{metric.key} cannot be ranked: {_NOT_OF_DAYS[part]}, so days do not tell how"
                " sure it is; rank net_sales, average_receipt_value or another of daily sums"
            )


def ranked(answer: pl.DataFrame, found: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """An answer, best first, with the interval of the plan's figure (`<key>_low`, `<key>_high`;
    empty where nothing is seen to vary), `rank`, `rank_low`, `rank_high`, `is_small_sample`.

    `found` are the rows of `evidence`. Ties share the better rank. What has no value, and
    what is no unit (no store, or one not known yet), has no rank and takes none from others.
    """
    by, key = list(plan.by), plan.metric.key
    known = answer.join(
        _varying(found, plan), on=by, how="left", nulls_equal=True, maintain_order="left"
    )
    known = known.with_columns(value=pl.col(key).cast(pl.Float64))
    is_unit = pl.all_horizontal(pl.col(by).ne_missing(UNASSIGNED) & pl.col(by).is_not_null())
    known = known.with_columns(ranks_by=pl.when(is_unit).then("value"))
    ends = [
        written(end, plan.metric.unit).alias(f"{key}_{side}")
        for end, side in zip(_limits(known, plan, LEVEL), ("low", "high"), strict=True)
    ]
    added = [*ends, *_ranks(known, plan), _is_small(known).alias("is_small_sample")]
    frame = known.with_columns(added).sort("rank", *by, nulls_last=True)
    return frame.select(*answer.columns, *(one.name for one in added))


def written(end: pl.Series, unit: Unit) -> pl.Series:
    """An end of an interval or a band: money to the fen; else as far as the order in which an
    engine adds up cannot change it."""
    if unit is Unit.MONEY:
        return end.round(2).cast(pl.Decimal(38, 2))
    return end.round_sig_figs(12)


# How a figure varies ---------------------------------------------------------------------------
def evidence(sums: Select[Any], plan: Plan) -> Select[Any]:
    """SELECT of what `ranked` needs of the plan's sums. Of days by unit: how many there are, the
    first and the last, what their `top` and `bottom` (1 a day for a sum), the squares and the
    product of these add up to, and the least of each; of persons the sums as they are."""
    row = sums.subquery("summed")
    names = [row.c[name] for name in plan.by]
    parts = [row.c[part.name] for part in plan.metric.numerator + plan.metric.denominator]
    there = or_(*(part.is_not(None) for part in parts))
    top, bottom = _number(parts[0]), literal(1.0) if plan.is_sum else _number(parts[-1])
    things = _number(row.c[plan.things.name]) if plan.things else literal(float(FEW))
    if not plan.of_days:
        return select(*names, bottom.label("bottom"), things.label("things")).where(there)
    values = {
        "days": func.count(), "first_day": func.min(row.c.day), "last_day": func.max(row.c.day),
        "top": func.sum(top), "bottom": func.sum(bottom), "top_top": func.sum(top * top),
        "top_bottom": func.sum(top * bottom), "bottom_bottom": func.sum(bottom * bottom),
        "least_top": func.min(top), "least_bottom": func.min(bottom),
        "least_rest": func.min(bottom - top), "things": func.sum(things),
    }  # fmt: skip
    labelled = [value.label(name) for name, value in values.items()]
    return select(*names, *labelled).where(there).group_by(*names)


def _number(part: ColumnElement[Any]) -> ColumnElement[float]:
    return func.coalesce(cast(part, Double), 0.0)


def _varying(found: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """By unit: `rate` of its daily sums, the standard `error` of that (none where nothing is seen
    to vary) and its `freedom`."""
    if not plan.of_days:
        return found.with_columns(days=pl.lit(math.inf))
    seen = pl.col("days").cast(pl.Float64)
    days = pl.lit(_span(found)) if plan.is_sum else seen
    whole = days if plan.is_sum else pl.col("bottom")
    rate = pl.col("top") / whole
    squares = (
        pl.col("top_top") - 2 * rate * pl.col("top_bottom")
        + rate**2 * (pl.col("bottom_bottom") + days - seen)
    )  # fmt: skip
    varies = pl.when((days > 1) & (squares > _NOISE * pl.col("top_top")))
    error = varies.then((squares * days / (days - 1)).sqrt() / whole.abs())
    return found.with_columns(rate=rate, error=error, freedom=days - 1)


def _span(found: pl.DataFrame) -> float:
    """Days from the first to the last on which any unit has anything."""
    ends = found.select(pl.col("first_day").min(), pl.col("last_day").max()).row(0)
    first, last = (date.fromisoformat(end) if end else None for end in ends)
    return (last - first).days + 1.0 if first and last else 0.0


def _is_small(known: pl.DataFrame) -> pl.Series:
    """Whether there are too few days, or too few things, to rank by."""
    few = (pl.col("days") < FEW_DAYS) | (pl.col("things") < FEW)
    return known.select(few.fill_null(True)).to_series()


# Intervals and ranks ---------------------------------------------------------------------------
def _limits(known: pl.DataFrame, plan: Plan, level: float) -> tuple[pl.Series, pl.Series]:
    """Both ends of the interval of each row's `value`."""
    low, high = _of_days(known, plan, level) if plan.of_days else _of_persons(level)
    both = known.select(low.alias("low"), high.alias("high"))
    return both["low"], both["high"]


def _of_days(known: pl.DataFrame, plan: Plan, level: float) -> tuple[pl.Expr, pl.Expr]:
    """Student's interval, cut at 0 where no day is below it, and at 1 for a part of a whole."""
    value, freedom = pl.col("value"), known["freedom"].drop_nulls().unique()
    times = {number: student(int(number), level) for number in freedom if number > 0}
    width = pl.col("freedom").replace_strict(times, default=None, return_dtype=pl.Float64)
    width *= pl.col("error") * _times(plan)
    least = -1.0 if plan.metric.minus_one else 0.0
    is_above = pl.min_horizontal("least_top", "least_bottom") >= 0
    low = pl.when(is_above).then((value - width).clip(least)).otherwise(value - width)
    if plan.metric.unit is not Unit.RATIO or plan.is_sum or plan.metric.minus_one:
        return low, value + width
    is_part = pl.col("least_rest") >= 0
    return low, pl.when(is_part).then((value + width).clip(None, 1.0)).otherwise(value + width)


def _times(plan: Plan) -> pl.Expr:
    """What makes the figure of the rate of its daily sums."""
    if not plan.metric.denominator:
        return pl.col("freedom") + 1
    return (pl.col("value") / pl.col("rate")).abs() if plan.is_sum else pl.lit(1.0)


def _of_persons(level: float) -> tuple[pl.Expr, pl.Expr]:
    """Wilson's score interval."""
    z, value, number = NormalDist().inv_cdf((1 + level) / 2), pl.col("value"), pl.col("bottom")
    middle = (value + z**2 / (2 * number)) / (1 + z**2 / number)
    spread = value * (1 - value) / number + z**2 / (4 * number**2)
    width = z / (1 + z**2 / number) * spread.sqrt()
    return pl.min_horizontal(middle - width, value), pl.max_horizontal(middle + width, value)


def _ranks(known: pl.DataFrame, plan: Plan) -> list[pl.Series]:
    """`rank`, `rank_low` and `rank_high`; the widest range for what has no interval."""
    falls = plan.metric.up_is_good is False
    units = known.filter(pl.col("ranks_by").is_not_null())
    sure = _limits(units, plan, LEVEL)[0].count()
    low, high = _limits(known, plan, LEVEL ** (1 / max(sure, 1)))
    low, high = (-high, -low) if falls else (low, high)
    low, high = low.fill_null(-math.inf), high.fill_null(math.inf)
    is_unit = known["ranks_by"].is_not_null()
    better = units.height - low.filter(is_unit).sort().search_sorted(high, side="right")
    worse = high.filter(is_unit).sort().search_sorted(low, side="left")
    rank = known["ranks_by"].rank("min", descending=not falls).cast(pl.Int64)
    return [rank.alias("rank"), *(
        known.select(pl.when(is_unit).then(end.cast(pl.Int64))).to_series().alias(name)
        for name, end in (("rank_low", better + 1), ("rank_high", units.height - worse))
    )]  # fmt: skip


@lru_cache(maxsize=4096)
def student(freedom: int, level: float) -> float:
    """What a variable of Student's distribution with that many degrees of freedom stays within,
    on both sides of 0, with probability `level`: the series of Abramowitz & Stegun (1964), 26.7.3
    and 26.7.4, inverted by Newton's steps. These come from below, since the density falls."""
    half, root = freedom / 2, math.sqrt(freedom)
    peak = 2 / math.sqrt(math.pi) * math.exp(math.lgamma(half + 0.5) - math.lgamma(half))
    angle = math.atan(NormalDist().inv_cdf((1 + level) / 2) / root)
    for _ in range(50):
        step = (level - _within(angle, freedom)) / (peak * math.cos(angle) ** (freedom - 1))
        angle += step
        if step < 1e-12:
            break
    return root * math.tan(angle)


def _within(angle: float, freedom: int) -> float:
    """The probability of |t| ≤ √freedom · tan(angle)."""
    odd, square = freedom % 2, math.cos(angle) ** 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for step in range(1, freedom // 2 + 1):
        total += term
        term *= square * (2 * step - 1 + odd) / (2 * step + odd)
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
