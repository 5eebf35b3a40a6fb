"""A company with one delivery published and another waiting, for trials that disturb a load."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import natural
import pytest
from conftest import Company
from rows import ROWS, row, sale

from etl import job
from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.filters import Question
from warehouse.settings import Settings

DAY = date(2026, 3, 1)
YESTERDAY, TODAY = "200.00", "1200.00"
"""Net sales of the first delivery, and with the second."""


@dataclass(frozen=True)
class Pending:
    """A company with one delivery published and another waiting; `tables` is what both come to,
    `work` how many processor seconds a run takes."""

    company: Company
    tables: dict[str, natural.Rows]
    work: float

    def copy(self, to: Path) -> Company:
        """The same company for one trial."""
        home = self.company.settings.warehouse.parent
        shutil.copytree(home, to)
        (to / "warehouse" / "LOCK").unlink(missing_ok=True)
        given = replace(self.company.settings, warehouse=to / "warehouse", inbox=to / "inbox")
        return Company(given)


@pytest.fixture(scope="module")
def pending(tmp_path_factory: pytest.TempPathFactory) -> Pending:
    root = tmp_path_factory.mktemp("pending")
    settings = Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a test key")
    company = Company(settings)
    company.deliver("stores", ROWS["stores"])
    company.deliver("pos_sales", sale(), name="1.csv")
    assert company.load().version == 1
    company.deliver("guides", ROWS["guides"])
    company.deliver("pos_sales", *(sale(receipt_id=f"N{n}", net_amount="5.00") for n in range(200)),
                    name="2.csv")  # fmt: skip
    company.deliver("members", row("members", joined_at="2026-02-01"))
    undisturbed = Pending(company, {}, 0).copy(root / "undisturbed")
    start = time.process_time()
    assert undisturbed.load().exit_code == job.OK
    return Pending(company, tables(undisturbed), time.process_time() - start)


def tables(company: Company) -> dict[str, natural.Rows]:
    with company.stored() as snapshot:
        return natural.tables(snapshot)


def sold(company: Company) -> str:
    """Net sales of the day, as the dashboard reads them."""
    question = Question(("net_sales",), DAY, DAY)
    with company.stored() as snapshot:
        return str(answers.answer(snapshot, question, EVERYTHING, company.settings).item())


def completes(company: Company, pending: Pending) -> None:
    """The next run loads what is left of the second delivery, and nothing is lying about."""
    assert company.load().exit_code == job.OK
    assert sold(company) == TODAY
    assert tables(company) == pending.tables
    left = {path.name.split("-")[0] for path in company.settings.warehouse.iterdir()}
    assert left - {"CURRENT.tmp"} == {"CURRENT", "LOCK", "deliveries", "runs.jsonl", "warehouse"}
