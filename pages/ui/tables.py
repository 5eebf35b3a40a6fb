"""Tables: which columns, how a page shows them, and rows that can be picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from reports import columns as kinds
from reports import formats, frames, paper
from reports.i18n import metric_label, t
from reports.paper import Column, Made
from warehouse.metrics import METRICS, Unit

TALL, ROW = 17, 35
"""Rows shown without scrolling inside the table, the heading among them; pixels of a row."""
MOST_ROWS = 500
"""Rows of a table sent to the browser; an export has them all."""
Pick = Callable[[str], None]
OPEN, HISTORY = "open", "history"


def show(
    frame: pl.DataFrame, columns: Sequence[str], heading: str, alt: str, key: str | None = None,
    pick: Pick | None = None, named: str = "store", opens: Pick | None = None,
    made: Made = paper.as_it_is,
) -> None:  # fmt: skip
    """A table of `label` and those of these columns it has; `pick` is given the `named` value of
    a clicked row, `opens` that of the row whose "open" was clicked. `made` adds to rows what takes
    long for many."""
    known = made(frame.head(1)).columns
    stated = {name: kinds.column(name) for name in columns if name in known}
    draw(frame, {"label": Column(heading), **stated}, alt, key, pick, named, opens, made)


def draw(
    frame: pl.DataFrame, columns: Mapping[str, Column], alt: str, key: str | None = None,
    pick: Pick | None = None, named: str = "store", opens: Pick | None = None,
    made: Made = paper.as_it_is,
) -> None:  # fmt: skip
    """A table of these columns, noted for exports in exact values: every table is drawn here."""
    if not paper.record(paper.Table(alt, frame, _in_files(frame, columns), made)):
        return
    rows = made(frame.head(MOST_ROWS))
    more: dict[str, Any] = {}
    if pick:
        ids = rows[named].to_list()
        more = {"on_select": partial(_picked, str(key), ids, pick), "selection_mode": "single-row"}
    cells = {name: _cells(rows, name, one) for name, one in columns.items()}
    config = {name: _config(one, name == next(iter(columns))) for name, one in columns.items()}
    if opens:
        button = pl.when(pl.col(named).is_not_null()).then(pl.lit(t("drill.button")))
        cells[OPEN] = rows.select(button).to_series()
        config[OPEN] = _opening(f"{key}_{OPEN}", rows[named].to_list(), opens)
    first, *others = columns
    order = [first, *([OPEN] if opens else []), *others]
    st.dataframe(
        rows.select(**{name: cells[name] for name in order}), column_config=config,
        hide_index=True, placeholder=formats.EMPTY, alt=alt, key=key,
        height="content" if rows.height < TALL else ROW * TALL, **more,
    )  # fmt: skip
    if frame.height > MOST_ROWS:
        st.caption(
            t("table.cut", shown=formats.decimal(rows.height), all=formats.decimal(frame.height))
        )


def _in_files(frame: pl.DataFrame, columns: Mapping[str, Column]) -> dict[str, Column]:
    """What a file has of these columns: no sparklines, and a day as the date it is (`on`)."""
    kept = {name: one for name, one in columns.items() if one.kind != HISTORY}
    if "label" not in kept or "on" not in frame.columns:
        return kept
    return {"on": replace(kept.pop("label"), kind="day"), **kept}


def ranking(key: str, others: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table ranked by a figure, the others last."""
    unit = METRICS[key].unit
    share = ("share",) if unit is Unit.MONEY else ()
    change = "points" if unit is Unit.RATIO else "change"
    behind = (name for name in others if name != key)
    return ("rank", key, "interval", "places", "sample", change, "rank_change", *share, *behind)


def _cells(rows: pl.DataFrame, name: str, column: Column) -> pl.Series:
    """A column as the front end wants it: numbers, or text where the front end cannot write it."""
    values = rows[name]
    if column.kind in ("text", "marks", HISTORY):
        return values
    if column.kind.startswith("figure"):
        return frames.written(rows, partial(kinds.written, column), name, "key")
    if not (kind := kinds.kind(column)).page:
        return frames.written(rows, partial(kinds.written, column), name)
    number = values.cast(pl.Int64 if column.kind.startswith("rank") else pl.Float64)
    return number * 100 if kind.in_hundredths else number


def _opening(key: str, ids: Sequence[str | None], opens: Pick) -> Any:
    """A column of buttons, one a row."""

    def clicked() -> None:
        value = ids[st.session_state[key]["row"]]
        if value is not None:
            opens(value)

    return st.column_config.ButtonColumn("", key=key, on_click=clicked, type="tertiary")


def _picked(key: str, ids: Sequence[str | None], pick: Pick) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    value = ids[rows[0]] if rows else None
    if value is not None:
        pick(value)


def _config(column: Column, is_first: bool) -> Any:
    """What Streamlit calls a column."""
    told: dict[str, Any] = {"help": column.note or None, "pinned": is_first or None}
    if column.kind == "marks":
        small = [t("ranking.small")]
        return st.column_config.MultiselectColumn(
            column.heading, options=small, color="gray", **told
        )
    if column.kind == HISTORY:
        return st.column_config.AreaChartColumn(column.heading, color="blue", **told)
    page = "" if column.kind.startswith("figure") else kinds.kind(column).page
    if not page:
        return st.column_config.TextColumn(column.heading, **told)
    if column.kind == "attainment":
        return st.column_config.ProgressColumn(column.heading, format=page, max_value=1.5, **told)
    step = 0.001 if page == "percent" else None
    return st.column_config.NumberColumn(column.heading, format=page, step=step, **told)


def peers(places: pl.DataFrame) -> None:
    """One row a figure: a store, the median of its peers, and how the two relate."""
    own = places.filter("is_own")
    columns = {
        "label": Column(t("column.figure")),
        "value": Column(t("column.value"), "figure"),
        "median": Column(t("peers.median"), "figure"),
        "ratio": Column(t("column.ratio"), "ratio"),
    }
    named = own.with_columns(label=frames.written(own, metric_label, "key"))
    draw(named, columns, t("peers.median"))
