"""Every chart: a frame in, a Plotly figure out. The only place that knows Plotly."""

from reports.charts.bars import targets, waterfall
from reports.charts.base import DARK, LIGHT, MARKS, Figure, Write, painted
from reports.charts.journeys import durations, ladder, rates
from reports.charts.maps import sketch
from reports.charts.parts import gains, ranks, shares, spread
from reports.charts.points import dots, scatter, strip
from reports.charts.times import band, heatmap, trend

__all__ = [
    "DARK",
    "LIGHT",
    "MARKS",
    "Figure",
    "Write",
    "band",
    "dots",
    "durations",
    "gains",
    "heatmap",
    "ladder",
    "painted",
    "ranks",
    "rates",
    "scatter",
    "shares",
    "sketch",
    "spread",
    "strip",
    "targets",
    "trend",
    "waterfall",
]
