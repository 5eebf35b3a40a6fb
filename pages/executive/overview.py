"""Overview: how the company did, what moved it, and what to act on."""

from functools import partial

import streamlit as st

from pages.ui import blocks, calls, drill, rings, session, tables
from reports import charts, drawn, formats, headlines, levels
from reports.calls import DAYS, behind, found, late
from reports.i18n import dimension_label, metric_label, t
from reports.regions import LEVELS

SALES = "net_sales"
TILES = (
    SALES, "receipts", "average_receipt_value", "like_for_like_growth",
    "like_for_like_coverage", "target_attainment", "guide_coverage", "online_share",
    "member_sales_share",
)  # fmt: skip
BY_REGION = (
    SALES, "target", "target_attainment", "like_for_like_growth", "like_for_like_coverage",
    "average_receipt_value",
)  # fmt: skip
MOST_STEPS, MOST_CALLS = 9, 4

desk = session.require("overview")
blocks.header(desk, t("page.overview"))
view = desk.view
sales = metric_label(SALES)

with blocks.loading():
    total = desk.total(view.question((SALES, "receipts"), compare="year"))
if blocks.is_empty(desk, total):
    st.stop()

blocks.tiles(desk, TILES)

with blocks.loading():
    level = levels.seen(desk, BY_REGION, LEVELS[:2])
    regions = level.rows
    listed = [
        *late(desk.freshness()),
        *behind(regions, level.name, level.narrows, MOST_CALLS),
        *found(desk, "store", MOST_CALLS),
    ]
calls.show(desk, listed, t("calls.note", end=formats.long_day(view.last_days(DAYS).end)))

with blocks.loading():
    by_time = desk.answer(view.question((SALES,), view.grain, compare="year"))
trend = drawn.over_time(by_time, view.grain, SALES)
blocks.chart(
    headlines.trend(SALES, total, "year"),
    t("chart.trend_note", name=sales, each=t(f"each.{view.grain}")),
    charts.trend(trend, t("chart.this_year"), t("chart.last_year"), formats.money),
    "trend",
    lambda: tables.show(
        trend, (SALES, "net_sales_compare", "change"), t(f"grain.{view.grain}"), sales
    ),
)

steps = drawn.steps(regions, MOST_STEPS, level.name)
narrowing = partial(blocks.narrowing_by_point, level.narrows)
movers, targets = (blocks.keyed(name, view.chosen("region")) for name in ("movers", "targets"))
left, right = st.columns(2, gap="medium")
with left:
    blocks.chart(
        headlines.movers(steps),
        t("chart.movers_note", name=sales, than=t(f"than.{view.compare}")),
        charts.waterfall(steps, t("chart.all"), drawn.whole(steps), formats.money, view.rise),
        movers, on_select=narrowing(movers),
    )  # fmt: skip
with right:
    if "target" in level.figures:
        blocks.chart(
            headlines.targets(regions),
            t("chart.targets_note", name=sales),
            charts.targets(
                drawn.targets(regions, SALES, level.name), sales, metric_label("target"),
                formats.money,
            ),
            targets, on_select=narrowing(targets),
        )  # fmt: skip
tables.show(
    regions, (SALES, "share", "change", "delta", *level.figures[1:]), dimension_label("region"),
    t("page.overview"), blocks.keyed(f"regions_{level.name}", view.chosen("region")),
    blocks.narrowing(level.narrows), level.name, partial(drill.open_it, level.narrows),
)  # fmt: skip

rings.show(desk)
