"""Users: who sees what, and a look at the pages in their place."""

import streamlit as st

from pages.ui import blocks, people, session
from reports.i18n import t

desk = session.require("users")
st.title(t("page.users"))
blocks.notices(desk)
listed = desk.users()

if not listed:
    st.info(t("users.no_file"))
    st.stop()

st.caption(t("users.note", file=str(desk.settings.users)))
people.table(desk, listed)
people.view_as(desk, listed)
