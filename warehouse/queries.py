"""The only builders of SELECT for figures. Each takes a Scope, so nobody can forget it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, portable
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME, Dimension
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.joined import Joined
from warehouse.member_rows import bucket_ends
from warehouse.metrics import METRICS, Metric, Unit
from warehouse.parts import Part
from warehouse.rollups import Rollup
from warehouse.routes import WEEKDAY_YEAR, leaps, routed, year_before
from warehouse.rows import View
from warehouse.schema import CREDITED_LINES, DIM_DATES
from warehouse.settings import Settings
from warehouse.sources import SOURCES, Source

Expression = ColumnElement[Any]
OF_RETURNS = ("returns_amount", "units_returned")
PRESENT = "is_there"


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


# One source, then all of them ------------------------------------------------------------------
def _days(question: Question, compared: bool) -> FromClause:
    """The days whose rows are read (`source_date`) and the time each is shown at."""
    dates = DIM_DATES
    shown = [dates.c[DIMENSIONS[name].column] for name in TIME if name in _named(question)]
    source: Expression = dates.c.date
    if compared and question.compare == "prior":
        length = (question.end - question.start).days + 1
        source = portable.days_later(dates.c.date, -length)
    elif compared:
        source = dates.c[f"{question.compare}_ago_date"]
    in_period = dates.c.date.between(question.start, question.end)
    return select(*shown, source.label("source_date")).where(in_period).distinct().subquery("days")


def _span(question: Question, compared: bool) -> tuple[date, date] | None:
    """First and last of the days whose rows are read, where these are days in a row."""
    ends, how = (question.start, question.end), question.compare
    if not compared:
        return ends
    if how == "lunar" or (how == "year" and leaps(*ends)):
        return None
    if how == "year":
        return year_before(ends[0]), year_before(ends[1])
    back = WEEKDAY_YEAR if how == "weekday" else ends[1] - ends[0] + timedelta(days=1)
    return ends[0] - back, ends[1] - back


def _since(days: FromClause) -> FromClause:
    """The same days, each with the first of its time."""
    times = [column for column in days.c if column.name != "source_date"]
    first = func.min(days.c.source_date).over(partition_by=times)
    return select(*days.c, first.label("first_date")).subquery("since")


def _named(question: Question) -> set[str]:
    return {*question.by, *(name for name, _ in question.where)}


def _grouped(
    source: Source, parts: Sequence[Part], question: Question, scope: Scope, settings: Settings,
    compared: bool, rollup: Rollup | None = None,
) -> Select[Any]:  # fmt: skip
    """The parts of one source by the question's dimensions, from lines or from a rollup."""
    days, where = _days(question, compared), question.where
    if source.at_ends:
        days = bucket_ends(days, question)
        where = tuple(pair for pair in where if pair[0] not in TIME)
    line = source.rows(View(question, days, settings, rollup))
    if "handling_store" in _named(question):
        line = access.own_handling(line, scope)
    joined = Joined(line, question.org)
    conditions = [_visible(source, line, scope)]
    if rollup and rollup.pairs:
        joined.days(_since(days))
    elif _named(question) & set(TIME) or (span := _span(question, compared)) is None:
        joined.days(days)
    else:
        conditions.append(line.c.business_date.between(*span))
    if "handling_store" in _named(question):
        conditions.append(line.c.is_return)
    conditions += [joined.narrowed(name, values) for name, values in where]
    groups = {name: joined.expression(name) for name in question.by}
    if source.each:
        return _by_each(source, joined, groups, parts, conditions, settings)
    summed = rollup if rollup and not source.summed else None
    for name in {name for part in parts for name in part.needs if not summed}:
        joined.entity(name)
    values = [
        (summed.read(part) if summed else part.aggregate)(joined.tables, settings).label(part.name)
        for part in parts
    ]
    labelled = [group.label(name) for name, group in groups.items()]
    chosen = select(*labelled, *values).select_from(joined.joined).where(*conditions)
    return chosen.group_by(*groups.values())


def _by_each(
    source: Source, joined: Joined, groups: Mapping[str, Expression], parts: Sequence[Part],
    conditions: Sequence[Expression], settings: Settings,
) -> Select[Any]:  # fmt: skip
    """What counts once per group: first what is found of each, then the parts over those."""
    if source.each == "store":
        joined.entity("store")
    key = joined.tables["line"].c[f"{source.each}_key"]
    found = source.of_each(joined.tables) if source.of_each else {}
    labelled = [value.label(name) for name, value in {**groups, **found}.items()]
    of_each = (
        select(*labelled)
        .select_from(joined.joined)
        .where(*conditions)
        .group_by(*groups.values(), key)
        .subquery("of_each")
    )
    values = [part.aggregate({"line": of_each}, settings).label(part.name) for part in parts]
    names = [of_each.c[name] for name in groups]
    return select(*names, *values).group_by(*names)


def _of_all_tenders(
    source: Source, parts: Sequence[Part], question: Question, scope: Scope, settings: Settings,
    compared: bool, rollup: Rollup | None = None,
) -> Select[Any]:  # fmt: skip
    """The parts of the same group over all tenders, beside each tender."""
    where = tuple(pair for pair in question.where if pair[0] != "tender")
    lines = replace(source, name="lines")
    every = _grouped(
        lines, parts, replace(question, where=where), scope, settings, compared, rollup
    )
    grouped = every.subquery("by_tender")
    rest = [grouped.c[name] for name in question.by if name != "tender"]
    wholes = [
        func.sum(grouped.c[part.name]).over(partition_by=rest).label(part.name) for part in parts
    ]
    return select(*(grouped.c[name] for name in question.by), *wholes)


