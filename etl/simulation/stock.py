"""Shop stock: a pure function of store, day and SKU, so that scans, orders and snapshots agree."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.simulation.chance import Floats, Ints, Rng
from etl.simulation.setting import DAY, Setting
from etl.simulation.world import World

SAMPLE = 12
"""SKUs of each store's weekly stock-take, besides what was scanned."""
SPELL = 5
"""Days for which a shelf stays empty or filled."""


def on_hand(setting: Setting, store: Ints, day: Ints, sku: Ints) -> Ints:
    """Pieces of each SKU in each store on a day: 0 about one time in seven, seldom below."""
    spell = _noise(setting.seed, store, sku, day // SPELL, 1)
    daily = _noise(setting.seed, store, sku, day, 2)
    pieces = 1 + np.floor(-np.log1p(-daily) * 3.0).astype(np.int64)
    return np.where(spell < 0.14, np.where(spell < 0.006, -1, 0), pieces)


def _key(seed: int, salt: int) -> int:
    return (seed * 1_000_003 + salt) % 2**64


def _noise(seed: int, store: Ints, sku: Ints, time: Ints, salt: int) -> Floats:
    """A number 0–1 that depends on nothing but the arguments (the mixer is SplitMix64's)."""
    mixed: NDArray[np.uint64] = np.full(len(store), _key(seed, salt), dtype=np.uint64)
    for part in (store, sku, time):
        mixed = (mixed ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = mixed ^ (mixed >> np.uint64(27))
    unit: Floats = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    return unit


def make_stock(world: World, touches: pl.DataFrame, tag_scan: int) -> pl.DataFrame:
    """One row per day, store and SKU: most of what was scanned, and a weekly sample.

    Columns `day`, `store`, `sku`, `on_hand`.
    """
    rng = world.setting.rng("stock")
    scanned = touches.filter(pl.col("event") == tag_scan).select("store", "sku", day="at")
    scanned = scanned.with_columns(pl.col("day") // DAY)
    scanned = scanned.filter(pl.Series(rng.random(len(scanned)) < 0.92))
    columns = ["day", "store", "sku"]
    rows = pl.concat([scanned.select(columns), _sampled(rng, world).select(columns)])
    rows = rows.unique().sort(columns)
    keys = (rows[name].to_numpy() for name in ("store", "day", "sku"))
    return rows.with_columns(on_hand=pl.Series(on_hand(world.setting, *keys)))


def _sampled(rng: Rng, world: World) -> pl.DataFrame:
    """Some SKUs of each open store once a week."""
    store, day = np.nonzero(world.shops.open)
    weekly = day % 7 == 0
    store, day = np.repeat(store[weekly], SAMPLE), np.repeat(day[weekly], SAMPLE)
    sku = world.catalogue.pick(rng, world.shops.brand_on(store, day), day)
    return pl.DataFrame({"day": day, "store": store, "sku": sku})
