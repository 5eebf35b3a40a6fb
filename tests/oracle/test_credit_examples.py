"""Who is credited: the oracle's five rules, returns and assignments, order by order."""

from pathlib import Path

import pytest

from .sample import Row, by, company, figure, guide, member, order, refund, sale, touch

NOON = "2024-03-15 12:00"


def _credit(
    tmp_path: Path, the_order: Row, **feeds: list[Row]
) -> tuple[str, str | None, str | None]:
    """(rule, guide, store) of one order."""
    shop = company(tmp_path, {"online_orders": [the_order], **feeds})
    (only,) = shop.orders.values()
    guides = [guide_id for guide_id, _ in only.credit.shares]
    return only.credit.rule, guides[0] if guides else None, only.credit.store


def test_an_order_that_states_its_guide_goes_to_the_store_he_works_in(tmp_path: Path) -> None:
    stated = order("o", NOON, "1.00", guide_id="G2", origin_store_id="S1", member_id="M1")
    scan = touch("e", "2024-03-15 11:00", "tag_scan", guide_id="G1")
    assert _credit(tmp_path, stated, touchpoints=[scan]) == ("order_scan", "G2", "S2")


def test_a_stated_guide_without_a_store_leaves_the_order_to_its_origin(tmp_path: Path) -> None:
    stated = order("o", NOON, "1.00", guide_id="G9", origin_store_id="S1")
    assert _credit(tmp_path, stated) == ("order_scan", "G9", "S1")


def test_the_greatest_share_names_the_store(tmp_path: Path) -> None:
    shared = order("o", NOON, "1.00", guide_shares="G1=0.4;G2=0.6")
    assert _credit(tmp_path, shared)[2] == "S2"


@pytest.mark.parametrize(
    ("touched_at", "rule"),
    [
        (NOON, "recent_touch"),
        ("2024-03-01 12:00", "recent_touch"),  # 14 days to the second
        ("2024-03-01 11:59:59", "uncredited"),
        ("2024-03-15 12:00:01", "uncredited"),
    ],
)
def test_a_touch_counts_up_to_336_hours_before_both_ends_included(
    tmp_path: Path, touched_at: str, rule: str
) -> None:
    scan = touch("e", touched_at, "share", guide_id="G2")
    assert (
        _credit(tmp_path, order("o", NOON, "1.00", member_id="M1"), touchpoints=[scan])[0] == rule
    )


def test_touches_of_guides_without_a_store_are_skipped(tmp_path: Path) -> None:
    # G3 left on the 14th; the latest touch names nobody; of two at 09:00 the greater event counts.
    touches = [
        touch("e1", "2024-03-15 09:00", "tag_scan", guide_id="G1"),
        touch("e2", "2024-03-15 09:00", "tag_scan", guide_id="G2"),
        touch("e3", "2024-03-15 10:00", "guide_scan", guide_id="G3"),
        touch("e4", "2024-03-15 11:00", "tag_scan", store_id="S1"),
    ]
    guides = [guide("G1", "S1"), guide("G2", "S2"), guide("G3", "S1", left_on="2024-03-14")]
    bought = order("o", NOON, "1.00", member_id="M1")
    credit = _credit(tmp_path, bought, touchpoints=touches, guides=guides)
    assert credit == ("recent_touch", "G2", "S2")


def test_the_latest_binding_holds_and_the_scan_wins_a_tie(tmp_path: Path) -> None:
    bound_at = "2024-01-05 10:00"
    people = [member("M1", bound_guide_id="G1", bound_at=bound_at, visitor_id="V1")]
    scan = touch("e", bound_at, "guide_scan", guide_id="G2", visitor_id="V1", bind_result="bound")
    bought = order("o", NOON, "1.00", member_id="M1")
    credit = _credit(tmp_path, bought, members=people, touchpoints=[scan])
    assert credit == ("bound_guide", "G2", "S2")


def test_an_earlier_binding_does_not_stand_in_for_a_guide_who_left(tmp_path: Path) -> None:
    people = [member("M1", bound_guide_id="G1")]
    scan = touch("e", "2024-01-05 10:00", "guide_scan", guide_id="G2", bind_result="bound")
    guides = [guide("G1", "S1"), guide("G2", "S2", left_on="2024-02-01")]
    bought = order("o", NOON, "1.00", member_id="M1", origin_store_id="S1")
    credit = _credit(tmp_path, bought, members=people, touchpoints=[scan], guides=guides)
    assert credit == ("store_only", None, "S1")


