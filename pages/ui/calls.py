"""Whom to call: the list, each line with a way to open what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.ui import blocks, drill
from pages.ui.session import Desk
from reports import calls, paper
from reports.calls import Call
from reports.formats import bare
from reports.i18n import t
from reports.paper import Column


def show(desk: Desk, listed: Sequence[Call], note: str) -> None:
    """The list under a title that says how many there are; each line opens what it is about."""
    title = calls.headline(listed)
    columns = {name: Column(t(f"calls.{name}")) for name in ("what", "label", "text")}
    blocks.heading(title, note)
    paper.record(paper.Table(bare(title), calls.as_table(listed), columns))
    for call in listed:
        _line(desk, call)


def _line(desk: Desk, call: Call) -> None:
    text, way = st.columns([8, 1], vertical_alignment="center")
    text.markdown(f"**{call.label}** · {call.text}")
    page, opened = _way(call)
    if page in desk.scope.pages:
        way.button(
            t("drill.button"), key=f"call_{call.dimension}_{call.value}", on_click=opened,
            help=t("drill.open", label=call.label),
        )  # fmt: skip


def _way(call: Call) -> tuple[str, Callable[[], None]]:
    """The page a line opens, and the click that opens it."""
    if call.dimension == "feed":
        return "health", lambda: drill.open_page("health")
    return drill.HOMES[call.dimension], lambda: drill.open_it(call.dimension, call.value)
