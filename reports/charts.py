"""Every chart: a frame in, a Plotly figure out. The only module that knows Plotly.

Colours are named by the marks below, which Streamlit's front end replaces by the viewer's theme,
light or dark, without asking the server; `painted` does the same for a figure drawn elsewhere.
All text, on axes and on hover, comes ready to read in the frame.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from html import escape

import plotly.graph_objects as go
import polars as pl
from plotly import io

Write = Callable[[float], str]
MAIN, OTHER, THIRD, FOURTH, QUIET = SERIES = ("#000001", "#000002", "#000003", "#000004", "#000005")
"""The five series of a chart, in order; QUIET is a grey."""
UP, DOWN = "#000032", "#000033"
"""The theme's green and red."""
TEXT = "#000037"
"""The theme's text colour; Plotly's own is too pale for small figures."""
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#B0578D", "#555555", "#00734F", "#C62828", "#333333")
DARK = ("#56B4E9", "#E69F00", "#2BC29A", "#E29AC6", "#BDBDBD", "#2BC29A", "#FF8A80", "#E0E0E0")
TICKS_X, TICKS_Y = 6, 4
ROW_HEIGHT = 34


def painted(figure: go.Figure, theme: str) -> go.Figure:
    """The figure in the real colours of a theme, `light` or `dark`."""
    spec = json.dumps(figure.to_plotly_json(), default=list)
    for mark, colour in zip((*SERIES, UP, DOWN, TEXT), DARK if theme == "dark" else LIGHT, strict=True):
        spec = spec.replace(mark, colour)
    return io.from_json(spec, skip_invalid=True)


def trend(frame: pl.DataFrame, now: str, before: str, write: Write) -> go.Figure:
    """A line over time with the aligned line of before, dashed.

    Columns: tick, point (unique), value, before, value_text, before_text.
    """
    figure = _figure(300)
    for column, name, colour, dash in (("before", before, QUIET, "dash"), ("value", now, MAIN, "solid")):
        if frame[column].null_count() < frame.height:
            figure.add_scatter(
                x=_texts(frame, "point"), y=_numbers(frame, column), name=name,
                mode="lines+markers" if frame.height == 1 else "lines",
                line={"color": colour, "dash": dash, "width": 2.5 if column == "value" else 1.8},
                customdata=_texts(frame, f"{column}_text"), hovertemplate="%{customdata}",
            )  # fmt: skip
    step = max(1, math.ceil(frame.height / TICKS_X))
    figure.update_xaxes(
        type="category", showgrid=False,
        tickvals=_texts(frame, "point")[::step], ticktext=_texts(frame, "tick")[::step],
    )  # fmt: skip
    _axis(figure.layout.yaxis, [*_numbers(frame, "value"), *_numbers(frame, "before")], write)
    return figure.update_layout(
        hovermode="x unified", legend={**_legend(), "traceorder": "reversed"}, showlegend=True
    )


def waterfall(frame: pl.DataFrame, total: str, total_text: str, write: Write, rise: str) -> go.Figure:
    """What each row added to or took from a change, from nothing to the whole of it.

    Columns: label, delta, delta_text. `rise` is the colour of a rise, green or red.
    """
    up, down = (UP, DOWN) if rise == "green" else (DOWN, UP)
    deltas = _numbers(frame, "delta")
    figure = _figure(ROW_HEIGHT * (frame.height + 1) + 60)
    figure.add_waterfall(
        orientation="h",
        y=[*_texts(frame, "label"), total], x=[*deltas, 0],
        measure=["relative"] * frame.height + ["total"],
        text=[*_texts(frame, "delta_text"), escape(total_text)],
        textposition="outside", cliponaxis=False,
        hovertemplate="%{y}<br>%{text}<extra></extra>",
        increasing={"marker": {"color": up}}, decreasing={"marker": {"color": down}},
        totals={"marker": {"color": QUIET}},
        connector={"line": {"color": QUIET, "width": 1, "dash": "dot"}},
    )  # fmt: skip
    sums = [0.0]
    for delta in deltas:
        sums.append(sums[-1] + delta)
    _axis(figure.layout.xaxis, sums, write, room=0.22)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_layout(showlegend=False)


def targets(frame: pl.DataFrame, value: str, target: str, write: Write) -> go.Figure:
    """A bar a row with a marker where its target lies.

    Columns: label, value, target, value_text, target_text.
    """
    labels = _texts(frame, "label")
    figure = _figure(ROW_HEIGHT * frame.height + 80)
    figure.add_bar(
        orientation="h", y=labels, x=_numbers(frame, "value"), name=value, marker={"color": MAIN},
        width=0.55, customdata=_texts(frame, "value_text"),
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        y=labels, x=_numbers(frame, "target"), name=target, mode="markers",
        marker={"symbol": "line-ns", "size": 20, "color": OTHER, "line": {"width": 3, "color": OTHER}},
        customdata=_texts(frame, "target_text"),
        hovertemplate="%{y}<br>%{customdata}<extra></extra>",
    )
    _axis(figure.layout.xaxis, [*_numbers(frame, "value"), *_numbers(frame, "target")], write)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_layout(legend=_legend(), showlegend=True)