def _visible(source: Source, line: FromClause, scope: Scope) -> Expression:
    """A scope limits rows by their store; a region's own targets by the region."""
    if scope.everything:
        return true()
    seen = access.visible(line.c.store_key, scope)
    if source.name != "targets" or "region_key" not in line.c or not scope.regions:
        return seen
    own = and_(line.c.store_key.is_(None), line.c.region_key.in_(access.visible_regions(scope)))
    return or_(seen, own)


def figures(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """SELECT of the figures a question asks for: its dimensions, its keys, and with a comparison
    `<key>_compare`. Money has two decimals, quotients are unrounded. Raises QuestionError."""
    metrics = metrics_of(question)
    periods = _periods(question)
    together = _summed(_parts(metrics), question, scope, settings)
    there = [together.c[_name(PRESENT, compared)].is_not(None) for compared in periods]
    values = [
        case((_is_there(metric, together, compared), _value(metric, together, compared))).label(
            _name(metric.key, compared, "_compare")
        )
        for metric in metrics
        for compared in periods
    ]
    names = [together.c[name] for name in question.by]
    rows = select(*names, *values).where(or_(*there))
    return rows.order_by(*(name.asc().nulls_last() for name in names))


def sums(
    question: Question, parts: Sequence[Part], scope: Scope, settings: Settings
) -> Select[Any]:
    """SELECT of the summed parts figures are made of: the question's dimensions, then each part
    under its own name, empty where a group has no rows of its source."""
    together = _summed(parts, question, scope, settings)
    columns = dict.fromkeys((*question.by, *(part.name for part in parts)))
    rows = select(*(together.c[name] for name in columns))
    return rows.where(together.c[PRESENT].is_not(None))


def _summed(
    parts: Sequence[Part], question: Question, scope: Scope, settings: Settings
) -> FromClause:
    """Parts by the question's dimensions, those of the compared period beside them."""
    pieces = [
        (source, rollup, own, compared)
        for compared in _periods(question)
        for source in SOURCES
        for rollup, own in routed(
            SOURCES[source], [part for part in parts if part.source == source], question, scope
        )
    ]
    columns = [_name(part.name, compared) for _, _, own, compared in pieces for part in own]
    columns += [_name(PRESENT, compared) for compared in _periods(question)]
    branches = []
    for source, rollup, own, compared in pieces:
        group = _of_all_tenders if source == "all_tenders" else _grouped
        grouped = group(
            SOURCES[source], own, question, scope, settings, compared, rollup
        ).subquery()
        values: dict[str, Expression] = {
            _name(part.name, compared): grouped.c[part.name] for part in own
        }
        if SOURCES[source].makes_groups:
            values[_name(PRESENT, compared)] = literal(1)
        branches.append(
            select(
                *(grouped.c[name].label(name) for name in question.by),
                *(values.get(name, null()).label(name) for name in columns),
            )
        )
    return _together(branches, question.by, columns)


def _periods(question: Question) -> list[bool]:
    return [False, True] if question.compare else [False]


def _parts(metrics: Sequence[Metric]) -> list[Part]:
    """The parts of some figures, each once."""
    return list({part.name: part for metric in metrics for part in metric.parts}.values())


def _name(name: str, compared: bool, suffix: str = "_then") -> str:
    return name + suffix if compared else name


def _together(branches: list[Select[Any]], by: Sequence[str], columns: Sequence[str]) -> FromClause:
    """All sources side by side: a group is there when any of them has it."""
    if len(branches) == 1:
        return branches[0].subquery("parts")
    rows = union_all(*branches).subquery("branches")
    names = [rows.c[name] for name in by]
    values = [func.max(rows.c[column]).label(column) for column in columns]
    return select(*names, *values).group_by(*names).subquery("parts")


def _is_there(metric: Metric, parts: FromClause, compared: bool) -> Expression:
    """Whether a group is one of a figure's own, whatever other figures stand beside it."""
    own = (_name(part.name, compared) for part in metric.beside)
    return and_(*(parts.c[name].is_not(None) for name in (_name(PRESENT, compared), *own)))


def _value(metric: Metric, parts: FromClause, compared: bool) -> Expression:
    """A figure from its summed parts."""
    numerator = parts.c[_name(metric.numerator[0].name, compared)]
    for part in metric.denominator:
        denominator = parts.c[_name(part.name, compared)]
        share = portable.quotient(func.coalesce(numerator, 0), denominator)
        return share - 1 if metric.minus_one else share
    if metric.unit is Unit.MONEY:
        return portable.money(numerator, metric.numerator[0].digits)
    return cast(numerator, BigInteger) if metric.unit is Unit.COUNT else numerator


def moved_orders(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """How many orders each member of the question's one dimension is credited with differently
    under the question's credit policy than as stored: the dimension, `orders_moved`."""
    replay = SOURCES["lines"].rows(View(question, _days(question, False), settings))
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
    in_period = line.c.business_date.between(question.start, question.end)
    moved = (
        select(group.label(name), line.c.credit_order_key)
        .select_from(joined.joined)
        .where(in_period, access.visible(line.c.store_key, scope))
        .group_by(group, line.c.credit_order_key)
        .having(func.sum(line.c.now) != func.sum(line.c.then))
        .subquery()
    )
    return select(moved.c[name], func.count().label("orders_moved")).group_by(moved.c[name])
