"""What scans are worth: stock behind them, how many a visit has, interest, what binds."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, member, order, sale, touch
from shops import at, by, days, figure, opened

RESULTS = ("bound", "already_bound", "bound_to_other", "void")
EARLY = days(1, 4)


@pytest.fixture(scope="module")
def aisle(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Eight scans of the 2nd and 3rd; P1 (style ST1) is out of stock in S1 on the 2nd, P2 is not.

    The data end on the 24th, so the 14 days of M5's scan on the 12th have not passed.
    """

    def scan(
        name: str, when: str, who: str, where: str, what: str, guide: str = "", result: str = ""
    ) -> dict[str, str]:
        event = touch(name, when, "guide_scan" if guide else "tag_scan", member_id=who)
        told = {"store_id": where, "product_id": what, "guide_id": guide}
        return event | told | {"bind_result": result}

    return opened(
        tmp_path_factory.mktemp("aisle"),
        products=[*USUAL["products"], {"product_id": "P3", "product_name": "plain"}],
        touchpoints=[
            scan("a", at(2), "M1", "S1", "P1"),
            scan("b", at(2, "11:00"), "M1", "S1", "P2"),
            scan("c", at(2), "M2", "S1", "P1", "G1", "bound"),
            scan("d", at(2, "13:00"), "M1", "S2", "P3", "G2", "bound_to_other"),
            scan("e", at(3), "M2", "S1", "", "G1", "already_bound"),
            scan("f", at(3), "M3", "", "", "G1", "void"),
            scan("g", at(3), "M3", "S1", "P9", result="bound"),
            scan("h", at(3), "M4", "S1", "P1", "G1"),
            scan("i", at(12), "M5", "S1", "P1"),
            touch("v", at(2, "12:00"), "product_view", member_id="M1"),
            touch("w", at(20), "favourite", member_id="M2"),
            touch("x", at(12, "10:30"), "product_view", member_id="M5"),
            touch("z", at(24), "product_view", member_id="M9"),
        ],
        stock=[
            {"as_of_date": "2024-03-02", "store_id": "S1", "product_id": what, "on_hand": pieces}
            for what, pieces in (("P1", 0), ("P2", 5))
        ],
    )


@pytest.mark.worked("scan_fill_rate")
def test_scans_are_filled_where_the_count_of_that_day_says_there_is_stock(aisle: Company) -> None:
    # Counted that day and there: a and c (P1, none) and b (P2, five).
    assert figure(aisle, "scan_fill_rate") == pytest.approx(1 / 3)
    assert by(aisle, "scan_fill_rate", "product", days(2)) == {"P1": 0.0, "P2": 1.0, "P3": None}


@pytest.mark.worked("scans_per_visit")
def test_scans_are_shared_among_the_visits_they_were_made_on(aisle: Company) -> None:
    # Seven scans in a store (f is in none); visits: M1 in S1 and in S2 and M2 on the 2nd; M2, M3
    # and M4 on the 3rd.
    assert figure(aisle, "scans_per_visit", EARLY) == pytest.approx(7 / 6)
    assert by(aisle, "scans_per_visit", "store", EARLY) == {"S1": 6 / 5, "S2": 1.0}
    # M1 scanned P2 once on one visit, though that visit began with P1.
    assert by(aisle, "scans_per_visit", "product", days(2))["P2"] == 1.0
    assert by(aisle, "scanning_visits", "product", days(2)) == {"P1": 2, "P3": 1}


@pytest.mark.worked("scan_interest_share")
def test_interest_is_that_of_the_funnels_entries(aisle: Company) -> None:
    # Of the six visits M1's in S1 has a view before the next visit; M2 comes back to it 17 days
    # later. M5's days still run.
    assert figure(aisle, "scan_interest_share") == pytest.approx(1 / 6)
    assert by(aisle, "scan_interest_share", "store") == {"S1": 1 / 5, "S2": 0.0}
    assert figure(aisle, "scan_interest_share", days(12)) is None


