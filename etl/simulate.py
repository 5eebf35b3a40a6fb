"""The sample company: a whole retail group, drawn from a seed, as the deliveries of its systems.

Nothing here is real: names, phones and sales are made up. The same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from etl.simulation import deliver, rows_company, rows_trade
from etl.simulation.deliver import Delivery
from etl.simulation.setting import Setting
from etl.simulation.trade import STEPS, Trade, make_trade
from etl.simulation.world import World, make_world

MARKER = ".sample"
"""The file that tells a loader that an inbox holds a made-up company."""
FEEDS = (
    "stores",
    "store_closures",
    "regions",
    "guides",
    "products",
    "members",
    "campaigns",
    "pos_sales",
    "online_orders",
    "refunds",
    "touchpoints",
    "stock",
    "footfall",
    "targets",
)
Progress = Callable[[str, int, int], None]


def simulate(
    out: Path,
    *,
    stores: int = 40,
    days: int = 731,
    seed: int = 1,
    end: date | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write the deliveries of a sample company to `out/<feed>/<file>`; return rows per feed.

    The period is the `days` days up to `end` (default: yesterday in Shanghai), `stores` scales
    everything else. `progress` is called with a step's name, steps done and steps in all. An
    earlier sample in `out` is replaced. Raises ValueError for a size below 1 or a negative seed,
    FileExistsError where `out` holds deliveries that are no sample.
    """
    setting = _setting(stores, days, seed, end)
    _prepare(out, seed)
    step = _steps(progress)
    world = make_world(setting)
    step("company")
    trade = make_trade(world, step)
    written = dict.fromkeys(FEEDS, 0)
    for feed in FEEDS:
        written[feed] = sum(deliver.write(out, one) for one in _deliveries(world, trade, feed))
        step(feed)
    return written


def _setting(stores: int, days: int, seed: int, end: date | None) -> Setting:
    if stores < 1 or days < 1 or seed < 0:
        wrong = f"got {stores=} {days=} {seed=}"
        raise ValueError(f"stores and days must be 1 or more, seed 0 or more; {wrong}")
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    return Setting(stores, days, seed, end or yesterday)


def _steps(progress: Progress | None) -> Callable[[str], None]:
    """Count the steps for `progress`."""
    done = 0

    def step(name: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(name, done, 1 + len(STEPS) + len(FEEDS))

    return step


def _prepare(out: Path, seed: int) -> None:
    """Mark `out` as a sample before the first delivery, and clear an earlier sample away."""
    there = sorted(path for path in out.rglob("*") if path.is_file()) if out.exists() else []
    if there and not (out / MARKER).exists():
        raise FileExistsError(f"{out} holds files that are not a sample ({there[0].name})")
    old = [path for feed in FEEDS for path in sorted((out / feed).glob(f"{feed}*"))]
    for path in old:
        path.unlink()
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text(f"sample company, seed {seed}\n", encoding="utf-8")


def _deliveries(world: World, trade: Trade, feed: str) -> Iterator[Delivery]:
    """The files of one feed."""
    if feed in MONTHLY:
        return MONTHLY[feed](world, trade)
    return iter([_whole(world, trade, feed)])


def _whole(world: World, trade: Trade, feed: str) -> Delivery:
    """A feed that comes in one file."""
    names = trade.names
    renders: dict[str, Callable[[], pl.DataFrame]] = {
        "stores": lambda: rows_company.store_rows(world, names),
        "store_closures": lambda: rows_company.closure_rows(world, names),
        "regions": lambda: rows_company.region_rows(world),
        "guides": lambda: rows_company.guide_rows(world, names),
        "products": lambda: rows_company.product_rows(world, names),
        "members": lambda: rows_company.member_rows(world, names),
        "campaigns": lambda: rows_company.campaign_rows(world),
        "refunds": lambda: rows_trade.refund_rows(world, names, trade.orders, trade.refunds),
        "targets": lambda: rows_trade.target_rows(world, trade.targets),
    }
    suffix = "jsonl" if feed in ("members", "campaigns") else "csv"
    return Delivery(feed, f"{feed}.{suffix}", renders[feed]())


def _pos_sales(world: World, trade: Trade) -> Iterator[Delivery]:
    """Monthly files, and the first month exported again with a line put right."""

    def render(codes: pl.DataFrame) -> pl.DataFrame:
        return rows_trade.sale_rows(world, trade.names, trade.splits, codes)

    months, sales = world.setting.months, trade.sales
    files = deliver.by_month("pos_sales", "csv", months, sales, render)
    files = deliver.with_bad_rows(files, deliver.bad_sales(len(sales) < deliver.SMALL))
    again = deliver.corrected(sales.filter(pl.col("month") == 0), world.setting.horizon)
    export = Delivery("pos_sales", f"pos_sales_{months[0]}_v2.csv", render(again))
    return chain(files, [export] if len(again) else [])


def _online_orders(world: World, trade: Trade) -> Iterator[Delivery]:
    def render(states: pl.DataFrame) -> pl.DataFrame:
        return rows_trade.order_rows(world, trade.names, trade.orders, states)

    states = rows_trade.order_states(world, trade.orders)
    files = deliver.by_month("online_orders", "csv", world.setting.months, states, render)
    small = len(trade.orders.baskets.line) < deliver.SMALL
    return files if small else deliver.with_bad_rows(files, deliver.bad_orders)


def _touchpoints(world: World, trade: Trade) -> Iterator[Delivery]:
    def render(codes: pl.DataFrame) -> pl.DataFrame:
        return rows_trade.touch_rows(world, trade.names, codes)

    touches = trade.touches
    files = deliver.by_month("touchpoints", "parquet", world.setting.months, touches, render)
    return deliver.with_bad_rows(files, deliver.bad_touches(len(touches) < deliver.SMALL))


def _stock(world: World, trade: Trade) -> Iterator[Delivery]:
    def render(codes: pl.DataFrame) -> pl.DataFrame:
        return rows_trade.stock_rows(world, trade.names, codes)

    return deliver.by_month("stock", "parquet", world.setting.months, trade.stock, render)


def _footfall(world: World, trade: Trade) -> Iterator[Delivery]:
    def render(codes: pl.DataFrame) -> pl.DataFrame:
        return rows_trade.footfall_rows(world, trade.names, codes)

    return deliver.by_month("footfall", "csv", world.setting.months, trade.footfall, render)


MONTHLY: dict[str, Callable[[World, Trade], Iterator[Delivery]]] = {
    "pos_sales": _pos_sales,
    "online_orders": _online_orders,
    "touchpoints": _touchpoints,
    "stock": _stock,
    "footfall": _footfall,
}
