"""Cohorts & RFM: whether first buyers come back, and who buys lately, often and for much."""

from functools import partial

import streamlit as st

from pages.ui import blocks, loyalty, session
from reports import charts, formats
from reports.i18n import t

desk = session.require("cohorts")
blocks.header(desk, t("page.cohorts"))
view = desk.view

with blocks.loading():
    cohorts = desk.cohorts(loyalty.year_of_cohorts(view).question(()))
    segments = loyalty.segments(desk.rfm(view.question(()), "segment"))
if not (cohorts.height or segments.height) and blocks.is_empty(desk, {}):
    st.stop()

months = loyalty.months(cohorts)
if months.height:
    blocks.chart(
        loyalty.returned(cohorts),
        t("cohorts.note", end=formats.long_day(view.end)),
        charts.heatmap(months, partial(formats.percent, digits=0)),
        "cohorts",
    )
    loyalty.cohort_table(cohorts)

cells = loyalty.grid(desk.rfm(view.question(()), "score"))
if cells.height:
    blocks.chart(
        loyalty.keen(cells),
        t("rfm.grid_note", end=formats.long_day(view.end)),
        charts.heatmap(cells, formats.decimal),
        "rfm_grid",
        partial(loyalty.grid_table, cells),
    )

if segments.height:
    blocks.chart(
        loyalty.best(segments),
        t("rfm.note", end=formats.long_day(view.end)),
        charts.targets(
            segments, t("rfm.share_of_sales"), t("rfm.share_of_members"),
            partial(formats.percent, digits=0),
        ),
        "segments",
    )  # fmt: skip
    loyalty.segment_table(segments)
