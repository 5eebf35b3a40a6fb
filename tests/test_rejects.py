"""What a refused file or row leaves behind, and that no phone number is among it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from conftest import Company
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import ROWS, SEEN, Cells, accepted, judged, row, sale
from sqlalchemy import select

from etl.contract import SecretNeeded, Terms, conform
from warehouse.feeds import FEEDS
from warehouse.schema import LOADED


# Columns ---------------------------------------------------------------------------------------
def test_unknown_columns_do_no_harm_and_optional_ones_may_be_absent() -> None:
    assert accepted("pos_sales", sale(till="3")).keys().isdisjoint({"till"})


# Rejects ---------------------------------------------------------------------------------------
def test_a_rejected_row_is_kept_whole_with_its_line_and_the_first_rule_it_breaks() -> None:
    bad = sale(quantity="0", net_amount="12,50", till=" 3 ")
    done = judged("pos_sales", sale(), bad)
    (told,) = done.rejected.to_dicts()
    assert (told["line"], told["rule"]) == (3, "bad_type")
    assert json.loads(told["row"]) == bad
    assert done.accepted["line"].to_list() == [2]


def test_a_record_that_could_not_be_split_is_rejected_with_the_reason() -> None:
    frame = pl.DataFrame({
        "line": [2], **{name: [None] for name in ROWS["refunds"]}, "_broken": ["9 cells, not 8"],
        "_raw": ["F1,O1,1"],
    })  # fmt: skip
    (told,) = conform(frame, FEEDS["refunds"], Terms("UTC", SEEN)).rejected.to_dicts()
    assert told["rule"] == "broken_record"
    assert "9 cells, not 8" in told["message"] and "F1,O1,1" in told["row"]


cells = st.one_of(st.text(max_size=12), st.sampled_from(
    [cell for one in ROWS.values() for cell in one.values()] + ["1", "-1", "0.005", "G1=1", "∞"]
))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(sorted(FEEDS)))
def test_whatever_a_row_holds_it_is_either_accepted_or_rejected(
    data: st.DataObject, feed: str
) -> None:
    columns = FEEDS[feed].columns
    row_of = st.fixed_dictionaries({name: cells | st.none() for name in columns})
    rows: Sequence[Cells] = data.draw(st.lists(row_of, min_size=1, max_size=4))
    done = judged(feed, *rows)
    lines = [*done.accepted["line"], *done.rejected["line"]]
    assert sorted(lines) == list(range(2, 2 + len(rows)))


# Phones ----------------------------------------------------------------------------------------
PHONE = "13812345678"


def test_a_phone_is_kept_as_keyed_digest_and_masked_form_only() -> None:
    stored = accepted("members", ROWS["members"])
    assert stored["phone_masked"] == "138****5678"
    assert len(stored["phone_hmac"]) == 64
    assert "phone" not in stored and PHONE not in str(stored)


def test_one_phone_has_one_digest_however_written_and_another_under_another_key() -> None:
    def digest(phone: str, secret: str = "a test key") -> str:
        return str(accepted("members", row("members", phone=phone), secret=secret)["phone_hmac"])

    writings = (PHONE, "138 1234 5678", "+86-138-1234-5678", "１３８１２３４５６７８")
    assert len({digest(phone) for phone in writings}) == 1
    assert digest(PHONE) != digest(PHONE, "another key")
    assert digest(PHONE) != digest("13812345679")


@pytest.mark.parametrize("key", ["short", "k" * 64, "long" * 40, "密钥"])
def test_the_digest_is_the_hmac_that_other_programs_compute(key: str) -> None:
    stored = accepted("members", row("members", phone=PHONE), secret=key)
    assert stored["phone_hmac"] == hmac.new(key.encode(), PHONE.encode(), "sha256").hexdigest()


def test_phones_without_a_secret_are_refused_naming_the_setting() -> None:
    with pytest.raises(SecretNeeded, match="GUIDEPOST_SECRET"):
        judged("members", ROWS["members"], secret=None)
    without = {name: cell for name, cell in ROWS["members"].items() if name != "phone"}
    assert accepted("members", without, secret=None)["phone_hmac"] is None


def told_of(frame: pl.DataFrame) -> str:
    done = conform(frame, FEEDS["members"], Terms("UTC", SEEN, None))
    assert done.rejected.height == 1
    return str(done.rejected.to_dicts())


def test_no_phone_is_told_in_a_rejected_row_wherever_it_stands() -> None:
    shifted = row("members", joined_at=PHONE, mobile="86" + PHONE, phone="+86 " + PHONE)
    told = str(judged("members", shifted, secret=None).rejected.to_dicts())
    assert "138****5678" in told and PHONE not in told
    raw = pl.DataFrame({
        "line": [2], "member_id": [None], "joined_at": [None], "_broken": ["4 cells, not 3"],
        "_raw": [f"M1,2025-06-01,{PHONE},x"],
    }, schema_overrides=dict.fromkeys(("member_id", "joined_at"), pl.String))  # fmt: skip
    assert PHONE not in told_of(raw)


def test_a_text_without_digits_is_no_phone() -> None:
    stored = accepted("members", row("members", phone="none given"))
    assert (stored["phone_hmac"], stored["phone_masked"]) == (None, None)


def test_no_phone_is_kept_in_clear_and_a_rebuild_has_the_same_digests(company: Company) -> None:
    """Kept as rows: digest and mask of the phone, and masked whatever looks like one elsewhere."""
    rows = [row("members", member_id=f"M{number}", mobile=PHONE) for number in range(9)]
    rows[8] |= {"joined_at": PHONE}
    company.deliver("members", *rows)
    assert company.load().exit_code == 2
    members = select(LOADED["members"]).order_by("member_id")

    def stored() -> list[tuple[Any, ...]]:
        with company.stored() as snapshot:
            return snapshot.fetch(members).rows()

    before = stored()
    files = [path for path in company.settings.warehouse.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.parent.parent.name == "deliveries"] == [
        "delivery.csv.rows.parquet"
    ]
    (kept,) = (pl.read_parquet(path) for path in files if path.suffix == ".parquet")
    assert PHONE not in kept.write_csv()
    assert not [path for path in files if PHONE.encode() in path.read_bytes()]
    company.load(rebuild=True)
    assert stored() == before
