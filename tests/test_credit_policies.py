"""Replaying a period under another credit policy: who would be credited, and nothing stored."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import Company
from oracle.sample import member, order, refund, sale, touch
from shops import at, credit, opened

from warehouse import answers, show
from warehouse.access import EVERYTHING
from warehouse.filters import Question, QuestionError

NOON = at(15, "12:00")
MARCH = (date(2024, 3, 1), date(2024, 3, 31))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Five orders of the same hour, a refund and a return at the till; M1 is bound to G1."""
    scans = [
        touch("b1", at(14), "tag_scan", member_id="M1", guide_id="G2", store_id="S2"),
        touch("t1", at(10), "tag_scan", member_id="M2", guide_id="G1"),
        touch("t2", at(13), "share", member_id="M2", guide_id="G2"),
        touch("t3", at(14), "share", member_id="M2", guide_id="G2"),
        touch("t4", at(14), "share", member_id="M2", guide_id="G9"),
        touch("o1", "2024-02-24 12:00", "tag_scan", member_id="M3", guide_id="G1"),
        *(touch(f"a{n}", at(n), "tag_scan", member_id="M4", guide_id=f"G{n}") for n in (1, 2, 3)),
        touch("a4", at(4), "tag_scan", member_id="M4", guide_id="G1"),
    ]
    return opened(
        tmp_path_factory.mktemp("policies"),
        members=[member("M1", bound_guide_id="G1"), *(member(f"M{n}") for n in (2, 3, 4))],
        touchpoints=scans,
        online_orders=[
            order("bound", NOON, "1.00", member_id="M1"),
            order("two", NOON, "0.05", member_id="M2"),
            order("old", NOON, "4.00", member_id="M3"),
            order("three", NOON, "10.00", member_id="M4"),
            order("stated", NOON, "16.00", member_id="M1", guide_id="G3"),
        ],
        refunds=[refund("three", at(20), "1.00")],
        pos_sales=[
            sale("back", at(21), "-0.50", original_order_id="bound"),
            sale("till", at(21), "50.00", guide_id="G3"),
        ],
    )


def _answer(of: Company, policy: str, *by: str) -> list[dict[str, object]]:
    question = Question(("net_sales",), *MARCH, tuple(by), credit=policy)
    with of.reading() as snapshot:
        return show.records(answers.answer(snapshot, question, EVERYTHING, of.settings))


def _guides(of: Company, policy: str) -> dict[object, object]:
    return {row["guide"]: row["net_sales"] for row in _answer(of, policy, "guide")}


def test_the_standard_policy_is_what_is_stored(shop: Company) -> None:
    # G1: M4's latest touch wins 10.00 − 1.00. G2: two, and bound with 1.00 − 0.50 at the till.
    stored = {"G1": "9.00", "G2": "0.55", "G3": "66.00", None: "4.00"}
    assert _guides(shop, "standard") == stored
    assert credit(shop, "bound")["guide"] == "G2"


def test_bound_first_asks_the_binding_before_the_touch(shop: Company) -> None:
    # bound goes to G1, sale and return; whoever is not bound is credited as before.
    assert _guides(shop, "bound_first") == {
        "G1": "9.50", "G2": "0.05", "G3": "66.00", None: "4.00",
    }  # fmt: skip
    told = ("guide", "credit_now", "credit_then", "difference", "orders_moved")
    rows = [tuple(row[name] for name in told) for row in _whatif(shop, "bound_first", "guide")]
    assert rows == [
        ("G1", "9.00", "9.50", "0.50", 1),
        ("G2", "0.55", "0.05", "-0.50", 1),
        ("G3", "66.00", "66.00", "0.00", 0),
        (None, "0.00", "0.00", "0.00", 0),
    ]


