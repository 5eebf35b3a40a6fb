"""Which of several rows with one key holds, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from conftest import Company
from loading import Loading
from rows import ROWS, row, sale
from sqlalchemy import select

from etl import job
from warehouse.feeds import FEEDS
from warehouse.schema import DIM_RECEIPTS, ETL_FILES

OLD, MIDDLE, NEW = "2026-03-01T12:00", "2026-03-01T13:00", "2026-03-01T14:00"


@pytest.fixture(scope="module")
def memory() -> Iterator[Loading]:
    loading = Loading()
    yield loading
    loading.build.abandon()


@pytest.fixture
def loading(memory: Loading) -> Loading:
    return memory.emptied()


def amount(loading: Loading) -> Decimal | None:
    """Net amount of the only receipt line that is there."""
    amounts = loading.live("pos_sales", "net_amount")
    assert len(amounts) <= 1
    return amounts[0] if amounts else None  # type: ignore[return-value]


# Which row holds -------------------------------------------------------------------------------
def test_the_greatest_updated_at_holds_whichever_arrives_first(loading: Loading) -> None:
    loading.load("pos_sales", sale(net_amount="2", updated_at=MIDDLE))
    assert loading.load("pos_sales", sale(net_amount="1", updated_at=OLD)) == {"superseded": 1}
    assert amount(loading) == 2
    assert loading.load("pos_sales", sale(net_amount="3", updated_at=NEW)) == {"loaded": 1}
    assert amount(loading) == 3


def test_the_greatest_updated_at_holds_within_one_file_too(loading: Loading) -> None:
    rows = [sale(net_amount=str(n), updated_at=at) for n, at in enumerate((OLD, NEW, MIDDLE))]
    assert loading.load("pos_sales", *rows) == {"loaded": 1, "superseded": 2}
    assert amount(loading) == 1


def test_updated_at_is_compared_as_a_time_and_not_as_text(loading: Loading) -> None:
    loading.load("pos_sales", sale(net_amount="1", updated_at="2026-03-01T09:00Z"))
    loading.load("pos_sales", sale(net_amount="2", updated_at="2026-03-01T16:00+08:00"))
    assert amount(loading) == 1


def test_no_updated_at_counts_as_the_lowest(loading: Loading) -> None:
    loading.load("pos_sales", sale(net_amount="1", updated_at=OLD))
    assert loading.load("pos_sales", sale(net_amount="2")) == {"superseded": 1}
    assert amount(loading) == 1
    loading.load("pos_sales", sale(receipt_id="R2", net_amount="3"))
    loading.load("pos_sales", sale(receipt_id="R2", net_amount="4", updated_at=OLD))
    assert loading.live("pos_sales", "net_amount") == [1, 4]


@pytest.mark.parametrize("at", ["", OLD])
def test_of_equal_times_the_later_file_holds_and_in_it_the_later_line(
    loading: Loading, at: str
) -> None:
    one, two, three, four = (sale(net_amount=str(n), updated_at=at) for n in range(1, 5))
    first, second = loading.run("pos_sales", [one, two], [three, four])
    assert (first, second) == ({"superseded": 2}, {"loaded": 1, "superseded": 1})
    assert amount(loading) == 4
    assert loading.load("pos_sales", one) == {"loaded": 1}


def test_a_replacement_replaces_the_whole_row(loading: Loading) -> None:
    loading.load("pos_sales", sale(tender="cash", updated_at=OLD))
    without = {name: cell for name, cell in sale(updated_at=NEW).items() if name != "guide_id"}
    loading.load("pos_sales", without | {"tender": ""})
    assert loading.live("pos_sales", "tender") == loading.live("pos_sales", "guide_key") == [None]


def test_the_same_row_twice_has_no_effect(loading: Loading) -> None:
    assert loading.load("pos_sales", sale(), sale()) == {"loaded": 1, "unchanged": 1}
    before = loading.tables()
    assert loading.run("pos_sales", [sale()], [sale()]) == [{"unchanged": 1}] * 2
    assert loading.tables() == before


def test_a_row_that_only_grew_newer_keeps_older_ones_out(loading: Loading) -> None:
    loading.load("pos_sales", sale(updated_at=OLD))
    assert loading.load("pos_sales", sale(updated_at=NEW)) == {"loaded": 1}
    assert loading.load("pos_sales", sale(net_amount="9", updated_at=MIDDLE)) == {"superseded": 1}


# Rows taken out --------------------------------------------------------------------------------
@pytest.mark.parametrize("mark", ["is_void", "is_deleted"])
def test_a_row_taken_out_stays_out_until_a_newer_one_comes(loading: Loading, mark: str) -> None:
    loading.load("pos_sales", sale(net_amount="1", updated_at=OLD))
    gone = {"store_id": "S1", "receipt_id": "R1", "line_number": "1", "updated_at": MIDDLE}
    assert loading.load("pos_sales", gone | {mark: "true"}) == {"voided": 1}
    assert amount(loading) is None
    assert loading.load("pos_sales", sale(net_amount="1", updated_at=OLD)) == {"superseded": 1}
    assert amount(loading) is None
    assert loading.load("pos_sales", sale(net_amount="3", updated_at=NEW)) == {"loaded": 1}
    assert amount(loading) == 3


@pytest.mark.parametrize("feed", FEEDS)
def test_a_key_can_be_taken_out_before_its_row_arrives(loading: Loading, feed: str) -> None:
    key = {field.name: ROWS[feed][field.name] for field in FEEDS[feed].key}
    dated = "updated_at" in FEEDS[feed].columns
    newer = {"updated_at": NEW} if dated else {}
    assert loading.load(feed, key | {"is_deleted": "true"} | newer) == {"voided": 1}
    older = row(feed, updated_at=OLD) if dated else ROWS[feed]
    assert loading.load(feed, older) == ({"superseded": 1} if dated else {"loaded": 1})
    assert len(loading.live(feed, "is_deleted")) == (0 if dated else 1)


def test_an_older_tombstone_does_not_take_a_newer_row_out(loading: Loading) -> None:
    loading.load("stores", row("stores", updated_at=NEW))
    gone = {"store_id": "S1", "valid_from": "2020-05-01", "is_deleted": "1", "updated_at": OLD}
    assert loading.load("stores", gone) == {"voided": 1}
    assert loading.live("stores", "store_name") == ["One"]


def test_absence_from_a_later_file_deletes_nothing(loading: Loading) -> None:
    loading.load("products", row("products"), row("products", product_id="P2"))
    loading.load("products", row("products", updated_at=NEW))
    assert loading.live("products", "product_id") == ["P1", "P2"]


# Keys ------------------------------------------------------------------------------------------
def test_a_receipt_number_is_unique_within_its_store_only(loading: Loading) -> None:
    back = sale(receipt_id="R2", quantity="-1", net_amount="-9", original_receipt_id="R1")
    loading.load(
        "pos_sales", sale(), sale(store_id="S2"), back, back | {"original_store_id": "S2",
        "receipt_id": "R3"},
    )  # fmt: skip
    assert loading.build.fetch(select(DIM_RECEIPTS)).height == 4
    originals = loading.live("pos_sales", "original_receipt_key")
    assert originals == [None, ("R1", "S1"), ("R1", "S2"), None]


def test_identifiers_that_differ_by_zeros_or_case_are_different(loading: Loading) -> None:
    ids = ["007", "7", "a", "A"]
    loading.load("products", *(row("products", product_id=one) for one in ids))
    assert loading.live("products", "product_id") == [*ids[:2], "A", "a"]


@pytest.mark.parametrize("feed", ["stores", "guides"])
def test_each_valid_from_is_a_row_of_its_own(loading: Loading, feed: str) -> None:
    loading.load(feed, row(feed), row(feed, valid_from="2026-01-01"), row(feed))
    assert len(loading.live(feed, "valid_from")) == 2


# Accounting ------------------------------------------------------------------------------------
def test_every_row_of_every_file_is_accounted_for(company: Company) -> None:
    bad = [sale(receipt_id="bad", quantity="0")]
    good = [sale(receipt_id=f"R{n}") for n in range(8)]
    void = [sale(receipt_id="R7", is_void="1", updated_at=NEW)]
    company.deliver("pos_sales", *good, *bad, *good[:3], *void, name="a.csv")
    company.deliver("pos_sales", *good[:5], sale(receipt_id="R5", net_amount="1"), name="b.csv")
    assert company.load().exit_code == job.NEEDS_A_PERSON
    kinds = ("read", "loaded", "unchanged", "superseded", "rejected", "voided")
    with company.reading() as snapshot:
        counts = (ETL_FILES.c[f"rows_{kind}"] for kind in kinds)
        files = snapshot.fetch(select(ETL_FILES.c.name, *counts))
    assert sorted(files.rows()) == [
        ("pos_sales/a.csv", 13, 1, 8, 2, 1, 1),
        ("pos_sales/b.csv", 6, 6, 0, 0, 0, 0),
    ]
