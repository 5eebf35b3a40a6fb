"""Regions: how places compare, from region down to store, and whom to call."""

from functools import partial

import streamlit as st

from pages.ui import blocks, calls, drill, session, tables
from reports import charts, drawn, formats, headlines, levels, outlines, regions
from reports.calls import DAYS, found
from reports.i18n import dimension_label, metric_label, t

SALES = "net_sales"
TILES = (
    SALES, "target_attainment", "like_for_like_growth", "average_receipt_value",
    "member_sales_share", "online_share",
)  # fmt: skip
FIGURES = (
    SALES, "target", "target_attainment", "like_for_like_growth", "average_receipt_value",
    *regions.SHARES, "new_members", "active_members",
)  # fmt: skip
MOST_CALLS = 5

desk = session.require("regions")
blocks.header(desk, t("page.regions"))
view = desk.view
if blocks.is_empty(desk, desk.total(view.question((SALES, "receipts")))):
    st.stop()
blocks.tiles(desk, TILES)

with blocks.loading():
    level = levels.seen(desk, FIGURES)
    month = view.last_days(blocks.SPARK_DAYS)
    days = desk.answer(month.question((SALES,), level.name, "day"))
rows = regions.with_history(level.rows, days, level.name, SALES)
heading = dimension_label(level.narrows)
table = blocks.keyed("regions", (level.name, *view.chosen("region")))
blocks.heading(
    regions.moved(rows, level.name, SALES, t(f"than.{view.compare}")),
    t("regions.table_note", end=formats.long_day(view.end)),
)
tables.show(
    rows, (SALES, "history", "change", "share", *level.figures[1:]), heading, t("page.regions"),
    table, blocks.narrowing(level.narrows), level.name, partial(drill.open_it, level.narrows),
)  # fmt: skip

drawn_rows = rows.head(regions.MOST_ROWS)
shares = [key for key in regions.SHARES if key in level.figures]
several = rows.height > 1
left, right = st.columns(2, gap="medium")
with left:
    if several and "target" in level.figures:
        blocks.chart(
            headlines.targets(rows),
            t("chart.targets_note", name=metric_label(SALES)),
            charts.targets(
                drawn.targets(drawn_rows, SALES, level.name), metric_label(SALES),
                metric_label("target"), formats.money,
            ),
            f"targets_{table}",
            None,
            blocks.narrowing_by_point(level.narrows, f"targets_{table}"),
        )  # fmt: skip
with right:
    if several and shares:
        blocks.chart(
            regions.spread(rows, level.name, shares),
            t("regions.shares_note"),
            charts.dots(
                regions.shares(drawn_rows, level.name, shares),
                [(key, metric_label(key)) for key in shares], formats.percent,
            ),
            f"shares_{table}",
            None,
            blocks.narrowing_by_point(level.narrows, f"shares_{table}"),
        )  # fmt: skip

with blocks.loading():
    stores = desk.named("store", desk.answer(view.question((SALES,), "store")))
    located = desk.located()
points = regions.on_map(stores, located, SALES)
if points.height:
    blocks.chart(
        regions.largest(points),
        t("regions.map_note", name=metric_label(SALES)),
        charts.sketch(outlines.provinces(), points, view.chosen("store")),
        blocks.keyed("map", view.chosen("store")),
        partial(tables.show, points, (SALES,), dimension_label("store"), dimension_label("store")),
        blocks.narrowing_by_point("store", blocks.keyed("map", view.chosen("store"))),
    )

with blocks.loading():
    listed = [*found(desk, "store", MOST_CALLS), *found(desk, "guide", MOST_CALLS)]
calls.show(desk, listed, t("calls.note", end=formats.long_day(view.last_days(DAYS).end)))