def scatter(
    frame: pl.DataFrame, across: str, up: str, write_across: Write, write_up: Write,
    median: str, chosen: Sequence[str],
) -> go.Figure:  # fmt: skip
    """A point a row, with the medians as lines named so; chosen rows stand out by colour and size.

    Columns: id (given back on a click), label, x, y, text.
    """
    marked = [row in chosen for row in frame["id"]]
    figure = _figure(380)
    figure.add_scatter(
        x=_numbers(frame, "x"), y=_numbers(frame, "y"), mode="markers",
        customdata=list(zip(frame["id"], _texts(frame, "text"), strict=True)),
        hovertemplate="%{customdata[1]}<extra></extra>",
        marker={
            "size": [15 if mark else 10 for mark in marked], "opacity": 0.85,
            "color": [OTHER if mark else MAIN for mark in marked],
            "symbol": ["diamond" if mark else "circle" for mark in marked],
        },
        unselected={"marker": {"opacity": 0.5}},
    )  # fmt: skip
    _median_lines(figure, frame, lambda x: f"{median} {write_across(x)}", lambda y: f"{median} {write_up(y)}")
    _axis(figure.layout.xaxis, _numbers(frame, "x"), write_across, from_zero=False)
    _axis(figure.layout.yaxis, _numbers(frame, "y"), write_up, from_zero=False)
    figure.update_xaxes(title=across)
    figure.update_yaxes(title=up)
    return figure.update_layout(showlegend=False, hovermode="closest")


def _median_lines(figure: go.Figure, frame: pl.DataFrame, across: Write, up: Write) -> None:
    x, y = frame["x"].median(), frame["y"].median()
    line = {"color": QUIET, "width": 1, "dash": "dash"}
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        figure.add_vline(x, line=line, annotation={"text": across(x), "yanchor": "bottom"})
        figure.add_hline(y, line=line, annotation={"text": up(y), "xanchor": "right"})


def strip(frame: pl.DataFrame, own: str, others: str, middle: str) -> go.Figure:
    """A row a figure: everyone's place relative to the median of the peers, the own one marked.

    Columns: row, ratio, is_own, text.
    """
    rows = list(dict.fromkeys(_texts(frame, "row")))
    figure = _figure(ROW_HEIGHT * len(rows) + 100)
    for is_own, name, colour in ((False, others, QUIET), (True, own, OTHER)):
        part = frame.filter(pl.col("is_own") == is_own)
        figure.add_scatter(
            x=_numbers(part, "ratio"), y=_texts(part, "row"), name=name, mode="markers",
            customdata=_texts(part, "text"), hovertemplate="%{customdata}<extra></extra>",
            marker={
                "color": colour, "size": 14 if is_own else 9, "opacity": 1 if is_own else 0.45,
                "symbol": "diamond" if is_own else "circle",
            },
        )  # fmt: skip
    figure.add_vline(1, line={"color": QUIET, "width": 1, "dash": "dash"}, annotation={"text": middle})
    figure.update_xaxes(tickformat=".0%", zeroline=False)
    figure.update_yaxes(categoryorder="array", categoryarray=rows[::-1], showgrid=False)
    return figure.update_layout(legend=_legend(), showlegend=True, hovermode="closest")


def _figure(height: int) -> go.Figure:
    """An empty figure; fixed, because dragging inside a chart would keep a phone from scrolling."""
    figure = go.Figure(layout={"height": height, "dragmode": False, "font": {"color": TEXT}})
    figure.update_layout(margin={"l": 0, "r": 8, "t": 28, "b": 0})
    figure.update_xaxes(fixedrange=True, automargin=True, tickfont={"color": TEXT})
    figure.update_yaxes(fixedrange=True, automargin=True, tickfont={"color": TEXT})
    return figure


def _legend() -> dict[str, object]:
    return {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None}


def _axis(
    axis: go.layout.XAxis | go.layout.YAxis, values: Sequence[float | None], write: Write,
    room: float = 0.06, from_zero: bool = True,
) -> None:  # fmt: skip
    """An axis with few round ticks, written as the viewer's language writes numbers."""
    stated = [value for value in values if value is not None] or [0.0]
    stated += [0.0] if from_zero else []
    low, high = min(stated), max(stated)
    step = _round_step((high - low) / TICKS_Y)
    ticks = [step * place for place in range(math.floor(low / step), math.ceil(high / step) + 1)]
    space = (high - low or 1.0) * room
    axis.update(
        tickvals=ticks, ticktext=[write(tick) for tick in ticks],
        range=[low - space if low else 0, high + space],
    )  # fmt: skip


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