@pytest.mark.parametrize("policy", ["bound_first", "linear"])
def test_a_day_replayed_alone_is_that_day_of_the_month(shop: Company, policy: str) -> None:
    # The refund of the 20th and the return of the 21st follow orders of the 15th.
    for day in (15, 20, 21):
        alone = Question(("net_sales",), *[date(2024, 3, day)] * 2, ("guide",), credit=policy)
        with shop.stored() as snapshot:
            rows = show.records(answers.answer(snapshot, alone, EVERYTHING, shop.settings))
        of_month = _answer(shop, policy, "day", "guide")
        assert rows == [
            {"guide": row["guide"], "net_sales": row["net_sales"]}
            for row in of_month if row["day"] == f"2024-03-{day}"
        ]  # fmt: skip


def test_serving_only_credits_what_the_order_states(shop: Company) -> None:
    # 0.05 + 4.00 + 10.00 − 1.00 are nobody's, so is bound; tills keep theirs.
    assert _guides(shop, "serving_only") == {"G3": "66.00", None: "13.55"}


def test_linear_shares_evenly_among_all_assigned_guides_touched(shop: Company) -> None:
    # two: 0.025 each, rounded up for G2, the rest for G1 (the touch of G9, who works nowhere, is
    # skipped). three: 3.33 each, 3.34 for G1; of the refund 0.33 each and 0.34.
    # G1: 0.02 + 3.34 − 0.34; G2: 0.50 + 0.03 + 3.33 − 0.33; G3: 3.33 − 0.33 + 16 + 50.
    assert _guides(shop, "linear") == {"G1": "3.02", "G2": "3.53", "G3": "69.00", None: "4.00"}


def test_a_window_of_its_own_decides_how_long_a_touch_counts(shop: Company) -> None:
    # M3 was touched 20 days before; M4 last 11 days before, M2 and M1 a day.
    assert _guides(shop, "standard@20")["G1"] == "13.00"
    assert _guides(shop, "standard@19")[None] == "4.00"
    # With a day only, two (24 hours and 2 before) is nobody's too; M1 is bound to G1.
    assert _guides(shop, "standard@1") == {"G1": "0.50", "G3": "66.00", None: "13.05"}


@pytest.mark.parametrize(
    "policy", ["standard", "bound_first", "serving_only", "linear", "linear@30"]
)
def test_under_every_policy_the_same_money_is_credited_or_not(shop: Company, policy: str) -> None:
    (whole,) = _answer(shop, policy)
    assert whole["net_sales"] == "79.55"
    for cut in ("guide", "store", "region"):
        parts = [float(str(row["net_sales"])) for row in _answer(shop, policy, cut)]
        assert sum(parts) == pytest.approx(79.55), cut


def _whatif(of: Company, policy: str, by: str) -> list[dict[str, object]]:
    with of.reading() as snapshot:
        frame = answers.whatif(snapshot, policy, *MARCH, by, EVERYTHING, of.settings)
    return show.records(frame)


def test_a_replay_shows_by_guide_store_and_region_who_gains_and_changes_nothing(
    shop: Company,
) -> None:
    before = _guides(shop, "standard")
    gained = {row["guide"]: row["difference"] for row in _whatif(shop, "linear", "guide")}
    assert gained == {"G1": "-5.98", "G2": "2.98", "G3": "3.00"} | {None: "0.00"}
    # two now goes whole to the store of G1, the smallest of its sharers.
    stores = {row["store"]: row["difference"] for row in _whatif(shop, "linear", "store")}
    assert (stores["S1"], stores["S2"]) == ("0.05", "-0.05")
    regions = {row["region"]: row["difference"] for row in _whatif(shop, "linear", "region")}
    assert (regions["R1"], regions["R2"]) == ("0.05", "-0.05")
    assert _guides(shop, "standard") == before


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("liner", "unknown credit policy 'liner'; did you mean linear?"),
        ("linear@0", "write the window in days, as in linear@7"),
        ("standard@x", "write the window in days"),
    ],
)
def test_a_policy_that_does_not_exist_is_an_error(shop: Company, policy: str, message: str) -> None:
    with pytest.raises(QuestionError) as told:
        _answer(shop, policy)
    assert message in str(told.value)
