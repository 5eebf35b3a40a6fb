"""A run: what it loads, what it refuses, what it tries again, and the code it exits with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cli import etl, python
from conftest import Company
from loading import hurry
from rows import ROWS, row, sale
from sqlalchemy import select

import etl as package
from etl import job, loading, sources
from etl.errors import SourceError
from warehouse import answers, schema
from warehouse.access import EVERYTHING
from warehouse.feeds import FEEDS

GOOD = sale()


def put(company: Company, name: str, text: str) -> Path:
    """A file in the inbox."""
    path = company.settings.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusals(company: Company) -> dict[str, str]:
    """File and message of what was refused whole."""
    with company.reading() as snapshot:
        told = answers.rejects(snapshot, EVERYTHING)
    return {row["file"]: row["message"] for row in told.to_dicts() if row["line"] is None}


@pytest.fixture
def hurried(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A company for claims about files, not figures."""
    hurry(monkeypatch)
    return company


def loaded(company: Company) -> list[tuple[str, int]]:
    """Files that were loaded, each with the number of its rows that were."""
    files = schema.ETL_FILES.c
    with company.reading() as snapshot:
        rows = snapshot.fetch(
            select(files.name, files.rows_loaded).where(files.outcome == "loaded")
        )
    return sorted(rows.rows())


# Exit codes ------------------------------------------------------------------------------------
def test_a_sound_delivery_exits_0_and_so_does_nothing_new(company: Company) -> None:
    company.deliver("pos_sales", GOOD)
    first, second = etl(company, "run"), etl(company, "run")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "published version 1: 1 files, 1 rows loaded" in first.stdout
    assert second.stdout == "nothing new\n"


def test_a_rejected_row_exits_2_and_the_others_are_published(hurried: Company) -> None:
    rows = [sale(receipt_id=f"R{n}") for n in range(5)]
    hurried.deliver("pos_sales", *rows, sale(receipt_id="bad", quantity="two"))
    result = etl(hurried, "run")
    assert result.exit_code == 2
    assert "1 rows rejected, first line 7: quantity must be a whole number: two" in result.stderr
    assert loaded(hurried) == [("pos_sales/delivery.csv", 5)]


def test_an_inbox_that_is_not_there_exits_1_and_names_the_setting(hurried: Company) -> None:
    result = etl(hurried, "run", "--inbox", str(hurried.settings.inbox / "nowhere"))
    assert result.exit_code == 1
    assert "GUIDEPOST_INBOX" in result.stderr and "nothing was published" in result.stderr


def test_an_unknown_feed_or_option_exits_1_and_not_as_if_published(hurried: Company) -> None:
    assert etl(hurried, "run", "--feed", "sales").exit_code == 1
    assert etl(hurried, "run", "--quick").exit_code == 1
    assert etl(hurried, "walk").exit_code == 1


# Files refused whole ---------------------------------------------------------------------------
def test_each_refused_file_says_why_and_everything_else_is_loaded(hurried: Company) -> None:
    put(hurried, "stores/a.csv", "store_id,store_nmae,brand,region_id\nS1,One,A,E\n")
    put(hurried, "stores/empty.csv", "")
    put(hurried, "stores/notes.docx", "hello")
    put(hurried, "salez/x.csv", "a,b\n1,2\n")
    put(hurried, "loose.csv", "a,b\n1,2\n")
    hurried.deliver("products", row("products", list_price="cheap"))
    hurried.deliver("pos_sales", GOOD)
    result = etl(hurried, "run")
    told = refusals(hurried)
    assert result.exit_code == 2
    assert sorted(told) == [
        "loose.csv", "products/delivery.csv", "salez", "stores/a.csv", "stores/empty.csv",
        "stores/notes.docx",
    ]  # fmt: skip
    for file, said in {
        "stores/a.csv": 'store_name = "store_nmae"', "stores/empty.csv": "is empty",
        "stores/notes.docx": "deliver .csv", "salez": "nearest is 'pos_sales'",
        "loose.csv": "put it into the folder of its feed", "products/delivery.csv": "cheap",
    }.items():  # fmt: skip
        assert said in told[file]
        assert f"refused: {told[file]}" in result.stderr
    assert loaded(hurried) == [("pos_sales/delivery.csv", 1)]


def test_large_files_are_read_two_at_a_time_and_end_as_if_read_one_by_one(
    hurried: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "TOGETHER", 0)
    for number in range(8):
        rows = [sale(receipt_id=f"R{number}", line_number=str(line)) for line in range(1, 9)]
        hurried.deliver("pos_sales", *rows, sale(receipt_id="R"), name=f"{number}.csv")
    folder = hurried.settings.inbox / "pos_sales"
    shutil.copy(folder / "3.csv", folder / "9.csv")
    hurried.deliver("pos_sales", row("pos_sales", sold_at="?"), name="bad.csv")
    assert hurried.load().exit_code == job.NEEDS_A_PERSON
    assert [rows for _, rows in loaded(hurried)] == [8] * 7 + [9]
    assert list(refusals(hurried)) == ["pos_sales/bad.csv"]
    assert len(list((hurried.settings.warehouse / "deliveries").rglob("*.csv"))) == 8


