"""Growth: who joins and by which way, whether members come back, and what scans bind."""

from functools import partial

import streamlit as st

from pages.ui import blocks, drill, loyalty, session, tables
from reports import charts, drawn, formats, frames, headlines, members
from reports.i18n import dimension_label, metric_label, t
from warehouse import bands

TILES = (
    "new_members", "members", "active_members", "repeat_rate", "second_purchase_rate",
    "purchase_frequency", "referral_ratio", "member_receipt_share", "member_sales_share",
)  # fmt: skip
RETURNS = ("repeat_rate", "second_purchase_rate")
PLACES = ("new_members", "active_members", "repeat_rate", "member_sales_share", "referral_ratio")
SCANS = ("scans", "scans_per_visit", "scan_fill_rate", "scan_interest_share", *members.BINDING)

desk = session.require("growth")
blocks.header(desk, t("page.growth"))
view, year = desk.view, loyalty.year_of_cohorts(desk.view)
before = t(f"compare.{view.compare}")

if blocks.is_empty(desk, desk.total(view.question(("net_sales", "receipts")))):
    st.stop()
blocks.tiles(desk, TILES)

if view.askable((members.JOINS,), "join_channel"):
    with blocks.loading():
        days = desk.ask(bands.days, view.question((members.JOINS,)))
        ways = desk.answer(
            view.question((members.JOINS, "referral_ratio"), "join_channel", compare=view.compare)
        )
        later = desk.answer(year.question(RETURNS, "join_channel"))
    bursts = members.bursts(days)
    blocks.chart(
        members.burst(days),
        t("growth.band_note"),
        charts.band(
            bursts, metric_label(members.JOINS), t("growth.usual_band"), t("growth.out"),
            formats.decimal,
        ),
        "bursts",
        partial(tables.draw, bursts, members.burst_columns(), t("growth.bursts_table"), "bursts"),
    )  # fmt: skip

    joined = members.beside(ways, later, "join_channel")
    named = members.coded(joined, "join_channel", t("none.join_channel"))
    channels = frames.with_share(frames.with_change(named, members.JOINS), members.JOINS)
    blocks.chart(
        members.greatest(channels, "join_channel", "growth.by_channel"),
        t("growth.channel_note", than=before, end=formats.long_day(view.end)),
        charts.targets(
            members.against(channels, members.JOINS), metric_label(members.JOINS), before,
            formats.decimal,
        ),
        "channels",
        partial(
            tables.show, channels, (members.JOINS, "share", "change", *RETURNS),
            dimension_label("join_channel"), t("growth.channels_table"), "channels",
        ),
    )  # fmt: skip

returns = year.askable(RETURNS, "month")
if returns:
    with blocks.loading():
        by_month = desk.answer(year.question(returns, "month", compare="year"))
        whole = desk.total(year.question(returns, compare="year"))
for key, side in zip(returns, st.columns(2, gap="medium"), strict=False):
    with side:
        trend = drawn.over_time(by_month, "month", key)
        blocks.chart(
            headlines.trend(key, whole, "year"),
            t(f"growth.{key}_note", end=formats.long_day(view.end)),
            charts.trend(trend, t("chart.this_year"), t("chart.last_year"), formats.percent),
            key,
            partial(
                tables.show, trend, (key, f"{key}_compare"), t("grain.month"), metric_label(key)
            ),
        )  # fmt: skip

level = "top_region" if desk.scope.everything and not view.chosen("region") else "store"
place = "region" if level == "top_region" else level
figures = view.askable(PLACES, level)
if members.JOINS in figures:
    with blocks.loading():
        won = desk.answer(view.question(figures, level, compare=view.compare))
    placed = frames.with_change(desk.named(level, won.drop_nulls(members.JOINS)), members.JOINS)
    places = frames.with_share(placed, members.JOINS).sort(members.JOINS, descending=True)
    blocks.chart(
        members.greatest(places, level, "growth.by_place"),
        t("growth.place_note", than=before),
        charts.targets(
            members.against(places, members.JOINS), metric_label(members.JOINS), before,
            formats.decimal,
        ),
        "places",
    )  # fmt: skip
    tables.show(
        places, (members.JOINS, "share", "change", *figures[1:]), dimension_label(place),
        t("growth.places_table"), f"places_{level}", blocks.narrowing(place), level,
        partial(drill.open_it, place),
    )  # fmt: skip

unit = "guide" if view.chosen("store") else "store"
scanned = view.askable(SCANS, unit)
if set(members.BINDING) < set(scanned):
    with blocks.loading():
        found = desk.answer(view.question(scanned, unit)).drop_nulls((unit, "scans"))
        scans = desk.named(unit, found)
        whole = desk.total(view.question(members.BINDING))
    binding = members.binding(scans)
    if binding.height:
        blocks.chart(
            members.bound(whole),
            t("growth.binding_note", most=members.MOST_BARS),
            charts.shares(
                binding, [(key, metric_label(key)) for key in members.BINDING],
                partial(formats.percent, digits=0),
            ),
            "binding",
        )  # fmt: skip
    tables.show(
        scans.sort("scans", descending=True), scanned, dimension_label(unit),
        t("growth.scans_table"), f"scans_{unit}", blocks.narrowing(unit), unit,
        partial(drill.open_it, unit),
    )  # fmt: skip
