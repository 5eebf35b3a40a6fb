"""Reading a sample company back, for tests: deliveries as text, the newest row of each key."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from warehouse.feeds import FEEDS


def files(out: Path) -> dict[str, bytes]:
    """Every file below `out` by its path there."""
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in paths}


def read(path: Path) -> pl.DataFrame:
    """One delivery, as text but for Parquet."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".jsonl":
        return pl.read_ndjson(path, infer_schema_length=None)
    return pl.read_csv(path, infer_schema=False)


def delivered(out: Path, feed: str) -> pl.DataFrame:
    """All rows of a feed, the newest of each key."""
    rows = pl.concat([read(path) for path in sorted((out / feed).iterdir())])
    key = [field.name for field in FEEDS[feed].key]
    if "updated_at" in rows.columns:
        rows = rows.sort("updated_at", maintain_order=True, nulls_last=False)
    return rows.unique(key, keep="last", maintain_order=True)


def sound_sales(out: Path) -> pl.DataFrame:
    """Receipt lines without the deliberately broken ones, with their business date."""
    sales = delivered(out, "pos_sales").filter(~pl.col("receipt_id").str.starts_with("T"))
    day = pl.col("receipt_id").str.slice(0, 6).str.to_date("%y%m%d")
    return sales.with_columns(business_date=day, net=pl.col("net_amount").cast(pl.Decimal(18, 2)))


def unknown(rows: pl.DataFrame, column: str, known: pl.Series) -> list[str]:
    """Values of `column` that `known` does not hold."""
    values = rows[column].drop_nulls().unique()
    return sorted(values.filter(~values.is_in(known.implode())).to_list())


def rare_cases(out: Path) -> dict[str, int]:
    """How often each rare case occurs in a company."""
    sales, orders = sound_sales(out), delivered(out, "online_orders")
    refunds, touches = delivered(out, "refunds"), delivered(out, "touchpoints")
    members, stores = delivered(out, "members"), delivered(out, "stores")
    guides, back = delivered(out, "guides"), pl.col("net") < 0
    paid, cancelled = pl.col("paid_at").is_not_null(), pl.col("cancelled_at").is_not_null()
    conditions = {
        "return to another store": (sales, pl.col("original_store_id") != pl.col("store_id")),
        "return without a receipt": (
            sales,
            back & pl.col("original_receipt_id").is_null() & pl.col("original_order_id").is_null(),
        ),
        "return without a line": (
            sales,
            pl.col("original_receipt_id").is_not_null() & pl.col("original_line_number").is_null(),
        ),
        "online order returned at the till": (sales, pl.col("original_order_id").is_not_null()),
        "void": (sales, pl.col("is_void") == "true"),
        "shared receipt": (sales, pl.col("guide_shares").is_not_null()),
        "coupon at the till": (sales, pl.col("coupon_id").is_not_null()),
        "after midnight": (sales, pl.col("sold_at").str.slice(11, 2) < "05"),
        "unpaid": (orders, ~paid & ~cancelled),
        "cancelled before payment": (orders, ~paid & cancelled),
        "cancelled after payment": (orders, paid & cancelled),
        "shared order": (orders, pl.col("guide_shares").is_not_null()),
        "coupon online": (orders, pl.col("coupon_id").is_not_null()),
        "money-only refund": (refunds, pl.col("quantity") == "0"),
        "second refund": (refunds, pl.struct("order_id", "line_number").is_duplicated()),
        "merged": (members, pl.col("merged_into_member_id").is_not_null()),
        "left": (members, pl.col("left_at").is_not_null()),
        "shared visitor": (
            members,
            pl.col("visitor_id").is_not_null() & pl.col("visitor_id").is_duplicated(),
        ),
        "moved store": (stores, pl.col("store_id").is_duplicated()),
        "closed store": (stores, pl.col("closed_on").is_not_null()),
        "moved guide": (guides, pl.col("guide_id").is_duplicated()),
        "gone guide": (guides, pl.col("left_on").is_not_null()),
        "empty shelf": (delivered(out, "stock"), pl.col("on_hand") <= 0),
        "unfollowed": (touches, pl.col("event") == "unfollow"),
        **{
            result: (touches, pl.col("bind_result") == result)
            for result in ("bound", "already_bound", "bound_to_other", "void")
        },
    }
    return {case: len(rows.filter(condition)) for case, (rows, condition) in conditions.items()}
