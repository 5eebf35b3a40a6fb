"""What a filter may be set to: the values of a dimension that a viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_, select, true
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, portable
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.schema import CREDITED_LINES, DIM_DATES, DIM_GUIDES, DIM_STORES, LOADED, REGION_PATHS

Expression = ColumnElement[Any]
Where = tuple[tuple[str, tuple[str, ...]], ...]


def values(
    name: str, scope: Scope, *, search: str = "", where: Where = (), limit: int = 50,
) -> Select[str, str]:  # fmt: skip
    """SELECT of `value` and `label` of a dimension, in order of label. `search` is looked for in
    both as plain text; `where` narrows places by places above them (brand, region, city)."""
    found = visible(name, scope, where).subquery("options")
    chosen = select(found.c.value, found.c.label).where(found.c.value.is_not(None))
    if search:
        chosen = chosen.where(or_(*(portable.holds(column, search) for column in found.c)))
    return chosen.order_by(found.c.label, found.c.value).limit(limit)


def known_values(name: str, wanted: Sequence[str], scope: Scope) -> Select[str, str]:
    """SELECT of `value` and `label` of those of some values that exist and that the viewer may
    see."""
    found = visible(name, scope).subquery("options")
    return select(found.c.value, found.c.label).where(found.c.value.in_(list(wanted)))


def visible(name: str, scope: Scope, where: Where = ()) -> Select[str, str]:
    """SELECT of `value` and `label` of all a viewer may see of a dimension."""
    dimension = DIMENSIONS[name]
    if name in TIME:
        return _pairs(DIM_DATES.c[name], DIM_DATES.c[name], true())
    if dimension.of in ("store", "handling_store"):
        stores = DIM_STORES
        value = stores.c[dimension.column]
        label = stores.c.store_name if dimension.column == "store_id" else value
        return _pairs(value, label, _places(stores, scope, where))
    if dimension.of == "region":
        return _regions(scope, top_only=name == "top_region")
    if dimension.of == "guide":
        guides = DIM_GUIDES
        seen = guides.c.is_known & access.visible(guides.c.store_key, scope)
        return _pairs(guides.c.guide_id, guides.c.guide_name, seen)
    if dimension.of in ("product", "member", "campaign"):
        table = LOADED[f"{dimension.of}s"]
        value = table.c[dimension.column]
        label = table.c[f"{name}_name"] if name == dimension.of else value
        return _pairs(value, label, table.c.is_known)
    line = CREDITED_LINES
    value = line.c[dimension.column]
    return _pairs(value, value, access.visible(line.c.store_key, scope))


def _pairs(value: Expression, label: Expression, condition: Expression) -> Select[str, str]:
    shown = func.coalesce(label, value)
    return (
        select(cast(value, String).label("value"), cast(shown, String).label("label"))
        .where(condition)
        .distinct()
    )


def _places(stores: FromClause, scope: Scope, where: Where) -> Expression:
    """Stores a viewer may see, inside the places already chosen."""
    condition = stores.c.is_known & access.visible(stores.c.store_key, scope)
    for name, chosen in where:
        if name == "region":
            condition &= stores.c.region_key.in_(_below(chosen))
        elif name in ("brand", "city", "site", "ownership"):
            condition &= stores.c[name].in_(chosen)
    return condition


def _below(regions: Sequence[str]) -> Select[str, str]:
    named, paths = LOADED["regions"], REGION_PATHS
    return (
        select(paths.c.region_key)
        .join(named, named.c.region_key == paths.c.ancestor_key)
        .where(named.c.region_id.in_(list(regions)))
    )


def _regions(scope: Scope, top_only: bool) -> Select[str, str]:
    """Regions in which the viewer may see a store, or that are listed in their scope."""
    regions, paths, stores = LOADED["regions"], REGION_PATHS, DIM_STORES
    seen = (
        select(paths.c.ancestor_key)
        .join(stores, stores.c.region_key == paths.c.region_key)
        .where(access.visible(stores.c.store_key, scope))
    )
    if scope.everything:
        seen = select(paths.c.ancestor_key)
    elif not top_only:
        seen = seen.where(
            paths.c.ancestor_key.in_(access.visible_regions(scope)) | (paths.c.steps_up == 0)
        )
    if top_only:
        seen = seen.where(paths.c.is_top)
    return _pairs(
        regions.c.region_id, regions.c.region_name,
        regions.c.is_known & regions.c.region_key.in_(seen),
    )  # fmt: skip
