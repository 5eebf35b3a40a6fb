"""Regions as their page tells them: how far down one looks, how each place did day by day, where
stores stand, and members and O2O side by side."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import metric_label, t

LEVELS = ("top_region", "region", "city", "store")
"""What one looks at, the widest first: the first level at which there are several."""
NARROWS = {"top_region": "region"}
"""The filter a place of a level is, where it is not called as the level."""
SHARES = ("member_sales_share", "online_share", "guide_coverage")
MOST_ROWS = 20
"""Places drawn in a chart; the table has more."""
MOST_STORES = 1000
"""Stores on the map: those with the greatest figure."""


def with_history(frame: pl.DataFrame, days: pl.DataFrame, name: str, key: str) -> pl.DataFrame:
    """Adds `history`: a sum day by day, oldest first, of each value of a dimension, from rows by
    that dimension and day; 0 on days without any."""
    every = days.select("day").unique().sort("day")
    known = days.select(name, "day", pl.col(key).cast(pl.Float64))
    grid = frame.select(name).join(every, how="cross").join(
        known, on=[name, "day"], how="left", nulls_equal=True
    )  # fmt: skip
    lists = grid.sort("day").group_by(name).agg(history=pl.col(key).fill_null(0.0))
    return frame.join(lists, on=name, how="left", nulls_equal=True, maintain_order="left")


def on_map(stores: pl.DataFrame, located: pl.DataFrame, key: str) -> pl.DataFrame:
    """For `charts.sketch`: stores with a figure and a place, the greatest first."""
    placed = stores.join(located, on="store").drop_nulls(key).sort(key, descending=True)
    shown = placed.head(MOST_STORES)

    def text(label: str, value: formats.Number) -> str:
        return f"{label} · {formats.exact(key, value)}"

    return shown.with_columns(
        id="store", value=pl.col(key), x="longitude", y="latitude",
        text=frames.written(shown, text, "label", key),
    )  # fmt: skip


def shares(frame: pl.DataFrame, name: str, keys: Sequence[str]) -> pl.DataFrame:
    """For `charts.dots`: some shares of each place, the largest places first."""
    shown = frame.drop_nulls(name).head(MOST_ROWS)

    def text(key: str) -> pl.Series:
        def told(value: float | None) -> str:
            return f"{metric_label(key)}: {formats.exact(key, value)}"

        return frames.written(shown, told, key)

    texts = {f"{key}_text": text(key) for key in keys}
    return shown.with_columns(pl.col(name).alias("id"), **texts)


def spread(frame: pl.DataFrame, name: str, keys: Sequence[str]) -> str:
    """Which place has most of the first share, and which of the second."""
    leads = [
        (metric_label(key), stated.sort(key, descending=True).row(0, named=True), key)
        for key in keys[:2]
        if (stated := frame.drop_nulls((name, key))).height
    ]
    parts = (
        t("regions.most", name=label, label=plain(first["label"]), part=formats.percent(first[key]))
        for label, first, key in leads
    )
    return t("format.semicolon").join(parts) or t("regions.no_shares")


def largest(stores: pl.DataFrame) -> str:
    """Which store is the largest point, and how much of all points the first ten make."""
    whole = float(stores["value"].sum())
    if not stores.height or whole <= 0:
        return t("regions.no_map")
    ten = formats.percent(float(stores["value"].head(10).sum()) / whole, 0)
    if stores.height <= 10:
        return t("regions.largest", label=plain(stores["label"][0]))
    return t("regions.first_ten", label=plain(stores["label"][0]), part=ten)


def moved(frame: pl.DataFrame, name: str, key: str, than: str) -> str:
    """How many places grew and how many shrank, and which most."""
    stated = frame.drop_nulls((name, "change")).sort("change", descending=True)
    grew = stated.filter(pl.col("change") > 0).height
    if not stated.height:
        return t("regions.nothing_to_compare", name=metric_label(key))
    first = stated.row(0, named=True)
    return t(
        "regions.grew", grew=grew, all=stated.height, than=than, label=plain(first["label"]),
        change=formats.change(key, first["change"]),
    )  # fmt: skip
