"""What a question reads separately: pieces, each with parts summed up from one source or rollup.

Where rows are grouped, a question and what it is compared to are read in one go, each row marked as
`is_compared` or not; a total is read period by period, of which each touches its own days only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, rows
from warehouse.access import Scope
from warehouse.dimensions import TIME
from warehouse.filters import Question
from warehouse.joined import Joined
from warehouse.member_rows import bucket_ends
from warehouse.parts import Part
from warehouse.periods import COMPARED, days_of, periods, spans, with_first
from warehouse.rollups import Rollup
from warehouse.routes import routed
from warehouse.rows import View
from warehouse.settings import Settings
from warehouse.sources import SOURCES, Source

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class Piece:
    """Parts read together from one source, or from a rollup in its place, in these periods."""

    source: Source
    rollup: Rollup | None
    parts: Sequence[Part]
    periods: Sequence[bool]
    makes_groups: bool
    by_day: bool = False
    """Whether it is read by day, to be shown by other times later."""


@dataclass(frozen=True)
class Asked:
    """What every piece is asked."""

    question: Question
    scope: Scope
    settings: Settings

    @property
    def named(self) -> set[str]:
        """The dimensions grouped or narrowed by."""
        return {*self.question.by, *(name for name, _ in self.question.where)}

    @property
    def has_times(self) -> bool:
        """Whether rows are shown or narrowed by time."""
        return bool(self.named & set(TIME))


def pieces(parts: Sequence[Part], asked: Asked) -> Iterator[Piece]:
    """What is read separately: what hangs on the days read, period by period."""
    question, each = asked.question, periods(asked.question)
    together: dict[tuple[str, Rollup | None], list[Part]] = {}
    for source in SOURCES.values():
        own = [part for part in parts if part.source == source.name]
        for rollup, some in routed(source, own, question, asked.scope):
            for part in some:
                read_as = "lines" if rollup and source.held(question, part) else source.name
                together.setdefault((read_as, rollup), []).append(part)
    for (name, rollup), some in together.items():
        makes_groups = any(SOURCES[part.source].makes_groups for part in some)
        source = SOURCES[name]
        hangs_on_days = source.at_ends or source.each or (rollup and rollup.pairs)
        is_apart = not question.by or hangs_on_days
        for read in [[one] for one in each] if is_apart else [each]:
            yield Piece(source, rollup, some, read, makes_groups)


def read(piece: Piece, asked: Asked) -> Select[Any]:
    """The parts of a piece by the question's dimensions; of two periods, by COMPARED too."""
    if piece.source.name == "all_tenders":
        return _of_all_tenders(piece, asked)
    return _grouped(piece, asked)


def _grouped(piece: Piece, asked: Asked) -> Select[Any]:
    """The parts of one source, from lines or from a rollup."""
    question, source, rollup = asked.question, piece.source, piece.rollup
    days, where = days_of(question, piece.periods), question.where
    if source.at_ends:
        days = bucket_ends(days, question)
        where = tuple(pair for pair in where if pair[0] not in TIME)
    view = View(question, days, asked.settings, rollup, spans(question, piece.periods))
    line = source.rows(view)
    if "handling_store" in asked.named:
        line = access.own_handling(line, asked.scope)
    joined = Joined(line, question.org)
    marked, conditions = _on_days(joined, line, days, piece, asked)
    if not asked.scope.everything:
        conditions.append(_visible(source, line, asked.scope))
    if "handling_store" in asked.named:
        conditions.append(line.c.is_return)
    conditions += [joined.narrowed(name, values) for name, values in where]
    groups: dict[str, Expression] = {"business_date": line.c.business_date}
    if not piece.by_day:
        groups = {**marked, **{name: joined.expression(name) for name in question.by}}
    if source.each:
        return _by_each(piece, joined, groups, conditions, asked)
    values = _values(piece, joined, view, asked)
    labelled = [group.label(name) for name, group in groups.items()]
    chosen = select(*labelled, *values).select_from(joined.joined).where(*conditions)
    return chosen.group_by(*groups.values())


def _on_days(
    joined: Joined, line: FromClause, days: FromClause, piece: Piece, asked: Asked
) -> tuple[dict[str, Expression], list[Expression]]:
    """Limits rows to the days read: by joining these, or where it will do by conditions. Returns
    what tells rows of two periods apart, and the conditions."""
    known, is_both = spans(asked.question, piece.periods), len(piece.periods) > 1
    if not piece.by_day and (
        asked.has_times or not known or (is_both and known[1][1] >= known[0][0])
    ):
        joined.days(with_first(days) if piece.rollup and piece.rollup.pairs else days)
        return ({COMPARED: joined.tables["date"].c[COMPARED]} if is_both else {}), []
    day = line.c.business_date
    marked: dict[str, Expression] = {COMPARED: day < asked.question.start} if is_both else {}
    return marked, [or_(*(day.between(*span) for span in known))]


def _values(piece: Piece, joined: Joined, view: View, asked: Asked) -> list[Expression]:
    rollup = piece.rollup if piece.rollup and not piece.source.summed else None
    stood_for = [_stand_in(part, rollup, asked) for part in piece.parts]
    for part in stood_for:
        if not (rollup and rollup.kept(part)):
            for name in part.needs:
                if name == "counted":
                    joined.join(name, *rows.counted_days(view, joined.tables["line"]))
                else:
                    joined.entity(name)
    tables, settings = joined.tables, asked.settings
    since: Expression | None = None
    if rollup and rollup.pairs:
        known = spans(asked.question, piece.periods)
        since = tables["date"].c.first_date if "date" in tables else literal(known[0][0])

    def value(part: Part) -> Expression:
        if rollup and rollup.kept(part):
            return rollup.read(part, since)(tables, settings)
        return part.aggregate(tables, settings)

    return [value(of).label(part.name) for of, part in zip(stood_for, piece.parts, strict=True)]


def _stand_in(part: Part, rollup: Rollup | None, asked: Asked) -> Part:
    """What a part is of lines summed up; of lines themselves it is what it is."""
    return (rollup and SOURCES[part.source].held(asked.question, part)) or part


def _by_each(
    piece: Piece, joined: Joined, groups: Mapping[str, Expression],
    conditions: Sequence[Expression], asked: Asked,
) -> Select[Any]:  # fmt: skip
    """What counts once per group: first what is found of each, then the parts over those."""
    source = piece.source
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
    each = {"line": of_each}
    values = [part.aggregate(each, asked.settings).label(part.name) for part in piece.parts]
    names = [of_each.c[name] for name in groups]
    return select(*names, *values).group_by(*names)


def _of_all_tenders(piece: Piece, asked: Asked) -> Select[Any]:
    """The parts of the same group over all tenders, beside each tender."""
    where = tuple(pair for pair in asked.question.where if pair[0] != "tender")
    every = replace(asked, question=replace(asked.question, where=where))
    grouped = _grouped(piece, every).subquery("by_tender")
    sums = {part.name for part in piece.parts}
    names = [column for column in grouped.c if column.name not in sums]
    rest = [column for column in names if column.name != "tender"]
    wholes = (func.sum(grouped.c[name]).over(partition_by=rest).label(name) for name in sums)
    return select(*names, *wholes)


def _visible(source: Source, line: FromClause, scope: Scope) -> Expression:
    """A scope limits rows by their store; a region's own targets by the region."""
    seen = access.visible(line.c.store_key, scope)
    if source.name != "targets" or "region_key" not in line.c or not scope.regions:
        return seen
    own = and_(line.c.store_key.is_(None), line.c.region_key.in_(access.visible_regions(scope)))
    return or_(seen, own)
