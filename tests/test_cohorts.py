"""Cohorts and RFM: who came back in which month, and who buys lately, often and for much."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import engines
import pytest
from cli import environment
from click.testing import CliRunner, Result
from conftest import Company
from oracle.sample import member, order, refund, sale
from shops import opened

from warehouse import answers
from warehouse.__main__ import main
from warehouse.access import Scope
from warehouse.filters import Question

YEAR = ("--from", "2024-01-01", "--to", "2024-12-31")


@pytest.fixture(autouse=True)
def _both_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line asks the second engine too, where it is there."""
    monkeypatch.setattr("warehouse.__main__.reading", engines.reading)


def run(company: Company, *arguments: str, **more: str | Path) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(main, arguments, env=environment(company, **more))


def rows(company: Company, *arguments: str, **more: str | Path) -> list[dict[str, Any]]:
    result = run(company, *arguments, "--format", "json", **more)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def failed(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


def shares(found: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cohort → its share active in month 0, 1, 2 …"""
    return {
        cohort: [row["share_active"] for row in found if row["cohort"] == cohort]
        for cohort in dict.fromkeys(row["cohort"] for row in found)
    }


# Cohorts -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def regulars(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """M1 to M4 first buy in January 2024, M5 in February, M6 in April; the data end on 30 April."""
    till = [
        sale("a", "2024-01-10 10:00", "1.00", member_id="M1"),
        sale("b", "2024-01-10 11:00", "1.00", member_id="M2"),
        sale("c", "2024-01-31 23:00", "1.00", member_id="M3", store_id="S2"),
        sale("d", "2024-01-20 10:00", "1.00", member_id="M4"),
        sale("e", "2024-02-01 00:30", "1.00", member_id="M1"),
        sale("f", "2024-02-10 10:00", "1.00", member_id="M1"),
        sale("g", "2024-02-10 10:00", "1.00", member_id="M2", store_id="S2"),
        sale("h", "2024-02-11 10:00", "1.00", member_id="M5"),
        sale("i", "2024-02-12 10:00", "-1.00", member_id="M4"),
        sale("j", "2024-04-02 10:00", "1.00", member_id="M6"),
        sale("k", "2024-04-30 10:00", "1.00", member_id="M1"),
        sale("l", "2024-04-03 10:00", "1.00"),
    ]
    web = [order("o", "2024-02-20 10:00", "5.00", member_id="M7")]
    people = [*(member(f"M{number}") for number in range(1, 7))]
    merged = member("M7", merged_into_member_id="M3")
    return opened(
        tmp_path_factory.mktemp("regulars"),
        members=[*people, merged], pos_sales=till, online_orders=web,
    )  # fmt: skip


def test_a_cohort_is_who_first_bought_in_a_month_and_their_share_who_bought_each_month_since(
    regulars: Company,
) -> None:
    # January: M1, M2, M3, M4. In February M1 (twice), M2 and M3 (as M7, merged) bought: 3 of 4;
    # M4 only returned. In March nobody. The data end on 30 April, so April is not over.
    assert rows(regulars, "cohorts", "--from", "2024-01-01", "--to", "2024-01-31") == [
        {"cohort": "2024-01", "members": 4, "months_since": 0, "active_members": 4,
         "share_active": 1.0},
        {"cohort": "2024-01", "members": 4, "months_since": 1, "active_members": 3,
         "share_active": 0.75},
        {"cohort": "2024-01", "members": 4, "months_since": 2, "active_members": 0,
         "share_active": 0.0},
        {"cohort": "2024-01", "members": 4, "months_since": 3, "active_members": None,
         "share_active": None},
    ]  # fmt: skip


def test_every_cohort_reaches_to_the_month_of_the_data_which_is_empty(regulars: Company) -> None:
    assert shares(rows(regulars, "cohorts", *YEAR)) == {
        "2024-01": [1.0, 0.75, 0.0, None], "2024-02": [1.0, 0.0, None], "2024-04": [None],
    }  # fmt: skip


def test_a_month_is_over_only_when_the_data_reach_past_its_last_day(tmp_path: Path) -> None:
    # On 31 March the last day may have hours to come; a receipt of 1 April closes the month.
    shop = opened(
        tmp_path,
        members=[member("M1")],
        pos_sales=[sale("a", "2024-03-31 10:00", "1.00", member_id="M1")],
    )
    assert shares(rows(shop, "cohorts", *YEAR)) == {"2024-03": [None]}
    shop.deliver("pos_sales", sale("b", "2024-04-01 00:10", "1.00"), name="later.csv")
    shop.load()
    assert shares(rows(shop, "cohorts", *YEAR)) == {"2024-03": [1.0, None]}


def test_the_period_selects_by_the_day_of_the_first_purchase_not_what_comes_after(
    regulars: Company,
) -> None:
    # Up to 20 January: M1, M2 and M4; M1 and M2 bought in February.
    part = rows(regulars, "cohorts", "--from", "2024-01-01", "--to", "2024-01-20")
    assert [row["active_members"] for row in part] == [3, 2, 0, None]
    assert rows(regulars, "cohorts", "--from", "2024-03-01", "--to", "2024-03-31") == []


def test_inside_a_group_the_first_purchase_ever_and_the_later_ones_must_lie_in_it(
    regulars: Company,
) -> None:
    # S1: M1, M2, M4, of whom only M1 bought in S1 again. S2: M3, who came back online only; M2
    # bought there too, but not first.
    one = rows(regulars, "cohorts", *YEAR, "--where", "store=S1")
    assert [row["active_members"] for row in one if row["cohort"] == "2024-01"] == [3, 1, 0, None]
    two = rows(regulars, "cohorts", *YEAR, "--where", "store=S2")
    assert [(row["members"], row["active_members"]) for row in two] == [
        (1, 1), (1, 0), (1, 0), (1, None),
    ]  # fmt: skip
    assert rows(regulars, "cohorts", *YEAR, "--where", "channel=mini_program") == []


def test_a_manager_sees_cohorts_of_their_stores_and_nothing_of_others(
    regulars: Company, tmp_path: Path
) -> None:
    users = tmp_path / "users.toml"
    users.write_text(
        '[users.bo]\nrole = "store_manager"\nstores = ["S2"]\n'
        '[users.cy]\nrole = "regional_manager"\nregions = ["ELSEWHERE"]\n',
        encoding="utf-8",
    )
    mine = rows(regulars, "cohorts", *YEAR, "--as", "bo", USERS=users)
    assert mine == rows(regulars, "cohorts", *YEAR, "--where", "store=S2")
    for command in (["cohorts", *YEAR], ["rfm", "--to", "2024-04-30"]):
        assert rows(regulars, *command, "--as", "cy", USERS=users) == []
    bought = rows(
        regulars, "rfm", "--to", "2024-04-30", "--by", "member", "--as", "bo", USERS=users
    )
    assert [(row["member"], row["net_sales"]) for row in bought] == [("M2", "1.00"), ("M3", "1.00")]
    single = run(
        regulars, "rfm", "--to", "2024-04-30", "--by", "member", "--as", "cy", USERS=str(users)
    )
    assert failed(single).startswith("single members are shown to roles that see personal data")


# RFM ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Ten members up to 30 June 2024: A0 bought last on the 30th, A1 on the 29th … A9 on the 21st.

    A0 to A5 have one receipt, A6 and A7 two, A8 three, A9 four; each receipt is worth 10.00 more
    than their number, and A1 returned half of his.
    """
    times = dict.fromkeys(range(6), 1) | {6: 2, 7: 2, 8: 3, 9: 4}
    till = [
        sale(f"A{who}-{number}", f"2024-06-{30 - who - number} 10:00", f"{10 + who}.00",
             member_id=f"A{who}")
        for who, often in times.items() for number in range(often)
    ]  # fmt: skip
    outside = [
        sale("too old", "2023-06-30 10:00", "900.00", member_id="A3"),
        sale("long gone", "2023-06-30 10:00", "900.00", member_id="B1"),
        sale("to come", "2024-07-01 10:00", "900.00", member_id="A4"),
        sale("nobody", "2024-06-30 10:00", "900.00"),
        sale("back", "2024-06-30 12:00", "-5.50", member_id="A1"),
        sale("only back", "2024-06-30 12:00", "-5.00", member_id="B2"),
    ]
    people = [member(f"A{who}") for who in times] + [member("B1"), member("B2")]
    return opened(tmp_path_factory.mktemp("ten"), members=people, pos_sales=till + outside)


def _each(company: Company, *more: str) -> dict[str, dict[str, Any]]:
    found = rows(company, "rfm", "--to", "2024-06-30", "--by", "member", *more)
    return {row.pop("member"): row for row in found}


def test_a_score_is_one_and_the_full_fifths_of_members_who_are_worse(ten: Company) -> None:
    each = _each(ten)
    # A0 is ahead of nine of ten in recency: 1 + four fifths; A9 of nobody.
    recency = [each[f"A{who}"]["recency"] for who in range(10)]
    assert recency == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    # Six members with one receipt are ahead of nobody; A6 and A7 of six: 1 + three fifths; A8 of
    # eight: 1 + four; A9 of nine.
    frequency = [each[f"A{who}"]["frequency"] for who in range(10)]
    assert frequency == [1, 1, 1, 1, 1, 1, 4, 4, 5, 5]
    # 4 × 19, 3 × 18, 2 × 17, 2 × 16, 15, 14, 13, 12, A0's 10.00 and A1's 11.00 − 5.50.
    assert each["A1"]["net_sales"] == "5.50"
    money = [each[f"A{who}"]["money"] for who in range(10)]
    assert money == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_the_window_is_twelve_months_and_a_member_needs_a_purchase_in_it(ten: Company) -> None:
    # A3's 900.00 lie a year back and A4's a day ahead; B1 is gone, B2 only returned.
    each = _each(ten)
    assert each["A3"] == {"days_since": 3, "receipts": 1, "net_sales": "13.00", "recency": 4,
                          "frequency": 1, "money": 2, "segment": "recent"}  # fmt: skip
    assert (each["A4"]["net_sales"], each["A4"]["receipts"]) == ("14.00", 1)
    assert not {"B1", "B2"} & set(each)


def test_members_of_one_score_and_of_one_segment_add_up(ten: Company) -> None:
    # Segments by recency and frequency: A0 to A3 (5 to 4, 1) recent; A4 and A5 (3, 1) fading; A6
    # to A9 (2 and 1, 4 and 5) at risk: 32 + 34 + 54 + 76.
    assert rows(ten, "rfm", "--to", "2024-06-30", "--by", "segment") == [
        {"segment": "recent", "members": 4, "net_sales": "40.50"},
        {"segment": "fading", "members": 2, "net_sales": "29.00"},
        {"segment": "at_risk", "members": 4, "net_sales": "196.00"},
    ]
    cells = rows(ten, "rfm", "--to", "2024-06-30")
    assert cells == [
        {"recency": 5, "frequency": 1, "money": 1, "members": 2, "net_sales": "15.50"},
        {"recency": 4, "frequency": 1, "money": 2, "members": 2, "net_sales": "25.00"},
        {"recency": 3, "frequency": 1, "money": 3, "members": 2, "net_sales": "29.00"},
        {"recency": 2, "frequency": 4, "money": 4, "members": 2, "net_sales": "66.00"},
        {"recency": 1, "frequency": 5, "money": 5, "members": 2, "net_sales": "130.00"},
    ]
    assert [type(value) for value in cells[0].values()] == [int, int, int, int, str]


def test_members_who_are_all_alike_score_alike(tmp_path: Path) -> None:
    till = [sale(f"r{who}", "2024-06-01 10:00", "5.00", member_id=f"A{who}") for who in range(7)]
    shop = opened(tmp_path, members=[member(f"A{who}") for who in range(7)], pos_sales=till)
    alike = {"recency": 1, "frequency": 1, "money": 1, "members": 7, "net_sales": "35.00"}
    assert rows(shop, "rfm", "--to", "2024-06-30") == [alike]


def test_filters_choose_the_purchases_before_anybody_is_scored(tmp_path: Path) -> None:
    # In the mini-program only M1, of 50.00, 20.00 of which came back; on tills M1 and M2.
    shop = opened(
        tmp_path,
        members=[member("M1"), member("M2")],
        pos_sales=[
            sale("a", "2024-03-01 10:00", "10.00", member_id="M1"),
            sale("b", "2024-03-05 10:00", "10.00", member_id="M2"),
        ],
        online_orders=[order("o", "2024-03-03 10:00", "50.00", member_id="M1")],
        refunds=[refund("o", "2024-03-04 10:00", "20.00")],
    )
    web = rows(
        shop, "rfm", "--to", "2024-03-31", "--by", "member", "--where", "channel=mini_program"
    )
    assert [(row["member"], row["receipts"], row["net_sales"]) for row in web] == [
        ("M1", 1, "30.00")
    ]
    # Of two, M2 bought later: ahead of half of them, 1 + two fifths.
    till = rows(shop, "rfm", "--to", "2024-03-31", "--by", "member", "--where", "channel=pos")
    assert [(row["member"], row["days_since"], row["recency"]) for row in till] == [
        ("M2", 26, 3), ("M1", 30, 1),
    ]  # fmt: skip


def test_29_february_looks_back_to_28_february(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        members=[member("M1"), member("M2")],
        pos_sales=[
            sale("a", "2023-02-28 10:00", "10.00", member_id="M1"),
            sale("b", "2023-03-01 10:00", "10.00", member_id="M2"),
        ],
    )
    (only,) = rows(shop, "rfm", "--to", "2024-02-29", "--by", "member")
    assert (only["member"], only["days_since"]) == ("M2", 365)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cohorts", *YEAR, "--where", "month=2024-01"], "not narrowed by month; change the dates"),
        (["cohorts", *YEAR, "--where", "shop=S1"], "unknown dimension 'shop'"),
        (["cohorts", *YEAR, "--where", "store=S9"], "unknown store 'S9'"),
        (["rfm", "--to", "2024-04-30", "--where", "handling_store=S1"], "have no handling_store"),
        (["cohorts", "--from", "2024-02-01", "--to", "2024-01-01"], "before it starts"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    regulars: Company, arguments: list[str], message: str
) -> None:
    assert message in failed(run(regulars, *arguments))


def test_an_empty_scope_sees_nobody(regulars: Company) -> None:
    question = Question((), date(2024, 1, 1), date(2024, 12, 31))
    with regulars.reading() as snapshot:
        assert not answers.cohorts(snapshot, question, Scope()).height
        assert not answers.rfm(snapshot, question, "score", Scope()).height
