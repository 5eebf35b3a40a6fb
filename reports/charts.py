"""Every chart: a frame in, a Plotly figure out. The only module that knows Plotly.

Colours are named by the marks below, which Streamlit's front end replaces by the viewer's theme,
light or dark, without asking the server; `painted` does the same for a figure drawn elsewhere.
All text, on axes and on hover, comes ready to read in the frame. A figure is put together as one
plain dict and made once: Plotly's update methods would take several times as long.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
import polars as pl

Write = Callable[[float], str]
Spec = dict[str, Any]

MAIN, OTHER, THIRD, FOURTH, QUIET = SERIES = ("#000001", "#000002", "#000003", "#000004", "#000005")
"""The five series of a chart, in order; QUIET is a grey."""
DOWN, UP = "#000021", "#000030"
"""Both ends of the theme's diverging colours: red and green."""
SHADES = [[0.0, "#000011"], [1.0, "#000020"]]
"""The theme's sequential colours, from the background to the strongest."""
TEXT = "#000037"
"""The theme's text colour; Plotly's own is too pale for small figures."""
MARKS = (*SERIES, UP, DOWN, TEXT, "#000011", "#000020")
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#B0578D", "#555555", "#00734F", "#C62828", "#333333",
         "#EAF3FA", "#004B76")  # fmt: skip
DARK = ("#56B4E9", "#E69F00", "#2BC29A", "#E29AC6", "#BDBDBD", "#2BC29A", "#FF8A80", "#E0E0E0",
        "#1C2B36", "#A8D8F5")  # fmt: skip
TICKS_X, TICKS_Y = 6, 4
ROW_HEIGHT = 34


def painted(figure: go.Figure, theme: str) -> go.Figure:
    """The figure in the real colours of a theme, `light` or `dark`."""
    spec = str(figure.to_json())
    for mark, colour in zip(MARKS, DARK if theme == "dark" else LIGHT, strict=True):
        spec = spec.replace(mark, colour)
    return go.Figure(json.loads(spec))


def trend(frame: pl.DataFrame, now: str, before: str, write: Write) -> go.Figure:
    """A line over time with the aligned line of before, dashed.

    Columns: tick, point (unique), value, before, value_text, before_text.
    """
    points, ticks = _texts(frame, "point"), _texts(frame, "tick")
    step = max(1, math.ceil(frame.height / TICKS_X))
    lines = [
        _line(frame, "before", before, {"color": QUIET, "dash": "dash", "width": 1.8}),
        _line(frame, "value", now, {"color": MAIN, "width": 2.5}),
    ]
    stated = [line for line in lines if any(y is not None for y in line["y"])]
    across = {"type": "category", "tickvals": points[::step], "ticktext": ticks[::step]}
    up = _scale([*_numbers(frame, "value"), *_numbers(frame, "before")], write)
    legend = {**_LEGEND, "traceorder": "reversed"}
    return _figure(stated, 300, across, up, hovermode="x unified", legend=legend, showlegend=True)


def _line(frame: pl.DataFrame, column: str, name: str, line: Spec) -> Spec:
    return {
        "type": "scatter", "name": name, "x": _texts(frame, "point"), "y": _numbers(frame, column),
        "mode": "lines+markers" if frame.height == 1 else "lines", "line": line,
        "customdata": _texts(frame, f"{column}_text"), "hovertemplate": "%{customdata}",
    }  # fmt: skip


def waterfall(
    frame: pl.DataFrame, total: str, total_text: str, write: Write, rise: str
) -> go.Figure:
    """What each row added to or took from a change, from nothing to the whole of it.

    Columns: label, delta, delta_text. `rise` is the colour of a rise, green or red.
    """
    up, down = (UP, DOWN) if rise == "green" else (DOWN, UP)
    deltas = [delta or 0.0 for delta in _numbers(frame, "delta")]
    bars = {
        "type": "waterfall", "orientation": "h",
        "y": [*_texts(frame, "label"), escape(total, quote=False)], "x": [*deltas, 0],
        "measure": ["relative"] * frame.height + ["total"],
        "text": [*_texts(frame, "delta_text"), escape(total_text)], "textposition": "outside",
        "cliponaxis": False, "hovertemplate": "%{y}<br>%{text}<extra></extra>",
        "increasing": {"marker": {"color": up}}, "decreasing": {"marker": {"color": down}},
        "totals": {"marker": {"color": QUIET}},
        "connector": {"line": {"color": QUIET, "width": 1, "dash": "dot"}},
    }  # fmt: skip
    reached = [math.fsum(deltas[:place]) for place in range(len(deltas) + 1)]
    height = ROW_HEIGHT * (frame.height + 1) + 60
    return _figure([bars], height, _scale(reached, write, room=0.22), _ROWS, showlegend=False)


