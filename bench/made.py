"""A made-up company of any size, written straight into derived tables: what queries read, fast.

Two years of lines, of two or three to a receipt; one receipt in twelve is an online order, every
25th till line a return, every 50th piece of another brand than its store; half the receipts have a
member. The same size gives the same rows.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Table

from etl import publish
from etl.rollups import derive_rollups
from warehouse import schema
from warehouse.engine import Build
from warehouse.schema import LOADED

FIRST, DAYS, AT_ONCE = date(2024, 11, 1), 730, 2_000_000
LAST = FIRST + timedelta(days=DAYS - 1)
BRANDS = ["Aster", "Birch", "Cedar"]
REGIONS, TOPS, PRODUCTS = 20, 5, 2000


def make(directory: Path, lines: int) -> None:
    """Publish a warehouse of so many lines."""
    stores = max(20, lines // 40_000)
    directory.mkdir(parents=True, exist_ok=True)
    with publish.building(directory, afresh=True) as (version, build):
        for table, frame in _places(stores):
            _append(build, table, frame)
        for first in range(0, lines, AT_ONCE):
            count = min(AT_ONCE, lines - first)
            _append(build, schema.CREDITED_LINES, _lines(first, count, lines, stores))
        derive_rollups(build)
        publish.close_and_publish(directory, version, build)


def _append(build: Build, table: Table, frame: pl.DataFrame) -> None:
    build.append(table, frame.select(c.name for c in table.c if c.name in frame.columns))


def _places(stores: int) -> list[tuple[Table, pl.DataFrame]]:
    """Stores in regions of five top regions, their guides, counters and targets; products."""
    key = pl.col("store_key")
    shops = pl.DataFrame({"store_key": range(1, stores + 1)}).with_columns(
        _id("S", key).alias("store_id"), _id("S", key).alias("store_name"), is_known=True,
        brand=_brand(key), region_key=_region(key), selling_area_sqm=80.0 + key % 50,
        city=_id("City ", key % 12), site=pl.lit("mall"), opened_on=date(2015, 1, 1),
    )  # fmt: skip
    areas = pl.DataFrame({"region_key": range(1, 2 + TOPS + REGIONS)})
    area = pl.col("region_key")
    parent = pl.when(area == 1).then(None).when(area < 2 + TOPS).then(1).otherwise(2 + area % TOPS)
    areas = areas.with_columns(
        _id("R", area).alias("region_id"), _id("R", area).alias("region_name"),
        parent_region_key=parent, is_known=True, is_deleted=False,
    )  # fmt: skip
    guides = pl.DataFrame({"guide_key": range(8 * stores)}).with_columns(
        _id("G", pl.col("guide_key")).alias("guide_id"), is_known=True,
        store_key=pl.col("guide_key") // 8 + 1,
    )  # fmt: skip
    goods = pl.DataFrame({"product_key": range(PRODUCTS)}).with_columns(
        _id("P", pl.col("product_key")).alias("product_id"), is_known=True, is_deleted=False,
        cost=(pl.col("product_key") % 90 + 10).cast(pl.Decimal(18, 2)),
brand=_brand(pl.col("product_key")),
        category=_id("C", pl.col("product_key") % 12), season=_id("S", pl.col("product_key") % 4),
    )  # fmt: skip
    periods = shops.with_columns(starts_on=date(1, 1, 1), ends_before=date(9999, 12, 31))
    return [
        (schema.DIM_STORES, shops), (schema.STORE_PERIODS, periods), (LOADED["regions"], areas),
        (schema.REGION_PATHS, _paths(areas)), (schema.DIM_GUIDES, guides),
        (LOADED["products"], goods), (LOADED["footfall"], _footfall(shops)),
        (LOADED["targets"], _targets(shops)),
        (schema.AS_OF, pl.DataFrame({"as_of": [datetime.combine(LAST, time(13))],
                                     "as_of_date": [LAST]})),
    ]  # fmt: skip


def _id(prefix: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(prefix), number.cast(pl.String).str.zfill(4))


def _brand(store: pl.Expr) -> pl.Expr:
    return (store % len(BRANDS)).replace_strict(dict(enumerate(BRANDS)), return_dtype=pl.String)


def _region(store: pl.Expr) -> pl.Expr:
    return (store % REGIONS + 2 + TOPS).cast(pl.Int32)


def _paths(areas: pl.DataFrame) -> pl.DataFrame:
    up = dict(areas.select("region_key", "parent_region_key").iter_rows())
    rows = []
    for region in up:
        path = [region]
        while (above := up[path[-1]]) is not None:
            path.append(above)
        rows += [
            (region, one, step, step == max(len(path) - 2, 0)) for step, one in enumerate(path)
        ]
    return pl.DataFrame(rows, [c.name for c in schema.REGION_PATHS.c], orient="row")


def _footfall(shops: pl.DataFrame) -> pl.DataFrame:
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 4)
    hours = pl.DataFrame({"hour_start": [start + timedelta(days=day) for day in range(DAYS)]})
    rows = shops.select("store_key").join(hours, how="cross")
    busy = (pl.struct(pl.all()).hash(1) % 200 + 20).cast(pl.Int32)
    return rows.with_columns(busy.alias("visitors"), is_deleted=False)


def _targets(shops: pl.DataFrame) -> pl.DataFrame:
    months = pl.date_range(FIRST.replace(day=1), LAST, "1mo", eager=True).dt.strftime("%Y-%m")
    rows = shops.select(id="store_id").join(pl.DataFrame({"month": months}), how="cross")
    plan = pl.lit(300_000).cast(pl.Decimal(18, 2))
    return rows.with_columns(
        level=pl.lit("store"), metric=pl.lit("net_sales"), target=plan, is_deleted=False
    )


def _lines(first: int, count: int, lines: int, stores: int) -> pl.DataFrame:
    """Some of the lines, from the first on; a receipt's lines agree in what a receipt has."""
    receipt = pl.col("line") * 5 // 12
    a_day = lines * 5 // 12 // DAYS + 1
    frame = pl.DataFrame({"line": pl.int_range(first, first + count, eager=True)})
    frame = frame.select("line", receipt=receipt, day=receipt // a_day)

    def drawn(of: str, seed: int, most: int) -> pl.Expr:
        return (pl.col(of).hash(seed) % most).cast(pl.Int64)

    online, member = drawn("receipt", 1, 12) == 0, drawn("receipt", 2, 2) == 0
    home = online & (drawn("receipt", 3, 10) < 3)
    frame = frame.with_columns(
        online=online, store_key=pl.when(~home).then(drawn("receipt", 4, stores) + 1),
        is_return=~online & (drawn("line", 5, 25) == 0),
        piece=drawn("line", 7, 40_000) + 5_000,
    )  # fmt: skip
    store, sign = pl.col("store_key"), pl.when("is_return").then(-1).otherwise(1)
    guest = pl.when(drawn("line", 14, 50) == 0).then(1).otherwise(0)
    product = drawn("line", 6, PRODUCTS // 3) * 3 + (store.fill_null(0) + guest) % 3
    cents = pl.Decimal(18, 2)
    return frame.with_columns(
        source=pl.when("online").then(pl.lit("order")).otherwise(pl.lit("pos")),
        receipt_key=pl.when("online").then(-pl.col("receipt") - 1).otherwise(pl.col("receipt") + 1),
        line_number=(pl.col("line") % 12).cast(pl.Int32),
        business_date=pl.lit(FIRST) + pl.duration(days="day"),
        local_hour=(drawn("receipt", 8, 12) + 10).cast(pl.Int16),
        channel=pl.when("online").then(pl.lit("mini_program")).otherwise(pl.lit("pos")),
        region_key=_region(store), store_brand=_brand(store),
        product_key=product, brand=_brand(product),
        guide_key=pl.when(store.is_not_null() & (drawn("receipt", 9, 10) < 8))
        .then((store - 1) * 8 + drawn("receipt", 10, 8)),
        share=pl.lit(1).cast(pl.Decimal(9, 8)),
        member_key=pl.when(member).then(drawn("receipt", 11, lines // 30) + 1),
        tender=_id("tender ", drawn("receipt", 12, 4)),
        fulfilment=pl.when("online").then(_id("way ", drawn("receipt", 13, 3))),
        device=pl.when("online").then(pl.lit("mobile")),
        origin_store_key=pl.when("online").then(store), quantity=sign.cast(pl.Int32),
        net_amount=(pl.col("piece") * sign / 100).cast(cents),
        list_amount=(pl.col("piece") * sign * 5 / 400).round(2).cast(cents),
    )  # fmt: skip