@pytest.mark.worked(
    "scan_bound_share", "scan_already_bound_share", "scan_bound_to_other_share", "scan_void_share"
)
def test_guide_scans_are_shared_out_by_what_they_bound(aisle: Company) -> None:
    # c, d, e and f, one of each; h states no result, g is no guide scan.
    for key in ("scan_already_bound_share", "scan_bound_to_other_share", "scan_void_share"):
        assert figure(aisle, key) == 0.25
    assert figure(aisle, "scan_bound_share") == 0.25
    assert by(aisle, "scan_bound_share", "guide") == {"G1": 1 / 3, "G2": 0.0}
    assert by(aisle, "scan_bound_to_other_share", "store") == {"S1": 0.0, "S2": 1.0, None: 0.0}
    assert by(aisle, "scan_void_share", "store")[None] == 1.0


def test_lost_sales_are_told_by_style_and_guide(aisle: Company) -> None:
    # a and c: two people, 199.90 each, never bought.
    assert by(aisle, "lost_sale_value", "style") == {"ST1": "399.80"}
    assert by(aisle, "lost_sale_value", "guide") == {"G1": "199.90", None: "199.90"}


def test_a_product_that_states_no_style_or_that_nobody_described_has_none(aisle: Company) -> None:
    # d's P3 states no style, e and f scan no product, nobody described g's P9.
    assert by(aisle, "scans", "style", EARLY) == {"ST1": 3, "ST2": 1, None: 4}
    assert figure(aisle, "scans", where={"style": ["ST1", "ST2"]}) == 5


@pytest.mark.parametrize("dimension", ["store", "guide", "region", "month"])
def test_what_guide_scans_bound_adds_up(sample_company: Company, dimension: str) -> None:
    keys = ",".join(f"scan_{result}_share" for result in RESULTS)
    rows = sample_company.ask(keys, "2025-07-01", "2025-11-20", by=[dimension])
    sums = [sum(value for name, value in row.items() if name != dimension) for row in rows]
    assert len(sums) > 1 and sums == pytest.approx([1.0] * len(sums))


def test_visits_of_all_stores_are_scanning_visits_and_entries(sample_company: Company) -> None:
    span = ("2025-07-01", "2025-11-20")
    keys = "scanning_visits,scans_per_visit"
    (row,) = sample_company.ask(keys, *span)
    inside = sum(r["scans"] for r in sample_company.ask("scans", *span, by=["store"]) if r["store"])
    assert row["scans_per_visit"] == pytest.approx(inside / row["scanning_visits"])


def test_a_sale_is_not_lost_once_it_is_paid_whatever_becomes_of_it(tmp_path: Path) -> None:
    # All scan a coat that is sold out. M1 orders one and never pays: lost. M2 pays and cancels, M3
    # buys and brings it back, V4 pays as the visitor that M4 was, M5 pays at the till on a card
    # that was merged into theirs.
    people = [*(member(f"M{n}") for n in (1, 2, 3, 5)), member("M4", visitor_id="V4")]
    shop = opened(
        tmp_path,
        members=[*people, member("M6", merged_into_member_id="M5")],
        touchpoints=[
            *(
                touch(f"s{n}", at(2), "tag_scan", member_id=f"M{n}", store_id="S1", product_id="P1")
                for n in range(1, 6)
            ),
            touch("end", at(20), "product_view", member_id="M9"),
        ],
        stock=[{"as_of_date": "2024-03-02", "store_id": "S1", "product_id": "P1", "on_hand": -1}],
        online_orders=[
            order("o1", at(3), "1.00", member_id="M1", paid_at=""),
            order("o2", at(3), "1.00", member_id="M2", cancelled_at=at(4)),
            order("o4", at(3), "1.00", visitor_id="V4"),
        ],
        pos_sales=[
            sale("r3", at(3), "1.00", member_id="M3"),
            sale("r4", at(4), "-1.00", member_id="M3", original_receipt_id="r3"),
            sale("r5", at(3), "1.00", member_id="M6", store_id="S2"),
        ],
    )
    assert figure(shop, "lost_sale_scans") == 1
