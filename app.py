"""The dashboard's frame: who is looking, which pages they have, and the filters all pages share.

Run it with: streamlit run app.py
"""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.ui import filter_bar, serving, session
from reports import i18n
from reports.i18n import t
from reports.view import choice

HOME = Path(__file__).parent
# Every page by what a role may see, the one to open first before the others.
SCRIPTS = {
    "overview": HOME / "pages/executive/overview.py",
    "stores": HOME / "pages/field/stores.py",
    "cohorts": HOME / "pages/members/cohorts.py",
    "health": HOME / "pages/data/health.py",
    "glossary": HOME / "pages/data/glossary.py",
}
AUDIENCES = {
    "executive": ["overview"],
    "field": ["stores"],
    "members": ["cohorts"],
    "data": ["health", "glossary"],
}


def page_of(name: str, seen: frozenset[str]) -> st.Page:
    """A page; one the viewer's role has not got stays out of the menu, and refuses by itself."""
    visibility: Any = "visible" if name in seen else "hidden"
    return st.Page(SCRIPTS[name], title=t(f"page.{name}"), url_path=name, visibility=visibility)


def home(seen: frozenset[str]) -> st.Page:
    """The first page of a role once more, for the bare address: Streamlit does not find a default
    page under its own name, so none of the menu's pages may be the default."""
    name = next((name for name in SCRIPTS if name in seen), "overview")
    title = t(f"page.{name}")
    return st.Page(SCRIPTS[name], title=title, url_path="home", default=True, visibility="hidden")


def navigation(seen: frozenset[str]) -> st.Page:
    """The menu by audience, and the page the address asks for."""
    sections = {
        t(f"audience.{audience}"): [page_of(name, seen) for name in names]
        for audience, names in AUDIENCES.items()
    }
    return st.navigation({"": [home(seen)], **sections}, position="top")


def show() -> None:
    """One run of the dashboard."""
    st.set_page_config(page_title="Guidepost", page_icon="🧭", layout="wide")
    st.logo(HOME / "pages/ui/logo.svg", size="large")
    link = filter_bar.link()
    i18n.speak(choice(link["lang"], i18n.LANGUAGES))
    with session.explained(), session.opened() as desk:
        page = navigation(desk.scope.pages if desk else frozenset())
        if desk:
            with session.looking_at(desk, filter_bar.show(desk, link)):
                page.run()
    session.settle()


if __name__ == "__main__":
    show()
else:
    # The server imports this file once before anyone comes. Without the flag it takes the pages
    # folder for pages of its own and tells the first visitor by a deep link "page not found".
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, middleware=serving.MIDDLEWARE, on_script_error=session.explain)
