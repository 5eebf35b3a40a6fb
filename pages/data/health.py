"""Health: what was delivered, what became of it, and whether the figures add up."""

from functools import partial

import streamlit as st

from pages.ui import blocks, ledger, session
from reports import headlines
from reports.i18n import t

desk = session.require("health")
blocks.header(desk, t("page.health"))

with blocks.loading():
    proof = desk.conservation()
st.subheader(headlines.conservation(proof), anchor=False)
st.caption(t("health.proof_note"))
ledger.conservation(proof)

st.subheader(headlines.feeds(desk.freshness()), anchor=False)
st.caption(t("health.feeds_note"))
ledger.feeds(desk.deliveries(), desk.freshness(), desk.settings.timezone)

if "rejects" in desk.scope.pages:
    rejects = desk.rejects()
    st.subheader(headlines.rejects(rejects), anchor=False)
    if rejects.height:
        st.caption(t("health.rejects_note"))
        ledger.rejects(rejects)
        csv = partial(blocks.csv, rejects)
        st.download_button(t("health.download"), csv, "rejects.csv", "text/csv", on_click="ignore")

runs = desk.runs()
st.subheader(t("health.runs", count=runs.height), anchor=False)
ledger.runs(runs, desk.settings.timezone)
