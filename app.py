"""The dashboard's frame: who is looking, which pages they have, and the filters all pages share.

Run it with: streamlit run app.py
"""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.ui import export, filter_bar, saved, serving, session, sign_in
from reports import i18n
from reports.i18n import t
from reports.view import choice

HOME = Path(__file__).parent
# Every page by what a role may see, the one to open first before the others.
SCRIPTS = {
    "overview": HOME / "pages/executive/overview.py",
    "regions": HOME / "pages/field/regions.py",
    "stores": HOME / "pages/field/stores.py",
    "guides": HOME / "pages/field/guides.py",
    "funnels": HOME / "pages/o2o/funnels.py",
    "growth": HOME / "pages/members/growth.py",
    "credit": HOME / "pages/o2o/credit.py",
    "stock": HOME / "pages/o2o/stock.py",
    "cohorts": HOME / "pages/members/cohorts.py",
    "campaigns": HOME / "pages/members/campaigns.py",
    "health": HOME / "pages/data/health.py",
    "users": HOME / "pages/data/users.py",
    "glossary": HOME / "pages/data/glossary.py",
}
AUDIENCES = {
    "executive": ["overview"],
    "field": ["regions", "stores", "guides"],
    "o2o": ["funnels", "credit", "stock"],
    "members": ["growth", "cohorts", "campaigns"],
    "data": ["health", "glossary", "users"],
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
    """The menu by audience, and the page the address asks for, or that somebody chose to open."""
    pages = {name: page_of(name, seen) for name in SCRIPTS} | {"": home(seen)}
    sections = {
        t(f"audience.{audience}"): [pages[name] for name in names]
        for audience, names in AUDIENCES.items()
    }
    asked = st.navigation({"": [pages[""]], **sections}, position="top")
    chosen = st.session_state.pop("go", asked.url_path)
    if chosen != asked.url_path and chosen in pages:
        st.switch_page(pages[chosen], query_params={})
    return asked


def show() -> None:
    """One run of the dashboard."""
    st.set_page_config(page_title="Guidepost", page_icon="🧭", layout="wide")
    st.logo(HOME / "pages/ui/logo.svg", size="large")
    link = filter_bar.link()
    i18n.speak(choice(link["lang"], i18n.LANGUAGES))
    with session.explained(), session.opened(link) as desk:
        page = navigation(desk.scope.pages if desk else frozenset())
        if desk:
            view = filter_bar.show(desk, link)
            saved.show(desk, link, page.url_path)
            sign_in.show(desk.viewer)
            with session.looking_at(desk, view), export.offered():
                page.run()
    session.settle()


if __name__ == "__main__":
    show()
else:
    # The server imports this file once before anyone comes. Without the flag it takes the pages
    # folder for pages of its own and tells the first visitor by a deep link "page not found".
    PagesManager.uses_pages_directory = False
    app = st.App(
        __file__, lifespan=serving.lifespan, middleware=serving.MIDDLEWARE,
        on_script_error=session.explain,
    )  # fmt: skip
