"""Parts of a whole: who makes what of it, who gains and who loses, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reports.charts.base import (
    DOWN,
    FOURTH,
    IN_ORDER,
    MAIN,
    OTHER,
    QUIET,
    ROW_HEIGHT,
    ROWS,
    TEXT,
    THIRD,
    UP,
    Figure,
    Spec,
    Write,
    figure,
    numbers,
    scale,
    texts,
)

_COLOURS = (MAIN, OTHER, QUIET, THIRD, FOURTH)
_PATTERNS = ("", "/", ".", "x", "-")


def ranks(frame: pl.DataFrame, write: Write) -> Figure:
    """A bar a row, what it stands for written at its end.

    Columns: label, value, value_text.
    """
    bars = {**_bars(frame), "marker": {"color": MAIN}}
    across = scale(numbers(frame, "value"), write, room=0.3)
    return figure([bars], ROW_HEIGHT * frame.height + 50, across, ROWS, showlegend=False)


def gains(frame: pl.DataFrame, write: Write, rise: str) -> Figure:
    """A bar a row to the right for a gain and to the left for a loss; `rise` is the colour of a
    gain, green or red.

    Columns: label, value, value_text.
    """
    up, down = (UP, DOWN) if rise == "green" else (DOWN, UP)
    values = [value or 0.0 for value in numbers(frame, "value")]
    bars = {**_bars(frame), "marker": {"color": [up if value > 0 else down for value in values]}}
    spread = max(map(abs, values), default=0.0)
    across = scale([-spread, spread], write, room=0.4)
    return figure([bars], ROW_HEIGHT * frame.height + 50, across, ROWS, showlegend=False)


def _bars(frame: pl.DataFrame) -> Spec:
    return {
        "type": "bar", "orientation": "h", "y": texts(frame, "label"), "width": 0.62,
        "x": numbers(frame, "value"), "text": texts(frame, "value_text"),
        "textposition": "outside", "cliponaxis": False, "textfont": {"color": TEXT},
        "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }  # fmt: skip


def shares(frame: pl.DataFrame, series: Sequence[tuple[str, str]], write: Write) -> Figure:
    """A bar a row, divided among the series: columns of shares with their names.

    Columns: label, and of each series its share and `<series>_text`.
    """
    bars = [
        {
            "type": "bar", "orientation": "h", "y": texts(frame, "label"), "width": 0.62,
            "name": name, "x": numbers(frame, column), "customdata": texts(frame, f"{column}_text"),
            "marker": {"color": _COLOURS[place], "pattern": {"shape": _PATTERNS[place]}},
            "hovertemplate": "%{y}<br>%{customdata}<extra></extra>",
        }
        for place, (column, name) in enumerate(series)
    ]  # fmt: skip
    return figure(bars, ROW_HEIGHT * frame.height + 80, scale([1.0], write, room=0.0), ROWS,
                  barmode="stack", legend=IN_ORDER, showlegend=True)  # fmt: skip


def spread(frame: pl.DataFrame, usual: str, small: str, chosen: str, write: Write) -> Figure:
    """A row a place: where half of its people lie as a box, and each of them as a point; hollow
    where the sample is small, a diamond for the chosen one.

    Columns: row, id (given back on a click), value, text, is_small, is_chosen.
    """
    rows = list(dict.fromkeys(texts(frame, "row")))
    boxes = {
        "type": "box", "orientation": "h", "y": texts(frame, "row"), "x": numbers(frame, "value"),
        "boxpoints": False, "line": {"color": QUIET, "width": 1.2}, "hoverinfo": "skip",
        "fillcolor": "rgba(128,128,128,0.15)", "showlegend": False, "width": 0.6,
    }  # fmt: skip
    plain = frame.filter(~pl.col("is_small"), ~pl.col("is_chosen"))
    points = [
        _people(plain, usual, {"color": MAIN, "size": 9, "opacity": 0.75}),
        _people(frame.filter("is_small", ~pl.col("is_chosen")), small,
                {"color": QUIET, "size": 9, "symbol": "circle-open"}),
        _people(frame.filter("is_chosen"), chosen,
                {"color": OTHER, "size": 15, "symbol": "diamond"}),
    ]  # fmt: skip
    up = {"showgrid": False, "categoryorder": "array", "categoryarray": rows[::-1]}
    return figure([boxes, *points], ROW_HEIGHT * len(rows) + 90,
                  scale(numbers(frame, "value"), write), up, hovermode="closest",
                  legend=IN_ORDER, showlegend=True)  # fmt: skip


def _people(frame: pl.DataFrame, name: str, marker: Spec) -> Spec:
    return {
        "type": "scatter", "mode": "markers", "name": name, "marker": marker,
        "x": numbers(frame, "value"), "y": texts(frame, "row"),
        "customdata": list(zip(frame["id"], texts(frame, "text"), strict=True)),
        "hovertemplate": "%{customdata[1]}<extra></extra>", "visible": frame.height > 0,
        "unselected": {"marker": {"opacity": 0.5}},
    }  # fmt: skip
