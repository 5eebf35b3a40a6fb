"""How long loading takes: everything at once, beside DuckDB merely reading it, and a day more.

    python -m bench.load [--lines 12000000] [--directory DIR]

Writes the deliveries of a made-up company, one CSV a feed and month, in the proportions of the full
one (270 : 150 : 20 lines of receipts, touchpoints and online orders), and loads them: first a tenth
of the days and one day more, then all of them and the same day more. Each step runs in a process of
its own, whose greatest memory is shown. DuckDB reads the same files as text into a file of its own.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from etl import job
from warehouse import versions
from warehouse.engine import Build
from warehouse.settings import Settings

FIRST, DAYS = datetime(2024, 11, 20), 730
SHARES = {"pos_sales": 270 / 440, "touchpoints": 150 / 440, "online_orders": 20 / 440}
PRODUCTS, BRANDS, GUIDES = 2001, 3, 5
EVENTS = ["tag_scan"] * 4 + ["outfit_view"] * 3 + ["product_view"] * 3 + ["guide_scan", "follow"]
MARKED = ("a tenth of the days", "all of the days")


@dataclass(frozen=True)
class Company:
    """A made-up company: lines a day, and as many stores and members as such a company has."""

    daily: int

    @property
    def stores(self) -> int:
        """10,000 stores at 440 million lines in two years."""
        return max(5, self.daily * DAYS // 44_000)

    @property
    def members(self) -> int:
        """20 million members there."""
        return max(100, self.daily * DAYS // 22)


@dataclass(frozen=True)
class Used:
    """What a step took: seconds, seconds of all processors, greatest memory (GB)."""

    seconds: float
    work: float
    memory: float


def main() -> None:
    """Make, load and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=12_000_000)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    company = Company(max(given.lines // DAYS, 100))
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        beside = [
            measured(Path(folder) / str(days), company, days, told)
            for days, told in zip((DAYS // 10, DAYS), MARKED, strict=True)
        ]
    small, large = beside
    print(
        f"a day more, beside the copy: {large.seconds / small.seconds:.2f} times the time at a"
        f" tenth, {large.work / small.work:.2f} times the work"
    )


def measured(home: Path, company: Company, days: int, told: str) -> Used:
    """Load so many days and then one; returns what that one used beside the copy."""
    settings = Settings(warehouse=home / "warehouse", inbox=home / "inbox", secret="made up")
    settings.inbox.mkdir(parents=True)
    lines = deliver_history(settings.inbox, company, days)
    size = sum(path.stat().st_size for path in settings.inbox.rglob("*.csv"))
    print(f"{told}: {days} days, {lines:,} lines, {size / 1e6:,.0f} MB", flush=True)
    read = shown("DuckDB reads it as text", apart(read_as_text, settings.inbox, home / "text"))
    first = shown("first load", apart(loaded, settings))
    print(
        f"  first load: {first.seconds / read.seconds:.2f} times DuckDB reading,"
        f" {first.work / read.work:.2f} times its work",
        flush=True,
    )
    live = versions.path(settings.warehouse, versions.current(settings.warehouse) or 0)
    copy = shown("copying the warehouse", apart(shutil.copyfile, live, home / "copy"))
    deliver_lines(settings.inbox, company, days, days + 1)
    more = shown(f"a day more, {company.daily:,} lines", apart(loaded, settings))
    shutil.rmtree(home)
    return Used(more.seconds - copy.seconds, more.work - copy.work, more.memory)


def shown(what: str, found: Used) -> Used:
    """Print a step."""
    print(
        f"  {what:32}{found.seconds:8.1f} s{found.work:8.1f} s of work{found.memory:8.2f} GB",
        flush=True,
    )
    return found


def read_as_text(inbox: Path, file: Path) -> None:
    """The files of each feed into an untyped table of a DuckDB file: the least a load must do."""
    build = Build(file)
    for feed in inbox.iterdir():
        files = f"read_csv('{feed}/*.csv', all_varchar = true)"
        build.run(text(f'CREATE TABLE "{feed.name}" AS SELECT * FROM {files}'))
    build.close()


def loaded(settings: Settings) -> None:
    """One run that publishes."""
    outcome = job.run(settings)
    assert outcome.exit_code == job.OK, outcome.summary()


def apart(step: Callable[..., object], *arguments: Any) -> Used:
    """A step in a process of its own, and what it used."""
    context = get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=_timed, args=(queue, step, *arguments))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{step.__name__} failed")
    return Used(*queue.get())


def _timed(queue: Any, step: Callable[..., object], *arguments: Any) -> None:
    start = time.perf_counter()
    step(*arguments)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    queue.put((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024**2))


# Made --------------------------------------------------------------------------------------------
def deliver_history(inbox: Path, company: Company, days: int) -> int:
    """Dimensions, and the lines of so many days by the month; returns the lines."""
    for feed, frame in _dimensions(company):
        _write(inbox / feed / "all.csv", frame)
    return sum(
        deliver_lines(inbox, company, first, min(first + 30, days)) for first in range(0, days, 30)
    )


def deliver_lines(inbox: Path, company: Company, first: int, beyond: int) -> int:
    """One file of each feed with the lines of some days; returns the lines."""
    lines = 0
    for feed, share in SHARES.items():
        daily = max(int(company.daily * share), 10)
        frame = _WRITERS[feed](_numbered(daily, first, beyond), company)
        _write(inbox / feed / f"{first:04}.csv", frame)
        lines += frame.height
    return lines


def _write(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(exist_ok=True)
    frame.write_csv(path)


def _dimensions(company: Company) -> Iterator[tuple[str, pl.DataFrame]]:
    n = pl.col("n")
    stores, members = _upto(company.stores), _upto(company.members)
    yield "stores", stores.select(
        store_id=_id("S", n), store_name=_id("Store ", n), brand=_id("B", n % BRANDS),
        region_id=_id("R", n % 20), city=_id("City ", n % 30), opened_on=pl.lit(date(2015, 1, 1)),
    )  # fmt: skip
    yield "regions", _upto(20).select(region_id=_id("R", n), region_name=_id("Region ", n))
    yield "guides", _upto(company.stores * GUIDES).select(
        guide_id=_id("G", n), guide_name=_id("Guide ", n), store_id=_id("S", n // GUIDES),
        valid_from=pl.lit(date(2020, 1, 1)),
    )  # fmt: skip
    yield "products", _upto(PRODUCTS).select(
        product_id=_id("P", n), product_name=_id("Product ", n), brand=_id("B", n % BRANDS),
        category=_id("C", n % 12), list_price=n % 900 + 99, cost=n % 90 + 10,
    )  # fmt: skip
    joined = pl.lit(FIRST) - pl.duration(hours=n % 9999)
    yield "members", members.select(
        member_id=_id("M", n), joined_at=_at(joined), phone=_id("138", n),
        bound_guide_id=_id("G", _drawn(1, company.stores * GUIDES)),
        visitor_id=pl.when(n % 3 == 0).then(_id("V", n)),
    )  # fmt: skip


def _receipts(lines: pl.DataFrame, company: Company) -> pl.DataFrame:
    """Two or three lines to a receipt; every 25th line is a return, half of them have a member,
    every 50th piece is of another brand than its store."""
    store = _drawn(1, company.stores, 5)
    back = _drawn(2, 25) == 0
    sign = pl.when(back).then(-1).otherwise(1)
    price = _drawn(3, 40_000) + 5_000
    return lines.select(
        store_id=_id("S", store), receipt_id=_id("T", pl.col("n") * 2 // 5),
        line_number=pl.col("n") % 5 + 1, sold_at=_at(pl.col("at")),
        product_id=_product(4, store), quantity=sign,
        net_amount=_cents(sign * price), list_amount=_cents(sign * price * 5 // 4),
        guide_id=_id("G", store * GUIDES + _drawn(5, GUIDES, 5)),
        member_id=pl.when(_drawn(6, 2, 5) == 0).then(_id("M", _drawn(7, company.members, 5))),
        tender=_id("tender ", _drawn(8, 4, 5)), updated_at=_at(pl.col("at")),
    )  # fmt: skip


def _orders(lines: pl.DataFrame, company: Company) -> pl.DataFrame:
    """One line an order; four in ten come from a store."""
    store = _drawn(11, company.stores)
    return lines.select(
        order_id=_id("O", pl.col("n")), line_number=1, ordered_at=_at(pl.col("at")),
        channel=pl.lit("mini_program"), product_id=_product(12, store), quantity=1,
        net_amount=_cents(_drawn(13, 40_000) + 5_000),
        paid_at=_at(pl.col("at") + pl.duration(minutes=3)), fulfilment=pl.lit("ship_from_store"),
        origin_store_id=pl.when(_drawn(14, 10) < 4).then(_id("S", store)),
        member_id=_id("M", _drawn(15, company.members)), updated_at=_at(pl.col("at")),
    )  # fmt: skip


def _touches(lines: pl.DataFrame, company: Company) -> pl.DataFrame:
    """Four events of one person in one store; six in ten persons are members."""
    person, store = _drawn(21, company.members, 4), _drawn(22, company.stores, 4)
    known = _drawn(23, 10, 4) < 6
    return lines.select(
        event_id=_id("E", pl.col("n")), occurred_at=_at(pl.col("at")),
        event=_drawn(24, len(EVENTS)).replace_strict(dict(enumerate(EVENTS))),
        visitor_id=pl.when(~known).then(_id("V", person)),
        member_id=pl.when(known).then(_id("M", person)), store_id=_id("S", store),
        guide_id=_id("G", store * GUIDES + _drawn(25, GUIDES, 4)),
        product_id=_product(26, store), updated_at=_at(pl.col("at")),
    )  # fmt: skip


_WRITERS = {"pos_sales": _receipts, "online_orders": _orders, "touchpoints": _touches}


def _numbered(daily: int, first: int, beyond: int) -> pl.DataFrame:
    """Numbers `n` of the lines of some days, each with its time `at`, between 10:00 and 22:00."""
    n = pl.col("n")
    second = n % daily * 43_200 // daily + 36_000
    frame = pl.DataFrame({"n": pl.int_range(first * daily, beyond * daily, eager=True)})
    return frame.with_columns(at=pl.lit(FIRST) + pl.duration(days=n // daily, seconds=second))


def _upto(count: int) -> pl.DataFrame:
    return pl.DataFrame({"n": range(count)})


def _drawn(seed: int, below: int, alike: int = 1) -> pl.Expr:
    """A number drawn for each row, the same for so many in a row."""
    return ((pl.col("n") // alike).hash(seed) % below).cast(pl.Int64)


def _product(seed: int, store: pl.Expr) -> pl.Expr:
    """A product of the store's brand, every 50th of another one."""
    other = (_drawn(seed + 50, 50) == 0).cast(pl.Int64)
    brand = (store + other) % BRANDS
    return _id("P", _drawn(seed, PRODUCTS // BRANDS) * BRANDS + brand)


def _cents(number: pl.Expr) -> pl.Expr:
    return (number.cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))


def _id(prefix: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(prefix), number.cast(pl.String).str.zfill(8))


def _at(time: pl.Expr) -> pl.Expr:
    return time.dt.to_string("%Y-%m-%dT%H:%M:%S")


if __name__ == "__main__":
    main()
