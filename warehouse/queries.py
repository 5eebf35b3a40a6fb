"""The only builders of SELECT for figures. Each takes a Scope, so nobody can forget it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import Select

from warehouse import access, portable
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, Dimension
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.joined import Joined
from warehouse.metrics import METRICS, Metric, Unit
from warehouse.parts import Part
from warehouse.periods import days_read, periods
from warehouse.rows import View
from warehouse.schema import CREDITED_LINES
from warehouse.settings import Settings
from warehouse.sources import SOURCES
from warehouse.summed import Sums, named, summed

Expression = ColumnElement[Any]
OF_RETURNS = ("returns_amount", "units_returned")


def metrics_of(question: Question) -> list[Metric]:
    """The figures asked for. Raises QuestionError for what cannot be answered, saying why."""
    chosen = []
    for key in question.keys:
        if key not in METRICS:
            raise nearest("figure", key, METRICS)
        chosen.append(METRICS[key])
    named = [(name, "grouped") for name in question.by] + [
        (n, "narrowed") for n, _ in question.where
    ]
    for name, how in named:
        if name not in DIMENSIONS:
            raise nearest("dimension", name, DIMENSIONS)
        for metric in chosen:
            _refuse_meaningless(metric, DIMENSIONS[name], how)
    check_choices(question)
    return chosen


def has_meaning(question: Question) -> bool:
    """Whether a question can be answered."""
    try:
        metrics_of(question)
    except QuestionError:
        return False
    return True


def _refuse_meaningless(metric: Metric, dimension: Dimension, how: str) -> None:
    if dimension.of == "handling_store" and metric.key not in OF_RETURNS:
        raise QuestionError(
            f"{metric.key} cannot be {how} by {dimension.name}: only returns have one;"
            f" ask for {' or '.join(OF_RETURNS)}"
        )
    for part in metric.parts:
        source = SOURCES[part.source]
        if dimension.of not in source.dimensions:
            raise QuestionError(
                f"{metric.key} cannot be {how} by {dimension.name}: it is made of"
                f" {source.counts}, which have no {dimension.name}"
            )


def figures(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """SELECT of the figures a question asks for: its dimensions, its keys, and with a comparison
    `<key>_compare`. Money has two decimals, quotients are unrounded. Raises QuestionError."""
    metrics = metrics_of(question)
    found = summed(_parts(metrics), question, scope, settings)
    values = [
        _shown(metric, found, compared).label(named(metric.key, compared, "_compare"))
        for metric in metrics
        for compared in periods(question)
    ]
    names = [found.columns[name] for name in question.by]
    rows = found.some().add_columns(*names, *values)
    return rows.order_by(*(name.asc().nulls_last() for name in names))


def sums(
    question: Question, parts: Sequence[Part], scope: Scope, settings: Settings
) -> Select[Any]:
    """SELECT of the summed parts figures are made of: the question's dimensions, then each part
    under its own name, empty where a group has no rows of its source. Nothing is compared."""
    found = summed(parts, question, scope, settings)
    columns = dict.fromkeys((*question.by, *(part.name for part in parts)))
    return found.some().add_columns(*(found.columns[name] for name in columns))


def _parts(metrics: Sequence[Metric]) -> list[Part]:
    """The parts of some figures, each once."""
    return list({part.name: part for metric in metrics for part in metric.parts}.values())


def _shown(metric: Metric, found: Sums, compared: bool) -> Expression:
    """A figure where a group is one of its own, whatever other figures stand beside it."""
    is_there = found.there[compared] if len(found.there) > 1 else None  # else only those are kept
    there = [is_there, *(found.of(part, compared).is_not(None) for part in metric.beside)]
    conditions = [one for one in there if one is not None]
    value = _value(metric, found, compared)
    return case((and_(*conditions), value)) if conditions else value


def _value(metric: Metric, found: Sums, compared: bool) -> Expression:
    """A figure from its summed parts."""
    numerator = found.of(metric.numerator[0], compared)
    for part in metric.denominator:
        share = portable.quotient(func.coalesce(numerator, 0), found.of(part, compared))
        return share - 1 if metric.minus_one else share
    if metric.unit is Unit.MONEY:
        return portable.money(numerator, metric.numerator[0].digits)
    return cast(numerator, BigInteger) if metric.unit is Unit.COUNT else numerator


def moved_orders(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """How many orders each member of the question's one dimension is credited with differently
    under the question's credit policy than as stored: the dimension, `orders_moved`."""
    days = days_read(question, False).subquery()
    replay = SOURCES["lines"].rows(View(question, days, settings))
    nothing = literal(0, CREDITED_LINES.c.net_amount.type)
    sides = [
        select(
            *lines.c, *(side.label(name) for name, side in zip(("now", "then"), pair, strict=True))
        ).where(lines.c.credit_order_key.is_not(None))
        for lines, pair in (
            (CREDITED_LINES, (CREDITED_LINES.c.net_amount, nothing)),
            (replay, (nothing, replay.c.net_amount)),
        )
    ]
    line = union_all(*sides).subquery("line")
    joined = Joined(line, question.org)
    (name,) = question.by
    group = joined.expression(name)
    kept = [joined.narrowed(one, values) for one, values in question.where]
    in_period = line.c.business_date.between(question.start, question.end)
    moved = (
        select(group.label(name), line.c.credit_order_key)
        .select_from(joined.joined)
        .where(in_period, access.visible(line.c.store_key, scope), *kept)
        .group_by(group, line.c.credit_order_key)
        .having(func.sum(line.c.now) != func.sum(line.c.then))
        .subquery()
    )
    return select(moved.c[name], func.count().label("orders_moved")).group_by(moved.c[name])
