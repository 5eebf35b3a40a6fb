"""Monthly targets: what a planner would have expected, off by a fifth or so."""

from __future__ import annotations

from calendar import monthrange

import numpy as np
import polars as pl

from etl.simulation.chance import NONE, Floats, Ints, Rng
from etl.simulation.orders import Orders
from etl.simulation.places import BRANDS, CITIES, region_id
from etl.simulation.setting import DAY
from etl.simulation.world import World

KEYS = ["level", "id", "month", "metric"]


def make_targets(
    world: World, sales: pl.DataFrame, orders: Orders, stores: pl.Series
) -> pl.DataFrame:
    """One row per level, id, month (place in the setting's months) and metric, with `target`.

    Targets are whole yuan or members, rounded as planners round.
    """
    rng = world.setting.rng("targets")
    sold = _levels(world, _sold(world, sales, orders), stores, "net_sales")
    joined = _levels(world, _joined(world), stores, "new_members")
    actual = (
        pl.concat([sold, joined]).group_by(KEYS, maintain_order=True).agg(pl.col("value").sum())
    )
    actual = actual.filter(pl.col("value") > 0).sort(KEYS)
    return _planned(rng, world, actual)


def _sold(world: World, sales: pl.DataFrame, orders: Orders) -> pl.DataFrame:
    """Fen sold by store, guide, brand of the garment and month, on both sides of the ring."""
    valid = sales.filter((pl.col("void") == 0) & (pl.col("day") >= 0))
    lines = orders.baskets
    paid = np.flatnonzero(orders.paid[lines.owner] != NONE)
    owner = lines.owner[paid]
    till = (valid["store"], valid["guide"], valid["sku"], valid["day"], valid["net"])
    store, guide = _expected_credit(world, orders)
    online = (
        store[owner],
        guide[owner],
        lines.sku[paid],
        orders.paid[owner] // DAY,
        lines.net[paid],
    )
    store, guide, sku, day, net = (
        np.concatenate([one.to_numpy(), other]) for one, other in zip(till, online, strict=True)
    )
    brand = world.catalogue.brand[sku]
    return _frame(world, store=store, guide=guide, brand=brand, day=day, value=net)


def _expected_credit(world: World, orders: Orders) -> tuple[Ints, Ints]:
    """The store and guide a planner expects to earn each order: stated, else the shopper's own."""
    people, person = world.people, np.maximum(orders.person, 0)
    own = (orders.person != NONE) & (orders.channel < 3)
    home = np.where(own, people.home[person], NONE)
    member = np.minimum(person, people.members - 1)
    bound = np.where(own & (person < people.members), people.bound_guide[member], NONE)
    store = np.where(orders.origin == NONE, home, orders.origin)
    return store, np.where(orders.guide == NONE, bound, orders.guide)


def _joined(world: World) -> pl.DataFrame:
    """Hundredths of members, so that both metrics are summed as whole numbers."""
    people = world.people
    new = np.flatnonzero(people.joined[: people.members] >= 0)
    store, day = people.join_store[new], people.joined[new] // DAY
    brand = world.shops.brand_on(np.maximum(store, 0), day)
    brand = np.where(store == NONE, NONE, brand)
    guide, value = people.join_guide[new], np.full(len(new), 100)
    return _frame(world, store=store, guide=guide, brand=brand, day=day, value=value)


def _frame(
    world: World, *, store: Ints, guide: Ints, brand: Ints, day: Ints, value: Ints
) -> pl.DataFrame:
    """The values summed by store, guide, brand, region's city and month."""
    frame = pl.DataFrame(
        {
            "store": store,
            "guide": guide,
            "brand": brand,
            "city": np.where(store == NONE, NONE, world.shops.city_on(np.maximum(store, 0), day)),
            "month": world.setting.month_of(day * DAY),
            "value": value,
        }
    )
    keys = ["store", "guide", "brand", "city", "month"]
    return frame.group_by(keys, maintain_order=True).agg(pl.col("value").sum())


def _levels(world: World, rows: pl.DataFrame, stores: pl.Series, metric: str) -> pl.DataFrame:
    """The rows once for each of store, guide, region (all its ancestors) and brand."""
    regions = [region_id(city) for city in CITIES]
    depths = [["-".join(name.split("-")[:depth]) for name in regions] for depth in (1, 2, 3)]
    wanted = [
        ("store", "store", stores.to_list()),
        ("guide", "guide", world.guide_names),
        ("brand", "brand", list(BRANDS)),
        *(("region", "city", names) for names in depths),
    ]
    return pl.concat([_level(rows, *entry, metric) for entry in wanted])


def _level(
    rows: pl.DataFrame, level: str, column: str, names: list[str], metric: str
) -> pl.DataFrame:
    known = rows.filter(pl.col(column) != NONE)
    return known.select(
        pl.lit(level).alias("level"),
        pl.Series("id", names, dtype=pl.String).gather(known[column]).alias("id"),
        "month",
        pl.lit(metric).alias("metric"),
        "value",
    )


def _planned(rng: Rng, world: World, actual: pl.DataFrame) -> pl.DataFrame:
    """Whole-month targets around the actual figure; a few were never set."""
    month = actual["month"].to_numpy()
    noise = 1.03 * rng.lognormal(0.0, 0.18, len(actual))
    full = actual["value"].to_numpy() / 100 * _stretch(world)[month] * noise
    step = np.where(actual["metric"].to_numpy() == "net_sales", 100, 1)
    target = np.maximum(np.rint(full / step), 1).astype(np.int64) * step
    planned = actual.drop("value").with_columns(target=pl.Series(target))
    return planned.filter(pl.Series(rng.random(len(planned)) > 0.03))


def _stretch(world: World) -> Floats:
    """Days of each month over its days in the period: targets are for whole months."""
    setting = world.setting
    covered = np.bincount(setting.month_by_day, minlength=len(setting.months))
    whole = [monthrange(int(month[:4]), int(month[5:]))[1] for month in setting.months]
    return np.array(whole) / covered
