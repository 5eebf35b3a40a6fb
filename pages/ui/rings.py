"""Both rings at a glance: from the store to the screen and back, and who closed the circle."""

from __future__ import annotations

import streamlit as st

from pages.ui import blocks, tables
from pages.ui.session import Desk
from reports import charts, formats, rings
from reports.i18n import funnel_label, t
from reports.rings import BOTH
from warehouse.answers import funnel
from warehouse.filters import Question
from warehouse.funnels import SHIPPED, Funnel
from warehouse.queries import has_meaning

CLOSURE = "ring_closure_rate"
SLOWEST = max((SHIPPED[name] for name in BOTH), key=lambda one: one.window)


def show(desk: Desk) -> None:
    """Both funnels side by side over the latest days whose windows are over, under the part of
    those who scanned that came full circle."""
    question = _decided(desk, SLOWEST)
    if not has_meaning(question):
        return
    with blocks.loading():
        rate = desk.total(question)[CLOSURE]
    title = t("rings.none") if rate is None else t("rings.closed", part=formats.percent(rate))
    blocks.heading(title, t("rings.note", dates=formats.period(question.start, question.end)))
    for column, name in zip(st.columns(2, gap="medium"), BOTH, strict=True):
        with column:
            _ring(desk, SHIPPED[name])


def _ring(desk: Desk, one: Funnel) -> None:
    question = _decided(desk, one)
    with blocks.loading():
        row = desk.ask(funnel, one.name, question, detail=True).row(0, named=True)
    rungs = rings.ladder(one, row, row)
    blocks.chart(
        rings.reached(one, row),
        t("rings.entered", dates=formats.period(question.start, question.end)),
        charts.ladder(rungs, t("funnels.decided"), t("funnels.still_open"), formats.decimal),
        f"ring_{one.name}",
        lambda: tables.draw(rungs, rings.ladder_columns(), funnel_label(one.name)),
    )


def _decided(desk: Desk, one: Funnel) -> Question:
    """The latest days, as many as the view's, whose windows are over."""
    bounds = desk.bounds()
    last = bounds[1] if bounds else desk.view.end
    start, end = rings.decided_days(desk.view, one, last)
    return desk.view.between(start, end).question((CLOSURE,))
