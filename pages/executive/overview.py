"""Overview: how the company did, and what moved it."""

import streamlit as st

from pages.ui import blocks, session, tables
from reports import charts, drawn, formats, frames, headlines
from reports.i18n import dimension_label, metric_label, t

TILES = (
    "net_sales", "receipts", "average_receipt_value", "like_for_like_growth",
    "like_for_like_coverage", "target_attainment", "guide_coverage", "online_share",
    "member_sales_share",
)  # fmt: skip
BY_REGION = (
    "net_sales", "target", "target_attainment", "like_for_like_growth", "like_for_like_coverage",
    "average_receipt_value",
)  # fmt: skip

desk = session.require("overview")
blocks.header(desk, t("page.overview"))
view = desk.view
sales = metric_label("net_sales")

with blocks.loading():
    total = desk.total(view.question(("net_sales", "receipts"), compare="year"))
if blocks.is_empty(desk, total):
    st.stop()

blocks.tiles(desk, TILES)

with blocks.loading():
    by_time = desk.answer(view.question(("net_sales",), view.grain, compare="year"))
trend = drawn.over_time(by_time, view.grain, "net_sales")
blocks.chart(
    headlines.trend("net_sales", total, "year"),
    t("chart.trend_note", name=sales, each=t(f"each.{view.grain}")),
    charts.trend(trend, t("chart.this_year"), t("chart.last_year"), formats.money),
    "trend",
    lambda: tables.show(
        trend, ("net_sales", "net_sales_compare", "change"), t(f"grain.{view.grain}"), sales
    ),
)

level = "region" if view.chosen("region") else "top_region"
figures = view.askable(BY_REGION, level)
with blocks.loading():
    answer = desk.answer(view.question(figures, level, compare=view.compare))
named = desk.named(level, answer.drop_nulls("net_sales"))
regions = frames.with_share(frames.with_change(named, "net_sales"), "net_sales")
steps = drawn.steps(regions, 9)

left, right = st.columns(2, gap="medium")
with left:
    blocks.chart(
        headlines.movers(steps),
        t("chart.movers_note", name=sales, than=t(f"than.{view.compare}")),
        charts.waterfall(steps, t("chart.all"), drawn.whole(steps), formats.money, view.rise),
        "movers",
    )
with right:
    if "target" in figures:
        blocks.chart(
            headlines.targets(regions),
            t("chart.targets_note", name=sales),
            charts.targets(
                drawn.targets(regions, "net_sales"), sales, metric_label("target"), formats.money
            ),
            "targets",
        )
tables.show(
    regions, ("net_sales", "share", "change", "delta", *figures[1:]), dimension_label("region"),
    t("page.overview"), f"regions_{level}", blocks.narrowing("region"), level,
)  # fmt: skip
