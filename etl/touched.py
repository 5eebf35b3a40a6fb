"""What a load changed, so that derived tables follow the batch and not the history.

`derive(build, settings, touched)` brings every derived table up to date. Without `touched`
everything is made anew. With it a step works out from what changed before it which of its own rows
may change, computes those by the same definition, and stores only those that really differ; what
it stored or took out it notes here for the steps after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Table,
    and_,
    case,
    delete,
    except_all,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    union,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.scratch import scratch
from warehouse.engine import Build
from warehouse.schema import LOADED, MEMBER_PERSONS, VISITOR_PERSONS, Type

REBUILD_SHARE = 0.15
"""Of the loaded rows beyond SMALL: where more changed, everything is sooner made anew. Measured on
1.9 million rows, CPU time: 0.2 % changed took 17 % of deriving anew, 8 % took 56 %."""
SMALL = 50_000
"""As many rows are derived anew in the time that following any change takes at least."""


class Touched:
    """Temporary tables of a build, filled from loading on; none of them is published.

    rows        by feed: every loaded row that was stored (`is_new`) or replaced (not `is_new`),
                with the columns of its loaded table
    changes     by derived table: every row that was put in (`is_new`) or taken out
    days        `business_date` of every credited line that was taken out or put in
    members     `member_key` (the person) of every such line, where there is one
    moved       by column: members and visitors that were another person before (`member_key`,
                `visitor_key`), and who these persons were and are (`person_key`)

    The days and members are complete once orders, lines and scans are derived: rollups may count
    on them. They hold each value once, and nothing whose rows ended as they were.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self.rows: Mapping[str, Table] = {
            name: changed(f"changed_{name}", table) for name, table in LOADED.items()
        }
        for table in self.rows.values():
            build.create(table, temporary=True)
        self.changes: dict[str, Table] = {}
        self.moved: dict[str, Table] = {}
        self.days = self._noted("touched_days", "business_date", Date)
        self.members = self._noted("touched_members", "member_key", BigInteger)

    def _noted(self, name: str, column: str, kind: Type) -> Table:
        table = scratch(name, [(column, kind)])
        self._build.create(table, temporary=True)
        return table

    def is_sooner_anew(self) -> bool:
        """Whether deriving everything anew is sooner done than following what changed."""
        counts = [
            select(literal(place).label("place"), func.count().label("rows")).select_from(table)
            for place, tables in enumerate((self.rows, LOADED))
            for table in tables.values()
        ]
        both = union_all(*counts).subquery()
        totals = select(both.c.place, func.sum(both.c.rows)).group_by(both.c.place)
        by_place = dict(self._build.fetch(totals).iter_rows())
        changed, there = int(by_place[0]), int(by_place[1])
        return changed > REBUILD_SHARE * max(there - SMALL, 0)

    def leaves(self, table: Table, only: Table) -> bool:
        """Whether no key of a table is concerned, so that nothing in it changes."""
        if self._build.fetch(select(only).limit(1)).height:
            return False
        self.changes[table.name] = changed(f"changes_{table.name}", table)
        self._build.create(self.changes[table.name], temporary=True)
        return True

    def note(self, into: Table, changes: Table) -> None:
        """Remember the distinct values that a column of `into` has among the changes."""
        (name,) = (column.name for column in into.c)
        found = select(changes.c[name]).where(changes.c[name].is_not(None)).distinct()
        self._build.run(insert(into).from_select([name], found))

    def note_moved(self) -> None:
        """Tell who became another person, from what changed in the tables of persons."""
        persons = []
        for table, key in ((MEMBER_PERSONS, "member_key"), (VISITOR_PERSONS, "visitor_key")):
            now = self.changes[table.name]
            was = now.alias()
            known = select(was.c[key]).where(~was.c.is_new)
            self.moved[key] = collect(self._build, scratch(f"moved_{key}", [(key, BigInteger)]),
                                      known)  # fmt: skip
            persons.append(select(now.c.person_key).where(now.c[key].in_(known)))
        moved = scratch("moved_person_key", [("person_key", BigInteger)])
        self.moved["person_key"] = collect(self._build, moved, *persons)


def changed(name: str, like: FromClause) -> Table:
    """A scratch table for rows of another one as they were and as they are."""
    return scratch(name, [*((c.name, c.type) for c in like.c), ("is_new", Boolean)])


def collect(build: Build, table: Table, *rows: Select[Any]) -> Table:
    """Make a scratch table of the distinct rows of some SELECTs."""
    build.create(table, temporary=True)
    build.run(insert(table).from_select([c.name for c in table.c], union(*rows)))
    return table


def gather(build: Build, name: str, like: Table, *rows: Select[Any]) -> Table:
    """Make a scratch table of all the rows of some SELECTs of the columns of `like`."""
    table = scratch(f"{name}_{like.name}", [(c.name, c.type) for c in like.c])
    build.create(table, temporary=True)
    build.run(insert(table).from_select([c.name for c in table.c], union_all(*rows)))
    return table


def refresh(
    build: Build, table: Table, key: str | Sequence[str], fresh: Table, only: Table | None = None
) -> Table:
    """Put the rows of `fresh` in place of the stored ones of the keys in `only` (all without it),
    where they differ. Returns what was put in (`is_new`) and taken out."""
    names, keys = [c.name for c in table.c], [key] if isinstance(key, str) else key

    def among(rows: FromClause, others: FromClause) -> ColumnElement[bool]:
        return exists().where(and_(*(others.c[name] == rows.c[name] for name in keys)))

    stored = select(table)
    if only is not None:
        stored = stored.where(among(table, only))
    gone = except_all(stored, select(fresh)).subquery()
    come = except_all(select(fresh), stored).subquery()
    changes = changed(f"changes_{table.name}", table)
    build.create(changes, temporary=True)
    both = union_all(select(gone, literal(False)), select(come, literal(True)))
    build.run(insert(changes).from_select([*names, "is_new"], both))
    build.run(delete(table).where(among(table, changes)))
    build.run(insert(table).from_select(names, select(fresh).where(among(fresh, changes))))
    build.drop(fresh)
    return changes


def net(rows: Table, *columns: ColumnElement[Any]) -> FromClause:
    """Values of some columns that more or fewer rows have than before; what a row says in other
    columns may change without changing these."""
    weight = case((rows.c.is_new, 1), else_=-1).label("weight")
    is_live = ~rows.c.is_deleted if "is_deleted" in rows.c else true()
    valued = select(*columns, weight).where(is_live).subquery()
    values = [c for c in valued.c if c.name != "weight"]
    return select(*values).group_by(*values).having(func.sum(valued.c.weight) != 0).subquery()


def spans(changes: Table) -> FromClause:
    """Days on which periods (`starts_on`, `ends_before`) that changed may say something else than
    before: `first`, `before`. Of a period that only ends otherwise, the days between both ends."""
    same = [c for c in changes.c if c.name not in ("ends_before", "is_new")]
    ends = changes.c.ends_before
    first = case((func.count() > 1, func.min(ends)), else_=func.min(changes.c.starts_on))
    return (
        select(*same, first.label("first"), func.max(ends).label("before"))
        .group_by(*same)
        .subquery()
    )


def within(date: ColumnElement[Any], span: FromClause) -> ColumnElement[bool]:
    """A date in one of those spans."""
    return and_(date >= span.c.first, date < span.c.before)
