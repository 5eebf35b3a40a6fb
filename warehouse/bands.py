"""What is usual for a figure: the band of normal variation, and how far out of it something is.

A period is compared with the same weekdays before it: `PERIODS` earlier ones of the same length,
each a whole number of weeks further back. Their median ± `WIDTH` deviations is the band, a
deviation being 1.4826 × MAD, the median absolute deviation from the median (the Hampel identifier:
Hampel 1974, J. Am. Stat. Assoc. 69: 383–393; Davies & Gather 1993, ibid. 88: 782–792), times
n/(n − 0.8), since few values seem to vary less than they do (Croux & Rousseeuw 1992, Computational
Statistics 1: 411–428). Where more than half are equal and the MAD is 0, it is 1.2533 × their mean
absolute deviation instead (Iglewicz & Hoaglin 1993, How to Detect and Handle Outliers).

One odd period neither widens the band nor moves it, and nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import case, func, literal, select
from sqlalchemy.sql.expression import Select

from warehouse import answers, queries
from warehouse.access import Scope
from warehouse.answers import Reader
from warehouse.filters import Question, QuestionError
from warehouse.joined import UNASSIGNED
from warehouse.metrics import Metric
from warehouse.rankings import refuse_time, written
from warehouse.rollups import TABLES
from warehouse.schema import MONEY
from warehouse.settings import Settings

PERIODS, LEAST = 8, 5
"""Earlier periods looked at, and how few of them say nothing."""
WIDTH = 3.0
"""Deviations from the median to either end of the band."""
_OF_MAD, _OF_MEAN = 1.4826, 1.2533
"""What makes each of the two spreads the standard deviation of a normal distribution."""


def bands(
    reader: Reader, question: Question, scope: Scope, settings: Settings, *,
    periods: int = PERIODS, width: float = WIDTH,
) -> pl.DataFrame:  # fmt: skip
    """One row for each thing the question groups by (none: one row), the furthest out first: its
    dimensions; the figure of the period under its key, `usual` (the median), `usual_low` and
    `usual_high` (all in the figure's unit); `deviations` from the median, signed; `sample`, how
    many earlier periods these are taken from; `is_out`, whether the figure lies outside.

    Only the question's first figure is looked at. A sum without rows is 0 from the thing's first
    period on; what had none in the period before either has closed or left, and has no row. With
    fewer than LEAST periods, or where nothing varied, there is no band and nothing is out. Raises
    QuestionError, also for a question by time.
    """
    refuse_time(question.by, "a band")
    metric = queries.metrics_of(question)[0]
    asked = replace(question, keys=(metric.key,), compare=None)
    answers.check_values(reader, asked, scope)
    found = pl.concat(
        _values(reader.fetch(one), asked) for one in _asked(asked, metric, scope, settings, periods)
    )
    is_sum = not metric.denominator
    seen = _seen(found.filter(pl.col("ago") > 0), list(question.by), is_sum)
    rows = _current(found.filter(pl.col("ago") == 0).drop("ago"), seen, list(question.by), is_sum)
    found = _told(rows, seen, list(question.by), metric, width)
    order = [pl.col("deviations").abs(), *(pl.col(name) for name in question.by)]
    falling = [True, *(False for _ in question.by)]
    return found.sort(order, descending=falling, nulls_last=True)


def days(reader: Reader, question: Question, scope: Scope, settings: Settings) -> pl.DataFrame:
    """One row a day of the period, in order: `day` (YYYY-MM-DD) and the columns of `bands`, each
    day held against the same weekday of the PERIODS weeks before it. A sum without rows is 0 from
    the first day looked at that has any. Raises QuestionError, also for a question by anything."""
    refuse_time(question.by, "a band")
    if question.by:
        raise QuestionError("a band day by day is of one thing; narrow the question instead")
    metric = queries.metrics_of(question)[0]
    start = question.start - PERIODS * WEEK
    asked = replace(question, keys=(metric.key,), by=("day",), start=start, compare=None)
    found = _values(answers.answer(reader, asked, scope, settings), asked)
    known = found.with_columns(pl.col("day").str.to_date())
    if not metric.denominator:
        known = _every_day(known, question.end)
    before = [known.with_columns(pl.col("day") + ago * WEEK) for ago in range(1, PERIODS + 1)]
    rows = known.filter(pl.col("day") >= question.start)
    told = _told(rows, pl.concat(before), ["day"], metric, WIDTH).sort("day")
    return told.with_columns(pl.col("day").cast(pl.String))


def _every_day(found: pl.DataFrame, end: date) -> pl.DataFrame:
    """From the first day there is to the end, 0 where there is no value."""
    first = found["day"].min()
    every = pl.date_range(first if isinstance(first, date) else end, end, eager=True).alias("day")
    joined = every.to_frame().join(found, on="day", how="left")
    return joined.with_columns(pl.col("value").fill_null(0.0), pl.col("_").fill_null(0))


def _told(
    rows: pl.DataFrame, seen: pl.DataFrame, by: list[str], metric: Metric, width: float
) -> pl.DataFrame:
    """Values of now beside what is usual by what was seen before."""
    spread = rows.join(_spread(seen, by), on=[*by, "_"], how="left", nulls_equal=True)
    found = _judged(spread, width)
    money = [written(found[name], metric.unit) for name in ("value", *_USUAL)]
    named = found.with_columns(money).rename({"value": metric.key})
    return named.select(*by, metric.key, *_USUAL, "deviations", "sample", "is_out")


_USUAL = ("usual", "usual_low", "usual_high")
WEEK = timedelta(weeks=1)


def _asked(
    question: Question, metric: Metric, scope: Scope, settings: Settings, periods: int
) -> list[Select[Any]]:
    """SELECTs of the figure of the period (`ago` 0) and of those before it: one of them all where
    an amount adds up over days and little is looked at, for its days are more rows."""
    each = [_earlier(question, ago) for ago in range(periods + 1)]
    is_little = bool(question.where) or not scope.everything
    if not (question.by and is_little and _adds_up(metric)):
        return [
            queries.figures(one, scope, settings).add_columns(literal(ago).label("ago"))
            for ago, one in enumerate(each)
        ]
    whole = replace(question, by=(*question.by, "day"), start=each[-1].start)
    days = queries.figures(whole, scope, settings).order_by(None).subquery("days")
    is_in = [(days.c.day.between(f"{one.start}", f"{one.end}"), ago)
             for ago, one in enumerate(each)]  # fmt: skip
    placed = select(*days.c, case(*is_in).label("ago")).subquery("placed")
    groups = [placed.c[name] for name in (*question.by, "ago")]
    value = func.sum(placed.c[metric.key]).label(metric.key)
    return [select(*groups, value).where(placed.c.ago.is_not(None)).group_by(*groups)]


def _adds_up(metric: Metric) -> bool:
    """Whether a figure is an amount that lines are summed up to, to the fen, day by day."""
    kept = TABLES["agg_guide_days"].c
    (part, *more) = metric.parts
    return not more and part.name in kept and kept[part.name].type is MONEY


def _earlier(question: Question, ago: int) -> Question:
    """The same question about the period that many periods ago, on the same weekdays."""
    days = (question.end - question.start).days + 1
    back = ago * timedelta(weeks=-(-days // 7))
    return replace(question, start=question.start - back, end=question.end - back)


def _values(answer: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Dimensions and `value` of what has one; `_` joins where there are no dimensions."""
    by = list(question.by)
    rest = [pl.col("ago").cast(pl.Int32)] if "ago" in answer.columns else []
    frame = answer.select(
        *by, pl.lit(0).alias("_"), *rest, value=pl.col(question.keys[0]).cast(pl.Float64)
    )
    is_unit = [pl.col(name).is_not_null() & (pl.col(name) != UNASSIGNED) for name in by]
    return frame.filter(pl.col("value").is_not_null(), *is_unit)


def _seen(before: pl.DataFrame, by: list[str], is_sum: bool) -> pl.DataFrame:
    """Each thing's earlier values: `ago`, `value`."""
    if not is_sum:
        return before
    first = before.group_by(*by, "_").agg(first=pl.col("ago").max())
    grid = first.with_columns(
        ago=pl.int_ranges(1, pl.col("first") + 1, dtype=pl.Int32)
    ).explode("ago").drop("first")  # fmt: skip
    filled = grid.join(before, on=[*by, "_", "ago"], how="left")
    return filled.with_columns(pl.col("value").fill_null(0.0))


def _current(now: pl.DataFrame, seen: pl.DataFrame, by: list[str], is_sum: bool) -> pl.DataFrame:
    """This period's values, with 0 for what sold in the period before and has nothing now."""
    if not is_sum:
        return now
    last = seen.filter(pl.col("ago") == 1, pl.col("value") != 0).select(*by, "_")
    missing = last.join(now, on=[*by, "_"], how="anti").with_columns(value=pl.lit(0.0))
    return pl.concat([now, missing.select(now.columns)])


def _spread(seen: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Each thing's `usual`, one `deviation`, the `least` of its values, and `sample`."""
    off = (pl.col("value") - pl.col("value").median()).abs()
    number = pl.len().cast(pl.Float64)
    mad = _OF_MAD * off.median() * number / (number - 0.8)
    found = seen.group_by(*by, "_").agg(
        usual=pl.col("value").median(), mad=mad, mean=_OF_MEAN * off.mean(),
        least=pl.col("value").min(), sample=pl.len().cast(pl.Int64),
    )  # fmt: skip
    spread = pl.when(pl.col("mad") > 0).then("mad").otherwise("mean")
    enough = (pl.col("sample") >= LEAST) & (spread > 0)
    return found.with_columns(deviation=pl.when(enough).then(spread))


def _judged(rows: pl.DataFrame, width: float) -> pl.DataFrame:
    """With both ends of the band, none of them below 0 for what never was."""
    low = pl.col("usual") - width * pl.col("deviation")
    high = pl.col("usual") + width * pl.col("deviation")
    return rows.with_columns(
        usual_low=pl.when(pl.col("least") >= 0).then(low.clip(0.0)).otherwise(low),
        usual_high=high,
        deviations=((pl.col("value") - pl.col("usual")) / pl.col("deviation")).round(2),
        sample=pl.col("sample").fill_null(0),
        is_out=((pl.col("value") < low) | (pl.col("value") > high)).fill_null(False),
    )
