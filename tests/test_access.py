"""Who sees what: scopes, the users file, and canaries of another region."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, Row, guide, member, order, refund, sale, store, touch
from shops import MARCH, at, by, days, figure, opened

from warehouse import answers, explanations, show
from warehouse.access import NOTHING, AccessError, Scope, scope_of
from warehouse.dimensions import DIMENSIONS
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.queries import has_meaning

CANARY = "CANARY"


def _goal(level: str, name: str, amount: str) -> Row:
    goal = {"level": level, "id": name, "month": "2024-03", "metric": "net_sales"}
    return goal | {"target": amount}


HOME: Mapping[str, Sequence[Row]] = {
    "stores": [
        store("S1", "A", "R1", selling_area_sqm="100", city="Wuhan"),
        store("S2", "B", "R2"),
    ],
    "members": [member("M1", at(1), join_store_id="S1", join_guide_id="G1", tier="gold")],
    "pos_sales": [
        *(sale(f"y{day}", f"2023-03-{day:02} 10:00", "50.00") for day in (1, 31)),
        sale("a", at(2), "100.00", guide_id="G1", member_id="M1", list_amount="120.00"),
        sale("b", at(3), "30.00", store_id="S2", guide_id="G2"),
        sale("z", at(31), "8.00"),
    ],
    "online_orders": [order("o", at(4), "20.00", guide_id="G1", member_id="M1")],
    "refunds": [refund("o", at(6), "5.00")],
    "footfall": [{"store_id": "S1", "hour_start": at(2), "visitors": 9}],
    "targets": [_goal("store", "S1", "310.00"), _goal("region", "R1", "620.00")],
    "touchpoints": [
        touch("e", at(5), "tag_scan", member_id="M1", store_id="S1", product_id="P1"),
    ],
    "stock": [
        {"as_of_date": "2024-03-05", "store_id": "S1", "product_id": "P1", "on_hand": 0},
    ],
}  # fmt: skip
"""The regions R1 and, below it, R2."""

THERE = {"store_id": f"{CANARY}-S", "guide_id": f"{CANARY}-G", "member_id": f"{CANARY}-M"}
ELSEWHERE: Mapping[str, Sequence[Row]] = {
    "regions": [{"region_id": f"{CANARY}-R", "region_name": CANARY, "parent_region_id": "TOP"}],
    "stores": [
        store(f"{CANARY}-S", f"{CANARY}-B", f"{CANARY}-R", city=f"{CANARY}-C")
        | {"selling_area_sqm": "50", "store_name": CANARY, "site": "outlet"},
    ],
    "guides": [guide(f"{CANARY}-G", f"{CANARY}-S", guide_name=CANARY)],
    "members": [
        member(f"{CANARY}-M", at(1), join_store_id=f"{CANARY}-S", join_guide_id=f"{CANARY}-G"),
    ],
    "pos_sales": [
        sale("y", "2023-03-02 10:00", "9000.00", **THERE),
        sale("c", at(2), "7000.00", tender=f"{CANARY}-T", product_id="P2", **THERE),
        sale("d", at(8), "-900.00", product_id="P2", **THERE),
    ],
    "online_orders": [
        order("oc", at(4), "6000.00", guide_id=f"{CANARY}-G", member_id=f"{CANARY}-M")
        | {"channel": f"{CANARY}-W", "device": f"{CANARY}-D", "origin_store_id": f"{CANARY}-S"},
    ],
    "footfall": [{"store_id": f"{CANARY}-S", "hour_start": at(2), "visitors": 5000}],
    "targets": [
        _goal("store", f"{CANARY}-S", "99999.00"),
        _goal("region", f"{CANARY}-R", "88888.00"),
        _goal("guide", f"{CANARY}-G", "77777.00"),
    ],
    "touchpoints": [
        touch("ec", at(5), "guide_scan", channel=f"{CANARY}-E", product_id="P1", **THERE),
    ],
    "stock": [
        {"as_of_date": "2024-03-05", "store_id": f"{CANARY}-S", "product_id": "P1", "on_hand": 0},
    ],
}  # fmt: skip
"""Another region: every name of it holds the word CANARY, every amount is in the thousands."""

MANAGER = Scope(regions=frozenset({"R1"}))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """R1 and R2 as if there were nothing else."""
    return opened(tmp_path_factory.mktemp("home"), **HOME)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same company with the other region."""
    usual = {**USUAL, **HOME}
    rows = {feed: [*usual.get(feed, ()), *ELSEWHERE.get(feed, ())] for feed in {*usual, *ELSEWHERE}}
    return opened(tmp_path_factory.mktemp("whole"), **rows)