def targets(frame: pl.DataFrame, value: str, target: str, write: Write) -> go.Figure:
    """A bar a row with a mark where its target lies.

    Columns: label, value, target, value_text, target_text.
    """
    shared = {"y": _texts(frame, "label"), "hovertemplate": "%{y}<br>%{customdata}<extra></extra>"}
    bars = {
        **shared, "type": "bar", "orientation": "h", "name": value, "width": 0.55,
        "x": _numbers(frame, "value"), "marker": {"color": MAIN},
        "customdata": _texts(frame, "value_text"),
    }  # fmt: skip
    line = {"width": 3, "color": OTHER}
    marks = {
        **shared, "type": "scatter", "mode": "markers", "name": target,
        "x": _numbers(frame, "target"), "customdata": _texts(frame, "target_text"),
        "marker": {"symbol": "line-ns", "size": 20, "color": OTHER, "line": line},
    }  # fmt: skip
    across = _scale([*_numbers(frame, "value"), *_numbers(frame, "target")], write)
    height = ROW_HEIGHT * frame.height + 80
    return _figure([bars, marks], height, across, _ROWS, legend=_LEGEND, showlegend=True)


def scatter(
    frame: pl.DataFrame, across: str, up: str, write_across: Write, write_up: Write,
    median: str, chosen: Sequence[str],
) -> go.Figure:  # fmt: skip
    """A point a row, with the medians as lines named so; chosen rows stand out by colour and size.

    Columns: id (given back on a click), label, x, y, text.
    """
    marked = [row in chosen for row in frame["id"]]
    points = {
        "type": "scatter", "mode": "markers", "x": _numbers(frame, "x"), "y": _numbers(frame, "y"),
        "customdata": list(zip(frame["id"], _texts(frame, "text"), strict=True)),
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
    return _figure(
        [points], 380, _titled(frame, "x", across, write_across), _titled(frame, "y", up, write_up),
        hovermode="closest", showlegend=False, **lines,
    )  # fmt: skip


def _titled(frame: pl.DataFrame, column: str, title: str, write: Write) -> Spec:
    """An axis that need not start at zero, since nothing on it is a length."""
    return {
        **_scale(_numbers(frame, column), write, from_zero=False),
        "title": {"text": title, "font": {"color": TEXT}},
    }


def _medians(frame: pl.DataFrame, across: Write, up: Write) -> Spec:
    """Both medians as lines over the whole width and height, their value at the far end."""
    x, y = frame["x"].median(), frame["y"].median()
    if not isinstance(x, (int, float)) or not isinstance(y, (int, float)):
        return {}
    top = {"xref": "x", "yref": "paper", "x": x, "y": 1, "text": across(x)}
    right = {"xref": "paper", "yref": "y", "x": 1, "y": y, "xanchor": "right", "text": up(y)}
    return {
        "shapes": [_upright(x), {**_LINE, "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}],
        "annotations": [{**text, "yanchor": "bottom", "showarrow": False} for text in (top, right)],
    }


def _upright(x: float) -> Spec:
    """A line over the whole height."""
    return {**_LINE, "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}


def strip(frame: pl.DataFrame, own: str, others: str) -> go.Figure:
    """A row a figure: everyone's place relative to the median of the peers, the own one marked.

    Columns: row, ratio, is_own, text.
    """
    rows = list(dict.fromkeys(_texts(frame, "row")))
    points = [
        _places(frame.filter(~pl.col("is_own")), others,
                {"color": QUIET, "size": 9, "opacity": 0.45, "symbol": "circle"}),
        _places(frame.filter(pl.col("is_own")), own,
                {"color": OTHER, "size": 14, "symbol": "diamond"}),
    ]  # fmt: skip
    up = {**_ROWS, "autorange": None, "categoryorder": "array", "categoryarray": rows[::-1]}
    return _figure(
        points, ROW_HEIGHT * len(rows) + 100, {"tickformat": ".0%", "zeroline": False}, up,
        hovermode="closest", legend=_LEGEND, showlegend=True, shapes=[_upright(1)],
    )  # fmt: skip


def _places(frame: pl.DataFrame, name: str, marker: Spec) -> Spec:
    return {
        "type": "scatter", "mode": "markers", "name": escape(name, quote=False), "marker": marker,
        "x": _numbers(frame, "ratio"), "y": _texts(frame, "row"),
        "customdata": _texts(frame, "text"), "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def heatmap(frame: pl.DataFrame, write: Write) -> go.Figure:
    """A field for each column and row of a week: the darker, the more.

    Columns: across, across_tick, up, value, text. Rows in the order in which they shall stand.
    """
    columns = frame.select("across", "across_tick").unique(maintain_order=True).sort("across")
    rows = list(dict.fromkeys(_texts(frame, "up")))
    found = {(up, across): place for place, (up, across) in enumerate(
        zip(_texts(frame, "up"), frame["across"], strict=True)
    )}  # fmt: skip
    values, texts = _numbers(frame, "value"), _texts(frame, "text")
    places = [[found.get((row, column)) for column in columns["across"]] for row in rows]
    fields = {
        "type": "heatmap", "x": columns["across_tick"].to_list(), "y": rows, "xgap": 2, "ygap": 2,
        "z": [[None if place is None else values[place] for place in row] for row in places],
        "customdata": [["" if place is None else texts[place] for place in row] for row in places],
        "hovertemplate": "%{customdata}<extra></extra>", "colorscale": SHADES,
        "colorbar": {"thickness": 10, "outlinewidth": 0, **_bar(values, write)},
    }  # fmt: skip
    x_axis = {"type": "category", "showgrid": False}
    return _figure([fields], ROW_HEIGHT * len(rows) + 70, x_axis, _ROWS)


def _bar(values: Sequence[float | None], write: Write) -> Spec:
    scale = _scale(values, write)
    return {
        "tickvals": scale["tickvals"],
        "ticktext": scale["ticktext"],
        "tickfont": {"color": TEXT},
    }


_LINE: Spec = {"type": "line", "line": {"color": QUIET, "width": 1, "dash": "dash"}}
_LEGEND: Spec = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}}
_ROWS: Spec = {"autorange": "reversed", "showgrid": False}
"""An axis of names, read from the top."""


def _figure(
    data: Sequence[Spec], height: int, xaxis: Spec, yaxis: Spec, **layout: Any
) -> go.Figure:
    """A figure that stays put: dragging inside a chart would keep a phone from scrolling."""
    still = {"fixedrange": True, "automargin": True, "tickfont": {"color": TEXT}}
    frame = {
        "height": height, "dragmode": False, "font": {"color": TEXT},
        "margin": {"l": 0, "r": 8, "t": 28, "b": 0},
        "xaxis": {**still, **xaxis}, "yaxis": {**still, **yaxis},
    }  # fmt: skip
    return go.Figure({"data": list(data), "layout": {**frame, **layout}})


def _scale(
    values: Sequence[float | None], write: Write, room: float = 0.06, from_zero: bool = True
) -> Spec:
    """An axis with few round ticks, written as the viewer's language writes numbers."""
    stated = [value for value in values if value is not None] or [0.0]
    stated += [0.0] if from_zero else []
    low, high = min(stated), max(stated)
    step = _round_step((high - low) / TICKS_Y)
    ticks = [step * place for place in range(math.floor(low / step), math.ceil(high / step) + 1)]
    space = (high - low or 1.0) * room
    return {
        "tickvals": ticks, "ticktext": [write(tick) for tick in ticks],
        "range": [low - space if low else 0, high + space],
    }  # fmt: skip


def _round_step(size: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if size <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(size))
    return next(float(step * power) for step in (1, 2, 2.5, 5, 10) if step * power >= size)


def _texts(frame: pl.DataFrame, column: str) -> list[str]:
    """Texts as Plotly shows them, which would read markup in a name."""
    return [escape(text or "", quote=False) for text in frame[column]]


def _numbers(frame: pl.DataFrame, column: str) -> list[float | None]:
    return frame[column].cast(pl.Float64).to_list()
