"""Why does this differ? What other ways to count make of a figure, computed when somebody asks."""

from __future__ import annotations

import streamlit as st

from pages.ui.session import Desk
from reports import told
from reports.i18n import metric_label, t
from warehouse.explanations import differ, is_of_lines


def ask(desk: Desk, key: str) -> None:
    """A way to ask of a figure, narrowed as the page is, why others have another number; none for
    a figure that no convention changes."""
    if is_of_lines(key) and st.button(t("differ.ask"), key=f"why_{key}", type="tertiary"):
        st.dialog(metric_label(key), width="medium")(_answer)(desk, key)


def _answer(desk: Desk, key: str) -> None:
    st.caption(t("differ.note"))
    with st.skeleton(height=240):
        found = desk.ask(differ, desk.view.question((key,)))
    for paragraph in told.differences(key, found):
        st.markdown(paragraph)
