"""Coupons: what they led to, and the money: by the entries of their funnel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import oracle
import pytest
from cli import environment
from click.testing import CliRunner
from conftest import Company
from dense_company import dense_company
from dense_trade import CAMPAIGNS, COUPONS, MEMBERS, STORES, VISITORS, moment, one
from oracle.sample import Row, member, order, sale, touch
from shops import at, opened

from warehouse import answers, show
from warehouse.__main__ import main
from warehouse.access import EVERYTHING, Scope
from warehouse.filters import Question, QuestionError

MARCH = (date(2024, 3, 1), date(2024, 3, 31))
MEMBERS_OF_MARCH = [member(f"M{number}") for number in range(1, 7)]


def results(
    of: Company, period: tuple[date, date] = MARCH, *names: str, scope: Scope = EVERYTHING,
    where: Mapping[str, tuple[str, ...]] | None = None, with_immature: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    question = Question((), *period, by=names, where=tuple((where or {}).items()))
    with of.reading() as snapshot:
        return show.records(
            answers.campaigns(snapshot, question, scope, of.settings, with_immature=with_immature)
        )


def issued(name: str, when: str, who: str, coupon: str, campaign: str, where: str = "") -> Row:
    told = {"coupon_id": coupon, "campaign_id": campaign, "store_id": where}
    return touch(name, when, "coupon_issued", member_id=who) | told


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Campaign C1 gives K1 to M1 in S1, to M2 in S2 and to M3 nowhere, C2 gives K2 to M4.

         March   1     2     5       6        7      8       9         10          12
    M1    K1 in S1         check-in  K1 150                           199.90 at list
    M2    K1 in S2                   K1 180*         90 of 100                     60*
    M3    K1               check-in
    M4               K2                       20 at list    20 and 15 of 20
                                                                  * an online order, the last one
    M5 gets K1 on 20 June in S1 and uses it on the 21st; the data end on 1 July.    states no list
    """
    tagged = {"list_amount": "199.90"}
    line = {"product_id": "P2", "list_amount": "20.00"}
    return opened(
        tmp_path_factory.mktemp("spring"),
        members=MEMBERS_OF_MARCH,
        campaigns=[
            {"campaign_id": name, "campaign_name": name, "starts_on": "2024-03-01"}
            | {"ends_on": "2024-03-31", "budget": budget}
            for name, budget in (("C1", "100.00"), ("C2", ""))
        ],
        touchpoints=[
            issued("a", at(1), "M1", "K1", "C1", "S1"),
            issued("b", at(1), "M2", "K1", "C1", "S2"),
            issued("c", at(1), "M3", "K1", "C1"),
            issued("d", at(2), "M4", "K2", "C2"),
            issued("e", "2024-06-20 10:00", "M5", "K1", "C1", "S1"),
            *(touch(f"in {who}", at(5), "check_in", member_id=who) for who in ("M1", "M3")),
            touch("end", "2024-07-01 10:00", "product_view", member_id="M9"),
        ],
        pos_sales=[
            sale("r1", at(6), "150.00", member_id="M1", coupon_id="K1", **tagged),
            sale("r2", at(10), "199.90", member_id="M1", **tagged),
            sale("r3", at(8), "90.00", member_id="M2", list_amount="100.00"),
            sale("r4", at(7), "20.00", member_id="M4", **line),
            sale("r5", at(9), "20.00", member_id="M4", **line),
            sale("r5", at(9), "15.00", member_id="M4", line_number=2, **line),
            sale("r6", "2024-06-21 10:00", "100.00", member_id="M5", coupon_id="K1"),
        ],
        online_orders=[
            order("o1", at(6), "180.00", member_id="M2", coupon_id="K1", list_amount="200.00"),
            order("o2", at(12), "60.00", member_id="M2"),
        ],
    )


def test_a_campaign_is_followed_from_the_coupon_to_the_purchase_at_full_price(
    spring: Company,
) -> None:
    # C1: M1 and M2 redeem, M2 online; both buy in a store (M2 without the coupon) and again, M1 at
    # list. Off the tag: 199.90 − 150 and 200 − 180; the coats cost 40 each, so 110 + 140 are left,
    # 150 more than the budget. C2: bought again, but one line was below list.
    assert results(spring, MARCH, "campaign") == [
        {
            "campaign": "C1", "issued": 3, "immature": 0, "visited": 3, "redeemed": 2, "bought": 2,
            "bought_again": 2, "bought_again_full_price": 1, "discount": "69.90",
            "gross_profit": "250.00", "budget": "100.00", "profit_after_budget": "150.00",
        },
        {
            "campaign": "C2", "issued": 1, "immature": 0, "visited": 1, "redeemed": 0, "bought": 1,
            "bought_again": 1, "bought_again_full_price": 0, "discount": "0.00",
            "gross_profit": "0.00", "budget": None, "profit_after_budget": None,
        },
    ]  # fmt: skip


def test_a_coupon_whose_days_still_run_is_shown_apart(spring: Company) -> None:
    june = (date(2024, 6, 1), date(2024, 6, 30))
    (row,) = results(spring, june, "campaign")
    assert (row["issued"], row["immature"], row["redeemed"], row["gross_profit"]) == (
        0, 1, 0, "0.00",
    )  # fmt: skip
    assert (row["budget"], row["profit_after_budget"]) == ("100.00", None)
    # All of them: M5 bought a coat for 100 that cost 40 and states no list amount.
    (row,) = results(spring, june, "campaign", with_immature=True)
    assert (row["redeemed"], row["discount"], row["gross_profit"]) == (1, "0.00", "60.00")
    assert row["profit_after_budget"] == "-40.00"


