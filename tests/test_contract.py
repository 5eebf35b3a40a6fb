"""What a cell and a row must be to be loaded."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import ROWS, Cells, accepted, judged, reject, row, sale

from etl.cells import typed
from etl.contract import ALWAYS
from warehouse.feeds import FEEDS, Kind


def column_of(kind: Kind) -> tuple[str, str]:
    """A feed and a column of it that is not part of a key, for each kind of cell."""
    return {
        Kind.COUNT: ("stock", "on_hand"), Kind.MONEY: ("targets", "target"),
        Kind.NUMBER: ("stores", "latitude"), Kind.DATE: ("campaigns", "starts_on"),
        Kind.MONTH: ("targets", "month"), Kind.AT: ("pos_sales", "sold_at"),
        Kind.FLAG: ("stock", "is_deleted"), Kind.SHARES: ("pos_sales", "guide_shares"),
    }[kind]  # fmt: skip


def value(kind: Kind, text: str, **how: Any) -> Any:
    feed, name = column_of(kind)
    return accepted(feed, row(feed, **{name: text}), **how)[name]


# Cells -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("feed", FEEDS)
def test_a_sound_row_of_every_feed_is_accepted(feed: str) -> None:
    assert accepted(feed, ROWS[feed])["line"] == 2


@pytest.mark.parametrize(("kind", "text", "expected"), [
    (Kind.COUNT, "6.0", 6), (Kind.COUNT, "+3", 3), (Kind.COUNT, "-2", -2), (Kind.COUNT, "２", 2),
    (Kind.MONEY, "12", Decimal("12.00")), (Kind.MONEY, "-0.5", Decimal("-0.50")),
    (Kind.MONEY, "12.340", Decimal("12.34")), (Kind.MONEY, "１２.５", Decimal("12.50")),
    (Kind.MONEY, "999999999999999.99", Decimal("999999999999999.99")),
    (Kind.NUMBER, "1.25e2", 125.0), (Kind.NUMBER, "-7", -7.0),
    (Kind.DATE, "2026-03-01", date(2026, 3, 1)),
    (Kind.DATE, "2026-03-01 00:00:00", date(2026, 3, 1)),
    (Kind.MONTH, "2026-03", "2026-03"),
    (Kind.FLAG, "TRUE", True), (Kind.FLAG, "1", True), (Kind.FLAG, "0", False),
])  # fmt: skip
def test_cell_is_understood_exactly(kind: Kind, text: str, expected: object) -> None:
    assert value(kind, text) == expected


@pytest.mark.parametrize(("kind", "text"), [
    *((Kind.COUNT, text) for text in ("two", "1.5", "1e3", "1,000", "2147483648", "+-5", "0x10")),
    *((Kind.MONEY, text) for text in ("12,50", "1,234.50", "1e3", "12.345", "¥12", "12.3.4")),
    *((Kind.NUMBER, text) for text in ("north", "31,2", "inf", "nan", "1e999")),
    *((Kind.DATE, text) for text in ("2026-02-30", "1/3/2026", "2026-03-01 10:00", "0001-01-01")),
    *((Kind.MONTH, text) for text in ("2026-13", "2026-3", "March 2026")),
    *((Kind.AT, text) for text in ("yesterday", "2026-03-01T25:00", "1772330400", "10:00")),
    *((Kind.FLAG, text) for text in ("yes", "2", "t")),
])  # fmt: skip
def test_cell_of_another_kind_rejects_its_row(kind: Kind, text: str) -> None:
    feed, name = column_of(kind)
    told = reject(feed, row(feed, **{name: text}))
    assert told["rule"] == "bad_type"
    assert name in told["message"] and text in told["message"]


@pytest.mark.parametrize(("text", "utc"), [
    ("2026-03-01T10:00:00", "2026-03-01 02:00:00"),
    ("2026-03-01 10:00", "2026-03-01 02:00:00"),
    ("2026-03-01", "2026-02-28 16:00:00"),
    ("2026-03-01T10:00:00.25", "2026-03-01 02:00:00.250"),
    ("2026-03-01T10:00:00Z", "2026-03-01 10:00:00"),
    ("2026-03-01T10:00+0530", "2026-03-01 04:30:00"),
    ("2026-03-01T10:00:00-05:00", "2026-03-01 15:00:00"),
])  # fmt: skip
def test_time_is_stored_in_utc_and_without_an_offset_is_local(text: str, utc: str) -> None:
    assert value(Kind.AT, text) == datetime.fromisoformat(utc)


def test_times_with_and_without_offset_may_share_a_column() -> None:
    texts = ("2026-03-01T10:00", "2026-03-01T10:00Z", "2026-03-01 10:00:00")
    done = judged("pos_sales", *(sale(receipt_id=text, sold_at=text) for text in texts))
    assert [time.hour for time in done.accepted["sold_at"]] == [2, 10, 2]


TIMES = (
    "2026-03-01T10:00:00", "2026-03-01 10:00:00", "2026-02-30T10:00:00", "2026-03-01T24:00:00",
    "2026-03-01T10:00:60", "2026-03-01T10:00:0Z", "2026-03-01T10+08:00", "2025-03-09T02:30:00",
    "2026-03-01T10:00:00+08:00", "2026-03-01 10:00:00-05:00", "2026-03-01T10:00:00.0000Z",
    "2026-03-01T10:00:00.00+08", "2026-03-01T10:00:00+25:00", "1850-03-01T10:00:00", "",
)  # fmt: skip


@given(st.lists(st.sampled_from(TIMES), min_size=1))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_a_time_is_read_alike_whatever_stands_beside_it(texts: list[str]) -> None:
    def read(*column: str) -> pl.Series:
        return typed(pl.Series([text or None for text in column], dtype=pl.String), Kind.AT,
                     "America/New_York")  # fmt: skip

    assert read(*texts).to_list() == [read(text, "2026-03-01")[0] for text in texts]


@pytest.mark.parametrize(("text", "utc_hour"), [
    ("2025-01-15T12:00", 17), ("2025-07-15T12:00", 16), ("2025-11-02T01:30", 5),
    ("2025-11-02T01:30-05:00", 6),
])  # fmt: skip
def test_summer_time_moves_the_hour_and_a_doubled_hour_is_its_first(
    text: str, utc_hour: int
) -> None:
    assert value(Kind.AT, text, timezone="America/New_York").hour == utc_hour


def test_an_hour_that_summer_time_skips_is_no_time() -> None:
    told = reject("pos_sales", sale(sold_at="2025-03-09T02:30"), timezone="America/New_York")
    assert told["rule"] == "bad_type"


def test_identifiers_keep_zeros_and_case_and_lose_space_and_full_width() -> None:
    for text, kept in (
        ("007", "007"),
        ("aB", "aB"),
        ("\u3000 Ｓ０１\t", "S01"),
        ("上海 1", "上海 1"),
    ):
        assert accepted("pos_sales", sale(store_id=text))["store_id"] == kept


def test_an_empty_or_blank_cell_is_null_and_so_is_an_absent_column() -> None:
    stored = accepted("pos_sales", sale(guide_id="", tender="  "))
    assert [stored[name] for name in ("guide_id", "tender", "original_order_id")] == [None] * 3


@pytest.mark.parametrize("feed", FEEDS)
def test_every_required_cell_must_be_filled(feed: str) -> None:
    for name in FEEDS[feed].required:
        told = reject(feed, row(feed, **{name: " "}))
        assert (told["rule"], told["message"]) == ("missing_value", f"{name} is empty")


CLOSED = [
    (feed.name, field.name) for feed in FEEDS.values() for field in feed.fields if field.choices
]


def test_the_closed_lists_are_those_of_the_contract() -> None:
    names = ["ownership", "site", "fulfilment", "event", "bind_result", "level", "metric"]
    assert [name for _, name in CLOSED] == names


@pytest.mark.parametrize(("feed", "name"), CLOSED)
def test_a_value_outside_a_closed_list_is_rejected_with_the_list(feed: str, name: str) -> None:
    told = reject(feed, row(feed, **{name: "other"}))
    assert told["rule"] == "not_in_list"
    assert ROWS[feed][name] in told["message"] and told["message"].endswith(": other")


def test_any_value_of_an_open_list_is_accepted() -> None:
    assert accepted("pos_sales", sale(tender="shells"))["tender"] == "shells"
    assert accepted("online_orders", row("online_orders", channel="fax"))["channel"] == "fax"


# Rows ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("feed", "changes", "rule"), [
    ("pos_sales", {"quantity": "0"}, "zero_quantity"),
    ("pos_sales", {"quantity": "-1"}, "opposite_sign"),
    ("pos_sales", {"net_amount": "-0.01"}, "opposite_sign"),
    ("online_orders", {"quantity": "0"}, "zero_quantity"),
    ("online_orders", {"net_amount": "-5"}, "opposite_sign"),
    ("online_orders", {"quantity": "-1", "net_amount": "-5"}, "negative_quantity"),
    ("refunds", {"quantity": "-1"}, "negative_quantity"),
    ("refunds", {"amount": "-100"}, "negative_amount"),
    ("footfall", {"visitors": "-1"}, "negative_visitors"),
    ("stores", {"day_cutoff_hour": "24"}, "out_of_range"),
    ("touchpoints", {"visitor_id": "", "member_id": ""}, "missing_value"),
])  # fmt: skip
def test_a_row_without_sense_is_rejected(feed: str, changes: Cells, rule: str) -> None:
    assert reject(feed, row(feed, **changes))["rule"] == rule


@pytest.mark.parametrize(("feed", "changes"), [
    ("pos_sales", {"quantity": "-1", "net_amount": "-100"}),
    ("pos_sales", {"quantity": "-1", "net_amount": "0"}),
    ("refunds", {"quantity": "0"}),
    ("stock", {"on_hand": "-3"}),
    ("touchpoints", {"visitor_id": ""}),
    ("touchpoints", {"member_id": ""}),
])  # fmt: skip
def test_a_return_a_gift_and_a_refund_of_money_only_are_sound(feed: str, changes: Cells) -> None:
    accepted(feed, row(feed, **changes))


def test_an_event_may_lie_one_day_after_the_file_was_first_seen_and_no_later() -> None:
    assert value(Kind.AT, "2026-03-03T08:00:00") == datetime(2026, 3, 3)
    assert reject("pos_sales", sale(sold_at="2026-03-03T08:00:01"))["rule"] == "future_time"
    accepted("pos_sales", sale(updated_at="2027-01-01T00:00:00"))


@pytest.mark.parametrize("shares", [
    "G1=0.7;G2=0.2", "G1=0.7;G2=0.4", "G1=0.5;G1=0.5", "G1=1.5;G2=-0.5", "G1", "=1", "G1=half",
    "G1=0.33;G2=0.33;G3=0.33", ";",
])  # fmt: skip
def test_shares_that_do_not_total_one_are_rejected(shares: str) -> None:
    assert reject("pos_sales", sale(guide_shares=shares))["rule"] == "bad_shares"


@pytest.mark.parametrize(("shares", "guide", "kept"), [
    ("G2=0.3; G1=0.70;", "G1", "G1=0.7;G2=0.3"),
    ("G2=0.5;G1=0.5", "G1", "G1=0.5;G2=0.5"),
    ("G5=0.33333333;G6=0.33333333;G7=0.33333334", "G7",
     "G5=0.33333333;G6=0.33333333;G7=0.33333334"),
    ("G4=1", "G4", None),
    ("G4=1;G1=0", "G4", None),
])  # fmt: skip
def test_shares_override_the_guide_and_their_lead_stands_for_all(
    shares: str, guide: str, kept: str | None
) -> None:
    stored = accepted("pos_sales", sale(guide_id="G9", guide_shares=shares))
    assert (stored["guide_id"], stored["guide_shares"]) == (guide, kept)


@pytest.mark.parametrize("feed", FEEDS)
def test_a_deleted_row_needs_only_its_key(feed: str) -> None:
    key = {field.name: ROWS[feed][field.name] for field in FEEDS[feed].key}
    assert accepted(feed, key | {"is_deleted": "1"})["is_deleted"]
    for name in FEEDS[feed].required:
        if name in key:
            assert reject(feed, key | {"is_deleted": "1", name: ""})["rule"] == "missing_value"


def test_a_void_receipt_line_needs_only_its_key_and_a_sound_mark() -> None:
    key = {"store_id": "S1", "receipt_id": "R1", "line_number": "1"}
    assert accepted("pos_sales", key | {"is_void": "true", "quantity": "0"})["is_deleted"]
    assert reject("pos_sales", sale(is_void="perhaps"))["rule"] == "bad_type"
    assert reject("pos_sales", key | {"is_void": "1", "updated_at": "?"})["rule"] == "bad_type"


def test_an_empty_valid_from_means_always() -> None:
    assert accepted("stores", row("stores", valid_from=""))["valid_from"] == ALWAYS
    assert reject("guides", row("guides", valid_from=""))["rule"] == "missing_value"
