"""The dashboard's frame: who is looking, which pages they have, and the filters all pages share.

Run it with: streamlit run app.py
"""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.ui import filter_bar, i18n, serving, session
from pages.ui.i18n import t
from pages.ui.view import choice

HOME = Path(__file__).parent
# By audience, as the menu shows them: what a role may see, and its script.
PAGES = {
    "executive": {"overview": "pages/executive/overview.py"},
    "field": {"stores": "pages/field/stores.py"},
    "data": {"health": "pages/data/health.py", "glossary": "pages/data/glossary.py"},
}


def page_of(name: str, script: str, seen: frozenset[str]) -> st.Page:
    """A page; one the viewer's role has not got stays out of the menu, and refuses by itself."""
    return st.Page(
        HOME / script, title=t(f"page.{name}"), url_path=name,
        visibility="visible" if name in seen else "hidden",
    )  # fmt: skip


def navigation(seen: frozenset[str]) -> st.Page:
    """The menu by audience, and the page the address asks for."""
    sections = {
        t(f"audience.{audience}"): [page_of(name, script, seen) for name, script in pages.items()]
        for audience, pages in PAGES.items()
    }
    return st.navigation(sections, position="top")


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