# Scopes ------------------------------------------------------------------------------------------
def test_an_empty_scope_gives_nothing(whole: Company) -> None:
    assert whole.ask("net_sales", *MARCH, by=["store"], scope=NOTHING) == []
    (row,) = whole.ask(",".join(METRICS), *MARCH, scope=NOTHING)
    assert {value for value in row.values() if value not in (None, 0, "0.00")} == set()


def test_a_scope_of_stores_sees_those_stores(whole: Company) -> None:
    scope = Scope(stores=frozenset({"S2"}))
    assert by(whole, "net_sales", "store", scope=scope) == {"S2": "30.00"}
    assert figure(whole, "net_sales", scope=scope) == "30.00"


def test_a_scope_of_a_region_takes_in_its_sub_regions(whole: Company) -> None:
    # 100 + 8 + 20 − 5 in S1, 30 in S2, whose R2 lies in R1.
    assert by(whole, "net_sales", "store", scope=MANAGER) == {"S1": "123.00", "S2": "30.00"}
    below = Scope(regions=frozenset({"R2"}))
    assert by(whole, "net_sales", "store", scope=below) == {"S2": "30.00"}
    both = Scope(stores=frozenset({"S1"}), regions=frozenset({"R2"}))
    assert figure(whole, "net_sales", scope=both) == "153.00"


def test_a_scope_of_names_that_do_not_exist_gives_nothing(whole: Company) -> None:
    scope = Scope(stores=frozenset({"S7", "S1' OR '1'='1"}), regions=frozenset({"R7"}))
    assert whole.ask("net_sales", *MARCH, by=["store"], scope=scope) == []


# Canaries ----------------------------------------------------------------------------------------
def _allowed(dimension: str) -> list[str]:
    """The figures that can be grouped by a dimension."""
    return [key for key in METRICS if has_meaning(_asked(key, dimension))]


def _asked(key: str, dimension: str) -> Question:
    start, end = map(date.fromisoformat, MARCH)
    return Question((key,), start, end, (dimension,))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_another_regions_rows_change_no_figure_and_show_no_name(
    home: Company, whole: Company, dimension: str
) -> None:
    how = {"by": [dimension], "scope": MANAGER, "compare": "year" if dimension == "store" else None}
    keys = ",".join(_allowed(dimension))
    told = whole.ask(keys, *MARCH, **how)
    assert told == home.ask(keys, *MARCH, **how)
    assert told, dimension
    assert CANARY not in json.dumps(told)


def test_the_canaries_are_there_for_who_may_see_them(whole: Company) -> None:
    assert by(whole, "net_sales", "store")[f"{CANARY}-S"] == "12100.00"
    assert figure(whole, "target") == "100309.00"


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_another_regions_names_are_no_options(whole: Company, dimension: str) -> None:
    with whole.reading() as snapshot:
        offered = answers.values(snapshot, dimension, MANAGER, limit=100)
        assert not [text for row in offered.rows() for text in row if CANARY in text]
        assert answers.values(snapshot, dimension, MANAGER, search=CANARY).height == 0
        assert answers.values(snapshot, dimension, NOTHING, search=CANARY).height == 0


