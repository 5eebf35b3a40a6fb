"""From the wide to the narrow and back: region → city → store → guide → receipt.

A page offers the way down with `open_it` (a callback, for `on_click` or `tables.show(opens=…)`)
and, for a receipt or order, `open_receipt`. The way back, the breadcrumb, and the page of whatever
is chosen are drawn by `blocks.header` on every page.
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from pages.ui import filter_bar, tables
from pages.ui.session import Desk
from reports import told
from reports.formats import plain
from reports.i18n import t
from reports.paper import Column
from warehouse.explanations import explain
from warehouse.filters import QuestionError

HOMES = {"region": "regions", "city": "regions", "store": "stores", "guide": "guides"}
"""The page on which one looks at a place or guide, the wider ones first."""
_BELOW = {"regions": "stores", "stores": "guides"}
_RECEIPT = "drill_receipt"


def open_page(page: str, **narrowed: str) -> None:
    """Show a page from the next run on, narrowed to one value a dimension:
    `open_page("stores", store="S0001")`. A callback; what else is narrowed stays."""
    for dimension, value in narrowed.items():
        filter_bar.narrow(dimension, [value])
    st.session_state["go"] = page


def open_it(dimension: str, value: str) -> None:
    """Show the page of a region, city, store or guide, narrowed to it and to nothing inside it.
    A callback."""
    _only(dimension, value)
    open_page(HOMES[dimension])


def open_receipt(name: str) -> None:
    """Show in a dialog who is credited with a receipt or an online order, and why. A callback."""
    st.session_state[_RECEIPT] = name


def breadcrumb(desk: Desk) -> None:
    """Where the narrowest place chosen lies, each step a way back to it, and what one can open
    from here; nothing while nothing is chosen. Shows the receipt a click asked for, too."""
    chosen = _narrowest(desk)
    if chosen:
        steps = list(desk.trail(*chosen).iter_rows())
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            _way_up(desk, steps[:-1])
            _way_down(desk, *steps[-1])
    if name := st.session_state.pop(_RECEIPT, None):
        st.dialog(plain(name), width="large")(_receipt)(desk, name)


def _narrowest(desk: Desk) -> tuple[str, str] | None:
    """The narrowest place or guide of which exactly one is chosen."""
    for dimension in reversed(HOMES):
        values = desk.view.chosen(dimension)
        if len(values) == 1 and desk.trail(dimension, values[0]).height:
            return dimension, values[0]
    return None


def _way_up(desk: Desk, steps: list[tuple[str, str, str]]) -> None:
    """The whole, then every place above the one chosen."""
    whole = t("header.everything" if desk.scope.everything else "drill.mine")
    for place, (dimension, value, label) in enumerate([("", "", whole), *steps]):
        st.button(f"{plain(label)} ›", key=f"crumb_{place}", type="tertiary", on_click=_back,
                  args=(desk.page, dimension, value), help=t("drill.back"))  # fmt: skip


def _way_down(desk: Desk, dimension: str, value: str, label: str) -> None:
    """What is chosen, and its page, or from there the next page down."""
    st.markdown(f"**{plain(label)}**", width="content")
    home = HOMES[dimension]
    page = _BELOW.get(home, home) if desk.page == home else home
    if page != desk.page and page in desk.scope.pages:
        text = t(f"drill.{page}") if desk.page == home else t("drill.open", label=plain(label))
        st.button(text, key="drill_down", on_click=open_page, args=(page,))


def _back(page: str, dimension: str, value: str) -> None:
    """Widen to a place again: on its page, when coming from one of the way down."""
    _only(dimension, value)
    if page in HOMES.values():
        open_page(HOMES.get(dimension, "regions"))


def _only(dimension: str, value: str) -> None:
    """Narrow to a place and to nothing inside it; without a dimension to no place."""
    names = list(HOMES)
    for inside in names[names.index(dimension) + 1 :] if dimension else names:
        filter_bar.narrow(inside, [])
    if dimension:
        filter_bar.narrow(dimension, [value])


def _receipt(desk: Desk, name: str) -> None:
    try:
        found = desk.ask(explain, name)
    except QuestionError:
        st.info(t("receipt.unknown", name=plain(name)))
        return
    is_order = "rule" in found.columns
    st.caption(t("receipt.order_note" if is_order else "receipt.lines_note"))
    found = _called(desk, found if is_order else _looked_at(desk, found))
    shown = told.order(found, desk.settings.timezone) if is_order else told.lines(found)
    tables.draw(shown, {one: Column(t(f"receipt.{one}")) for one in shown.columns}, name)


def _looked_at(desk: Desk, rows: pl.DataFrame) -> pl.DataFrame:
    """Receipts of several stores may have one number: those of the store or guide one looks at,
    where these have any."""
    for column, dimension in (("guide", "guide"), ("rung_at", "store")):
        tills = rows.filter(pl.col(column).is_in(desk.view.chosen(dimension)))["rung_at"]
        if tills.len():
            rows = rows.filter(pl.col("rung_at").is_in(tills.to_list()))
    return rows


def _called(desk: Desk, rows: pl.DataFrame) -> pl.DataFrame:
    """Guides and stores by name, as far as the viewer may know them."""
    for column in {"guide", "store", "rung_at"} & set(rows.columns):
        known = desk.known(
            "guide" if column == "guide" else "store", rows[column].drop_nulls().to_list()
        )
        rows = rows.with_columns(pl.col(column).replace(*known))
    return rows
