"""What all charts share: the marks colours are named by, axes, and the one import of Plotly.

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
from typing import Any, TypeAlias

import plotly.graph_objects as go
import polars as pl

Figure: TypeAlias = go.Figure
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
LINE: Spec = {"type": "line", "line": {"color": QUIET, "width": 1, "dash": "dash"}}
LEGEND: Spec = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}}
IN_ORDER: Spec = {**LEGEND, "traceorder": "normal"}
ROWS: Spec = {"autorange": "reversed", "showgrid": False}
"""An axis of names, read from the top."""


def painted(figure: Figure, theme: str) -> Figure:
    """The figure in the real colours of a theme, `light` or `dark`."""
    spec = str(figure.to_json())
    for mark, colour in zip(MARKS, DARK if theme == "dark" else LIGHT, strict=True):
        spec = spec.replace(mark, colour)
    template = "plotly_dark" if theme == "dark" else "plotly_white"
    clear = {"xaxis": {"ticklabelstandoff": 8}}
    return Figure(json.loads(spec)).update_layout(template=template, **clear)


def figure(data: Sequence[Spec], height: int, xaxis: Spec, yaxis: Spec, **layout: Any) -> Figure:
    """A figure that stays put: dragging inside a chart would keep a phone from scrolling."""
    still = {"fixedrange": True, "automargin": True, "tickfont": {"color": TEXT}}
    frame = {
        "height": height, "dragmode": False, "font": {"color": TEXT},
        "margin": {"l": 0, "r": 8, "t": 28, "b": 0},
        "xaxis": {**still, **xaxis}, "yaxis": {**still, **yaxis},
    }  # fmt: skip
    return Figure({"data": list(data), "layout": {**frame, **layout}})


def scale(
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


def texts(frame: pl.DataFrame, column: str) -> list[str]:
    """Texts as Plotly shows them, which would read markup in a name."""
    return [escape(text or "", quote=False) for text in frame[column]]


def pickable(frame: pl.DataFrame, column: str) -> list[tuple[str, str]]:
    """What a click on each row gives back, its `id` (empty: nothing to pick), and its text."""
    ids = frame["id"] if "id" in frame.columns else [None] * frame.height
    return [(one or "", text) for one, text in zip(ids, texts(frame, column), strict=True)]


def numbers(frame: pl.DataFrame, column: str) -> list[float | None]:
    """Numbers as Plotly reads them: money and counts as floats."""
    return frame[column].cast(pl.Float64).to_list()


def upright(x: float) -> Spec:
    """A line over the whole height."""
    return {**LINE, "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}
