"""A forgotten member is nowhere, no figure has changed, and they do not come back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cli import etl
from conftest import Company
from filelock import FileLock
from rows import ROWS, row, sale
from sqlalchemy import select

from etl import forget, job
from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.engine import Hub
from warehouse.filters import Question
from warehouse.schema import LOADED
from warehouse.settings import Settings

MEMBER, MERGED, VISITOR = "MEMBER-0001", "MEMBER-0002", "VISITOR-0001"
PHONE, NAME = "13700001111", "Ouyang Xiaoming"
TRACES = [MEMBER, MERGED, VISITOR, PHONE, NAME, "137****1111", "Suzhou"]
FIGURES = (
    "net_sales",
    "receipts",
    "buyers",
    "credited_net_sales",
    "new_members",
    "scanning_visits",
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A member with a merged one and a visitor, in every feed that names persons, in a reject, in
    a broken record and in three versions; and another member, whose rows must stay as they are."""
    root = tmp_path_factory.mktemp("known")
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="k"))
    company.deliver("stores", ROWS["stores"])
    company.deliver("guides", ROWS["guides"])
    own = {"phone": PHONE, "name": NAME, "city": "Suzhou", "email": "ouyang@example.com"}
    company.deliver(
        "members",
        row("members", member_id=MEMBER, visitor_id=VISITOR, merged_into_member_id="", **own),
        row("members", member_id=MERGED, visitor_id="", merged_into_member_id=MEMBER, **own),
        row("members", member_id="OTHER-1", visitor_id="VISITOR-2", referrer_member_id=MEMBER,
            merged_into_member_id="", phone="13987654321", name="Li"),
        row("members", member_id=MEMBER, joined_at="some day", **own),
        *(row("members", member_id=f"OTHER-{n}", merged_into_member_id="", visitor_id="")
          for n in range(3, 10)),
    )  # fmt: skip
    company.deliver("pos_sales", sale(member_id=MEMBER), sale(receipt_id="R2", member_id="OTHER-1"))
    order = row("online_orders", member_id="", visitor_id=VISITOR, guide_id="", origin_store_id="")
    company.deliver("online_orders", order)
    company.deliver("touchpoints", row("touchpoints", member_id="", visitor_id=VISITOR))
    assert company.load().version == 1
    company.deliver("pos_sales", sale(receipt_id="R3", member_id=MERGED), name="2.csv")
    company.load()
    company.deliver("pos_sales", sale(receipt_id="R4", member_id="OTHER-1"), name="3.csv")
    assert company.load().version == 3
    return company


@pytest.fixture
def copied(known: Company, tmp_path: Path) -> Company:
    root = known.settings.warehouse.parent
    shutil.copytree(root, tmp_path / "copy")
    given = replace(
        known.settings, warehouse=tmp_path / "copy/warehouse", inbox=tmp_path / "copy/inbox"
    )
    return Company(given)


def figures(company: Company, *by: str) -> list[dict[str, Any]]:
    question = Question(FIGURES, date(2025, 1, 1), date(2026, 12, 31), by)
    with company.stored() as snapshot:
        return answers.answer(snapshot, question, EVERYTHING, company.settings).to_dicts()


def traces(company: Company) -> dict[str, list[str]]:
    """What of the member stands in the bytes of any file below the warehouse's directory."""
    files = [path for path in company.settings.warehouse.rglob("*") if path.is_file()]
    contents = {str(path): path.read_bytes() for path in files}
    return {
        name: held
        for name, content in contents.items()
        if (held := [trace for trace in TRACES if trace.encode() in content])
    }


def test_a_forgotten_member_is_nowhere_and_no_figure_changes(copied: Company) -> None:
    before, by_store = figures(copied), figures(copied, "store")
    assert len(traces(copied)) > 5
    told = etl(copied, "forget", MEMBER)
    assert told.exit_code == job.OK, told.output
    assert told.stdout.splitlines()[0] == (
        "forgotten: 2 member and 1 visitor identifiers; 5 of 8 kept deliveries written anew;"
        " version 4 published, older ones deleted"
    )
    assert told.stdout.splitlines()[-1] == "found: 0"
    assert traces(copied) == {}
    assert (figures(copied), figures(copied, "store")) == (before, by_store)


