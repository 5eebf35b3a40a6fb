"""status, rejects, rollback, rebuild: what they print, and what they do to the warehouse."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import natural
import pytest
from cli import etl, python
from conftest import Company
from filelock import FileLock
from rows import ROWS, row, sale

from etl import due
from warehouse import accounts
from warehouse.settings import Settings

DAY = ("2026-03-01", "2026-03-01")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Two published deliveries: 200.00, then 300.00 more, with a bad row and a refused file."""
    root = tmp_path_factory.mktemp("two_days")
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="k"))
    company.deliver("stores", ROWS["stores"])
    company.deliver("members", row("members", joined_at="2026-03-01"))
    company.deliver("pos_sales", sale(), name="1.csv")
    assert company.load().version == 1
    more = [sale(receipt_id=f"R{n}", net_amount="50.00") for n in range(2, 8)]
    company.deliver("pos_sales", *more, sale(receipt_id="=1+1", quantity="0"), name="2.csv")
    company.deliver("products", {"productid": "P1"})
    assert company.load().version == 2
    return company


@pytest.fixture
def copied(two_days: Company, tmp_path: Path) -> Company:
    """The same company for one test to change."""
    shutil.copytree(two_days.settings.warehouse.parent, tmp_path / "copy")
    given = replace(
        two_days.settings, warehouse=tmp_path / "copy/warehouse", inbox=tmp_path / "copy/inbox"
    )
    return Company(given)


def parsed(company: Company, *arguments: str) -> Any:
    return json.loads(etl(company, *arguments, "--format", "json").stdout)


# Status and rejects ----------------------------------------------------------------------------
def test_status_tells_feeds_freshness_version_and_the_last_runs(two_days: Company) -> None:
    told = parsed(two_days, "status")
    feeds = {feed["feed"]: feed for feed in told["feeds"]}
    sales = feeds["pos_sales"]
    counted = ("files", "refused", "rows_read", "rows_loaded", "rows_rejected")
    assert [sales[name] for name in counted] == [2, 0, 8, 7, 1]
    assert (sales["newest"], sales["is_late"]) == ("2026-03-01T02:00:00Z", False)
    assert feeds["products"]["refused"] == 1
    assert told["version"] == 2
    assert [run["exit_code"] for run in told["runs"][-2:]] == [2, 0]
    assert "published version 2" in told["runs"][-2]["message"]
    table = etl(two_days, "status").stdout
    assert table.startswith("version 2\n") and "pos_sales" in table and "exit 2" in table


def test_rejects_have_feed_file_line_rule_message_and_row(two_days: Company) -> None:
    whole, row_of = parsed(two_days, "rejects")[::-1]
    assert whole | {"message": ""} == {
        "feed": "products", "file": "products/delivery.csv", "line": None,
        "rule": "file_refused", "message": "", "row": None,
    }  # fmt: skip
    assert 'product_id = "productid"' in whole["message"]
    named = [row_of[name] for name in ("feed", "file", "line", "rule", "message")]
    assert named == ["pos_sales", "pos_sales/2.csv", 8, "zero_quantity", "quantity must not be 0"]
    assert json.loads(row_of["row"]) == sale(receipt_id="=1+1", quantity="0")


def test_rejects_can_be_narrowed_to_a_feed_and_written_as_csv(two_days: Company) -> None:
    text = etl(two_days, "rejects", "--feed", "products", "--format", "csv").stdout
    (only,) = csv.DictReader(io.StringIO(text))
    assert list(only) == ["feed", "file", "line", "rule", "message", "row"]
    assert (only["feed"], only["line"]) == ("products", "")
    assert etl(two_days, "rejects", "--feed", "stores", "--format", "csv").stdout.count("\n") == 1


def test_half_a_line_in_the_run_log_does_not_hide_the_others(copied: Company) -> None:
    log = copied.settings.warehouse / accounts.RUN_LOG
    runs = parsed(copied, "status")["runs"]
    log.write_text(log.read_text() + '{"started_at": "2026-03-')
    assert parsed(copied, "status")["runs"] == runs


@pytest.mark.parametrize("command", [["status"], ["rejects"], ["rollback"]])
def test_before_the_first_publish_a_command_says_what_to_do(
    company: Company, command: list[str]
) -> None:
    result = etl(company, *command)
    assert result.exit_code == 1
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1


