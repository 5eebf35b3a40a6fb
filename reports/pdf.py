"""A page as PDF: A4, every chart whole, and what it looks at on every sheet."""

from __future__ import annotations

from base64 import b64encode

from weasyprint import HTML

from reports import charts
from reports.paper import PRINTED_ROWS, Chart, Paper
from reports.printed import filled, printed

MOST_COLUMNS = 10
"""A table with more lies across the sheet."""
WIDTH = 760
"""Pixels of a chart as wide as the sheet."""
SPECIMEN = Paper(parts=[Chart("", "", charts.Figure(layout={"height": 100}))])
"""A sheet with as little on it as takes everything that prints."""


def made(paper: Paper) -> bytes:
    """The PDF's bytes."""
    page = filled(
        "page.html", paper, sections=printed(paper, WIDTH, PRINTED_ROWS), most_columns=MOST_COLUMNS,
        address=lambda picture: f"data:image/png;base64,{b64encode(picture).decode()}",
    )  # fmt: skip
    return bytes(HTML(string=page).write_pdf())
