"""Every receipt behind a store's figures: pages of them, and the lines of the one picked."""

from __future__ import annotations

import streamlit as st

from pages.ui import blocks, drill, filter_bar, tables
from pages.ui.session import Desk
from reports import tills
from reports.i18n import t
from warehouse.receipts import ORDERS

_PICKED = "picked_receipt"


def show(desk: Desk, label: str) -> None:
    """The receipts of the view, which is narrowed to the one store called `label`."""
    question = desk.view.question(("receipts", "net_sales"))
    with blocks.loading():
        figures = desk.total(question)
        whole = desk.receipts(question, ORDERS[0])
    if not whole.height:
        return
    blocks.heading(tills.stated(label, whole, figures), t("receipts.help"))
    with st.container(horizontal=True):
        order = filter_bar.chosen("order", ORDERS, lambda code: t(f"order.{code}"))
        page = filter_bar.chosen("sheet", tills.pages(whole), str)
    listed = desk.receipts(question, order, int(page))
    key = f"receipts_{order}_{page}_{'_'.join(desk.view.chosen('store'))}"
    tables.draw(
        tills.named(listed), tills.columns(listed), t("receipts.title"), key, _pick, "receipt",
        drill.open_receipt,
    )  # fmt: skip
    st.caption(tills.note(listed, page))
    picked = st.session_state.get(_PICKED)
    found = tills.key_of(listed, picked)
    if found is not None:
        lines = desk.receipt_lines(question, found)
        blocks.heading(tills.made_of(str(picked), lines))
        tables.draw(tills.worded(lines), tills.line_columns(), t("receipts.lines_title"))


def _pick(receipt: str) -> None:
    st.session_state[_PICKED] = receipt
