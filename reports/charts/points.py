"""Points: one thing each, by two figures or along one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import polars as pl

from reports.charts.base import (
    LEGEND,
    LINE,
    MAIN,
    OTHER,
    QUIET,
    ROW_HEIGHT,
    ROWS,
    SERIES,
    TEXT,
    Figure,
    Spec,
    Write,
    figure,
    numbers,
    pickable,
    scale,
    texts,
    upright,
)


def scatter(
    frame: pl.DataFrame, across: str, up: str, write_across: Write, write_up: Write,
    median: str, chosen: Sequence[str],
) -> Figure:  # fmt: skip
    """A point a row, with the medians as lines named so; chosen rows stand out by colour and size.

    Columns: id (given back on a click), label, x, y, text, and in each row x_median and y_median.
    """
    marked = [row in chosen for row in frame["id"]]
    points = {
        "type": "scatter", "mode": "markers", "x": numbers(frame, "x"), "y": numbers(frame, "y"),
        "customdata": list(zip(frame["id"], texts(frame, "text"), strict=True)),
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "marker": {
            "size": [15 if mark else 10 for mark in marked], "opacity": 0.85,
            "color": [OTHER if mark else MAIN for mark in marked],
            "symbol": ["diamond" if mark else "circle" for mark in marked],
        },
        "unselected": {"marker": {"opacity": 0.5}},
    }  # fmt: skip
    lines = _medians(
        frame, lambda x: f"{median} {write_across(x)}", lambda y: f"{median} {write_up(y)}"
    )
    return figure(
        [points], 380, _titled(frame, "x", across, write_across), _titled(frame, "y", up, write_up),
        hovermode="closest", showlegend=False, **lines,
    )  # fmt: skip


def _titled(frame: pl.DataFrame, column: str, title: str, write: Write) -> Spec:
    """An axis that need not start at zero, since nothing on it is a length."""
    return {
        **scale(numbers(frame, column), write, from_zero=False),
        "title": {"text": title, "font": {"color": TEXT}},
    }


def _medians(frame: pl.DataFrame, across: Write, up: Write) -> Spec:
    """Both medians as lines over the whole width and height, their value at the far end."""
    x, y = frame["x_median"].first(), frame["y_median"].first()
    if not isinstance(x, (int, float)) or not isinstance(y, (int, float)):
        return {}
    top = {"xref": "x", "yref": "paper", "x": x, "y": 1, "text": across(x)}
    right = {"xref": "paper", "yref": "y", "x": 1, "y": y, "xanchor": "right", "text": up(y)}
    return {
        "shapes": [upright(x), {**LINE, "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}],
        "annotations": [{**text, "yanchor": "bottom", "showarrow": False} for text in (top, right)],
    }


def strip(frame: pl.DataFrame, own: str, others: str) -> Figure:
    """A row a figure: everyone's place relative to the median of the peers, the own one marked.

    Columns: row, ratio, is_own, text.
    """
    rows = list(dict.fromkeys(texts(frame, "row")))
    points = [
        _places(frame.filter(~pl.col("is_own")), others,
                {"color": QUIET, "size": 9, "opacity": 0.45, "symbol": "circle"}),
        _places(frame.filter(pl.col("is_own")), own,
                {"color": OTHER, "size": 14, "symbol": "diamond"}),
    ]  # fmt: skip
    up = {**ROWS, "autorange": None, "categoryorder": "array", "categoryarray": rows[::-1]}
    return figure(
        points, ROW_HEIGHT * len(rows) + 100, {"tickformat": ".0%", "zeroline": False}, up,
        hovermode="closest", legend=LEGEND, showlegend=True, shapes=[upright(1)],
    )  # fmt: skip


def dots(frame: pl.DataFrame, series: Sequence[tuple[str, str]], write: Write) -> Figure:
    """A row a place: a point for each series, a column of shares with its name.

    Columns: label, id (given back on a click), and of each series its share and `<series>_text`.
    """
    points = [
        {
            "type": "scatter", "mode": "markers", "name": name, "x": numbers(frame, column),
            "y": texts(frame, "label"), "customdata": pickable(frame, f"{column}_text"),
            "hovertemplate": "%{y}<br>%{customdata[1]}<extra></extra>",
            "marker": {"color": SERIES[place], "symbol": _SYMBOLS[place], "size": 12},
        }
        for place, (column, name) in enumerate(series)
    ]  # fmt: skip
    every = [value for column, _ in series for value in numbers(frame, column)]
    return figure(points, ROW_HEIGHT * frame.height + 130, scale(every, write), ROWS,
                  hovermode="closest", legend=LEGEND, showlegend=True)  # fmt: skip


_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")


def _places(frame: pl.DataFrame, name: str, marker: Spec) -> Spec:
    return {
        "type": "scatter", "mode": "markers", "name": escape(name, quote=False), "marker": marker,
        "x": numbers(frame, "ratio"), "y": texts(frame, "row"),
        "customdata": texts(frame, "text"), "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
