"""Views one keeps under a name: page and filters, for oneself only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import streamlit as st

from pages.ui import filter_bar
from pages.ui.session import Desk
from reports.formats import plain
from reports.i18n import t
from reports.view import SAVED
from warehouse.saved_views import LONGEST_NAME, SavedView, SavedViews, ViewError

LOG = logging.getLogger("guidepost.pages")


def show(desk: Desk, said: Mapping[str, str], page: str) -> None:
    """The list of saved views in the sidebar, made when it is opened; `page` is the one shown."""
    with st.sidebar:
        box = st.expander(t("saved.title"), key="saved", on_change="rerun")
    if not box.open:
        return
    kept = SavedViews(desk.settings.views, desk.viewer.user)
    with box:
        if why := st.session_state.pop("saved_problem", None):
            st.error(t(f"saved.{why}"))
        try:
            views = kept.all()
        except ViewError as error:
            st.error(t(f"saved.{_told(error)}"))
            return
        _list(views)
        _new(kept, SavedView("", page, {name: said[name] for name in SAVED if said[name]}))
        _change(kept, [view.name for view in views])


def _list(views: list[SavedView]) -> None:
    if not views:
        st.caption(t("saved.none"))
    for view in views:
        st.button(
            plain(view.name), key=f"saved_{view.name}", width="stretch",
            on_click=filter_bar.go, args=(view.page, view.link),
        )  # fmt: skip


def _new(kept: SavedViews, shown: SavedView) -> None:
    st.text_input(t("saved.name"), key="saved_name", max_chars=LONGEST_NAME)
    st.button(t("saved.keep"), key="saved_keep", on_click=_keep, args=(kept, shown))


def _change(kept: SavedViews, names: list[str]) -> None:
    if not names:
        return
    with st.popover(t("saved.change"), width="stretch"):
        st.selectbox(t("saved.which"), names, key="saved_which")
        st.text_input(t("saved.new_name"), key="saved_new_name", max_chars=LONGEST_NAME)
        st.button(t("saved.rename"), key="saved_rename", on_click=_rename, args=(kept,))
        st.button(t("saved.delete"), key="saved_delete", on_click=_delete, args=(kept,))


def _keep(kept: SavedViews, shown: SavedView) -> None:
    if name := st.session_state["saved_name"].strip():
        _try(lambda: kept.keep(SavedView(name, shown.page, shown.link)), "saved_name")


def _rename(kept: SavedViews) -> None:
    if name := st.session_state["saved_new_name"].strip():
        _try(lambda: kept.rename(st.session_state["saved_which"], name), "saved_new_name")


def _delete(kept: SavedViews) -> None:
    _try(lambda: kept.forget(st.session_state["saved_which"]))


def _try(change: Callable[[], None], field: str | None = None) -> None:
    """Make a change and empty the field it came from; or say on the next run why it failed."""
    try:
        change()
    except ViewError as error:
        st.session_state["saved_problem"] = _told(error)
        return
    if field:
        st.session_state[field] = ""


def _told(error: ViewError) -> str:
    LOG.warning("a saved view: %s", error.__cause__ or error)
    return error.why
