"""Who is looking: whom the identity provider vouches for; where there is none, on this machine
only, whoever one says one is in the users file; and without that, whoever sits here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import streamlit as st

from reports.i18n import t
from warehouse import access
from warehouse.access import AccessError, Scope
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.pages")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
WHO = ("user", "as")
"""Names of the link: who one is where no provider is asked; as whom an administrator looks."""
NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Viewer:
    """Somebody who may see something. `user` is empty where nobody was asked who they are;
    `seen_as` is the user an administrator looks as; `is_trial`: no password was asked."""

    scope: Scope
    user: str = ""
    seen_as: str = ""
    is_trial: bool = False

    @property
    def may_view_as(self) -> bool:
        """Only who sees everything may look as somebody else, so that nobody sees more for it."""
        return bool(self.user) and self.scope.everything and "users" in self.scope.pages


def viewer(settings: Settings, said: Mapping[str, str] = NOBODY) -> Viewer | None:
    """Who is looking, by the sign-in and what the link says of WHO; None, and said why, when
    nobody may see anything."""
    is_trial = not provider_configured()
    if is_trial and not _is_this_machine():
        _door(st.error, t("sign_in.only_here"))
        return None
    if is_trial and settings.users is None:
        return Viewer(access.EVERYTHING, is_trial=True)
    user = _user(settings.users, said, is_trial)
    if user is None:
        return None
    try:
        found = Viewer(_scope(user, settings.users), user, is_trial=is_trial)
    except AccessError as error:
        LOG.warning("%s may not look: %s", user, error)
        _door(st.error, t("sign_in.unlisted", user=_named(user)))
        _sign_out_button(is_trial)
        return None
    return _seen_as(found, said.get("as", ""), settings.users)


def _seen_as(own: Viewer, other: str, users: Path | None) -> Viewer:
    """An administrator in another user's place, with no more than either of both may see."""
    if not other or other == own.user or not own.may_view_as:
        return own
    try:
        theirs = _scope(other, users)
    except AccessError:
        return own
    both = replace(
        theirs,
        pages=theirs.pages & own.scope.pages,
        personal_data=theirs.personal_data and own.scope.personal_data,
    )
    return replace(own, scope=both, seen_as=other)


def provider_configured() -> bool:
    """Whether secrets.toml names an identity provider for `st.login`."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


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


def _user(users: Path | None, said: Mapping[str, str], is_trial: bool) -> str | None:
    """Who one is; None, and asked for, while that is not known."""
    user = said.get("user") if is_trial else _signed_in_user()
    if user:
        return user
    if is_trial:
        _ask_who(users)
    else:
        _ask_to_sign_in()
    return None


def _door(say: Callable[[str], object], why: str) -> None:
    """What stands in the place of a page that is not shown."""
    st.title("Guidepost")
    say(why)


def _signed_in_user() -> str | None:
    """The address the identity provider vouches for; one it calls unverified does not count."""
    user = st.user.to_dict()
    if not user.get("is_logged_in") or user.get("email_verified") is False:
        return None
    email = user.get("email")
    return str(email) if email else None


def _ask_to_sign_in() -> None:
    _door(st.info, t("sign_in.please"))
    st.button(t("sign_in.button"), on_click=st.login, type="primary")


def _ask_who(users: Path | None) -> None:
    """Trying out: any user of the users file, without a password."""
    listed = access.read_users(users)
    _door(st.info, t("sign_in.trial"))
    st.selectbox(
        t("sign_in.who"), list(listed), key="who",
        format_func=lambda user: f"{user} · {t(f'role.{listed[user].role}')}",
    )  # fmt: skip
    st.button(t("sign_in.button"), on_click=_be, type="primary")


def _be() -> None:
    st.session_state["user"] = st.session_state["who"]


def view_as(user: str) -> None:
    """Look as another user from the next run on, at their first page; as "" as oneself again."""
    st.session_state.update({"as": user, "go": ""})


def show(viewer: Viewer) -> None:
    """Who is signed in, below the filters; and, on every page, as whom one looks."""
    if viewer.seen_as:
        with st.container(key="seen_as"):
            role = t(f"role.{viewer.scope.role}")
            st.warning(t("sign_in.seen_as", user=_named(viewer.seen_as), role=role))
            st.button(t("sign_in.myself"), on_click=view_as, args=("",), key="myself")
    if viewer.user:
        with st.sidebar:
            st.markdown(t("sign_in.signed_in", user=_named(viewer.user)))
            _sign_out_button(viewer.is_trial)


def _named(user: str) -> str:
    """A user as code, since an address would become a link to write to."""
    return f"`{user.replace('`', '')}`"


def _sign_out_button(is_trial: bool) -> None:
    st.button(t("sign_in.out"), on_click=_be_nobody if is_trial else st.logout, key="sign_out")


def _be_nobody() -> None:
    st.session_state.update(dict.fromkeys(WHO, ""))


def _scope(user: str, users: Path | None) -> Scope:
    """The user's scope, read anew whenever the users file changes."""
    if users is None:
        raise AccessError("GUIDEPOST_USERS is not set, so nobody is listed")
    written = users.stat()
    return _scope_in(user, str(users), (written.st_mtime_ns, written.st_size, written.st_ino))


@st.cache_resource(max_entries=1000, show_spinner=False)
def _scope_in(user: str, users: str, written: tuple[int, ...]) -> Scope:
    return access.scope_of(user, Path(users))
