"""Journeys: how many reach each step, how that changes, and how long it takes.

What is not decided yet, since windows are still open, is hatched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from reports.charts.base import (
    FOURTH,
    IN_ORDER,
    MAIN,
    OTHER,
    QUIET,
    ROW_HEIGHT,
    ROWS,
    TEXT,
    THIRD,
    TICKS_X,
    Figure,
    Spec,
    Write,
    figure,
    numbers,
    scale,
    texts,
)

_COLOURS = (MAIN, OTHER, THIRD, FOURTH, QUIET)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_MARKS = ("circle", "square", "diamond", "triangle-up", "x")
_OPEN = {"shape": "/", "fgcolor": QUIET, "bgcolor": "rgba(0,0,0,0)", "size": 6, "solidity": 0.35}


def ladder(frame: pl.DataFrame, decided: str, still_open: str, write: Write) -> Figure:
    """A bar a step of what reached it; hatched behind it what did so with its window still open.

    Columns: label, value, open, text (at the end of the bar), value_text, open_text, and
    is_beside for a step that is counted beside the chain: it is paler.
    """
    rows = texts(frame, "label")
    shared = {
        "type": "bar", "orientation": "h", "y": rows, "width": 0.62,
        "hovertemplate": "%{y}<br>%{customdata}<extra></extra>",
    }  # fmt: skip
    paler = [0.5 if beside else 1.0 for beside in frame["is_beside"]]
    solid = {
        **shared, "name": decided, "x": numbers(frame, "value"),
        "marker": {"color": MAIN, "opacity": paler}, "customdata": texts(frame, "value_text"),
    }  # fmt: skip
    hatched = {
        **shared, "name": still_open, "x": numbers(frame, "open"), "marker": _hatched(),
        "customdata": texts(frame, "open_text"), "text": texts(frame, "text"),
        "textposition": "outside", "cliponaxis": False, "textfont": {"color": TEXT},
    }  # fmt: skip
    ends = [(one or 0) + (other or 0) for one, other in frame.select("value", "open").iter_rows()]
    across, is_open = scale(ends, write, room=0.32), any(numbers(frame, "open"))
    return figure([solid, hatched], ROW_HEIGHT * frame.height + 80, across, ROWS,
                  barmode="stack", legend=IN_ORDER, showlegend=is_open)  # fmt: skip


def _hatched() -> Spec:
    return {"pattern": _OPEN, "color": "rgba(0,0,0,0)", "line": {"color": QUIET, "width": 1}}


def rates(
    frame: pl.DataFrame, series: Sequence[tuple[str, str]], decided: str, still_open: str,
    write: Write, write_count: Write,
) -> Figure:  # fmt: skip
    """A line a step over weeks or windows, and below it how many entries there are, the open ones
    hatched. `series` are columns of rates with their names, `<column>_text` beside each.

    Columns: tick, point (unique), entries, immature, entries_text, immature_text, and the series.
    """
    points, ticks = texts(frame, "point"), texts(frame, "tick")
    step = max(1, math.ceil(frame.height / TICKS_X))
    lines = [_rate(frame, *one, place) for place, one in enumerate(series)]
    bars = [
        _entries(frame, "entries", decided, {"color": QUIET}),
        _entries(frame, "immature", still_open, _hatched()),
    ]
    every = [value for column, _ in series for value in numbers(frame, column)]
    counted = [sum(pair) for pair in frame.select("entries", "immature").iter_rows()]
    across = {"type": "category", "tickvals": points[::step], "ticktext": ticks[::step],
              "anchor": "y2"}  # fmt: skip
    below = {**scale(counted, write_count), "domain": [0, 0.24], "fixedrange": True,
             "automargin": True, "tickfont": {"color": TEXT}}  # fmt: skip
    below |= {key: below[key][-2:-1] or below[key] for key in ("tickvals", "ticktext")}
    up = {**scale(every, write), "domain": [0.34, 1]}
    return figure([*lines, *bars], 380, across, up, yaxis2=below, barmode="stack",
                  hovermode="x unified", legend=IN_ORDER, showlegend=True)  # fmt: skip


def _rate(frame: pl.DataFrame, column: str, name: str, place: int) -> Spec:
    colour = _COLOURS[place]
    return {
        "type": "scatter", "name": name, "x": texts(frame, "point"), "y": numbers(frame, column),
        "mode": "lines+markers", "line": {"color": colour, "width": 2.2, "dash": _DASHES[place]},
        "marker": {"color": colour, "size": 7, "symbol": _MARKS[place]},
        "customdata": texts(frame, f"{column}_text"), "hovertemplate": "%{customdata}",
    }  # fmt: skip


def _entries(frame: pl.DataFrame, column: str, name: str, marker: Spec) -> Spec:
    return {
        "type": "bar", "name": name, "x": texts(frame, "point"), "y": numbers(frame, column),
        "yaxis": "y2", "marker": marker, "customdata": texts(frame, f"{column}_text"),
        "hovertemplate": "%{customdata}",
    }  # fmt: skip


def durations(frame: pl.DataFrame, half: str, most: str, write: Write) -> Figure:
    """A row a step: by when half of those that reach it do, and by when nine in ten.

    Columns: label, median, p90 (in the unit of the axis), median_text, p90_text.
    """
    rows = texts(frame, "label")
    spans = {
        "type": "bar", "orientation": "h", "y": rows, "base": numbers(frame, "median"),
        "x": frame.select(pl.col("p90") - pl.col("median")).to_series().to_list(), "width": 0.12,
        "marker": {"color": QUIET}, "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    ends = [
        _end(frame, "median", half, {"color": MAIN, "size": 14, "symbol": "circle"}),
        _end(frame, "p90", most, {"color": OTHER, "size": 13, "symbol": "diamond"}),
    ]
    across = scale(numbers(frame, "p90"), write)
    return figure([spans, *ends], ROW_HEIGHT * frame.height + 90, across, ROWS,
                  hovermode="closest", legend=IN_ORDER, showlegend=True)  # fmt: skip


def _end(frame: pl.DataFrame, column: str, name: str, marker: Spec) -> Spec:
    return {
        "type": "scatter", "mode": "markers", "name": name, "marker": marker,
        "x": numbers(frame, column), "y": texts(frame, "label"),
        "customdata": texts(frame, f"{column}_text"), "cliponaxis": False,
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
