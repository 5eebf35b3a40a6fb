"""Bars: what moved a figure, and figures against their targets."""

from __future__ import annotations

import math
from html import escape

import polars as pl

from reports.charts.base import (
    DOWN,
    LEGEND,
    MAIN,
    OTHER,
    QUIET,
    ROW_HEIGHT,
    ROWS,
    UP,
    Figure,
    Write,
    figure,
    numbers,
    pickable,
    scale,
    texts,
)


def waterfall(frame: pl.DataFrame, total: str, total_text: str, write: Write, rise: str) -> Figure:
    """What each row added to or took from a change, from nothing to the whole of it.

    Columns: label, delta, delta_text; id (given back on a click) where there is one. `rise` is the
    colour of a rise, green or red.
    """
    up, down = (UP, DOWN) if rise == "green" else (DOWN, UP)
    deltas = [delta or 0.0 for delta in numbers(frame, "delta")]
    bars = {
        "type": "waterfall", "orientation": "h",
        "y": [*texts(frame, "label"), escape(total, quote=False)], "x": [*deltas, 0],
        "measure": ["relative"] * frame.height + ["total"],
        "text": [*texts(frame, "delta_text"), escape(total_text)], "textposition": "outside",
        "customdata": [*pickable(frame, "delta_text"), ("", "")],
        "cliponaxis": False, "hovertemplate": "%{y}<br>%{text}<extra></extra>",
        "increasing": {"marker": {"color": up}}, "decreasing": {"marker": {"color": down}},
        "totals": {"marker": {"color": QUIET}},
        "connector": {"line": {"color": QUIET, "width": 1, "dash": "dot"}},
    }  # fmt: skip
    reached = [math.fsum(deltas[:place]) for place in range(len(deltas) + 1)]
    height = ROW_HEIGHT * (frame.height + 1) + 60
    return figure([bars], height, scale(reached, write, room=0.22), ROWS, showlegend=False)


def targets(frame: pl.DataFrame, value: str, target: str, write: Write) -> Figure:
    """A bar a row with a mark where its target lies.

    Columns: label, value, target, value_text, target_text; id (given back on a click) where there
    is one.
    """
    told = "%{y}<br>%{customdata[1]}<extra></extra>"
    shared = {"y": texts(frame, "label"), "hovertemplate": told}
    bars = {
        **shared, "type": "bar", "orientation": "h", "name": value, "width": 0.55,
        "x": numbers(frame, "value"), "marker": {"color": MAIN},
        "customdata": pickable(frame, "value_text"),
    }  # fmt: skip
    line = {"width": 3, "color": OTHER}
    marks = {
        **shared, "type": "scatter", "mode": "markers", "name": target,
        "x": numbers(frame, "target"), "customdata": pickable(frame, "target_text"),
        "marker": {"symbol": "line-ns", "size": 20, "color": OTHER, "line": line},
    }  # fmt: skip
    across = scale([*numbers(frame, "value"), *numbers(frame, "target")], write)
    height = ROW_HEIGHT * frame.height + 80
    return figure([bars, marks], height, across, ROWS, legend=LEGEND, showlegend=True)
