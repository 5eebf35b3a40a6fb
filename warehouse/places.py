"""Where things are: what a region, store or guide lies in, and where on the map."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import or_, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, options
from warehouse.access import Scope
from warehouse.answers import Reader
from warehouse.schema import DIM_GUIDES, DIM_STORES, LOADED, REGION_PATHS

_TRAIL = {"dimension": pl.String, "value": pl.String, "label": pl.String}


def trail(reader: Reader, dimension: str, value: str, scope: Scope) -> pl.DataFrame:
    """The way from the widest place down to a region, city, store or guide, itself included, as
    organised today and as far as the viewer may see it: dimension, value, label. A root region,
    which is everything, is left out, and a city that is called as its region. Empty for what is
    unknown or out of sight."""
    itself = reader.fetch(options.known_values(dimension, (value,), scope))
    if dimension == "region" or not itself.height:
        return _steps(reader, dimension, _regions_of(LOADED["regions"], "region", value, scope))
    named = itself.select(pl.lit(dimension).alias("dimension"), "value", "label")
    if dimension == "store":
        regions = _steps(reader, "region", _regions_of(DIM_STORES, "store", value, scope))
        city = _steps(reader, "city", _city(value)).join(regions.tail(1), on="label", how="anti")
        return pl.concat([regions, city, named])
    if dimension == "guide":
        store = reader.fetch(_store_of(value, scope))["value"]
        return pl.concat([*(trail(reader, "store", one, scope) for one in store), named])
    return named


def _steps(reader: Reader, dimension: str, places: Select[Any]) -> pl.DataFrame:
    found = reader.fetch(places).with_columns(dimension=pl.lit(dimension))
    return found.select(pl.col(name).cast(kind) for name, kind in _TRAIL.items())


def _city(store: str) -> Select[Any]:
    stores = DIM_STORES
    city = stores.c.city
    return select(city.label("value"), city.label("label")).where(
        stores.c.store_id == store, city.is_not(None)
    )


def _store_of(guide: str, scope: Scope) -> Select[Any]:
    guides, stores = DIM_GUIDES, DIM_STORES
    return (
        select(stores.c.store_id.label("value"))
        .join(guides, guides.c.store_key == stores.c.store_key)
        .where(guides.c.guide_id == guide, access.visible(stores.c.store_key, scope))
    )


def _regions_of(table: FromClause, entity: str, value: str, scope: Scope) -> Select[Any]:
    """The regions above a region or store, the widest first, roots only where nothing is above."""
    regions, paths, base = LOADED["regions"], REGION_PATHS, table.alias("base")
    seen = options.visible("region", scope).subquery("seen")
    return (
        select(regions.c.region_id.label("value"), regions.c.region_name.label("label"))
        .select_from(base)
        .join(paths, paths.c.region_key == base.c.region_key)
        .join(regions, regions.c.region_key == paths.c.ancestor_key)
        .where(
            base.c[f"{entity}_id"] == value,
            regions.c.region_id.in_(select(seen.c.value)),
            or_(regions.c.parent_region_key.is_not(None), paths.c.steps_up == 0),
        )
        .order_by(paths.c.steps_up.desc())
    )


def located(reader: Reader, scope: Scope) -> pl.DataFrame:
    """Where the stores a viewer may see stand, those that state it: store, longitude, latitude
    (degrees, as the stores feed states them)."""
    stores = DIM_STORES
    columns = (stores.c.store_id.label("store"), stores.c.longitude, stores.c.latitude)
    stated = (stores.c.longitude.is_not(None), stores.c.latitude.is_not(None))
    return reader.fetch(
        select(*columns).where(stores.c.is_known, *stated)
        .where(access.visible(stores.c.store_key, scope))
        .order_by(stores.c.store_id)
    )  # fmt: skip
