"""Stock and lost sales as their page tells them: what was asked for and not there, and what an
order placed online costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import t, value_label
from reports.view import View
from warehouse.metrics import METRICS, Unit
from warehouse.scans import LOST_AFTER

LOST = "lost_sale_value"
MOST = 10
"""Rows of a bar chart."""


def decided(view: View, bounds: tuple[date, date] | None) -> View:
    """The view up to the last day whose lost sales can be told, so that they are not held against
    days that have all of theirs; the whole view where it has no such day."""
    last = bounds[1] - LOST_AFTER if bounds else view.end
    return replace(view, end=min(view.end, last)) if last >= view.start else view


def coded(frame: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """Adds `label` to rows whose values are codes of ours, or mean nothing but themselves."""
    none = t(f"none.{dimension}")

    def label(value: str | None) -> str:
        return none if value is None else value_label(value, value)

    return frame.with_columns(label=frames.written(frame, label, dimension))


def ranked(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows that have any of a figure, the greatest first, with its share of all and its change."""
    some = frame.filter(pl.col(key) != 0).sort(key, "label", descending=(True, False))
    return frames.with_share(frames.with_change(some, key), key)


def mix(frame: pl.DataFrame, dimension: str, key: str) -> pl.DataFrame:
    """Rows of a coded dimension that state a figure, the greatest first; of money its share."""
    stated = coded(frame, dimension).drop_nulls((dimension, key)).filter(pl.col(key) != 0)
    moved = frames.with_change(stated.sort(key, "label", descending=(True, False)), key)
    if METRICS[key].unit is not Unit.MONEY:
        return moved.with_columns(share=pl.lit(None, pl.Float64))
    return frames.with_share(moved, key)


def bars(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """For `charts.ranks`: the first rows of a figure."""
    top = frame.head(MOST)
    texts = frames.written(top, lambda value: formats.figure(key, value), key)
    return top.with_columns(value=pl.col(key).cast(pl.Float64), value_text=texts)


def missed(frame: pl.DataFrame) -> str:
    """Where most was lost."""
    if not frame.height:
        return t("stock.nothing_lost")
    first = frame.row(0, named=True)
    return t("stock.missed", label=plain(first["label"]), value=formats.money(first[LOST]),
             part=formats.percent(first["share"] or 0, 0))  # fmt: skip


def fulfilled(frame: pl.DataFrame) -> str:
    """How most online sales reach the buyer."""
    first = frame.row(0, named=True)
    part = formats.percent(first["share"] or 0, 0)
    return t("stock.fulfilled", part=part, how=plain(first["label"]))


def paid(frame: pl.DataFrame) -> str:
    """How most is paid, and what all payment costs."""
    first, fees = frame.row(0, named=True), float(frame["payment_fee"].sum())
    part = formats.percent(first["tender_share"] or 0, 0)
    return t("stock.paid", part=part, how=plain(first["label"]), fee=formats.money(fees))


def earned(frame: pl.DataFrame) -> str:
    """Through which channel an order leaves most after what it costs."""
    stated = frame.drop_nulls(("o2o_cost_per_order", "o2o_gross_profit_per_order"))
    if not stated.height:
        return t("stock.no_orders")
    first = stated.sort("o2o_gross_profit_per_order", descending=True).row(0, named=True)
    profit, cost = first["o2o_gross_profit_per_order"], first["o2o_cost_per_order"]
    return t("stock.earned", label=plain(first["label"]),
             profit=formats.figure("o2o_gross_profit_per_order", profit),
             cost=formats.figure("o2o_cost_per_order", cost))  # fmt: skip