def test_without_guide_or_origin_the_latest_touch_that_names_a_store_speaks(tmp_path: Path) -> None:
    touches = [
        touch("e1", "2024-03-14 10:00", "tag_scan", store_id="S2"),
        touch("e2", "2024-03-14 11:00", "tag_scan"),
        touch("e3", "2024-03-14 12:00", "product_view", store_id="S1"),
    ]
    bought = order("o", NOON, "1.00", member_id="M1")
    assert _credit(tmp_path, bought, touchpoints=touches) == ("store_only", None, "S2")


def test_a_guides_store_is_that_of_the_local_date_of_the_order(tmp_path: Path) -> None:
    # 16:30 UTC on the 14th is half past midnight on the 15th in Shanghai.
    moves = [guide("G1", "S1", valid_to="2024-03-14"), guide("G1", "S2", valid_from="2024-03-15")]
    stated = order("o", "2024-03-14T16:30Z", "1.00", guide_id="G1")
    assert _credit(tmp_path, stated, guides=moves)[2] == "S2"


def test_the_line_updated_last_speaks_for_the_order(tmp_path: Path) -> None:
    lines = [
        order("o", NOON, "1.00", guide_id="G1", updated_at="2024-03-16 10:00"),
        order("o", NOON, "2.00", line_number=2, guide_id="G2", updated_at="2024-03-17 10:00"),
        order("o", NOON, "4.00", line_number=3, guide_id="G3"),
    ]
    shop = company(tmp_path, {"online_orders": lines})
    assert by(shop, "credited_net_sales", "guide") == {"G2": "7.00"}


def test_return_lowers_the_original_guides_credit_and_not_the_handlers(tmp_path: Path) -> None:
    till = [
        sale("a", "2024-03-01 10:00", "50.00", guide_id="G1"),
        sale("b", "2024-03-05 10:00", "-50.00", guide_id="G2", store_id="S2")
        | {"original_receipt_id": "a", "original_store_id": "S1"},
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "net_sales", "guide") == {"G1": "0.00"}
    assert by(shop, "returns_amount", "store") == {"S1": "50.00"}
    assert by(shop, "returns_amount", "handling_store") == {"S2": "50.00"}


def test_a_return_without_its_original_stays_with_who_handled_it(tmp_path: Path) -> None:
    # Without original_store_id receipt "a" is looked for in S2, where there is none.
    till = [
        sale("a", "2024-03-01 10:00", "50.00", guide_id="G1"),
        sale("b", "2024-03-05 10:00", "-50.00", guide_id="G2", store_id="S2")
        | {"original_receipt_id": "a"},
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "net_sales", "guide") == {"G1": "50.00", "G2": "-50.00"}


@pytest.mark.parametrize(
    ("asked", "credited"),
    [
        ({"original_line_number": 3, "product_id": "P1"}, "G3"),
        ({"product_id": "P2"}, "G2"),
        ({"product_id": "P9"}, "G1"),
        ({"original_line_number": 8, "product_id": "P2"}, "G2"),
    ],
)
def test_a_return_answers_its_line_else_its_product_else_the_first_line(
    tmp_path: Path, asked: Row, credited: str
) -> None:
    at = "2024-03-01 10:00"
    till = [
        sale("a", at, "1.00", line_number=1, product_id="P1", guide_id="G1"),
        sale("a", at, "1.00", line_number=2, product_id="P2", guide_id="G2"),
        sale("a", at, "1.00", line_number=3, product_id="P2", guide_id="G3"),
        sale("b", at, "-1.00", original_receipt_id="a") | asked,
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "returns_amount", "guide")[credited] == "1.00"


def test_an_online_order_returned_anywhere_lowers_the_orders_guide(tmp_path: Path) -> None:
    web = [order("o", NOON, "50.00", guide_id="G1", quantity=2)]
    till = [
        sale("b", "2024-03-20 10:00", "-20.00", guide_id="G2", store_id="S2")
        | {"original_order_id": "o"}
    ]
    back = [refund("o", "2024-03-21 10:00", "25.00", handled_store_id="S2")]
    shop = company(tmp_path, {"online_orders": web, "pos_sales": till, "refunds": back})
    assert by(shop, "net_sales", "guide") == {"G1": "5.00"}
    assert by(shop, "units_returned", "handling_store") == {"S2": 2}
    assert (figure(shop, "pos_net_sales"), figure(shop, "online_net_sales")) == ("-20.00", "25.00")
