"""Rows of a source with the dimension tables a question needs, and what a dimension is on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select
from sqlalchemy.sql.expression import FromClause

from warehouse.dimensions import DIMENSIONS
from warehouse.schema import DIM_GUIDES, DIM_STORES, LOADED, REGION_PATHS

Expression = ColumnElement[Any]
UNASSIGNED = "unassigned"
"""What a line shows whose store, guide, product … is not known yet."""


class Joined:
    """Rows of a source, each dimension table joined once and only when it is asked for."""

    def __init__(self, line: FromClause, org: str) -> None:
        self.tables: dict[str, FromClause] = {"line": line}
        self.joined: FromClause = line
        self._line = line
        self._org = org

    def join(self, name: str, table: FromClause, on: Expression) -> FromClause:
        """A table beside the rows, which stay where it has none of theirs."""
        self.tables[name] = table
        self.joined = self.joined.outerjoin(table, on)
        return table

    def entity(self, name: str) -> FromClause:
        """A dimension table, its members known so far only."""
        if name in self.tables:
            return self.tables[name]
        kind = "store" if name == "handling_store" else name
        own = {
            "store": DIM_STORES, "guide": DIM_GUIDES, "product": LOADED["products"],
            "member": LOADED["members"], "campaign": LOADED["campaigns"],
        }[kind]  # fmt: skip
        table = _alias(own, name)
        same = table.c[f"{kind}_key"] == self._line.c[f"{name}_key"]
        return self.join(name, table, and_(same, table.c.is_known))

    def days(self, days: FromClause) -> None:
        """Only rows of these days, under the time they are shown at."""
        self.tables["date"] = days
        self.joined = self.joined.join(days, days.c.source_date == self._line.c.business_date)

    def expression(self, name: str) -> Expression:
        """What a dimension is on a row; empty where the row has no member of it."""
        dimension = DIMENSIONS[name]
        if dimension.of == "date":
            return self.tables["date"].c[dimension.column]
        is_kept = dimension.of == "product" and dimension.column in self._line.c
        if is_kept or dimension.of in ("line", "channel"):
            return self._line.c[dimension.column]
        if dimension.of == "brand":
            return self._brand()
        if dimension.of == "region":
            return self._region(is_top=name == "top_region")
        is_itself, line = dimension.name == dimension.of, self._line.c
        named = self._line if is_itself and dimension.column in line else self.entity(dimension.of)
        found = named.c[dimension.column]
        return _shown(line[f"{dimension.of}_key"], found) if is_itself else found

    def _brand(self) -> Expression:
        """As is: the store's latest brand; a product's own brand stays either way."""
        if self._org == "as_was":
            return self._line.c.brand
        latest = func.coalesce(self.entity("store").c.brand, _storeless(self._line, "brand"))
        if "product_key" not in self._line.c or "store_brand" not in self._line.c:
            return latest
        return func.coalesce(self.entity("product").c.brand, latest)

    def region_key(self) -> Expression:
        """The region a row sits in, as it was that day or as it is today."""
        return self._line.c.region_key if self._org == "as_was" else self._latest_region()

    def _latest_region(self) -> Expression:
        return func.coalesce(
            self.entity("store").c.region_key, _storeless(self._line, "region_key")
        )

    def _region(self, is_top: bool) -> Expression:
        key = self.region_key()
        name = "top_region" if is_top else "region"
        if name not in self.tables:
            if is_top:
                paths = _alias(REGION_PATHS, "top_path")
                self.join("top_path", paths, and_(paths.c.region_key == key, paths.c.is_top))
                key = paths.c.ancestor_key
            regions = _alias(LOADED["regions"], name)
            self.join(name, regions, and_(regions.c.region_key == key, regions.c.is_known))
        return _shown(key, self.tables[name].c.region_id)

    def narrowed(self, name: str, values: Sequence[str]) -> Expression:
        """The condition of a filter; a region takes in its sub-regions."""
        if name != "region":
            return self.expression(name).in_(values)
        paths, regions = REGION_PATHS, LOADED["regions"]
        inside = (
            select(paths.c.region_key)
            .join(regions, regions.c.region_key == paths.c.ancestor_key)
            .where(regions.c.region_id.in_(values), regions.c.is_known)
        )
        return or_(self.region_key().in_(inside), self.expression(name).in_(values))


@cache
def _alias(table: Table, name: str) -> FromClause:
    """Always the same object: making its columns takes long."""
    return table.alias(name)


def _storeless(line: FromClause, column: str) -> Expression:
    """Rows of no store (a region's or a brand's own target) keep the one they name."""
    return case((line.c.store_key.is_(None), line.c[column]))


def _shown(key: Expression, identifier: Expression) -> Expression:
    """The identifier of a known member, `unassigned` of an unknown one, empty of none."""
    return case((key.is_not(None), func.coalesce(identifier, UNASSIGNED)))
