"""Glossary: what every figure means, from where the figures themselves are defined."""

import streamlit as st

from pages.ui import blocks, export, session, terms
from reports.i18n import t

desk = session.require("glossary")
st.title(t("page.glossary"))
blocks.notices(desk)
st.caption(t("glossary.note"))
export.place(desk, t("page.glossary"))

search = st.text_input(
    t("glossary.search"), key="glossary_search", placeholder=t("glossary.example")
)
terms.show(search, desk.settings)