def test_forgetting_keeps_the_ledger_and_rejects_without_their_words(copied: Company) -> None:
    """Ten rows of members came, one of them broken; what it said is gone, that it came is not."""
    before = [line.split()[:-1] for line in etl(copied, "status").stdout.splitlines()]
    etl(copied, "forget", MEMBER)
    assert [line.split()[:-1] for line in etl(copied, "status").stdout.splitlines()][1:] == before[
        1:
    ]
    (reject,) = (line for line in etl(copied, "rejects").stdout.splitlines() if "members" in line)
    assert "joined_at must be a time" in reject and "erased-" in reject


def test_what_is_delivered_again_brings_nobody_back(copied: Company) -> None:
    """Another export: the member's row changed later, and a receipt that is new."""
    etl(copied, "forget", MEMBER)
    before = figures(copied)[0]
    late = {"updated_at": "2026-05-01T00:00:00", "name": NAME, "phone": PHONE, "city": "Suzhou"}
    member = row("members", member_id=MEMBER, visitor_id=VISITOR, merged_into_member_id="", **late)
    copied.deliver("members", member, name="again.csv")
    sales = [sale(member_id=f" {MEMBER} "), sale(receipt_id="R5", member_id=MEMBER)]
    copied.deliver("pos_sales", *sales, name="again.csv")
    assert copied.load().exit_code == job.OK
    after = figures(copied)[0]
    assert (after["receipts"], after["buyers"]) == (before["receipts"] + 1, before["buyers"])
    assert traces(copied) == {}


def test_a_rebuild_brings_nobody_back_and_changes_nothing(copied: Company) -> None:
    etl(copied, "forget", MEMBER)
    before = figures(copied, "store")
    assert copied.load(rebuild=True).exit_code == job.NEEDS_A_PERSON
    assert figures(copied, "store") == before
    assert traces(copied) == {}


def test_who_reads_an_old_version_may_go_on(copied: Company) -> None:
    hub = Hub(copied.settings.warehouse)
    with hub.snapshot() as snapshot:
        rows = snapshot.fetch(select(LOADED["pos_sales"])).height
        etl(copied, "forget", MEMBER)
        assert snapshot.version == 3
        assert snapshot.fetch(select(LOADED["pos_sales"])).height == rows
    with hub.snapshot() as snapshot:
        assert snapshot.version == 4
    hub.close()


@pytest.mark.parametrize("step", ["_publish", "_delete_copies"])
def test_what_was_cut_short_is_finished_by_the_next_time(
    copied: Company, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = figures(copied)

    def cut(*_: object) -> None:
        raise OSError("pulled the plug")

    with monkeypatch.context() as patch:
        patch.setattr(forget, step, cut)
        assert etl(copied, "forget", MEMBER).exit_code == job.FAILED
    assert figures(copied) == before
    assert etl(copied, "forget", MEMBER).stdout.splitlines()[-1] == "found: 0"
    assert traces(copied) == {} and figures(copied) == before


def test_what_is_left_elsewhere_is_found(copied: Company) -> None:
    (copied.settings.warehouse / "notes.txt").write_text(f"ask {MEMBER}!", encoding="utf-8")
    told = etl(copied, "forget", MEMBER)
    assert told.exit_code == job.NEEDS_A_PERSON
    assert told.stdout.splitlines()[-2:] == ["found in notes.txt", "found: 1"]


def test_nothing_is_forgotten_by_mistake_without_the_key_or_while_a_load_is_at_work(
    copied: Company,
) -> None:
    held = sorted(traces(copied))
    assert "there is no member OTHER" in etl(copied, "forget", "OTHER").stderr
    assert "GUIDEPOST_SECRET is not set" in etl(copied, "forget", MEMBER, SECRET="").stderr
    with FileLock(copied.settings.warehouse / "LOCK"):
        assert etl(copied, "forget", MEMBER).exit_code == job.BUSY
    assert sorted(traces(copied)) == held


def test_another_key_is_refused_once_somebody_was_forgotten(copied: Company) -> None:
    etl(copied, "forget", MEMBER)
    copied.deliver("pos_sales", sale(receipt_id="R6", member_id=MEMBER), name="new.csv")
    told = etl(copied, "run", SECRET="another")
    assert told.exit_code == job.FAILED
    assert "were forgotten under another GUIDEPOST_SECRET and would come back" in told.stderr
