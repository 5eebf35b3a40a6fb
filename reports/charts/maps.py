"""A sketch map: lines and points on plain axes, so that nothing is fetched from anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from reports.charts.base import (
    MAIN,
    OTHER,
    QUIET,
    Figure,
    Spec,
    figure,
    numbers,
    pickable,
)

HEIGHT = 420
SMALLEST, LARGEST = 7, 30
"""Pixels across the point of nothing, and of the greatest value."""
_AROUND, _LEAST = 0.12, 4.0
"""Room around the points: a part of what they span, and degrees at least."""


def sketch(outline: pl.DataFrame, frame: pl.DataFrame, chosen: Sequence[str]) -> Figure:
    """Points on outlines, their area by `value`; chosen ones stand out by colour and shape.

    Columns of both: x, y (degrees); of the frame: id (given back on a click), value, text.
    """
    marked = [row in chosen for row in frame["id"]]
    values = [value or 0.0 for value in numbers(frame, "value")]
    greatest = max(values, default=0.0) or 1.0
    lines = {
        "type": "scatter", "mode": "lines", "x": _packed(outline, "x"), "y": _packed(outline, "y"),
        "line": {"color": QUIET, "width": 0.7}, "hoverinfo": "skip",
    }  # fmt: skip
    points = {
        "type": "scatter", "mode": "markers", "x": numbers(frame, "x"), "y": numbers(frame, "y"),
        "customdata": pickable(frame, "text"), "hovertemplate": "%{customdata[1]}<extra></extra>",
        "marker": {
            "size": [_across(value / greatest) for value in values],
            "color": [OTHER if mark else MAIN for mark in marked], "opacity": 0.75,
            "symbol": ["diamond" if mark else "circle" for mark in marked],
        },
        "unselected": {"marker": {"opacity": 0.5}},
    }  # fmt: skip
    middle = _stated(frame, "y")
    north = sum(middle) / len(middle)
    up = {**_span(frame, "y"), "scaleanchor": "x", "scaleratio": 1 / math.cos(math.radians(north))}
    return figure([lines, points], HEIGHT, _span(frame, "x"), up, hovermode="closest",
                  showlegend=False)  # fmt: skip


def _across(part: float) -> float:
    """Pixels across a point whose area, not width, stands for its part of the greatest."""
    return SMALLEST + (LARGEST - SMALLEST) * math.sqrt(max(0.0, part))


def _span(frame: pl.DataFrame, column: str) -> Spec:
    """A bare axis over the points and some land around them."""
    found = _stated(frame, column)
    room = max((max(found) - min(found)) * _AROUND, _LEAST)
    return {"visible": False, "range": [min(found) - room, max(found) + room]}


def _stated(frame: pl.DataFrame, column: str) -> list[float]:
    return [value for value in numbers(frame, column) if value is not None] or [0.0]


def _packed(frame: pl.DataFrame, column: str) -> Any:
    """Thousands of numbers as an array: Plotly would look at every one of a list."""
    return frame[column].cast(pl.Float32).to_numpy()
