"""Stock and lost sales: what was asked for and not there, how orders reach the buyer, and what
that costs."""

from functools import partial

import streamlit as st

from pages.ui import blocks, drill, filter_bar, session, tables
from reports import charts, drawn, formats, headlines, shelves
from reports.i18n import dimension_label, metric_label, t

LOST_TILES = ("lost_sale_value", "lost_sale_scans")
TILES = (
    "scan_fill_rate", "endless_aisle_share", "pickup_share", "payment_fee", "o2o_cost_per_order",
    "o2o_gross_profit_per_order",
)  # fmt: skip
LOST = ("lost_sale_value", "lost_sale_scans", "scan_fill_rate", "scans", "endless_aisle_share")
PLACES = ("store", "guide", "region", "brand")
MIX = ("online_net_sales", "receipts")
TENDERS = ("tender_share", "sales_before_returns", "payment_fee")
COSTS = ("o2o_cost_per_order", "o2o_gross_profit_per_order", "guided_online_net_sales")

desk = session.require("stock")
blocks.header(desk, t("page.stock"))
view = desk.view
lost = metric_label(shelves.LOST)
if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
decided = shelves.decided(view, desk.bounds())
blocks.tiles(desk, LOST_TILES, decided)
st.caption(t("stock.decided_note", dates=formats.period(decided.start, decided.end)))
blocks.tiles(desk, TILES)

with blocks.loading():
    total = desk.total(decided.question((shelves.LOST,), compare="year"))
    by_time = desk.answer(view.question((shelves.LOST,), view.grain, compare="year"))
trend = drawn.over_time(by_time, view.grain, shelves.LOST)
if trend.height:
    blocks.chart(
        headlines.trend(shelves.LOST, total, "year"),
        t("stock.trend_note", each=t(f"each.{view.grain}")),
        charts.trend(trend, t("chart.this_year"), t("chart.last_year"), formats.money),
        "lost_trend",
        partial(
            tables.show, trend, (shelves.LOST, f"{shelves.LOST}_compare", "change"),
            t(f"grain.{view.grain}"), lost,
        ),
    )  # fmt: skip

with blocks.loading():
    keys = view.askable(LOST[:4], "style")
    of_styles = desk.answer(view.question(keys, "style", compare=view.compare))
styles = shelves.ranked(shelves.coded(of_styles, "style"), shelves.LOST)
by = filter_bar.chosen("by", PLACES, dimension_label)
with blocks.loading():
    keys = view.askable(LOST, by)
    of_places = desk.answer(view.question(keys, by, compare=view.compare))
places = shelves.ranked(desk.named(by, of_places), shelves.LOST)
opens = partial(drill.open_it, by) if by in drill.HOMES else None
for column, dimension, rows in zip(
    st.columns(2, gap="medium"), ("style", by), (styles, places), strict=True
):
    with column:
        name = dimension_label(dimension)
        blocks.chart(
            shelves.missed(rows),
            t("stock.missed_note", name=lost, by=name, most=shelves.MOST),
            charts.ranks(shelves.bars(rows, shelves.LOST), formats.money),
            f"lost_{dimension}",
        )
        tables.show(
            rows, (*LOST[:1], "share", "change", *LOST[1:]), name, f"{lost}: {name}",
            f"lost_by_{dimension}", named=dimension, opens=opens if dimension == by else None,
        )  # fmt: skip

with blocks.loading():
    kinds = desk.answer(view.question(MIX, "fulfilment", compare=view.compare))
    tenders = desk.answer(view.question(TENDERS, "tender", compare=view.compare))
    channels = desk.answer(view.question(COSTS, "channel", compare=view.compare))
mixes = (
    (shelves.mix(kinds, "fulfilment", MIX[0]), "fulfilment", MIX, shelves.fulfilled),
    (shelves.mix(tenders, "tender", TENDERS[0]), "tender", TENDERS, shelves.paid),
)
for column, (rows, dimension, keys, title) in zip(st.columns(2, gap="medium"), mixes, strict=True):
    with column:
        if rows.height:
            figure = charts.ranks(shelves.bars(rows, keys[0]), partial(formats.figure, keys[0]))
            blocks.chart(
                title(rows), t(f"stock.{dimension}_note"), figure, f"mix_{dimension}",
                partial(
                    tables.show, rows, (keys[0], "share", "change", *keys[1:]),
                    dimension_label(dimension), t(f"stock.{dimension}_note"),
                ),
            )  # fmt: skip

orders = shelves.mix(channels, "channel", COSTS[0])
if orders.height:
    blocks.heading(shelves.earned(orders), t("stock.costs_note"))
    tables.show(orders, COSTS, dimension_label("channel"), t("page.stock"), "o2o_costs")
