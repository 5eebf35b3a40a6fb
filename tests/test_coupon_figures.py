"""Who comes back after a coupon, and what an O2O order costs."""

from __future__ import annotations

from datetime import date
from random import Random

import oracle
import pytest
from conftest import Company
from dense_company import dense_company
from dense_trade import STORES
from oracle.sample import member, order, refund, sale, touch
from shops import at, by, days, figure, opened

MEMBERS = [member(f"M{number}") for number in range(1, 7)]


# Who comes back ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def returning(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The data end on 1 July; 90 days from 1 March are 30 May, from 25 April 24 July."""
    stating = {"coupon_id": "K1"}
    till = [
        sale("a1", at(1), "1.00", member_id="M1", **stating),
        sale("a2", "2024-05-30 10:00", "1.00", member_id="M1", store_id="S2"),
        sale("b1", at(1), "1.00", member_id="M2"),
        sale("b1", at(1), "1.00", member_id="M2", line_number=2, **stating),
        sale("b2", "2024-05-31 10:00", "1.00", member_id="M2"),
        sale("c1", at(1), "1.00", member_id="M3"),
        sale("c2", "2024-04-01 10:00", "1.00", member_id="M3"),
        sale("d1", at(3), "1.00", member_id="M4"),
        sale("d2", at(3, "18:00"), "1.00", member_id="M4"),
        sale("e1", at(3), "1.00", member_id="M5"),
        sale("e2", at(4), "1.00", member_id="M5", store_id="S2"),
        sale("e3", at(20), "1.00", member_id="M5"),
        sale("f1", "2024-04-25 10:00", "1.00", member_id="M6", **stating),
        sale("n", at(5), "1.00", **stating),
    ]
    return opened(
        tmp_path_factory.mktemp("returning"),
        members=MEMBERS,
        pos_sales=till,
        online_orders=[order("c", at(15), "1.00", member_id="M3", **stating)],
        touchpoints=[touch("end", "2024-07-01 10:00", "product_view", member_id="M9")],
    )


@pytest.mark.worked("coupon_buyer_retention", "other_buyer_retention")
def test_coupon_buyers_return_within_90_days_of_their_first_purchase_with_one(
    returning: Company,
) -> None:
    # With a coupon: M1 back on the 90th day, M2 on the 91st, M3 (an order of the 15th) on 1 April.
    # Without: M4 twice on one day, M5 on the next day.
    assert figure(returning, "coupon_buyer_retention") == pytest.approx(2 / 3)
    assert figure(returning, "other_buyer_retention") == pytest.approx(1 / 2)


def test_a_buyer_is_counted_once_their_90_days_have_passed(returning: Company) -> None:
    april = ("2024-04-01", "2024-04-30")
    assert figure(returning, "coupon_buyer_retention", april) is None  # M6 only
    # M3 bought in April without a coupon, on the 1st: that is 92 days before the end.
    assert figure(returning, "other_buyer_retention", april) == 0.0


def test_by_group_both_purchases_lie_in_it_except_in_time(returning: Company) -> None:
    # M1 comes back in S2 and M3's coupon was used online, so none is back where they began. Of S1
    # without a coupon M4 is not back, M5 on the 20th. Nobody's first purchase was in S2.
    coupon = {"S1": 0.0, "S2": None, None: 0.0}
    assert by(returning, "coupon_buyer_retention", "store") == coupon
    other = {"S1": 1 / 2, "S2": None, None: None}
    assert by(returning, "other_buyer_retention", "store") == other
    # To the 3rd M1 and M2 with a coupon, M1 back; M3, M4 and M5 without, all but M4 back. From the
    # 4th on M5, back on the 20th.
    weeks = {"2024-W09": 1 / 2, "2024-W10": None}
    assert by(returning, "coupon_buyer_retention", "week", days(1, 10)) == weeks
    weeks = {"2024-W09": pytest.approx(2 / 3), "2024-W10": 1.0}
    assert by(returning, "other_buyer_retention", "week", days(1, 10)) == weeks


def test_retention_and_oracle_agree_where_few_come_back(company: Company) -> None:
    """Sixty members who buy once or twice in 200 days, a third of the time with a coupon."""
    chance, first = Random(7), date(2024, 1, 1).toordinal()
    for feed, rows in dense_company(1).items():
        if feed not in ("pos_sales", "online_orders", "members"):
            company.deliver(feed, *rows)
    company.deliver("members", *(member(f"N{n}", tier="gold" if n % 3 else "") for n in range(60)))
    till, web = [], []
    for number in range(100):
        when = f"{date.fromordinal(first + chance.randrange(200))} 10:00"
        who = {"member_id": f"N{chance.randrange(60)}"}
        who |= {"coupon_id": chance.choice(("K1", "", ""))}
        if chance.random() < 0.7:
            store = chance.choice(STORES)
            till.append(sale(f"r{number}", when, "1.00", store_id=store, **who))
        else:
            web.append(order(f"o{number}", when, "1.00", **who))
    company.deliver("pos_sales", *till)
    company.deliver("online_orders", *web)
    assert company.load().version == 1
    known = oracle.load(company.settings.inbox)
    keys = ["coupon_buyer_retention", "other_buyer_retention"]
    for cut in ([], ["store"], ["month"], ["tier", "channel"]):
        mine = company.ask(",".join(keys), "2024-01-01", "2024-06-30", by=cut)
        theirs = oracle.query(known, keys, date(2024, 1, 1), date(2024, 6, 30), cut)
        assert mine == [
            {k: pytest.approx(v) if k in keys and v is not None else v for k, v in row.items()}
            for row in theirs
        ]
        assert any(0 < (row[key] or 0) < 1 for row in theirs for key in keys)


# What an O2O order costs -------------------------------------------------------------------------
@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Three orders credited to S1, one that is nobody's, one that is not paid."""
    here, wechat = {"origin_store_id": "S1"}, {"tender": "wechat_pay"}
    return opened(
        tmp_path_factory.mktemp("paid"),
        online_orders=[
            order("guided", at(2), "180.00", guide_id="G1", coupon_id="K1", **wechat)
            | {"list_amount": "200.00"},
            order("plain", at(2), "100.00", list_amount="120.00", **here, **wechat),
            order("cash", at(3), "50.00", product_id="P2", coupon_id="K1", tender="cash", **here),
            order("nobody's", at(3), "500.00", coupon_id="K1", list_amount="900.00", **wechat),
            order("unpaid", at(3), "70.00", paid_at="", coupon_id="K1", **here, **wechat),
        ],
        refunds=[refund("plain", at(5), "10.00", quantity=0)],
        pos_sales=[sale("r", at(2), "90.00", coupon_id="K1", list_amount="100.00", **wechat)],
    )


@pytest.mark.worked("o2o_cost_per_order", "o2o_gross_profit_per_order")
def test_an_o2o_order_costs_its_fee_and_its_coupon(paid: Company) -> None:
    # Fees: 0.5 % of 180 and of 100 (none comes back with the refund). Coupon: 200 − 180; plain
    # states none, cash no list amount. 0.90 + 0.50 + 20.00 over three orders.
    assert figure(paid, "o2o_cost_per_order") == pytest.approx(21.40 / 3)
    # A coat costs 40: 180 − 40 and 100 − 10 − 40, over two orders; P2 of cash states no cost.
    assert figure(paid, "o2o_gross_profit_per_order") == pytest.approx((140 + 50) / 2)
    assert by(paid, "o2o_cost_per_order", "guide") == {"G1": 20.9, None: 0.25}
    assert by(paid, "o2o_cost_per_order", "store") == {"S1": pytest.approx(21.40 / 3)}