# Rollback --------------------------------------------------------------------------------------
def test_rollback_makes_the_version_before_live_and_a_run_loads_the_rest_again(
    copied: Company,
) -> None:
    assert copied.figure("net_sales", *DAY) == "500.00"
    assert etl(copied, "rollback").stdout == "version 1 is live\n"
    assert copied.figure("net_sales", *DAY) == "200.00"
    assert copied.load().version == 3
    assert copied.figure("net_sales", *DAY) == "500.00"


def test_rollback_to_a_version_that_is_not_kept_lists_those_that_are(copied: Company) -> None:
    result = etl(copied, "rollback", "--to", "7")
    assert (result.exit_code, result.stderr) == (
        1, "there is no version 7 to go back to; kept are: 1\n",
    )  # fmt: skip
    assert etl(copied, "rollback", "--to", "1").exit_code == 0
    assert etl(copied, "rollback").exit_code == 1
    assert etl(copied, "rollback", "--to", "2").stdout == "version 2 is live\n"


@pytest.mark.parametrize("command", ["run", "rollback", "rebuild"])
def test_nothing_is_changed_while_another_run_holds_the_lock(copied: Company, command: str) -> None:
    with FileLock(copied.settings.warehouse / "LOCK"):
        result = etl(copied, command)
    assert result.exit_code == 3
    assert "another run is loading" in result.stderr
    assert copied.figure("net_sales", *DAY) == "500.00"


# Rebuild ---------------------------------------------------------------------------------------
def test_rebuild_from_kept_deliveries_gives_the_same_tables(copied: Company) -> None:
    with copied.stored() as snapshot:
        before = natural.tables(snapshot)
    shutil.rmtree(copied.settings.inbox)
    copied.settings.inbox.mkdir()
    result = etl(copied, "rebuild")
    assert result.exit_code == 2 and "published version 3" in result.stdout
    with copied.stored() as snapshot:
        assert natural.tables(snapshot) == before
    assert [one["line"] for one in parsed(copied, "rejects")] == [8]
    assert etl(copied, "run").stdout == "nothing new\n"


def test_rebuild_holds_ties_by_the_order_of_recording(company: Company) -> None:
    for number, name in enumerate(("z.csv", "a.csv", "m.csv"), 1):
        company.deliver("pos_sales", sale(net_amount=f"{number}.00"), name=name)
        company.load()
    assert etl(company, "rebuild").exit_code == 0
    assert company.figure("net_sales", *DAY) == "3.00"


def test_rebuild_without_a_kept_delivery_fails_and_changes_nothing(copied: Company) -> None:
    shutil.rmtree(copied.settings.warehouse / due.KEPT)
    result = etl(copied, "rebuild")
    assert result.exit_code == 1 and "nothing was published" in result.stderr
    assert copied.figure("net_sales", *DAY) == "500.00"


# Errors ----------------------------------------------------------------------------------------
def test_every_command_names_the_setting_that_is_wrong(company: Company) -> None:
    for command in ("run", "status", "rejects", "rollback", "rebuild"):
        result = etl(company, command, TIMEZONE="Mars")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("GUIDEPOST_TIMEZONE=Mars: unknown time zone")


def test_a_damaged_warehouse_is_told_in_one_sentence(copied: Company) -> None:
    directory = copied.settings.warehouse
    (directory / "warehouse-2.duckdb").write_bytes(b"not a database at all" * 1000)
    for command in ("run", "status", "rejects"):
        assert etl(copied, command).exit_code == 1
    (directory / "CURRENT").write_text("two\n")
    for command in ("run", "status", "rejects", "rollback"):
        assert etl(copied, command).exit_code == 1


def test_a_process_of_its_own_prints_figures_to_stdout_and_its_log_to_stderr(
    copied: Company,
) -> None:
    copied.deliver("pos_sales", sale(receipt_id="R9", net_amount="1.00"), name="3.csv")
    code, out, err = python(copied, "etl", "run")
    assert (code, out) == (
        0, "published version 3: 1 files, 1 rows loaded, 0 rejected, 0 files refused\n",
    )  # fmt: skip
    assert "pos_sales/3.csv: 1 rows read: 1 loaded, 0 rejected" in err
