"""Texts that look like SQL, as values of filters, in searches, scopes and names: ordinary text."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import guide, order, refund, sale, store
from shops import MARCH, at, by, figure, opened

from warehouse import answers
from warehouse.access import EVERYTHING, Scope
from warehouse.dimensions import DIMENSIONS
from warehouse.filters import QuestionError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A receipt and an order, of which 905.00 came back."""
    return opened(
        tmp_path_factory.mktemp("plain"),
        pos_sales=[sale("a", at(2), "1000.00"), sale("b", at(3), "-900.00")],
        online_orders=[order("o", at(2), "10.00", device="pc", fulfilment="take_away")],
        refunds=[refund("o", at(4), "5.00")],
    )


ODD = (
    "x'; DROP TABLE fct_credited_lines; --",
    'S"1',
    "100%",
    "S_1",
    "a\\b",
    "1 OR 1=1",
    "$1",
    "中 文",
)


@pytest.mark.parametrize("dimension", sorted(DIMENSIONS))
def test_a_text_that_looks_like_sql_is_an_unknown_value(whole: Company, dimension: str) -> None:
    key = "ring_closure_rate" if dimension == "campaign" else "returns_amount"
    for text in ODD[:2]:
        with pytest.raises(QuestionError, match=f"unknown {dimension} "):
            whole.ask(key, *MARCH, where={dimension: [text]})
    assert figure(whole, "returns_amount") == "905.00"


def test_names_that_look_like_sql_are_found_like_any_other(tmp_path: Path) -> None:
    stores = [store(text, text, "R1", city=text) for text in ODD]
    till = [
        sale("a", at(2), f"{2**n}.00", store_id=text, guide_id=text, tender=text, product_id="P2")
        for n, text in enumerate(ODD)
    ]
    staff = [guide(text, text) for text in ODD]
    shop = opened(tmp_path, stores=stores, guides=staff, pos_sales=till)
    expected = {text: f"{2**n}.00" for n, text in enumerate(ODD)}
    for dimension in ("store", "city", "brand", "guide", "tender"):
        assert by(shop, "net_sales", dimension) == expected, dimension
        assert by(shop, "net_sales", dimension, where={dimension: ODD[:4]}) == {
            text: expected[text] for text in ODD[:4]
        }
    with shop.reading() as snapshot:
        for text, found in {"%": ["100%"], "S_": ["S_1"], "\\": ["a\\b"], "'": [ODD[0]]}.items():
            offered = answers.values(snapshot, "store", EVERYTHING, search=text)
            assert offered["value"].to_list() == found
    scope = Scope(stores=frozenset({ODD[0]}))
    assert by(shop, "net_sales", "store", scope=scope) == {ODD[0]: "1.00"}