def test_a_budget_is_a_campaigns_own_and_cannot_be_cut(spring: Company) -> None:
    for cut in (("store",), ("campaign", "store"), ("week",), ()):
        assert {row["budget"] for row in results(spring, MARCH, *cut)} == {None}
    (row,) = results(spring, MARCH, "campaign", where={"store": ("S1",)})
    assert (row["issued"], row["budget"]) == (1, None)
    (row,) = results(spring, MARCH, "campaign", where={"campaign": ("C1",)})
    assert row["budget"] == "100.00"


def test_a_manager_sees_the_coupons_of_their_stores_only(spring: Company) -> None:
    # R2 holds S2: M2's coupon, redeemed online; what C1 was given to spend is not theirs.
    (row,) = results(spring, MARCH, "campaign", scope=Scope(regions=frozenset({"R2"})))
    assert (row["issued"], row["redeemed"], row["gross_profit"]) == (1, 1, "140.00")
    assert row["budget"] is None
    assert results(spring, MARCH, "campaign", scope=Scope()) == []


def test_campaigns_have_the_dimensions_of_entries_and_no_others(spring: Company) -> None:
    with pytest.raises(QuestionError, match="coupons issued have no product"):
        results(spring, MARCH, "product")
    with pytest.raises(QuestionError, match="did you mean campaign"):
        results(spring, MARCH, "campain")


def test_campaigns_are_asked_on_the_command_line(spring: Company) -> None:
    span = ("--from", "2024-03-01", "--to", "2024-03-31", "--format", "json")
    asked = CliRunner().invoke(main, ["campaigns", *span], env=environment(spring))
    assert json.loads(asked.stdout) == results(spring, MARCH, "campaign")
    whole = CliRunner().invoke(main, ["campaigns", *span, "--by", ""], env=environment(spring))
    assert json.loads(whole.stdout) == results(spring)
    where = ["--where", "campaign=C3"]
    wrong = CliRunner().invoke(main, ["campaigns", *span, *where], env=environment(spring))
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "unknown campaign 'C3'; did you mean C" in wrong.stderr


# Against the funnel, and against the oracle ------------------------------------------------------
SAMPLE = (date(2025, 7, 1), date(2025, 11, 20))


@pytest.mark.parametrize("cut", ["campaign", "store", "week"])
def test_campaigns_count_what_the_funnel_counts(sample_company: Company, cut: str) -> None:
    with sample_company.reading() as snapshot:
        question = Question((), *SAMPLE, by=(cut,))
        frame = answers.funnel(
            snapshot, "coupon_to_store", question, EVERYTHING, sample_company.settings
        )
    names = {"entries": "issued", "visit": "visited", "purchase": "bought",
             "repeat": "bought_again"}  # fmt: skip
    funnel = frame.rename(names).drop("median_hours").to_dicts()
    rows = results(sample_company, SAMPLE, cut)
    assert [{name: row[name] for name in funnel[0]} for row in rows] == funnel
    assert sum(row["redeemed"] for row in rows) > 0


@pytest.mark.parametrize("cut", ["campaign", "store", "week"])
def test_what_coupons_led_to_adds_up(sample_company: Company, cut: str) -> None:
    (whole,) = results(sample_company, SAMPLE)
    rows = results(sample_company, SAMPLE, cut)
    for name in set(whole) - {"budget", "profit_after_budget"}:
        assert sum(Decimal(row[name]) for row in rows) == Decimal(whole[name]), name


def test_bought_again_at_full_price_is_bought_again_is_bought(sample_company: Company) -> None:
    for row in results(sample_company, SAMPLE, "campaign"):
        steps = [row[n] for n in ("visited", "bought", "bought_again", "bought_again_full_price")]
        assert steps == sorted(steps, reverse=True) and row["redeemed"] <= row["issued"]


def _coupons(chance: Random) -> list[Row]:
    """Coupons given to few people on few days, so that entries tie, overlap and run out."""
    return [
        {
            "event_id": f"K{number}", "occurred_at": moment(chance).isoformat(),
            "event": "coupon_issued", "member_id": who,
            "visitor_id": "" if who else one(chance, VISITORS),
            "store_id": one(chance, STORES, empty=0.3), "coupon_id": one(chance, COUPONS, 0.05, 0),
            "campaign_id": one(chance, CAMPAIGNS, empty=0.2),
        }
        for number in range(80)
        for who in [one(chance, MEMBERS, empty=0.2)]
    ]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_campaigns_and_oracle_agree(company: Company, seed: int) -> None:
    for feed, rows in dense_company(seed).items():
        company.deliver(feed, *rows)
    company.deliver("touchpoints", *_coupons(Random(seed)), name="coupons.csv")
    assert company.load().version == 1
    known = oracle.load(company.settings.inbox)
    money = {"budget", "profit_after_budget"}
    month, years = (date(2023, 1, 10), date(2023, 2, 10)), (date(2023, 1, 1), date(2024, 12, 31))
    for period, cut, with_immature in (
        (years, "campaign", False), (years, "store", True), (month, "week", False),
        (month, None, True),
    ):  # fmt: skip
        names = (cut,) if cut else ()
        rows = results(company, period, *names, with_immature=with_immature)
        mine = [{k: v for k, v in row.items() if k not in money} for row in rows]
        theirs = oracle.campaigns(known, *period, cut, with_immature=with_immature)
        assert mine == theirs, (period, cut, with_immature)
