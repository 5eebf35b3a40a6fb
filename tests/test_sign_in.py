"""Who is looking: trying out with a users file, an administrator in another's place, the page of
users, and what a change of the file does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from opening import SCRIPTS, Open, said, shows_data
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.ui import sign_in
from warehouse import access
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import Hub
from warehouse.options import values

LIN, WANG, ADA = "lin@example.com", "wang@example.com", "ada@example.com"
USERS = f"""
[users."{ADA}"]
role = "administrator"
[users."half@example.com"]
role = "administrator"
regions = ["CN-S"]
[users."chen@example.com"]
role = "executive"
[users."{LIN}"]
role = "regional_manager"
regions = ["CN-S"]
[users."{WANG}"]
role = "store_manager"
stores = ["S0002", "S9999"]
"""

Sign = Callable[..., AppTest]


@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users.toml"
    file.write_text(USERS, encoding="utf-8")
    return file


@pytest.fixture
def arrive(
    opened: Open, users: Path, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> Sign:
    """Open a page with that users file and no identity provider."""

    def open_page(page: str | None = None, **link: str) -> AppTest:
        monkeypatch.setenv("GUIDEPOST_USERS", str(users))
        return opened(sample_warehouse, page, **link)

    return open_page


def _stores(app: AppTest) -> set[str]:
    """The stores the sidebar offers."""
    return set(app.multiselect(key="pick_store").options)


def _within(warehouse: Path, scope: Scope) -> set[str]:
    with Hub(warehouse).snapshot() as snapshot:
        return set(snapshot.fetch(values("store", scope, limit=100))["label"])


# Trying out --------------------------------------------------------------------------------------
def test_without_a_provider_one_says_who_one_is(arrive: Sign, sample_warehouse: Path) -> None:
    app = arrive()
    assert not shows_data(app)
    assert "nobody asks for a password" in said(app)
    app.selectbox(key="who").select(LIN)
    next(button for button in app.button if button.label == "Sign in").click().run()
    assert f"Signed in as {LIN}" in said(app).replace("`", "")
    assert _stores(app) == _within(sample_warehouse, Scope(regions=frozenset({"CN-S"})))
    app.button(key="sign_out").click().run()
    assert not shows_data(app)


def test_each_user_can_be_tried_and_sees_their_own_stores(
    arrive: Sign, users: Path, sample_warehouse: Path
) -> None:
    for user, scope in access.read_users(users).items():
        app = arrive(user=user)
        assert not app.exception
        assert _stores(app) == _within(sample_warehouse, scope), user
    assert not shows_data(arrive(user="stranger@example.com"))


def test_trying_out_is_for_this_machine_only(arrive: Sign) -> None:
    config.set_option("server.address", "0.0.0.0")
    app = arrive(user=ADA)
    assert not shows_data(app)
    assert "only to the machine it runs on" in said(app)


def test_with_a_provider_a_link_says_nothing_of_who_one_is(
    arrive: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "provider_configured", lambda: True)
    assert not shows_data(arrive(user=ADA))


@pytest.mark.parametrize(
    ("user", "is_let_in"),
    [
        ({"is_logged_in": True, "email": ADA, "email_verified": True}, True),
        ({"is_logged_in": True, "email": ADA}, True),
        ({"is_logged_in": True, "email": ADA, "email_verified": False}, False),
        ({"is_logged_in": False, "email": ADA}, False),
        ({"is_logged_in": True, "sub": ADA}, False),
    ],
)
def test_a_provider_must_vouch_for_the_address(
    user: dict[str, object], is_let_in: bool, arrive: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "provider_configured", lambda: True)
    app = arrive()
    app.user = user
    assert shows_data(app.run()) == is_let_in


# In another's place ------------------------------------------------------------------------------
def test_an_administrator_sees_what_a_user_sees_marked_on_every_page(
    arrive: Sign, sample_warehouse: Path
) -> None:
    app = arrive(user=ADA, **{"as": WANG})
    own = arrive(user=WANG)
    scope = Scope(stores=frozenset({"S0002"}))
    assert _stores(app) == _stores(own) == _within(sample_warehouse, scope)
    assert [tile.value for tile in app.metric] == [tile.value for tile in own.metric]
    for page, script in SCRIPTS.items():
        app.switch_page(script).run()
        assert any("You look as" in warning.value for warning in app.warning), page
        if page not in access.PAGES["store_manager"]:
            assert not shows_data(app), page
    app.button(key="myself").click().run()
    assert not [warning for warning in app.warning if "You look as" in warning.value]
    assert _stores(app) == _within(sample_warehouse, EVERYTHING)


@pytest.mark.parametrize("user", [LIN, WANG, "half@example.com"])
@pytest.mark.parametrize("other", ["chen@example.com", ADA, LIN, WANG, "nobody@example.com"])
def test_looking_as_somebody_else_never_shows_more(user: str, other: str, users: Path) -> None:
    own = sign_in.Viewer(access.scope_of(user, users), user)
    assert sign_in._seen_as(own, other, users) == own


@pytest.mark.parametrize("other", ["chen@example.com", LIN, WANG, "half@example.com"])
def test_an_administrator_in_anothers_place_has_that_ones_scope(other: str, users: Path) -> None:
    seen = sign_in._seen_as(sign_in.Viewer(EVERYTHING, ADA), other, users)
    assert seen.scope == access.scope_of(other, users)
    assert seen.user == ADA


def test_an_unknown_user_is_nobody_to_look_as(arrive: Sign) -> None:
    app = arrive(user=ADA, **{"as": "' OR '1'='1"})
    assert not app.exception
    assert shows_data(app)


# The page of users -------------------------------------------------------------------------------
def test_the_page_of_users_says_who_sees_what(arrive: Sign) -> None:
    app = arrive("users", user=ADA)
    table = app.dataframe[0].value.set_index("user")
    assert table.loc[LIN].to_list() == ["Regional manager", "CN-S", ""]
    assert table.loc[WANG].to_list() == ["Store manager", "S0002, S9999", "S9999"]
    assert table.loc[ADA, "sees"] == "Whole company"
    app.selectbox(key="whose").select(WANG).run()
    app.button(key="view_as").click().run()
    assert app.session_state["as"] == WANG
    assert app.title[0].value != "Users"  # a store manager has no such page


def test_an_administrator_of_a_part_looks_as_nobody(arrive: Sign) -> None:
    app = arrive("users", user="half@example.com")
    assert "who see the whole company" in said(app)
    assert not [button for button in app.button if button.key == "view_as"]


# A change of the file ----------------------------------------------------------------------------
def test_a_manager_whose_region_changes_sees_it_on_the_next_click(
    arrive: Sign, users: Path, sample_warehouse: Path
) -> None:
    app = arrive(user=LIN, region="CN-S")
    before = _stores(app)
    users.write_text(USERS.replace("CN-S", "CN-E"), encoding="utf-8")
    app.run()
    assert _stores(app) == _within(sample_warehouse, Scope(regions=frozenset({"CN-E"})))
    assert not _stores(app) & before
    assert "Not known, and left out: CN-S" in said(app)
    users.write_text(USERS.replace(LIN, "other@example.com"), encoding="utf-8")
    app.run()
    assert not shows_data(app)
