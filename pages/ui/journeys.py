"""Funnels on a page: how far entries get, how that changes, and what other windows make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import polars as pl
import streamlit as st

from pages.ui import blocks, filter_bar, tables
from pages.ui.session import Desk
from reports import charts, formats, rings
from reports.i18n import funnel_direction, funnel_label, t
from reports.paper import Column
from reports.view import View
from warehouse import answers
from warehouse.filters import Question
from warehouse.funnels import Funnel, every


def funnels(desk: Desk) -> dict[str, Funnel]:
    """The shipped funnels and the company's own, by name."""
    return dict(every(desk.settings.funnels))


def asked(view: View, *by: str) -> Question:
    """What a funnel is asked under a view, by these dimensions."""
    return view.question((), *by)


def ladder(desk: Desk, view: View, funnel: Funnel) -> None:
    """How many entries of the period get how far; where none is decided yet, the way to some."""
    name, question = funnel.name, asked(view)
    with blocks.loading():
        decided = desk.ask(answers.funnel, name, question, detail=True).row(0, named=True)
        both = decided
        if decided["immature"]:
            both = desk.ask(answers.funnel, name, question, with_immature=True).row(0, named=True)
    rows = rings.ladder(funnel, decided, both)
    window = rings.open_for(funnel.window)
    blocks.chart(
        rings.reached(funnel, decided),
        t("funnels.ladder_note", direction=funnel_direction(name, funnel.direction), window=window),
        charts.ladder(rows, t("funnels.decided"), t("funnels.still_open"), formats.decimal),
        f"ladder_{name}",
        partial(tables.draw, rows, rings.ladder_columns(), funnel_label(name)),
    )  # fmt: skip
    if not decided["entries"] and decided["immature"]:
        _offer_decided(desk, view, funnel)
    elif not decided["entries"] and funnel.place == "coupon":
        explain_coupons(desk, view)


def explain_coupons(desk: Desk, view: View) -> None:
    """Why there may be no coupons where not the whole company is looked at."""
    if view.where or not desk.scope.everything:
        st.caption(t("funnels.coupons_of_stores"))


def _offer_decided(desk: Desk, view: View, funnel: Funnel) -> None:
    """A button to the latest days as long whose windows are over."""
    bounds = desk.bounds()
    if bounds is None:
        return
    days = rings.decided_days(view, funnel, bounds[1])
    if days[1] >= bounds[0]:
        st.button(
            t("funnels.show_decided", dates=formats.period(*days)), key=f"decided_{funnel.name}",
            on_click=filter_bar.show_period, args=days,
        )  # fmt: skip


def rates(
    funnel: Funnel, rows: pl.DataFrame, title: str, note: str, columns: Mapping[str, Column],
    key: str,
) -> None:  # fmt: skip
    """The rates of each step over weeks or windows, their table one click away."""
    figure = charts.rates(
        rows, rings.series(funnel), t("funnels.decided"), t("funnels.still_open"),
        partial(formats.percent, digits=0), formats.decimal,
    )  # fmt: skip
    table = partial(tables.draw, rows, columns, title)
    blocks.chart(title, note, figure, f"rates_{key}", table)


def windows(desk: Desk, view: View, funnel: Funnel) -> pl.DataFrame:
    """A funnel under each window compared; of `scan_to_order` also who is credited then."""
    question = asked(view)
    if funnel.name == rings.BOTH[0]:
        return desk.ask(answers.windows, rings.DAYS, question)
    found = [(timedelta(days=number), f"{number}d") for number in rings.DAYS]
    return pl.concat(
        desk.ask(answers.funnel, funnel.name, question, window=window).with_columns(
            window=pl.lit(text)
        )
        for window, text in found
    )
