"""Credit what-if: who would gain and who would lose, were online orders credited otherwise."""

from functools import partial

import streamlit as st

from pages.ui import blocks, drill, filter_bar, session, tables
from reports import charts, credits, formats
from reports.i18n import dimension_label, t
from warehouse import answers

TILES = (
    "credited_net_sales", "guide_coverage", "guided_online_net_sales", "home_order_net_sales",
)  # fmt: skip

desk = session.require("credit")
blocks.header(desk, t("page.credit"))
view = desk.view
if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
blocks.tiles(desk, TILES)

entries = view.without("channel")
with blocks.loading():
    rules = credits.by_rule(desk.ask(answers.credited_by_rule, entries.question(())))
blocks.chart(
    credits.decided(rules),
    t("credits.rules_note" if entries == view else "credits.every_channel"),
    charts.ranks(rules, formats.decimal),
    "credit_rules",
    partial(tables.draw, rules, credits.rule_columns(), t("credits.orders")),
)

first, second, third = st.columns(3, gap="medium")
with first:
    policy = filter_bar.chosen("policy", credits.POLICIES, lambda name: t(f"policy.{name}"))
with second:
    window = filter_bar.chosen("window", credits.DAYS, lambda days: t("funnels.days", days=days))
with third:
    by = filter_bar.chosen("by", tuple(answers.CREDITED_TO), dimension_label)
st.caption(t(f"policy_note.{policy}"))

replayed = credits.asked(policy, window)
if replayed is None:
    st.info(t("credits.choose"))
    st.stop()
with st.spinner(t("credits.wait")):
    rows = desk.ask(
        answers.whatif, replayed, view.start, view.end, by, where=view.where, org=view.org
    )
moved = credits.moved(desk.named(by, rows))
if moved.height:
    blocks.chart(
        credits.outcome(moved), credits.whole(rows),
        charts.gains(credits.bars(moved), formats.money, view.rise), "credit_gains",
    )  # fmt: skip
    tables.draw(
        moved, credits.columns(dimension_label(by)), t("page.credit"), f"credit_by_{by}",
        named=by, opens=partial(drill.open_it, by),
    )  # fmt: skip
else:
    blocks.heading(t("credits.same"), credits.whole(rows))