@pytest.mark.parametrize(
    ("dimension", "hidden"),
    [
        ("store", "S"), ("region", "R"), ("guide", "G"), ("brand", "B"), ("city", "C"),
        ("channel", "W"),
    ],
)  # fmt: skip
def test_an_error_says_of_a_hidden_value_what_it_says_of_one_that_does_not_exist(
    whole: Company, dimension: str, hidden: str
) -> None:
    texts = []
    for value in (f"{CANARY}-{hidden}", f"{CANARY}-Ö"):
        with pytest.raises(QuestionError) as told:
            whole.ask("net_sales", *MARCH, where={dimension: [value]}, scope=MANAGER)
        texts.append(str(told.value).replace(value, "…"))
    assert texts[0] == texts[1]
    assert CANARY not in texts[0]


def test_another_regions_entries_are_in_no_funnel(home: Company, whole: Company) -> None:
    asked = replace(_asked("scans", "store"), end=date(2024, 3, 31))
    told = []
    for company in (home, whole):
        with company.reading() as snapshot:
            rows = answers.funnel(snapshot, "scan_to_order", asked, MANAGER, company.settings)
        told.append(show.records(rows))
    assert told[0] == told[1]
    assert [(row["store"], row["entries"]) for row in told[0]] == [("S1", 1)]


@pytest.mark.parametrize("hidden", ["oc", "c", "no such order"])
def test_an_order_or_receipt_of_another_region_is_explained_to_nobody(
    whole: Company, hidden: str
) -> None:
    with whole.reading() as snapshot, pytest.raises(QuestionError) as told:
        explanations.explain(snapshot, hidden, MANAGER, whole.settings)
    assert str(told.value) == f"there is no order or receipt {hidden!r} here"


def test_the_conservation_table_closes_within_a_scope(whole: Company) -> None:
    first, last = map(date.fromisoformat, MARCH)
    with whole.reading() as snapshot:
        proof = answers.conservation(snapshot, first, last, MANAGER, whole.settings)
    assert {str(amount) for amount in proof["net_sales"]} == {"153.00"}
    assert {str(amount) for amount in proof["difference"]} == {"0.00"}


# The users file ----------------------------------------------------------------------------------
@pytest.fixture
def users(tmp_path: Path) -> Path:
    file = tmp_path / "users.toml"
    file.write_text(
        '[users.anna]\nrole = "regional_manager"\nregions = ["R1"]\n'
        '[users.bo]\nrole = "store_manager"\nstores = ["S2"]\n'
        '[users.chen]\nrole = "executive"\n'
        '[users.dai]\nrole = "regional_manager"\n',
        encoding="utf-8",
    )
    return file


def test_the_users_file_says_who_sees_which_stores(whole: Company, users: Path) -> None:
    seen = {name: scope_of(name, users) for name in ("anna", "bo", "chen", "dai")}
    sales = {name: figure(whole, "net_sales", days(3), scope=seen[name]) for name in seen}
    assert sales == {"anna": "30.00", "bo": "30.00", "chen": "30.00", "dai": "0.00"}
    assert seen["chen"].everything and seen["dai"].is_empty
    assert seen["bo"].personal_data and not seen["anna"].personal_data


def test_a_user_who_is_not_listed_sees_nothing_but_an_error(users: Path) -> None:
    with pytest.raises(AccessError, match=r"user ana is not listed in .*; did you mean anna\?"):
        scope_of("ana", users)
    with pytest.raises(AccessError, match="set GUIDEPOST_USERS"):
        scope_of("anna", None)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('role = "king"', "users.x: role must be one of executive"),
        ('role = "executive"\nstores = "S1"', "users.x.stores must be a list"),
        ("stores = [", "users.toml"),
    ],
)
def test_a_mistake_in_the_users_file_is_an_error_that_names_it(
    tmp_path: Path, entry: str, message: str
) -> None:
    file = tmp_path / "users.toml"
    file.write_text(f"[users.x]\n{entry}\n", encoding="utf-8")
    with pytest.raises(AccessError, match=message):
        scope_of("x", file)
