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
blocks.heading(headlines.conservation(proof), t("health.proof_note"))
ledger.conservation(proof)

blocks.heading(headlines.feeds(desk.freshness()), t("health.feeds_note"))
ledger.feeds(desk.deliveries(), desk.freshness(), desk.settings.timezone)

files = desk.files()
blocks.heading(headlines.accounted(files), t("health.files_note"))
ledger.files(files, desk.settings.timezone)

restated = desk.restatements()
blocks.heading(headlines.restated(restated), t("health.restated_note"))
if restated.height:
    ledger.restated(restated, desk.settings.timezone)

if "rejects" in desk.scope.pages:
    rejects = desk.rejects()
    st.subheader(headlines.rejects(rejects), anchor=False)
    if rejects.height:
        st.caption(t("health.rejects_note"))
        ledger.rejects(rejects)
        csv = partial(blocks.csv, rejects)
        st.download_button(t("health.download"), csv, "rejects.csv", "text/csv", on_click="ignore")

runs = desk.runs()
blocks.heading(t("health.runs", count=runs.height))
ledger.runs(runs, desk.settings.timezone)

tried = desk.last_runs()
if tried:
    blocks.heading(headlines.tried(tried), t("health.tried_note"))
    ledger.tried(tried, desk.settings.timezone)
