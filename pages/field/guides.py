"""Guides: who stands where within the store, who leads, and one guide's statement."""

from functools import partial

import streamlit as st

from pages.ui import blocks, drill, filter_bar, session, tables
from reports import charts, drawn, formats, frames, guides, headlines
from reports.columns import column
from reports.i18n import dimension_label, metric_label, t
from reports.paper import Column
from warehouse.statements import statement

FIGURES = (
    "credited_net_sales", "home_order_net_sales", "guide_receipts", "units_per_receipt",
    "members_recruited",
)  # fmt: skip
ONE = (*FIGURES, "target_attainment")
TEAM = (*ONE, "guide_coverage", "active_guides", "net_sales_per_guide")

desk = session.require("guides")
blocks.header(desk, t("page.guides"))
view = desk.view
chosen = view.chosen("guide")
everyone = view.without("guide")
guide, store = dimension_label("guide"), dimension_label("store")

if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
blocks.tiles(desk, ONE if chosen else TEAM)

by = filter_bar.chosen("rank", everyone.askable(FIGURES, "guide"), metric_label)
figures = tuple(dict.fromkeys((by, guides.CREDITED, *everyone.askable(FIGURES, "guide"))))
with blocks.loading():
    answer = desk.ranking(everyone.question(figures, "guide", compare=view.compare))
    placed = desk.answer(everyone.question((guides.CREDITED,), "store", "guide"))
    covered = desk.answer(everyone.question(("guide_coverage",), "store"))
stores = desk.named("store", covered.drop_nulls("store"))
named = desk.named("guide", answer.drop_nulls(("guide", by)))
homed = guides.at_home(frames.with_share(frames.with_change(named, by), by), placed, stores)
ranked = frames.with_rank_change(homed, by)
if not ranked.height:
    st.info(t("guides.none"))
    st.stop()

spread = guides.spread(ranked, chosen)
if spread.height:
    key = blocks.keyed("guides_spread", chosen)
    blocks.chart(
        guides.leaning(spread),
        t("guides.spread_note", most=guides.MOST_STORES),
        charts.spread(
            spread, guide, t("guides.small"), t("guides.chosen"), formats.money,
        ),
        key,
        partial(tables.show, spread, (guides.CREDITED, "rank", "sample"), guide, guide),
        blocks.narrowing_by_point("guide", key),
    )  # fmt: skip

search = st.text_input(t("filter.search", what=guide), key="find_guide", width=320)
listed = guides.found(frames.only(ranked, "guide", chosen), search)
blocks.heading(
    guides.leaders(ranked, by),
    t("guides.ranked_note", name=metric_label(by), than=t(f"than.{view.compare}")),
)
columns = {name: column(name) for name in tables.ranking(by, figures)}
tables.draw(
    listed,
    {"label": Column(guide), "store_label": Column(store), **columns,
     "guide_coverage": Column(t("guides.coverage"), "ratio", t("guides.coverage_note"))},
    t("page.guides"), blocks.keyed("guides", chosen), blocks.narrowing("guide"), "guide",
    made=partial(drawn.ranking, key=by),
)  # fmt: skip
if listed.height < ranked.height:
    st.caption(guides.listed(listed, ranked))

if len(chosen) == 1:
    label = guides.label_of(ranked, chosen[0])
    places = guides.peers(ranked, chosen[0], figures)
    if places is None:
        st.info(t("guides.nobody"))
    else:
        blocks.chart(
            headlines.peers(label, places),
            t("guides.peers_note"),
            charts.strip(drawn.peers(places), label, t("peers.others")),
            "guide_peers",
            partial(tables.peers, places),
        )
    with blocks.loading():
        rows = desk.ask(statement, view.question((guides.CREDITED,)))
        total = desk.total(view.question((guides.CREDITED,)))[guides.CREDITED]
    rules = guides.by_rule(rows)
    blocks.chart(
        guides.stated(label, rows), guides.proof(rows, total),
        charts.ranks(rules, formats.money), "guide_rules",
    )  # fmt: skip
    tables.draw(
        guides.named(rows), guides.columns(rows), t("guides.statement", guide=label), "statement",
        drill.open_receipt, "number",
    )  # fmt: skip
