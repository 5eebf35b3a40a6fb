"""How long funnels take: the entries of two years, and then of one day more.

    python -m bench.funnels [--touchpoints 2000000] [--directory DIR]

Two years of the full company are 150 million touchpoints, 20 million members, 270 million receipt
lines and 13 million orders; `--touchpoints` says how many of them are made, and everything else is
made in proportion. Each step runs in a process of its own, whose greatest memory is shown.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Table, func, select

from etl.funnels import derive_funnels
from etl.touched import Touched, changed
from warehouse.engine import Build
from warehouse.schema import (
    DIM_STORES,
    DIM_VISITORS,
    FUNNEL_ENTRIES,
    LOADED,
    MEMBER_PERSONS,
    METADATA,
    ORDERS,
    STORE_PERIODS,
    VISITOR_PERSONS,
)  # fmt: skip

FULL = {"touchpoints": 150e6, "members": 20e6, "receipts": 150e6, "orders": 13.3e6, "stores": 1e4}
START, DAYS, AT_ONCE = datetime(2024, 11, 20), 730, 2_000_000
VISIT = 4
"""Events of one person in one store."""
ZONE = "Asia/Shanghai"
EVENTS = (
    ["outfit_view"] * 20 + ["product_view"] * 20 + ["tag_scan"] * 25 + ["guide_scan"] * 8
    + ["favourite"] * 6 + ["add_to_cart"] * 6 + ["card_view"] * 4 + ["follow"] * 3
    + ["coupon_issued"] * 4 + ["check_in"] * 2 + ["message_out"] * 2
)  # fmt: skip


def main() -> None:
    """Make the history but for its last day, follow all of it, then that day."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--touchpoints", type=int, default=2_000_000)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    share = given.touchpoints / FULL["touchpoints"]
    sizes = {name: max(int(number * share), 20) for name, number in FULL.items()}
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        path = Path(folder) / "made.duckdb"
        for name, step in (("made", made), ("all followed", everything), ("a day more", one_day)):
            seconds, work, memory, told = _apart(step, path, sizes)
            print(
                f"{name:14}{seconds:7.1f} s{work:8.1f} s of work{memory:7.2f} GB  {told}",
                flush=True,
            )
    print(f"{share:.4f} of the full company; times there are not measured")


def _apart(step: Callable[..., str], *arguments: Any) -> tuple[float, float, float, str]:
    """A step in a process of its own: seconds, seconds of work, greatest memory, what it says."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(sending, step, *arguments))
    process.start()
    sending.close()  # so that nobody waits for a process that failed
    found: tuple[float, float, float, str] = receiving.recv()
    process.join()
    return found


def _measured(sending: Any, step: Callable[..., str], path: Path, sizes: dict[str, int]) -> None:
    build = Build(path)
    start = time.perf_counter()
    told = step(build, sizes)
    seconds = time.perf_counter() - start
    build.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    sending.send((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024**2, told))


# Measured ----------------------------------------------------------------------------------------
def everything(build: Build, sizes: dict[str, int]) -> str:
    """The whole history but for the last day."""
    derive_funnels(build, ZONE, None)
    return f"{_count(build, FUNNEL_ENTRIES):,} entries"


def one_day(build: Build, sizes: dict[str, int]) -> str:
    """The last day's events, receipts and orders, which a load has just stored."""
    touched = Touched(build)
    touched.moved["person_key"] = _empty(build, "moved", MEMBER_PERSONS)
    for table in (ORDERS, STORE_PERIODS):
        touched.changes[table.name] = changed(f"changes_{table.name}", table)
        build.create(touched.changes[table.name], temporary=True)
    for table, frame in _events(sizes, DAYS - 1, 1):
        build.append(table, frame)
        name = next((feed for feed, one in LOADED.items() if one is table), None)
        note = touched.rows[name] if name else touched.changes[table.name]
        build.append(note, frame.with_columns(is_new=True))
    start = time.perf_counter()
    derive_funnels(build, ZONE, touched)
    followed = time.perf_counter() - start
    changes = touched.changes[FUNNEL_ENTRIES.name]
    return f"{followed:.1f} s of them following; {_count(build, changes):,} entries new or changed"


def _count(build: Build, table: Table) -> int:
    return int(build.fetch(select(func.count()).select_from(table)).item())


def _empty(build: Build, name: str, like: Table) -> Table:
    table = changed(name, like)
    build.create(table, temporary=True)
    return table


