"""Funnels: both rings side by side, then one of the funnels from every side."""

from functools import partial

import streamlit as st

from pages.ui import blocks, filter_bar, journeys, session, tables
from reports import charts, formats, known, rings
from reports.i18n import dimension_label, funnel_label, t
from reports.view import NARROWED
from warehouse import answers

TILES = (
    "scanning_visits", "scans_per_visit", "scan_interest_share", "scan_bound_share",
    "scan_already_bound_share", "ring_closure_rate",
)  # fmt: skip

desk = session.require("funnels")
blocks.header(desk, t("page.funnels"))
view = desk.view.without("channel")
if view != desk.view:
    st.caption(t("funnels.no_channel"))
if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
blocks.tiles(desk, TILES)

funnels = journeys.funnels(desk)
for column, name in zip(st.columns(2, gap="medium"), rings.BOTH, strict=True):
    with column:
        journeys.ladder(desk, view, funnels[name])

funnel = funnels[filter_bar.chosen("funnel", tuple(funnels), funnel_label)]
if funnel.name not in rings.BOTH:
    journeys.ladder(desk, view, funnel)
label = funnel_label(funnel.name)

with blocks.loading():
    total = desk.ask(answers.funnel, funnel.name, journeys.asked(view), detail=True)
    weekly = desk.ask(answers.funnel, funnel.name, journeys.asked(view, "week"), detail=True)
weeks, times = rings.by_week(funnel, weekly), rings.times(funnel, total.row(0, named=True))
left, right = st.columns(2, gap="medium")
with left:
    journeys.rates(
        funnel, weeks, rings.moved(funnel, weeks), t("funnels.week_note", name=label),
        rings.rows_columns(funnel, t("grain.week")), "weeks",
    )  # fmt: skip
with right:
    if times.height:
        blocks.chart(
            rings.pace(times),
            t("funnels.times_note", name=label),
            charts.durations(times, t("funnels.half"), t("funnels.nine"), rings.days),
            "funnel_times",
            partial(tables.draw, times, rings.times_columns(), label),
        )
    else:
        blocks.heading(rings.pace(times))

by = filter_bar.chosen("by", rings.BREAKDOWNS, dimension_label)
with blocks.loading():
    parts = desk.ask(answers.funnel, funnel.name, journeys.asked(view, by), detail=True)
named = desk.named(by, parts).sort("entries", "immature", descending=True)
blocks.heading(rings.best(funnel, named), t("funnels.parts_note", name=label))
tables.draw(
    named, rings.rows_columns(funnel, dimension_label(by)), label, f"funnel_by_{by}",
    blocks.narrowing(by) if by in NARROWED else None, by,
)  # fmt: skip

with blocks.loading():
    found = desk.ask(answers.unidentified, journeys.asked(view.without("guide")))
who = known.shares(found)
if who.height:
    blocks.chart(
        known.unmatched(who),
        t("funnels.known_note"),
        charts.shares(who, known.series(), partial(formats.percent, digits=0)),
        "funnel_known",
        partial(tables.draw, known.every_kind(found), known.columns(), t("known.what")),
    )

if st.toggle(t("funnels.compare_windows"), key="compare_windows", help=t("funnels.windows_help")):
    with blocks.loading():
        tried = rings.by_window(funnel, journeys.windows(desk, view, funnel))
    journeys.rates(
        funnel, tried, rings.widened(funnel, tried), t("funnels.windows_note", name=label),
        rings.windows_columns(funnel, tried), "windows",
    )  # fmt: skip
