"""Who is known: receipts, paid orders and events by what can be told of the person behind them."""

from __future__ import annotations

from typing import Any

import polars as pl

from reports import formats, frames
from reports.i18n import t
from reports.paper import Column

KNOWN = ("members", "visitors", "unidentified")


def shares(rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.shares`: receipts, orders and all events by what is known of who."""
    told_apart = pl.when(pl.col("kind").is_in(("receipts", "orders"))).then("kind")
    kind = told_apart.otherwise(pl.lit("events"))
    sums = rows.group_by(kind=kind).agg(pl.col("total", *KNOWN).sum()).sort("kind", descending=True)
    shares = {f"{name}_share": pl.col(name) / pl.col("total") for name in KNOWN}
    named = sums.with_columns(label=frames.written(sums, _kind, "kind"), **shares)
    texts = {
        f"{name}_share_text": frames.written(named, _share_text(name), name, f"{name}_share")
        for name in KNOWN
    }
    return named.with_columns(**texts)


def _share_text(name: str) -> Any:
    def text(count: int, share: float | None) -> str:
        part = formats.EMPTY if share is None else formats.percent(share)
        who = t(f"known.{name}")
        return t("funnels.known_text", who=who, count=formats.decimal(count), part=part)

    return text


def _kind(kind: str) -> str:
    return t(f"happening.{kind}")


def series() -> list[tuple[str, str]]:
    """The shares by name."""
    return [(f"{name}_share", t(f"known.{name}")) for name in KNOWN]


def every_kind(rows: pl.DataFrame) -> pl.DataFrame:
    """Every kind of receipt, order and event by name, the greatest number first."""
    ordered = rows.sort("total", descending=True)
    return ordered.with_columns(label=frames.written(ordered, _kind, "kind"))


def columns() -> dict[str, Column]:
    """Who is known as a table."""
    counts = {name: Column(t(f"known.{name}"), "count") for name in KNOWN}
    return {"label": Column(t("known.what")), "total": Column(t("known.total"), "count"), **counts}


def unmatched(frame: pl.DataFrame) -> str:
    """What part of receipts and of paid orders belongs to nobody known."""
    parts = dict(frame.select("kind", "unidentified_share").iter_rows())
    receipts, orders = (formats.percent(parts.get(name) or 0) for name in ("receipts", "orders"))
    return t("funnels.unmatched", receipts=receipts, orders=orders)