# Made --------------------------------------------------------------------------------------------
def made(build: Build, sizes: dict[str, int]) -> str:
    """Stores, people, and two years but for the last day."""
    for table in METADATA.sorted_tables:
        build.create(table)
    stores = pl.DataFrame({"store_key": range(sizes["stores"])})
    build.append(DIM_STORES, stores.with_columns(is_known=True))
    ever = stores.with_columns(
        starts_on=date(1, 1, 1), ends_before=date(9999, 12, 31), region_key=pl.col("store_key") % 30
    )
    build.append(STORE_PERIODS, ever)
    _people(build, sizes["members"])
    step = max(1, AT_ONCE * DAYS // sizes["touchpoints"])
    for day in range(0, DAYS - 1, step):
        for table, frame in _events(sizes, day, min(step, DAYS - 1 - day)):
            build.append(table, frame)
    return ", ".join(f"{size:,} {name}" for name, size in sizes.items())


def _people(build: Build, members: int) -> None:
    """Half as many visitors as members, one in three of whom is a member."""
    for first in range(0, members, AT_ONCE):
        keys = pl.int_range(first + 1, min(first + AT_ONCE, members) + 1, eager=True)
        people = pl.DataFrame({"member_key": keys}).with_columns(person_key="member_key")
        build.append(MEMBER_PERSONS, people)
        joined = pl.lit(START) + pl.duration(hours=pl.col("member_key").hash(1) % (DAYS * 24))
        rows = people.select("member_key", joined_at=joined, is_known=True, is_deleted=False)
        build.append(LOADED["members"], rows)
        visitors = people.head(people.height // 2).select(visitor_key="member_key")
        who = pl.when(pl.col("visitor_key") % 3 == 0).then("visitor_key")
        build.append(
            VISITOR_PERSONS, visitors.with_columns(person_key=who.otherwise(-pl.col("visitor_key")))
        )
        build.append(DIM_VISITORS, visitors)


def _events(sizes: dict[str, int], day: int, days: int) -> list[tuple[Table, pl.DataFrame]]:
    """Touchpoints, receipt lines and orders of some days, drawn from their numbers."""
    touches, receipts, orders = (
        _numbered(sizes[name], day, days) for name in ("touchpoints", "receipts", "orders")
    )
    members, stores = sizes["members"], sizes["stores"]
    known = _drawn(2, 10, VISIT) < 6
    person = _drawn(3, members, VISIT) + 1
    coupon = _drawn(4, max(members // 2, 1))
    shop = {"store_key": _drawn(5, stores, VISIT).cast(pl.Int32), "is_deleted": pl.lit(False)}
    touchpoints = touches.select(
        event_id=pl.concat_str(pl.lit("E"), pl.col("n").cast(pl.String).str.zfill(10)),
        occurred_at="at", event=_drawn(1, 100).replace_strict(dict(enumerate(EVENTS))),
        member_key=pl.when(known).then(person),
        visitor_key=pl.when(~known).then(person // 2 + 1),
        guide_key=_drawn(6, stores * 5).cast(pl.Int32), coupon_key=coupon, **shop,
    )  # fmt: skip
    lines = receipts.select(
        receipt_key="n", line_number=pl.lit([1, 2]), sold_at="at", quantity=pl.lit(1),
        member_key=pl.when(known).then(person),
        coupon_key=pl.when(_drawn(7, 20) == 0).then(coupon), **shop,
    ).explode("line_number")  # fmt: skip
    paid = pl.col("at") + pl.duration(minutes=_drawn(8, 90))
    heads = orders.select(
        order_key="n", ordered_at="at", paid_at=paid, paid_date=paid.dt.date(),
        fulfilled_at=paid + pl.duration(days=2), person_key=person,
        coupon_key=pl.when(_drawn(7, 20) == 0).then(coupon), store_key=shop["store_key"],
    )  # fmt: skip
    return [(LOADED["touchpoints"], touchpoints), (LOADED["pos_sales"], lines), (ORDERS, heads)]


def _numbered(number: int, day: int, days: int) -> pl.DataFrame:
    """Numbers `n` of what happens on some days, each with its time `at`, evenly spread."""
    first, beyond = number * day // DAYS, number * (day + days) // DAYS
    seconds = (pl.col("n") * (DAYS * 86_400)) // number
    return pl.DataFrame({"n": pl.int_range(first, beyond, eager=True)}).with_columns(
        at=pl.lit(START) + pl.duration(seconds=seconds)
    )


def _drawn(seed: int, below: int, alike: int = 1) -> pl.Expr:
    """A number drawn for each row, the same for so many in a row."""
    return ((pl.col("n") // alike).hash(seed) % below).cast(pl.Int64)


if __name__ == "__main__":
    main()
