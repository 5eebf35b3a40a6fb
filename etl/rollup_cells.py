"""The cells of a rollup on some days: sums of lines, or of the rows of a finer rollup.

What a row is made of, its rollup and its parts say. A receipt counts once in a cell; which receipts
lie in several cells is found out first, so that lines can be summed up by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, insert, literal, select, union
from sqlalchemy.sql.expression import FromClause, Select

from etl.scratch import fill, scratch
from warehouse.engine import Build
from warehouse.joined import Joined
from warehouse.parts import RECEIPTS, Distinct, Part
from warehouse.rollups import ROLLUPS, TABLES, Rollup
from warehouse.schema import CREDITED_LINES
from warehouse.settings import Settings

Expression = ColumnElement[Any]
DAILY = [rollup for rollup in reversed(ROLLUPS) if not rollup.pairs]
"""The finer ones first."""
NARROW = 6
"""So few amounts are put together by receipt as fast as by cell."""
_NO_SETTINGS = Settings()
"""What rollups keep depends on none."""


@dataclass(frozen=True)
class _Source:
    """What a rollup is made of: lines, or the rows of a finer one. `joined` are these with what
    they are read with, `dims` the cell a row belongs to, `sums` the amounts of a cell; `found`
    tells of the rows of a receipt whether it counts, `counted` how many of those in one cell do."""

    rows: Table
    joined: FromClause
    dims: dict[str, Expression]
    sums: dict[Part, Expression]
    found: dict[Part, Expression]
    counted: dict[Part, Expression]


def fill_days(build: Build, rollup: Rollup, dates: Sequence[date], crossing: Table) -> None:
    """Fill some days of a rollup, in order; `crossing` are receipts with sales on several days."""
    source = _source(rollup)
    if not rollup.has_receipts:
        _sorted_in(build, rollup, _sums(source).where(_on(source.rows, dates)))
        return
    is_narrow = not source.counted and len(source.sums) <= NARROW
    receipts = _receipts(build, rollup, source, dates, is_narrow)
    merged = _merged(rollup, receipts, crossing)
    if is_narrow:
        _sorted_in(build, rollup, merged)
    else:
        counted = _scratch(rollup, "counted", is_narrow)
        fill(build, counted, merged)
        _sorted_in(build, rollup, _beside(rollup, source, counted, dates))
        build.drop(counted)
    build.drop(receipts)


def _sorted_in(build: Build, rollup: Rollup, cells: Select[Any]) -> None:
    table, found = TABLES[rollup.name], cells.subquery("found")
    rows = select(*(found.c[c.name] for c in table.c))
    order = [found.c[name] for name in ("store_key", "business_date") if name in table.c]
    names = [c.name for c in table.c]
    build.run(insert(table).from_select(names, rows.order_by(*order)))


def _source(rollup: Rollup) -> _Source:
    finer = _finer(rollup)
    return _finer_rows(rollup, TABLES[finer.name]) if finer else _lines(rollup)


def _finer(rollup: Rollup) -> Rollup | None:
    """A rollup filled before whose rows this one's are made of."""
    before = DAILY[: DAILY.index(rollup)]
    return next(
        (one for one in reversed(before)
         if set(rollup.dims) <= set(one.dims) and all(map(one.kept, rollup.parts))),
        None,
    )  # fmt: skip


def _lines(rollup: Rollup) -> _Source:
    joined, own = Joined(CREDITED_LINES, "as_was"), CREDITED_LINES.c
    dims: dict[str, Expression] = {
        dim: own[dim] if dim in own else joined.entity("product").c[dim] for dim in rollup.dims
    }
    for name in {name for part in rollup.parts for name in part.needs}:
        joined.entity(name)
    found = {part: part.aggregate.found(CREDITED_LINES)
             for part in rollup.parts if isinstance(part.aggregate, Distinct)}  # fmt: skip
    sums = {part: part.aggregate(joined.tables, _NO_SETTINGS)
            for part in rollup.parts if part not in found}  # fmt: skip
    if not rollup.has_receipts:
        sums, found = sums | found, {}
    return _Source(CREDITED_LINES, joined.joined, dims, sums, found, {})


def _finer_rows(rollup: Rollup, cell: Table) -> _Source:
    """Of a receipt of several cells it is enough to lie in one of them."""
    dims: dict[str, Expression] = {dim: cell.c[dim] for dim in rollup.dims}
    counts = [part for part in rollup.parts
              if rollup.has_receipts and isinstance(part.aggregate, Distinct)]  # fmt: skip
    return _Source(
        cell, cell, dims,
        {part: func.sum(cell.c[part.name]) for part in rollup.parts if part not in counts},
        {part: func.max(cell.c[part.name]) for part in counts},
        {part: func.sum(case((cell.c.receipt_key.is_(None), cell.c[part.name]), else_=0))
         for part in counts},
    )  # fmt: skip


