"""Campaigns: what coupons led to, what they cost and earned, and whether their buyers return."""

from functools import partial

import streamlit as st

from pages.ui import blocks, journeys, loyalty, session, tables
from reports import charts, formats, members
from reports.i18n import metric_label, t
from warehouse import answers

TILES = (
    "discount_rate", "gross_margin", "coupon_buyer_retention", "other_buyer_retention",
    "o2o_cost_per_order", "o2o_gross_profit_per_order",
)  # fmt: skip
RETENTION = ("coupon_buyer_retention", "other_buyer_retention")

desk = session.require("campaigns")
blocks.header(desk, t("page.campaigns"))
view, year = desk.view, loyalty.year_of_cohorts(desk.view)

if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
blocks.tiles(desk, TILES)

coupons = view.without("channel")
with blocks.loading():
    ended = desk.ask(answers.campaigns, coupons.question((), "campaign"))
    so_far = desk.ask(answers.campaigns, coupons.question((), "campaign"), with_immature=True)
decided = members.whole(ended)
if view.chosen("channel"):
    st.caption(t("campaigns.no_channel"))

campaigns = members.results(desk.named("campaign", ended if decided["issued"] else so_far))
if not campaigns.height:
    st.info(t("campaigns.none"))
    journeys.explain_coupons(desk, view)
else:
    ladder = members.steps(decided, members.whole(so_far))
    blocks.chart(
        members.redeemed(decided),
        t("campaigns.steps_note"),
        charts.ladder(
            ladder, t("campaigns.decided"), t("campaigns.still_open"), formats.decimal
        ),
        "coupons",
    )  # fmt: skip
    tables.draw(campaigns, members.coupon_columns(campaigns), t("page.campaigns"), "campaigns")
    st.caption(t("campaigns.table_note" if decided["issued"] else "campaigns.all_running"))

    left, right = st.columns(2, gap="medium")
    with left:
        money = members.parts(campaigns, "gross_profit", "discount", "exact_money")
        blocks.chart(
            members.paid(campaigns),
            t("campaigns.money_note", most=members.MOST_BARS),
            charts.targets(
                money, t("coupon.gross_profit"), t("coupon.discount"), formats.money
            ),
            "coupon_money",
        )  # fmt: skip
    with right:
        back = members.parts(campaigns, "again_share", "full_price_share", "ratio")
        if back.height:
            blocks.chart(
                members.returned(campaigns),
                t("campaigns.back_note", most=members.MOST_BARS),
                charts.targets(
                    back, t("coupon.again_share"), t("coupon.full_price_share"),
                    partial(formats.percent, digits=0),
                ),
                "coupon_back",
            )  # fmt: skip

if year.askable(RETENTION, "month"):
    with blocks.loading():
        by_month = desk.answer(year.question(RETENTION, "month"))
    retention = members.months(by_month, *RETENTION)
    blocks.chart(
        members.retained(by_month, *RETENTION),
        t("campaigns.retention_note", end=formats.long_day(view.end)),
        charts.trend(
            retention, metric_label(RETENTION[0]), metric_label(RETENTION[1]),
            partial(formats.percent, digits=0),
        ),
        "retention",
        partial(
            tables.show, retention, RETENTION, t("grain.month"), t("campaigns.retention_table"),
            "retention",
        ),
    )  # fmt: skip
