"""Garments that come back to a till, with a reference to their sale or without."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.simulation.chance import NONE, Mask, Rng, between, choose, rank_within, some
from etl.simulation.orders import Orders
from etl.simulation.refunds import Counter
from etl.simulation.setting import DAY, shop_seconds
from etl.simulation.till import ORIGINAL
from etl.simulation.world import World

FIRST_SEQ = 9001
"""Return receipts are numbered from here each day, away from the sales."""


def with_returns(
    world: World, sales: pl.DataFrame, orders: Orders, counter: Counter
) -> pl.DataFrame:
    """The sale lines and all POS return lines (negative), in order of store, receipt and line."""
    rng = world.setting.rng("returns")
    own = _own_returns(rng, world, sales)
    swapped, alone = _exchanges(rng, sales, own)
    parts = [alone, _old_returns(rng, world, sales), _counter_returns(rng, world, orders, counter)]
    columns = sales.columns
    apart = _receipts(pl.concat([part.select(columns) for part in parts]))
    everything = pl.concat([sales, swapped.select(columns), apart.select(columns)])
    return everything.sort("store", "day", "seq", "line")


def _own_returns(rng: Rng, world: World, sales: pl.DataFrame) -> pl.DataFrame:
    """One sale line in twenty comes back within weeks, one in seven of them to another store."""
    sold = sales.filter(pl.col("void") == 0)
    sold = sold.filter(pl.Series(some(rng, len(sold), 0.055, 8)))
    size = len(sold)
    home, day = sold["store"].to_numpy(), sold["day"].to_numpy()
    away = some(rng, size, 0.15, 2)
    store = np.where(away, world.shops.another(rng, home), home)
    back = day + 1 + np.floor(rng.exponential(7.0, size)).astype(np.int64)
    returned = _negative(rng, sold).with_columns(
        store=pl.Series(store), day=pl.Series(back), **_references(rng, sold, store != home)
    )
    forgotten = pl.Series(rng.random(size) < 0.1)
    returned = returned.with_columns(
        member=pl.when(forgotten).then(NONE).otherwise(pl.col("member"))
    )
    return _served(rng, world, returned).filter(pl.Series(world.shops.is_open(store, back)))


def _negative(rng: Rng, sold: pl.DataFrame) -> pl.DataFrame:
    """The returned part of each line: all of it, or one piece of several."""
    quantity = sold["quantity"].to_numpy()
    back = np.where(rng.random(len(quantity)) < 0.4, quantity, 1)
    net, listed = sold["net"].to_numpy(), sold["listed"].to_numpy()
    return sold.with_columns(
        quantity=pl.Series(-back),
        net=pl.Series(-(net * back // quantity)),
        listed=pl.Series(np.where(listed == NONE, NONE, -(listed * back // quantity))),
    )


def _references(rng: Rng, sold: pl.DataFrame, away: Mask) -> dict[str, pl.Series]:
    """The original receipt: complete, without its line, without its store, or not at all."""
    kind = choose(rng, len(sold), (0.78, 0.08, 0.04, 0.10))
    here = ~away & (rng.random(len(sold)) < 0.5)
    store = np.where((kind == 2) | here, NONE, sold["store"].to_numpy())
    line = np.where(kind == 1, NONE, sold["line"].to_numpy())
    values = (store, sold["day"].to_numpy(), sold["seq"].to_numpy(), line)
    return {
        name: pl.Series(np.where(kind == 3, NONE, value))
        for name, value in zip(ORIGINAL, values, strict=True)
    }


def _old_returns(rng: Rng, world: World, sales: pl.DataFrame) -> pl.DataFrame:
    """Returns of what was sold before the first delivery: the receipt will never be found."""
    early = sales.filter((pl.col("void") == 0) & (pl.col("day") < 20))
    early = early.filter(pl.Series(some(rng, len(early), 0.004, 1)))
    size = len(early)
    before = -between(rng, 2, 30, size)
    returned = _negative(rng, early).with_columns(
        original_store=pl.col("store"),
        # A day of NONE would read as "no receipt", so it is never one day before the period.
        original_day=pl.Series(before),
        original_seq=pl.col("seq"),
        original_line=pl.col("line"),
    )
    return _served(rng, world, returned)


def _counter_returns(rng: Rng, world: World, orders: Orders, counter: Counter) -> pl.DataFrame:
    """Online order lines that a shop takes back, always whole."""
    lines, row = orders.baskets, counter.row
    listed = lines.listed[row]
    columns = {
        "store": counter.store,
        "day": counter.at // DAY,
        "member": orders.member[lines.owner[row]],
        "sku": lines.sku[row],
        "quantity": -lines.quantity[row],
        "listed": np.where(listed == NONE, NONE, -listed),
        "net": -lines.net[row],
        "tender": orders.tender[lines.owner[row]],
        "original_order": lines.owner[row],
        "original_order_line": lines.line[row],
        **{name: np.full(len(row), NONE) for name in ORIGINAL},
    }
    frame = pl.DataFrame({name: column.astype(np.int64) for name, column in columns.items()})
    return _served(rng, world, frame).with_columns(at=pl.Series(counter.at))


def _served(rng: Rng, world: World, returned: pl.DataFrame) -> pl.DataFrame:
    """Whoever is at work takes the garment back, some time that day."""
    store, day = returned["store"].to_numpy(), returned["day"].to_numpy()
    guide = world.staff.pick(rng, store, day)
    guide = np.where(rng.random(len(day)) < 0.1, NONE, guide)
    empty = {name: pl.lit(NONE, dtype=pl.Int64) for name in ("coupon", "split", "seq", "line")}
    return returned.with_columns(
        guide=pl.Series(guide),
        at=pl.Series(shop_seconds(rng, day)),
        void=pl.lit(0, dtype=pl.Int64),
        **empty,
    )


def _exchanges(
    rng: Rng, sales: pl.DataFrame, returned: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put some returns on a receipt of their day, as its last line; the others stay alone."""
    marked = returned.with_columns(swap=pl.Series(some(rng, len(returned), 0.1, 2)))
    wanted = marked.filter("swap").unique(["store", "day"], keep="first", maintain_order=True)
    header = ["at", "seq", "guide", "split", "member", "tender"]
    found = wanted.drop(*header, "line").join(
        _first_receipts(sales), on=["store", "day"], how="inner", maintain_order="left"
    )
    keys = ["store", "day"]
    alone = pl.concat(
        [
            marked.filter(~pl.col("swap")),
            marked.filter("swap").join(found, on=keys, how="anti", maintain_order="left"),
        ]
    )
    return found, alone


def _first_receipts(sales: pl.DataFrame) -> pl.DataFrame:
    """For each store and day its first receipt that holds, and the number of its next line."""
    first = sales.filter(pl.col("void") == 0).unique(
        ["store", "day"], keep="first", maintain_order=True
    )
    receipts = first.select("store", "day", "at", "seq", "guide", "split", "member", "tender")
    lines = sales.join(receipts, on=["store", "day", "seq"], how="semi")
    counts = lines.group_by("store", "day").agg(line=pl.col("line").max() + 1)
    return receipts.join(counts, on=["store", "day"], how="left", maintain_order="left")


def _receipts(returned: pl.DataFrame) -> pl.DataFrame:
    """A receipt of its own for each return."""
    ordered = returned.sort("store", "day", "at", "sku", "original_seq", "original_order")
    place = ordered["store"].to_numpy() * 10**6 + ordered["day"].to_numpy()
    return ordered.with_columns(
        seq=pl.Series(FIRST_SEQ + rank_within(place)), line=pl.lit(1, pl.Int64)
    )