def _sums(source: _Source, *more: Expression) -> Select[Any]:
    """The amounts of each cell, and of more that is kept apart."""
    values = [value.label(part.name) for part, value in (source.sums | source.counted).items()]
    groups = [value.label(dim) for dim, value in source.dims.items()]
    rows = select(*groups, *more, *values).select_from(source.joined)
    return rows.group_by(*source.dims.values(), *more)


def _on(rows: FromClause, dates: Sequence[date]) -> Expression:
    day = rows.c.business_date
    span = day.between(dates[0], dates[-1])
    is_whole = len(dates) > (dates[-1] - dates[0]).days
    return span if is_whole else and_(span, day.in_(dates))


# Receipts ----------------------------------------------------------------------------------------
def _receipts(
    build: Build, rollup: Rollup, source: _Source, dates: Sequence[date], with_sums: bool
) -> Table:
    """Every receipt in every cell where it has lines, but for those a finer rollup has settled."""
    key = source.rows.c.receipt_key
    receipts = _scratch(rollup, "receipts", with_sums)
    groups = {**source.dims, "receipt_key": key}
    values = {part.name: value for part, value in (source.sums | source.found).items()} | groups
    rows = select(*(values[c.name] for c in receipts.c)).select_from(source.joined)
    if source.counted:
        rows = rows.where(key.is_not(None))
    fill(build, receipts, rows.where(_on(source.rows, dates)).group_by(*groups.values()))
    return receipts


def _scratch(rollup: Rollup, name: str, with_sums: bool) -> Table:
    """A scratch table for receipts in cells, with what they come to or without."""
    sums = {part.name for part in rollup.parts if not isinstance(part.aggregate, Distinct)}
    left_out = set() if with_sums else sums
    columns = [(c.name, c.type) for c in TABLES[rollup.name].c if c.name not in left_out]
    return scratch(f"{rollup.name}_{name}", columns)


def _merged(rollup: Rollup, receipts: Table, crossing: Table) -> Select[Any]:
    """Receipts with sales in one cell go into its one row; those with sales in several keep rows of
    their own, and their cells without sales go in with the others, whichever days are filled."""
    sold = receipts.c[RECEIPTS.name] > 0
    several = (
        select(receipts.c.receipt_key)
        .where(receipts.c.receipt_key.is_not(None), sold)
        .group_by(receipts.c.receipt_key)
        .having(func.count() > 1)
    )
    spread = union(several, select(crossing.c.receipt_key)).subquery("spread")
    joined = receipts.outerjoin(spread, and_(spread.c.receipt_key == receipts.c.receipt_key, sold))
    groups = [*(receipts.c[dim] for dim in rollup.dims), spread.c.receipt_key]
    values = [
        func.count(case((column > 0, 1))).label(part.name)
        if isinstance(part.aggregate, Distinct)
        else func.sum(column).label(part.name)
        for part in rollup.parts
        if (column := receipts.c.get(part.name)) is not None
    ]
    return select(*groups, *values).select_from(joined).group_by(*groups)


def _beside(rollup: Rollup, source: _Source, counted: Table, dates: Sequence[date]) -> Select[Any]:
    """The amounts of each cell, summed up of their own, and its receipts. To put many amounts
    together by receipt first would take twice the work."""
    own = counted.alias("own")
    same = (value.is_not_distinct_from(own.c[dim]) for dim, value in source.dims.items())
    apart = and_(own.c.receipt_key == source.rows.c.receipt_key, *same)
    rows = replace(source, joined=source.joined.outerjoin(own, apart))
    cells = _sums(rows, own.c.receipt_key).where(_on(source.rows, dates)).subquery("cell")
    keys = (*rollup.dims, "receipt_key")
    joined = and_(*(cells.c[key].is_not_distinct_from(counted.c[key]) for key in keys))
    counts = [c for c in counted.c if c.name not in keys]
    values: dict[str, Expression] = {c.name: c for c in cells.c}
    values |= {c.name: func.coalesce(c, 0) + values.get(c.name, literal(0)) for c in counts}
    columns = (value.label(name) for name, value in values.items())
    return select(*columns).select_from(cells.outerjoin(counted, joined))
