"""Views kept under a name, and lists of stores pasted into a filter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from opening import Open, said
from streamlit.testing.v1 import AppTest

from pages.ui import filter_bar
from reports.view import pasted
from warehouse import saved_views
from warehouse.saved_views import FILE, SavedView, SavedViews, ViewError

LIN, WANG = "lin@example.com", "wang@example.com"
MINE = {"store": "S0001,S0002", "period": "last_7"}

Arrive = Callable[..., AppTest]


@pytest.fixture
def views(tmp_path: Path) -> Path:
    return tmp_path / "views"


@pytest.fixture
def arrive(
    opened: Open, views: Path, sample_warehouse: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Arrive:  # fmt: skip
    """Open a page with the saved views unfolded."""
    users = tmp_path / "users.toml"
    roles = {LIN: 'stores = ["S0001", "S0002"]', WANG: 'stores = ["S0002"]'}
    lines = (f'[users."{user}"]\nrole = "store_manager"\n{seen}\n' for user, seen in roles.items())
    users.write_text("".join(lines), encoding="utf-8")

    def open_page(page: str | None = None, **link: str) -> AppTest:
        monkeypatch.setenv("GUIDEPOST_VIEWS", str(views))
        if "user" in link:
            monkeypatch.setenv("GUIDEPOST_USERS", str(users))
        app = opened(sample_warehouse, page, **link)
        app.session_state["saved"] = True
        return app.run()

    return open_page


def _keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button if (button.key or "").startswith("saved_")}


# The store ---------------------------------------------------------------------------------------
def test_a_view_is_kept_replaced_renamed_and_forgotten(views: Path) -> None:
    kept = SavedViews(views, LIN)
    assert kept.all() == []
    assert not views.exists()  # looking makes no file
    kept.keep(SavedView("b", "stores", MINE))
    kept.keep(SavedView("a '; DROP TABLE saved_views; --", "overview"))
    kept.keep(SavedView("b", "regions", MINE))
    assert [(view.name, view.page) for view in kept.all()] == [
        ("a '; DROP TABLE saved_views; --", "overview"),
        ("b", "regions"),
    ]
    assert kept.all()[1].link == MINE
    kept.rename("b", "c")
    kept.forget("a '; DROP TABLE saved_views; --")
    assert kept.all() == [SavedView("c", "regions", MINE)]


def test_two_users_never_reach_each_others_views(views: Path) -> None:
    lin, wang = SavedViews(views, LIN), SavedViews(views, WANG)
    lin.keep(SavedView("Monday", "stores", MINE))
    wang.keep(SavedView("Monday", "overview"))
    wang.rename("Monday", "Tuesday")
    wang.forget("Monday")
    assert lin.all() == [SavedView("Monday", "stores", MINE)]
    assert wang.all() == [SavedView("Tuesday", "overview")]


def test_a_name_is_taken_once_and_views_are_not_endless(
    views: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = SavedViews(views, LIN)
    kept.keep(SavedView("a", ""))
    kept.keep(SavedView("b", ""))
    with pytest.raises(ViewError, match="taken"):
        kept.rename("a", "b")
    monkeypatch.setattr(saved_views, "MOST", 2)
    kept.keep(SavedView("a", "stores"))  # in the place of the one there is
    with pytest.raises(ViewError, match="full"):
        kept.keep(SavedView("c", ""))


def test_where_nothing_can_be_written_that_is_said(views: Path) -> None:
    views.write_text("a file in the way of the directory", encoding="utf-8")
    with pytest.raises(ViewError, match="unwritable"):
        SavedViews(views, LIN).keep(SavedView("a", ""))


# On the page -------------------------------------------------------------------------------------
def test_a_saved_view_opens_its_page_with_its_filters(arrive: Arrive) -> None:
    app = arrive("stores", store="S0002", period="last_7", rise="red")
    app.text_input(key="saved_name").input("周一").run()
    app.button(key="saved_keep").click().run()
    other = arrive(brand="Aurora", period="last_month", rise="green")
    assert other.title[0].value == "Overview"
    other.button(key="saved_周一").click().run()
    assert not other.exception
    assert other.title[0].value == "Stores"
    link = {name: other.session_state[name] for name in ("store", "period", "brand", "rise")}
    assert link == {"store": "S0002", "period": "last_7", "brand": "", "rise": "green"}


def test_a_view_is_renamed_and_deleted_on_the_page(arrive: Arrive, views: Path) -> None:
    SavedViews(views, "").keep(SavedView("a", "stores"))
    app = arrive()
    app.text_input(key="saved_new_name").input("b").run()
    app.button(key="saved_rename").click().run()
    assert "saved_b" in _keys(app) and "saved_a" not in _keys(app)
    app.button(key="saved_delete").click().run()
    assert not SavedViews(views, "").all()


def test_a_view_is_shown_to_who_kept_it_only(arrive: Arrive, views: Path) -> None:
    SavedViews(views, LIN).keep(SavedView("mine", "stores", MINE))
    assert "saved_mine" in _keys(arrive(user=LIN))
    assert "saved_mine" not in _keys(arrive(user=WANG))


def test_a_view_loses_the_stores_that_left_its_owners_scope(arrive: Arrive, views: Path) -> None:
    # Wang kept it while S0001 was Wang's too.
    SavedViews(views, WANG).keep(SavedView("both", "stores", MINE))
    app = arrive(user=WANG)
    app.button(key="saved_both").click().run()
    assert "Not known, and left out: S0001" in said(app)
    assert [b.key for b in app.button if (b.key or "").startswith("chip_store")] == [
        "chip_store_S0002"
    ]


def test_pages_go_on_where_views_cannot_be_kept(arrive: Arrive, views: Path) -> None:
    views.mkdir()
    (views / FILE).write_bytes(b"not a database, but long enough to be read as one " * 50)
    app = arrive()
    assert "Views cannot be kept" in said(app)
    assert app.metric


# Pasted lists ------------------------------------------------------------------------------------
def test_a_pasted_list_may_come_from_anywhere() -> None:
    assert pasted("S0001, S0002\nS0003\r\n\tS0004;S0001；S0005、S0006，S0007 \n") == tuple(
        f"S000{number}" for number in range(1, 8)
    )
    assert pasted(" \n, ") == ()


def test_a_pasted_list_becomes_chips_and_unknown_names_are_told(arrive: Arrive) -> None:
    app = arrive()
    app.text_area(key="paste_store").input("S0001, S0002\nNOWHERE").run()
    app.button(key="use_paste_store").click().run()
    chips = {b.key for b in app.button if (b.key or "").startswith("chip_store")}
    assert chips == {"chip_store_S0001", "chip_store_S0002"}
    assert "Not known, and left out: NOWHERE." in said(app)


def test_a_long_list_is_counted_not_listed(arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_bar, "MANY", 2)
    app = arrive(store="S0001,S0002,S0003," + ",".join(f"X{n}" for n in range(13)))
    assert [b.key for b in app.button if (b.key or "").startswith("chip_store")] == ["chip_store"]
    assert "X9, and 3 more" in said(app)
    app.button(key="none_store").click().run()
    assert app.session_state["store"] == ""


def test_more_than_a_link_can_carry_is_left_out_and_told(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_bar, "MOST", 2)
    app = arrive(store="S0001,S0002,S0003,S0004,S0005")
    assert "Of “Store” the first 2 are shown; 3 more were left out." in said(app)
