"""The list of users, and the way into another's place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl
import streamlit as st

from pages.ui import sign_in, tables
from pages.ui.session import Desk
from reports.i18n import t
from reports.paper import Column
from warehouse.access import Scope


def table(desk: Desk, listed: Mapping[str, Scope]) -> None:
    """Each user with role and stores; what the users file names and nobody has delivered yet stands
    in a column of its own, since it opens nothing."""
    known = {name: set(desk.labels(name)["value"]) for name in ("region", "store")}
    rows = [
        {
            "user": user,
            "role": t(f"role.{scope.role}"),
            "sees": _sees(scope),
            "not_known": _joined([*(scope.regions - known["region"]),
                                  *(scope.stores - known["store"])]),
        }
        for user, scope in listed.items()
    ]  # fmt: skip
    columns = {name: Column(t(f"users.{name}")) for name in rows[0]}
    tables.draw(pl.DataFrame(rows), columns, t("page.users"))


def _sees(scope: Scope) -> str:
    if scope.everything:
        return t("header.everything")
    if scope.is_empty:
        return t("users.nothing")
    return _joined([*scope.regions, *scope.stores])


def _joined(names: Iterable[str]) -> str:
    return t("format.comma").join(sorted(names))


def view_as(desk: Desk, listed: Mapping[str, Scope]) -> None:
    """Look at every page as another user sees it; for who sees everything anyway."""
    if not desk.viewer.may_view_as:
        st.caption(t("users.not_whole"))
        return
    others = [user for user in listed if user != desk.viewer.user]
    other = st.selectbox(t("users.whose"), others, key="whose")
    st.button(t("users.view_as"), on_click=sign_in.view_as, args=(other,), key="view_as",
              disabled=other is None)  # fmt: skip
