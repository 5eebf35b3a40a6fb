"""Receipts behind a store's figures, as its page tells them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from reports import formats, frames
from reports.formats import Number, plain
from reports.i18n import dimension_label, metric_definition, metric_label, t, value_label
from reports.paper import Column
from warehouse.receipts import PAGE


def _all(listed: pl.DataFrame) -> tuple[int, int, Decimal]:
    """Rows, receipts and net sales of all pages; each row of a page tells them."""
    if not listed.height:
        return 0, 0, Decimal(0)
    rows, receipts, money = listed.select("all_rows", "all_receipts", "all_net_sales").row(0)
    return rows, receipts, money


def pages(listed: pl.DataFrame) -> list[str]:
    """The numbers of the pages there are."""
    rows, _, _ = _all(listed)
    return [str(number) for number in range(1, max(-(-rows // PAGE), 1) + 1)]


def stated(label: str, listed: pl.DataFrame, figures: Mapping[str, Number | None]) -> str:
    """How many receipts a store's figures are made of; says so should they not add up to them."""
    _, receipts, money = _all(listed)
    told = {"label": plain(label), "receipts": formats.decimal(receipts),
            "total": formats.exact_money(money)}  # fmt: skip
    if (receipts, money) == (figures["receipts"], figures["net_sales"] or 0):
        return t("receipts.stated", **told)
    figure = formats.exact_money(figures["net_sales"] or 0)
    return t("receipts.open", figure=figure, **told)


def note(listed: pl.DataFrame, page: str) -> str:
    """Which rows a page shows."""
    first = (int(page) - 1) * PAGE
    return t("receipts.note", first=formats.decimal(first + 1 if listed.height else 0),
             last=formats.decimal(first + listed.height),
             all=formats.decimal(_all(listed)[0]))  # fmt: skip


def named(listed: pl.DataFrame) -> pl.DataFrame:
    """Receipts in words: `channel`, and `hour` as a time of day."""
    return listed.with_columns(
        channel=frames.written(listed, lambda code: value_label(code, code), "sold_on"),
        hour=frames.written(listed, lambda hour: f"{hour}:00", "hour"),
    )


def columns(listed: pl.DataFrame) -> dict[str, Column]:
    """How receipts are headed and written; the buyer only where the viewer may know them."""
    shown = {
        "receipt": Column(t("receipts.receipt")),
        "day": Column(dimension_label("day"), "day"),
        "hour": Column(dimension_label("hour")),
        "net_sales": Column(metric_label("net_sales"), "exact_money",
                            metric_definition("net_sales")),
        "lines": Column(t("receipts.lines"), "count"),
        "units": Column(t("receipts.units"), "units"),
        "channel": Column(dimension_label("channel")),
        "rung_at": Column(t("receipts.rung_at"), note=t("receipts.rung_at_note")),
        "guides": Column(t("receipts.guides"), "count"),
        "member": Column(t("receipts.member")),
    }  # fmt: skip
    return {name: column for name, column in shown.items() if name in (*listed.columns, "channel")}


def key_of(listed: pl.DataFrame, receipt: str | None) -> int | None:
    """Our number of a receipt on this page; None for one that is not on it."""
    found = listed.filter(pl.col("receipt").eq_missing(pl.lit(receipt)))["receipt_key"]
    return int(found[0]) if found.len() else None


def made_of(receipt: str, lines: pl.DataFrame) -> str:
    """What one receipt comes to."""
    money = lines["net_amount"].sum() or Decimal(0)
    return t("receipts.one", receipt=plain(receipt), total=formats.exact_money(money),
             lines=lines["line"].n_unique())  # fmt: skip


def worded(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of a receipt in words."""
    return lines.with_columns(
        kind=frames.written(lines, lambda kind: t(f"receipts.{kind}"), "kind"),
        product_name=pl.coalesce("product_name", "product"),
        guide_name=pl.coalesce("guide_name", "guide"),
    )


def line_columns() -> dict[str, Column]:
    """How lines are headed and written."""
    return {
        "line": Column(t("receipt.line"), "count"),
        "product_name": Column(dimension_label("product")),
        "product": Column(t("receipts.product")),
        "kind": Column(t("receipts.kind")),
        "business_date": Column(dimension_label("day"), "day"),
        "quantity": Column(t("receipts.quantity"), "count", t("receipts.quantity_note")),
        "list_amount": Column(t("receipts.list_amount"), "exact_money"),
        "net_amount": Column(t("receipts.net_amount"), "exact_money", t("receipts.part_note")),
        "guide_name": Column(dimension_label("guide")),
        "share": Column(t("receipt.share"), "ratio"),
    }
