"""Charts over time: a line of days, weeks or months, and the hours of a week."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from reports.charts.base import (
    LEGEND,
    MAIN,
    OTHER,
    QUIET,
    ROW_HEIGHT,
    ROWS,
    SHADES,
    TEXT,
    TICKS_X,
    Figure,
    Spec,
    Write,
    figure,
    numbers,
    scale,
    texts,
)


def trend(frame: pl.DataFrame, now: str, before: str, write: Write) -> Figure:
    """A line over time with the aligned line of before, dashed.

    Columns: tick, point (unique), value, before, value_text, before_text.
    """
    points, ticks = texts(frame, "point"), texts(frame, "tick")
    step = max(1, math.ceil(frame.height / TICKS_X))
    lines = [
        _line(frame, "before", before, {"color": QUIET, "dash": "dash", "width": 1.8}),
        _line(frame, "value", now, {"color": MAIN, "width": 2.5}),
    ]
    stated = [line for line in lines if any(y is not None for y in line["y"])]
    across = {"type": "category", "tickvals": points[::step], "ticktext": ticks[::step]}
    up = scale([*numbers(frame, "value"), *numbers(frame, "before")], write)
    legend = {**LEGEND, "traceorder": "reversed"}
    return figure(stated, 300, across, up, hovermode="x unified", legend=legend, showlegend=True)


def _line(frame: pl.DataFrame, column: str, name: str, line: Spec) -> Spec:
    return {
        "type": "scatter", "name": name, "x": texts(frame, "point"), "y": numbers(frame, column),
        "mode": "lines+markers" if frame.height == 1 else "lines", "line": line,
        "customdata": texts(frame, f"{column}_text"), "hovertemplate": "%{customdata}",
    }  # fmt: skip


def heatmap(frame: pl.DataFrame, write: Write) -> Figure:
    """A field for each column and row of a week: the darker, the more.

    Columns: across, across_tick, up, value, text. Rows in the order in which they shall stand.
    """
    columns = frame.select("across", "across_tick").unique(maintain_order=True).sort("across")
    rows = list(dict.fromkeys(texts(frame, "up")))
    found = {(up, across): place for place, (up, across) in enumerate(
        zip(texts(frame, "up"), frame["across"], strict=True)
    )}  # fmt: skip
    values, told = numbers(frame, "value"), texts(frame, "text")
    places = [[found.get((row, column)) for column in columns["across"]] for row in rows]
    fields = {
        "type": "heatmap", "x": columns["across_tick"].to_list(), "y": rows, "xgap": 2, "ygap": 2,
        "z": [[None if place is None else values[place] for place in row] for row in places],
        "customdata": [["" if place is None else told[place] for place in row] for row in places],
        "hovertemplate": "%{customdata}<extra></extra>", "colorscale": SHADES,
        "colorbar": {"thickness": 10, "outlinewidth": 0, **_bar(values, write)},
    }  # fmt: skip
    x_axis = {"type": "category", "showgrid": False}
    return figure([fields], ROW_HEIGHT * len(rows) + 70, x_axis, ROWS)


def _bar(values: Sequence[float | None], write: Write) -> Spec:
    axis = scale(values, write)
    return {
        "tickvals": axis["tickvals"],
        "ticktext": axis["ticktext"],
        "tickfont": {"color": TEXT},
    }


def band(frame: pl.DataFrame, value: str, usual: str, out: str, write: Write) -> Figure:
    """A line over time in the band that is usual; what lies outside stands out.

    Columns: tick, point (unique), value, low, high, text, is_out.
    """
    points, ticks = texts(frame, "point"), texts(frame, "tick")
    step = max(1, math.ceil(frame.height / TICKS_X))
    shared = {"type": "scatter", "x": points}
    edge = {**shared, "mode": "lines", "line": {"width": 0, "color": QUIET}, "hoverinfo": "skip"}
    fill = {"fill": "tonexty", "fillcolor": "rgba(128,128,128,0.22)"}
    odd = [y if is_out else None for y, is_out in zip(numbers(frame, "value"), frame["is_out"],
                                                      strict=True)]  # fmt: skip
    lines: list[Spec] = [
        {**edge, "y": numbers(frame, "low"), "showlegend": False},
        {**edge, **fill, "y": numbers(frame, "high"), "name": usual},
        {**shared, "mode": "lines", "name": value, "y": numbers(frame, "value"),
         "line": {"color": MAIN, "width": 2.2}, "customdata": texts(frame, "text"),
         "hovertemplate": "%{customdata}<extra></extra>"},
        {**shared, "mode": "markers", "name": out, "y": odd, "hoverinfo": "skip",
         "marker": {"color": OTHER, "size": 11, "symbol": "diamond"}},
    ]  # fmt: skip
    across = {"type": "category", "tickvals": points[::step], "ticktext": ticks[::step]}
    up = scale([*numbers(frame, "value"), *numbers(frame, "high")], write)
    return figure(lines, 300, across, up, hovermode="closest", legend=LEGEND, showlegend=True)
