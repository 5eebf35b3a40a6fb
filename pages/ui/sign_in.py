"""Who is looking: a signed-in user with their scope, or, where no sign-in is configured at all,
whoever sits at this machine."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from reports.i18n import t
from warehouse import access
from warehouse.access import AccessError, Scope
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.pages")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


@dataclass(frozen=True)
class Viewer:
    """Somebody who may see something. `is_demo`: nobody asked who they are."""

    scope: Scope
    is_demo: bool = False


def viewer(settings: Settings) -> Viewer | None:
    """Who is looking; None, and said why, when nobody may see anything."""
    if settings.users is None and not _provider_configured():
        return _whoever_is_here()
    user = _signed_in_user()
    if user is None:
        _ask_to_sign_in()
        return None
    try:
        return Viewer(_scope(user, settings.users))
    except AccessError as error:
        LOG.warning("%s may not look: %s", user, error)
        st.error(t("sign_in.unlisted", user=user))
        return None


def _provider_configured() -> bool:
    """Whether secrets.toml names an identity provider for `st.login`."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def _whoever_is_here() -> Viewer | None:
    if not _is_this_machine():
        st.error(t("sign_in.only_here"))
        return None
    return Viewer(access.EVERYTHING, is_demo=True)


def _is_this_machine() -> bool:
    """Bound to loopback, asked from loopback under a loopback name, and not through a proxy
    (which would make every visitor look local). Streamlit gives no address for loopback."""
    headers, address = st.context.headers, st.context.ip_address
    host = urlsplit(f"//{headers.get('Host', 'localhost')}").hostname
    return (
        st.get_option("server.address") in LOOPBACK
        and (not isinstance(address, str) or address in LOOPBACK)
        and host in LOOPBACK
        and not any(name in headers for name in FORWARDED)
    )


def _signed_in_user() -> str | None:
    """The address the identity provider vouches for; one it calls unverified does not count."""
    user = st.user.to_dict()
    if not user.get("is_logged_in") or user.get("email_verified") is False:
        return None
    email = user.get("email")
    return str(email) if email else None


def _ask_to_sign_in() -> None:
    st.info(t("sign_in.please"))
    if _provider_configured():
        st.button(t("sign_in.button"), on_click=st.login, type="primary")


def _scope(user: str, users: Path | None) -> Scope:
    """The user's scope, read anew whenever the users file changes."""
    if users is None:
        raise AccessError("GUIDEPOST_USERS is not set, so nobody is listed")
    written = users.stat()
    return _scope_in(user, str(users), written.st_mtime_ns, written.st_size)


@st.cache_resource(max_entries=1000, show_spinner=False)
def _scope_in(user: str, users: str, changed: int, size: int) -> Scope:
    return access.scope_of(user, Path(users))
