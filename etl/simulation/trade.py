"""Everything that happens in a company's period, as frames of codes ready to be delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from etl.simulation.footfall import make_footfall
from etl.simulation.names import Names, make_names
from etl.simulation.orders import Orders, make_orders
from etl.simulation.refunds import Refunds, make_refunds
from etl.simulation.returns import with_returns
from etl.simulation.setting import DAY
from etl.simulation.stock import make_stock
from etl.simulation.targets import make_targets
from etl.simulation.till import make_sales
from etl.simulation.touches import CODE, make_touches
from etl.simulation.visits import make_visits
from etl.simulation.world import World

PASSED_ON = 30
"""Seconds until a till has passed a receipt on."""
STEPS = ("visits", "orders", "sales", "touchpoints", "counts")


class Trade(NamedTuple):
    """The facts of the period. Frames have a column `month`: the place in the setting's months."""

    names: Names
    orders: Orders
    refunds: Refunds
    sales: pl.DataFrame
    splits: list[str]
    touches: pl.DataFrame
    stock: pl.DataFrame
    footfall: pl.DataFrame
    targets: pl.DataFrame


def make_trade(world: World, step: Callable[[str], None]) -> Trade:
    """Let the company trade; `step` is told the name of each of STEPS when it is done."""
    visits = make_visits(world)
    step("visits")
    orders = make_orders(world, visits)
    refunds, counter = make_refunds(world, orders)
    step("orders")
    sales, splits = make_sales(world)
    sales = _dated(world, with_returns(world, sales, orders, counter), "day", DAY)
    passed_on = pl.min_horizontal(pl.col("at") + PASSED_ON, last_second(world))
    sales = sales.with_columns(updated=passed_on)
    step("sales")
    touches = _dated(world, make_touches(world, visits, orders), "at", 1)
    touches = touches.with_columns(number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    step("touchpoints")
    names = make_names(world, orders)
    stock = _dated(world, make_stock(world, touches, CODE["tag_scan"]), "day", DAY)
    footfall = _dated(world, make_footfall(world), "at", 1)
    targets = make_targets(world, sales, orders, names.stores)
    step("counts")
    return Trade(names, orders, refunds, sales, splits, touches, stock, footfall, targets)


def last_second(world: World) -> pl.Expr:
    """The last second of the period, which nothing may come after."""
    return pl.lit(world.setting.horizon - 1, dtype=pl.Int64)


def _dated(world: World, frame: pl.DataFrame, column: str, unit: int) -> pl.DataFrame:
    """Add the month of `column`, which counts units of that many seconds."""
    at = frame[column].to_numpy() * unit
    return frame.with_columns(month=pl.Series(world.setting.month_of(at)))
