"""A column the source renamed stops its file, and the message says which line would let it in."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Company
from loading import hurry
from rows import Cells, sale
from tills import Till

from etl import job
from etl.sources import SourceError
from warehouse import answers
from warehouse.access import EVERYTHING


@pytest.fixture
def hurried(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A company for claims about files, not figures."""
    hurry(monkeypatch)
    return company


def renamed(row: Cells, **names: str) -> Cells:
    return {names.get(name, name): cell for name, cell in row.items()}


def refusal(company: Company) -> str:
    """Why the one file was refused."""
    assert company.load().exit_code == job.NEEDS_A_PERSON
    with company.stored() as snapshot:
        (told,) = answers.rejects(snapshot, EVERYTHING)["message"]
    return str(told)


@pytest.mark.parametrize(("field", "other"), [
    ("sold_at", "sold_time"), ("sold_at", "Uhrzeit"), ("receipt_id", "ReceiptID"),
])  # fmt: skip
def test_the_likeliest_column_is_found_by_its_name_or_else_by_its_cells(
    hurried: Company, field: str, other: str
) -> None:
    row = renamed(sale(weather="rain", till="7"), **{field: other})
    hurried.deliver("pos_sales", row)
    assert f'{field} = "{other}"' in refusal(hurried)


def test_nothing_is_suggested_where_two_columns_would_do(hurried: Company) -> None:
    hurried.deliver("pos_sales", renamed(sale(rung="2026-03-01"), sold_at="paid"))
    told = refusal(hurried)
    assert "found instead: paid, rung" in told and 'sold_at = "…"' in told


def test_the_line_suggested_for_a_plain_feed_lets_the_file_in(
    hurried: Company, tmp_path: Path
) -> None:
    hurried.deliver("pos_sales", renamed(sale(), net_amount="bezahlt"))
    told = re.search(r'net_amount = "bezahlt", with same_names = true', refusal(hurried))
    assert told
    line = told[0].split(", with")[0]
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "pos_sales.toml").write_text(
        f'[[tables]]\nfeed = "pos_sales"\nfiles = "*"\nsame_names = true\nfields = {{ {line} }}\n'
    )
    mapped = replace(hurried, settings=replace(hurried.settings, sources=sources))
    outcome = mapped.load()
    assert (outcome.exit_code, outcome.entries[0].counts["loaded"]) == (job.OK, 1)


MAPPING = """
[[tables]]
feed = "pos_sales"
files = "*.csv"
[tables.fields]
store_id = "Shop"
tender = { column = "How", values = { K = "card" } }
net_amount = { compute = "Paid / 100" }
"""


@pytest.mark.parametrize(("header", "line"), [
    ("Shop_No,How,Paid", 'store_id = "Shop_No"'),
    ("Filiale,How,Paid", 'store_id = "Filiale"'),
    ("Shop,How_Paid,Paid", '"How_Paid" for "How" at tender'),
    ("Shop,How,Paid_Fen", '"Paid_Fen" for "Paid" at net_amount'),
])  # fmt: skip
def test_for_a_mapped_source_the_line_of_its_mapping_is_told(
    tmp_path: Path, header: str, line: str
) -> None:
    till = Till(tmp_path, MAPPING, day__csv=f"{header}\n1,K,2\n")
    with pytest.raises(SourceError, match=re.escape(line)) as told:
        till.frame()
    assert "lacks the column" in str(told.value) and "the mapping till" in str(told.value)
