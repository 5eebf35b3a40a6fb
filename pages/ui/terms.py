"""The glossary: every figure by name, with what it means, its unit and what one may trip over."""

from __future__ import annotations

import streamlit as st

from pages.ui.formats import plain
from pages.ui.i18n import metric_definition, metric_edge_cases, metric_label, t
from warehouse.metrics import METRICS


def found(search: str) -> list[str]:
    """Keys of the figures whose key, name or definition contains all words of a search."""
    words = search.lower().split()
    texts = {key: f"{key} {metric_label(key)} {metric_definition(key)}".lower() for key in METRICS}
    return [key for key, text in texts.items() if all(word in text for word in words)]


def show(search: str) -> None:
    """The figures that match a search, one card each."""
    keys = found(search)
    if not keys:
        st.info(t("glossary.nothing", search=plain(search)))
    with st.grid(2, min_column_width=300, border=True) as grid:
        for key in keys:
            with grid.cell():
                _card(key)


def _card(key: str) -> None:
    unit = t(f"unit.{METRICS[key].unit.name.lower()}")
    st.markdown(f"**{metric_label(key)}** &nbsp; :gray[`{key}` · {unit}]")
    st.markdown(plain(metric_definition(key)))
    if edges := metric_edge_cases(key):
        st.caption(plain(edges))
