"""The sums figures are made of, all pieces of a question side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, null, or_, select, true, union_all
from sqlalchemy.sql.expression import FromClause, Select

from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question
from warehouse.parts import Part
from warehouse.periods import COMPARED, days_of, periods, spans
from warehouse.pieces import Asked, Piece, pieces, read
from warehouse.settings import Settings

Expression = ColumnElement[Any]
PRESENT = "is_there"


@dataclass(frozen=True)
class Sums:
    """Summed parts by a question's dimensions: `columns` of `rows` are the dimensions, and each
    part of each period (`named`); `there` says whether a group is there in a period (None: its
    sums say so)."""

    rows: FromClause
    columns: Mapping[str, Expression]
    there: Mapping[bool, Expression | None]

    def of(self, part: Part, compared: bool) -> Expression:
        """The sum of a part, empty where a group has no rows of its source."""
        return self.columns[named(part.name, compared)]

    def some(self) -> Select[Any]:
        """SELECT of nothing yet from the groups that are there in any period."""
        told = [one for one in self.there.values() if one is not None]
        rows = select().select_from(self.rows)
        return rows.where(or_(*told)) if len(told) == len(self.there) else rows


def named(name: str, compared: bool, suffix: str = "_then") -> str:
    """What a column is called in a period."""
    return name + suffix if compared else name


def summed(parts: Sequence[Part], question: Question, scope: Scope, settings: Settings) -> Sums:
    """Parts by the question's dimensions, those of the compared period beside them."""
    asked = Asked(question, scope, settings)
    found = list(pieces(parts, asked))
    if not question.by:
        return _beside(found, asked)
    if len(found) == 1 and _is_over_time(found[0], asked):
        return _over_time(replace(found[0], by_day=True), asked)
    if len(found) == 1 and found[0].makes_groups and not question.compare:
        rows = read(found[0], asked).subquery("parts")
        return Sums(rows, dict(rows.c), {False: None})
    return _together(found, asked)


def _beside(each: Sequence[Piece], asked: Asked) -> Sums:
    """Totals: each piece has one row."""
    found = [(read(piece, asked).subquery(), piece) for piece in each]
    columns = {
        named(part.name, piece.periods[0]): one.c[part.name]
        for one, piece in found
        for part in piece.parts
    }
    joined: FromClause = found[0][0]
    for one, _ in found[1:]:
        joined = joined.join(one, true())
    made = {piece.periods[0] for piece in each if piece.makes_groups}
    there = {one: None if one in made else literal(False) for one in periods(asked.question)}
    return Sums(joined, columns, there)


def _is_over_time(piece: Piece, asked: Asked) -> bool:
    """Whether all that is read are sums of days in a row, and only time tells groups apart."""
    question, rollup = asked.question, piece.rollup
    narrowed = {name for name, _ in question.where}
    is_by_time = piece.makes_groups and set(question.by) <= set(TIME) and not narrowed & set(TIME)
    are_sums = rollup is not None and all(map(rollup.is_sum, piece.parts))
    return is_by_time and are_sums and bool(spans(question, piece.periods))


def _over_time(piece: Piece, asked: Asked) -> Sums:
    """Sums by day first: there are few of these for which to look up the times."""
    rows = read(piece, asked).subquery("by_day")
    days = days_of(asked.question, piece.periods)
    names = [days.c[DIMENSIONS[name].column].label(name) for name in asked.question.by]
    values = [
        func.sum(_only(rows.c[part.name], days, one)).label(named(part.name, one))
        for part in piece.parts
        for one in piece.periods
    ]
    joined = rows.join(days, days.c.source_date == rows.c.business_date)
    found = select(*names, *values).select_from(joined).group_by(*names).subquery("parts")
    return Sums(found, dict(found.c), dict.fromkeys(piece.periods))


def _only(value: Expression, rows: FromClause, compared: bool) -> Expression:
    """A value on the rows of one period, where there are two."""
    if COMPARED not in rows.c:
        return value
    return case((rows.c[COMPARED] if compared else ~rows.c[COMPARED], value))


def _together(found: Sequence[Piece], asked: Asked) -> Sums:
    """Groups: one is there when any piece that makes groups has it."""
    question, each = asked.question, periods(asked.question)
    told = [] if [piece.makes_groups for piece in found] == [True] else [PRESENT]
    columns = [*dict.fromkeys(part.name for piece in found for part in piece.parts), *told]
    branches = [_branch(piece, columns, asked) for piece in found]
    rows = (union_all(*branches) if branches[1:] else branches[0]).subquery("branches")
    names = [rows.c[name] for name in question.by]
    values = [
        func.max(_only(rows.c[column], rows, one)).label(named(column, one))
        for one in each
        for column in columns
    ]
    parts = select(*names, *values).group_by(*names).subquery("parts")
    there = {one: parts.c[named(PRESENT, one)].is_not(None) if told else None for one in each}
    return Sums(parts, dict(parts.c), there)


def _branch(piece: Piece, columns: Sequence[str], asked: Asked) -> Select[Any]:
    """The rows of a piece, in the columns of all."""
    rows = read(piece, asked).subquery()
    values: dict[str, Expression] = {part.name: rows.c[part.name] for part in piece.parts}
    if piece.makes_groups:
        values[PRESENT] = literal(1)
    marks = []
    if asked.question.compare:
        of_one = literal(piece.periods[0])
        marks = [(of_one if len(piece.periods) == 1 else rows.c[COMPARED]).label(COMPARED)]
    chosen = (values.get(name, null()).label(name) for name in columns)
    return select(*(rows.c[name] for name in asked.question.by), *marks, *chosen)