def test_more_than_a_fifth_of_bad_rows_refuses_the_whole_file(hurried: Company) -> None:
    good = [sale(receipt_id=f"R{n}") for n in range(4)]
    bad = sale(receipt_id="bad", net_amount="12,50")
    hurried.deliver("pos_sales", *good, bad, name="fifth.csv")
    hurried.deliver("pos_sales", sale(receipt_id="R9"), bad, name="half.csv")
    assert hurried.load().exit_code == job.NEEDS_A_PERSON
    assert loaded(hurried) == [("pos_sales/fifth.csv", 4)]
    (told,) = refusals(hurried).values()
    assert "half.csv: 1 of 2 rows are bad, more than 20%" in told
    assert "line 3: net_amount must be an amount" in told and "12,50" in told


def test_the_share_of_bad_rows_that_refuses_a_file_can_be_set(hurried: Company) -> None:
    config = put(hurried, "../guidepost.toml", "max_reject_share = 0.5\n")
    hurried.deliver("pos_sales", GOOD, sale(receipt_id="bad", quantity="0"))
    assert "1 rows loaded, 1 rejected" in etl(hurried, "run", CONFIG=config).stdout


def test_phones_without_a_secret_refuse_their_file_and_no_other(hurried: Company) -> None:
    hurried.deliver("members", ROWS["members"])
    hurried.deliver("pos_sales", GOOD)
    assert etl(hurried, "run", SECRET="").exit_code == 2
    assert "GUIDEPOST_SECRET" in refusals(hurried)["members/delivery.csv"]
    assert etl(hurried, "run").exit_code == 0
    assert refusals(hurried) == {}


