"""Stores: who leads, who fell back, and what a busy store makes of its visitors."""

from functools import partial

import streamlit as st

from pages.ui import blocks, drill, filter_bar, peers, session, tables, tills
from reports import charts, drawn, formats, frames, headlines
from reports.i18n import dimension_label, metric_label, t

FIGURES = (
    "net_sales", "target_attainment", "average_receipt_value", "units_per_receipt",
    "conversion_rate", "visitors", "sales_per_sqm",
)  # fmt: skip
ONE = (
    "net_sales", "target_attainment", "receipts", "average_receipt_value", "visitors",
    "conversion_rate", "like_for_like_growth", "guide_coverage", "members_recruited",
)  # fmt: skip
COMPARED = (
    "average_receipt_value", "units_per_receipt", "conversion_rate", "sales_per_sqm",
    "target_attainment", "guide_coverage", "net_sales_per_guide",
)  # fmt: skip
RANKED = (
    "net_sales", "average_receipt_value", "units_per_receipt", "conversion_rate", "sales_per_sqm",
    "target_attainment",
)  # fmt: skip

desk = session.require("stores")
blocks.header(desk, t("page.stores"))
view = desk.view
chosen = view.chosen("store")
everyone = view.without("store")
store = dimension_label("store")

if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()

if len(chosen) == 1:
    blocks.tiles(desk, ONE)

figures = everyone.askable(FIGURES, "store")
by = filter_bar.chosen("rank", everyone.askable(RANKED, "store"), metric_label)
with blocks.loading():
    keys = list(dict.fromkeys((by, *figures)))
    answer = desk.ranking(everyone.question(keys, "store", compare=view.compare))
stores = desk.named("store", answer.drop_nulls(("store", by)))
ranked = frames.with_rank_change(frames.with_share(frames.with_change(stores, by), by), by)
if not ranked.height:
    st.info(t("stores.none"))
    st.stop()
shown = frames.only(ranked, "store", chosen)

blocks.heading(
    headlines.leaders(ranked, by),
    t("stores.ranked_note", name=metric_label(by), than=t(f"than.{view.compare}")),
)
tables.show(
    shown, tables.ranking(by, figures), store, t("page.stores"),
    blocks.keyed("leaderboard", chosen), blocks.narrowing("store"),
    opens=lambda store: drill.open_page("guides", store=store), made=partial(drawn.ranking, key=by),
)  # fmt: skip
st.caption(t("stores.rows_note", shown=shown.height, all=ranked.height))

if len(chosen) == 1:
    with blocks.loading():
        found = peers.of(desk, chosen[0], COMPARED)
    if found is None:
        st.info(t("peers.nobody"))
    else:
        blocks.chart(
            headlines.peers(found.label, found.places),
            found.basis,
            charts.strip(drawn.peers(found.places), found.label, t("peers.others")),
            "peers",
            partial(tables.peers, found.places),
        )
    tills.show(desk, found.label if found else chosen[0])

traffic = drawn.traffic(stores, "visitors", "conversion_rate")
if traffic.height:
    points = blocks.keyed("traffic", chosen)
    blocks.chart(
        headlines.leaks(stores),
        t("stores.traffic_note", most=drawn.MOST_POINTS),
        charts.scatter(
            traffic, metric_label("visitors"), metric_label("conversion_rate"), formats.decimal,
            formats.percent, t("chart.median"), chosen,
        ),
        points,
        partial(tables.show, stores, ("visitors", "conversion_rate", "net_sales"), store,
                metric_label("conversion_rate")),
        blocks.narrowing_by_point("store", points),
    )  # fmt: skip

pos = "pos_net_sales"
if view.askable((pos,), "weekday", "hour"):
    hours = desk.answer(view.question((pos,), "weekday", "hour"))
    week = drawn.week(frames.per_weekday(hours, pos, view.start, view.end), pos)
    if week.height:
        blocks.chart(
            headlines.busiest(week),
            t("stores.week_note", name=metric_label(pos)),
            charts.heatmap(week, formats.money),
            "week",
            partial(tables.show, week, (pos,), dimension_label("hour"), metric_label(pos)),
        )
