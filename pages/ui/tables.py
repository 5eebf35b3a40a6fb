"""Tables of figures: which columns, how they are written, and rows that can be picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from reports import formats, frames
from reports.i18n import metric_definition, metric_label, t
from warehouse.metrics import METRICS, Unit

TALL, ROW = 17, 35
"""Rows shown without scrolling inside the table, the heading among them; pixels of a row."""
Pick = Callable[[str], None]
HUNDREDTHS = ("change", "points")
"""Columns written as signed per cent, which the front end does not multiply."""
TEXTS = ("places", "sample", "interval")
"""Columns that come as they are read; each says on hover what it is."""
_FORMATS = {
    Unit.MONEY: "¥%,.0f", Unit.AVERAGE_MONEY: "¥%,.1f", Unit.AVERAGE: "%.2f", Unit.COUNT: "%,d",
    Unit.UNITS: "%,.0f",
}  # fmt: skip


def show(
    frame: pl.DataFrame, columns: Sequence[str], heading: str, alt: str, key: str | None = None,
    pick: Pick | None = None, named: str = "store",
) -> None:  # fmt: skip
    """A table of `label` and these columns; `pick` is given the `named` value of a clicked row."""
    shown = frame.select("label", *map(_plain, [c for c in columns if c in frame.columns]))
    config = {"label": st.column_config.TextColumn(heading, pinned=True)}
    config |= {name: _column(name) for name in shown.columns[1:]}
    more: dict[str, Any] = {}
    if pick:
        ids = frame[named].to_list()
        more = {"on_select": partial(_picked, str(key), ids, pick), "selection_mode": "single-row"}
    st.dataframe(
        shown, column_config=config, hide_index=True, placeholder=formats.EMPTY, alt=alt, key=key,
        height="content" if shown.height < TALL else ROW * TALL, **more,
    )  # fmt: skip


def ranking(key: str, others: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table ranked by a figure, the others last."""
    unit = METRICS[key].unit
    share = ("share",) if unit is Unit.MONEY else ()
    change = "points" if unit is Unit.RATIO else "change"
    behind = (name for name in others if name != key)
    return ("rank", key, "interval", "places", "sample", change, "rank_change", *share, *behind)


def _plain(name: str) -> pl.Expr:
    if name in TEXTS:
        return pl.col(name)
    number = pl.col(name).cast(pl.Int64 if name.startswith("rank") else pl.Float64)
    return number * 100 if name in HUNDREDTHS else number


def _picked(key: str, ids: Sequence[str | None], pick: Pick) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    value = ids[rows[0]] if rows else None
    if value is not None:
        pick(value)


def _column(name: str) -> Any:
    """How one column is headed and written."""
    key = name.removesuffix("_compare")
    if name == "sample":
        small = [t("ranking.small")]
        return st.column_config.MultiselectColumn(
            t("column.sample"), help=t("ranking.sample"), options=small, color="gray"
        )
    if name in TEXTS:
        return st.column_config.TextColumn(t(f"column.{name}"), help=t(f"ranking.{name}"))
    if key not in METRICS:
        return st.column_config.NumberColumn(t(f"column.{name}"), format=_OTHERS[name], step=0.001)
    label, unit = metric_label(key), METRICS[key].unit
    if key != name:
        label = t("column.before", name=label)
    if key == "target_attainment":
        return st.column_config.ProgressColumn(
            label, format="percent", max_value=1.5, help=_help(key)
        )
    if unit is Unit.RATIO:
        return st.column_config.NumberColumn(label, format="percent", step=0.001, help=_help(key))
    return st.column_config.NumberColumn(label, format=_FORMATS[unit], help=_help(key))


_OTHERS = {
    "rank": "%d",
    "rank_change": "%+d",
    "share": "percent",
    "change": "%+.1f%%",
    "points": "%+.1f pp",
    "delta": "%+,.0f",
}


def _help(key: str) -> str:
    return metric_definition(key)


def peers(places: pl.DataFrame) -> None:
    """One row a figure: a store, the median of its peers, and how the two relate."""
    own = places.filter("is_own")
    shown = own.select(
        label=frames.written(own, metric_label, "key"),
        value=frames.written(own, formats.figure, "key", "value"),
        median=frames.written(own, formats.figure, "key", "median"),
        ratio=pl.col("ratio"),
    )
    config = {
        "label": st.column_config.TextColumn(t("column.figure")),
        "value": st.column_config.TextColumn(t("column.value")),
        "median": st.column_config.TextColumn(t("peers.median")),
        "ratio": st.column_config.NumberColumn(t("column.ratio"), format="percent", step=0.01),
    }
    st.dataframe(
        shown,
        column_config=config,
        hide_index=True,
        placeholder=formats.EMPTY,
        alt=t("peers.median"),
    )