def test_a_file_that_cannot_be_opened_is_refused_and_the_others_load(
    hurried: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sources.content_hash

    def content_hash(delivery: sources.Delivery) -> str:
        if delivery.feed == "stores":
            raise SourceError("delivery.csv cannot be read (Permission denied); deliver it again")
        return real(delivery)

    monkeypatch.setattr(sources, "content_hash", content_hash)
    hurried.deliver("stores", ROWS["stores"])
    hurried.deliver("pos_sales", GOOD)
    assert hurried.load().exit_code == job.NEEDS_A_PERSON
    assert "Permission denied" in refusals(hurried)["stores/delivery.csv"]
    assert loaded(hurried) == [("pos_sales/delivery.csv", 1)]
    monkeypatch.undo()
    assert hurried.load().exit_code == job.OK
    assert refusals(hurried) == {}


# Files that wait -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["day.csv.part", "day.csv.tmp", ".day.csv", "day.CRDOWNLOAD"])
def test_an_unfinished_file_is_not_touched_until_it_has_its_name(
    hurried: Company, name: str
) -> None:
    path = hurried.deliver("pos_sales", GOOD, name=name)
    assert hurried.load().message == "nothing new"
    path.rename(path.with_name("day.csv"))
    assert hurried.load().version == 1


def test_a_file_still_growing_waits_for_the_next_run(
    hurried: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = hurried.deliver("pos_sales", GOOD, name="growing.csv")
    hurried.deliver("stores", ROWS["stores"])
    find = sources.find_deliveries

    def find_then_grow(*inbox: object) -> object:
        found = find(*inbox)  # type: ignore[arg-type]
        hurried.deliver("pos_sales", GOOD, sale(receipt_id="R2"), name="growing.csv")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(sources, "find_deliveries", find_then_grow)
        first = hurried.load()
    assert (first.exit_code, first.version) == (job.OK, 1)
    assert [entry.outcome for entry in first.entries] == ["waiting", "loaded"]
    assert growing.exists() and hurried.load().version == 2
    assert loaded(hurried)[0] == ("pos_sales/growing.csv", 2)


# Trying again ----------------------------------------------------------------------------------
def test_a_refused_file_stays_and_is_not_tried_again_until_it_changes(hurried: Company) -> None:
    path = put(hurried, "pos_sales/day.csv", "nonsense\n1\n")
    assert [hurried.load().exit_code for _ in range(3)] == [job.NEEDS_A_PERSON, job.OK, job.OK]
    assert path.read_text() == "nonsense\n1\n"
    os.utime(path, ns=(1, 1))
    assert hurried.load().message == "nothing new"
    hurried.deliver("pos_sales", GOOD, name="day.csv")
    assert hurried.load().exit_code == job.OK
    assert refusals(hurried) == {}


@pytest.mark.parametrize("change", [
    {"timezone": "Asia/Tokyo"}, {"max_reject_share": 0.6}, {"secret": None},
])  # fmt: skip
def test_a_refused_file_is_tried_again_when_a_setting_that_judges_it_changes(
    hurried: Company, change: Mapping[str, object]
) -> None:
    hurried.deliver("pos_sales", GOOD, sale(quantity="0"))
    hurried.load()
    changed = replace(hurried, settings=replace(hurried.settings, **change))  # type: ignore[arg-type]
    assert len(changed.load().entries) == 1
    assert changed.load().message == "nothing new"


def test_a_refused_file_is_tried_again_when_its_mapping_changes(hurried: Company) -> None:
    mapping = put(hurried, "../sources/till.toml", TILL.format(store="Shop"))
    given = replace(hurried.settings, sources=mapping.parent)
    put(hurried, "till/day.csv", TILL_DAY)
    mapped = replace(hurried, settings=given)
    assert mapped.load().exit_code == job.NEEDS_A_PERSON
    assert "'Shop'" in refusals(hurried)["till/day.csv"]
    assert mapped.load().message == "nothing new"
    mapping.write_text(TILL.format(store="shop_no"))
    assert mapped.load().exit_code == job.OK
    assert loaded(hurried) == [("till/day.csv", 1)]


TILL = """
[[tables]]
feed = "pos_sales"
files = "*.csv"
[tables.fields]
store_id = "{store}"
receipt_id = "ticket"
line_number = {{ constant = "1" }}
sold_at = "time"
product_id = "sku"
quantity = {{ constant = "1" }}
net_amount = "paid"
"""
TILL_DAY = "shop_no,ticket,time,sku,paid\nS1,1,2026-03-01 10:00,P1,9.90\n"


def test_corrected_rows_delivered_later_load_and_the_reject_is_still_told(
    hurried: Company,
) -> None:
    rows = [sale(receipt_id=f"R{n}") for n in range(5)]
    hurried.deliver("pos_sales", *rows, sale(receipt_id="R5", quantity="0"), name="1.csv")
    hurried.load()
    hurried.deliver("pos_sales", sale(receipt_id="R5"), name="2.csv")
    assert hurried.load().exit_code == job.OK
    assert loaded(hurried) == [("pos_sales/1.csv", 5), ("pos_sales/2.csv", 1)]
    told = json.loads(etl(hurried, "rejects", "--format", "json").stdout)
    assert [(one["file"], one["line"]) for one in told] == [("pos_sales/1.csv", 7)]


# Dry run, single feeds -------------------------------------------------------------------------
def test_a_dry_run_judges_everything_and_publishes_nothing(hurried: Company) -> None:
    hurried.deliver("pos_sales", *(sale(receipt_id=f"R{n}") for n in range(5)), sale(quantity="0"))
    result = etl(hurried, "run", "--dry-run")
    assert result.exit_code == 2
    assert "dry run, nothing published: 1 files, 5 rows loaded, 1 rejected" in result.stdout
    assert not list(hurried.settings.warehouse.glob("warehouse-*"))
    assert etl(hurried, "run").exit_code == 2


def test_only_the_feeds_named_are_loaded(hurried: Company) -> None:
    hurried.deliver("pos_sales", GOOD)
    hurried.deliver("stores", ROWS["stores"])
    hurried.deliver("products", ROWS["products"])
    etl(hurried, "run", "--feed", "stores", "--feed", "products")
    assert hurried.load().entries[0].delivery.feed == "pos_sales"


def test_there_is_one_script_for_each_feed(hurried: Company) -> None:
    folder = Path(next(iter(package.__path__)))
    scripts = {path.stem.removeprefix("load_") for path in folder.glob("load_*.py")}
    assert scripts == {"pos" if name == "pos_sales" else name for name in FEEDS}
    hurried.deliver("pos_sales", GOOD)
    hurried.deliver("stores", ROWS["stores"])
    code, out, _ = python(hurried, "etl.load_pos")
    assert code == 0 and "published version 1: 1 files, 1 rows loaded" in out
    code, out, _ = python(hurried, "etl.load_stores", "--dry-run")
    assert code == 0 and "dry run, nothing published: 1 files" in out
    code, _, err = python(hurried, "etl.load_stores", "--quick")
    assert code == 1 and "No such option" in err
    code, _, err = python(hurried, "etl.load_stores", TIMEZONE="Mars/Olympus")
    assert code == 1 and err.startswith("GUIDEPOST_TIMEZONE=Mars/Olympus: unknown time zone")
