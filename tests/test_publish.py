"""Publishing: one run at a time, whole versions only, and readers that never notice."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from conftest import Company
from loading import hurry
from rows import sale
from sqlalchemy import func, select

from etl import job
from warehouse import versions
from warehouse.engine import Build, Hub, NothingPublished
from warehouse.schema import ETL_FACTS, ETL_RUNS, METADATA
from warehouse.settings import Settings

DAY = ("2026-03-01", "2026-03-01")


@pytest.fixture
def hurried(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A company for claims about files, not figures."""
    hurry(monkeypatch)
    return company


def published(company: Company, number: int) -> int | None:
    """Deliver and load one more receipt."""
    company.deliver("pos_sales", sale(receipt_id=f"R{number}"), name=f"{number}.csv")
    return company.load().version


# One run at a time -----------------------------------------------------------------------------
HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def lock_held(company: Company) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until the block ends or it is killed."""
    directory = company.settings.warehouse
    directory.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory / "LOCK")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_does_nothing_and_says_so_while_another_holds_the_lock(
    hurried: Company,
) -> None:
    with lock_held(hurried) as other:
        hurried.deliver("pos_sales", sale())
        refused = hurried.load()
        assert (refused.exit_code, refused.version) == (job.BUSY, None)
        assert "another run is loading" in refused.message
        other.kill()
        other.wait()
        assert hurried.load().version == 1


def test_a_lock_file_left_behind_is_harmless(hurried: Company) -> None:
    hurried.settings.warehouse.mkdir()
    (hurried.settings.warehouse / "LOCK").write_text("31999")
    assert published(hurried, 1) == 1


# Versions --------------------------------------------------------------------------------------
def test_the_last_three_versions_are_kept_and_older_ones_swept(hurried: Company) -> None:
    directory = hurried.settings.warehouse
    assert [published(hurried, number) for number in range(1, 6)] == [1, 2, 3, 4, 5]
    assert versions.kept(directory) == [3, 4, 5]
    assert (directory / "CURRENT").read_text() == "5\n"
    left = {path.name.split("-")[0] for path in directory.iterdir()}
    assert left == {"CURRENT", "LOCK", "deliveries", "runs.jsonl", "warehouse"}


def file_published(directory: Path, *numbers: int) -> None:
    """Publish files that are no warehouses."""
    for version in numbers:
        versions.build_path(directory, version).write_bytes(b"x")
        versions.publish(directory, version)
        versions.sweep(directory)


def test_the_live_version_is_kept_however_old_and_no_number_is_used_twice(tmp_path: Path) -> None:
    file_published(tmp_path, 1, 2, 3)
    versions.roll_back(tmp_path, 1)
    assert versions.next_version(tmp_path) == 4
    versions.path(tmp_path, 4).write_bytes(b"x")
    versions.sweep(tmp_path)
    assert versions.kept(tmp_path) == [1, 2, 3, 4]
    assert versions.next_version(tmp_path) == 5


def test_rollback_goes_one_step_at_a_time_and_never_forward(tmp_path: Path) -> None:
    file_published(tmp_path, 1, 2, 3)
    assert [versions.roll_back(tmp_path), versions.roll_back(tmp_path)] == [2, 1]
    with pytest.raises(versions.NoSuchVersion, match="kept are: 2, 3"):
        versions.roll_back(tmp_path)
    assert versions.current(tmp_path) == 1


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    file_published(tmp_path, 1)
    (tmp_path / "build-2.duckdb.spill").mkdir()
    for name in ("build-2.duckdb", "build-2.duckdb.wal", "build-2.duckdb.spill/x", "CURRENT.tmp"):
        (tmp_path / name).write_bytes(b"half")
    versions.sweep(tmp_path)
    assert not list(tmp_path.glob("build-*"))
    assert versions.current(tmp_path) == 1


def test_an_old_version_that_cannot_be_deleted_does_not_fail_a_publish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    file_published(tmp_path, 1, 2, 3)
    monkeypatch.setattr(Path, "unlink", refuse)
    file_published(tmp_path, 4)
    monkeypatch.undo()
    assert (versions.current(tmp_path), versions.kept(tmp_path)) == (4, [1, 2, 3, 4])
    versions.sweep(tmp_path)
    assert versions.kept(tmp_path) == [2, 3, 4]


def test_current_is_whole_at_every_moment_of_a_publish(tmp_path: Path) -> None:
    versions.point(tmp_path, 1)
    seen: set[int | None] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(versions.current(tmp_path))

    reader = threading.Thread(target=look)
    reader.start()
    for version in range(2, 150):
        versions.point(tmp_path, version)
    done.set()
    reader.join()
    assert seen <= set(range(1, 150))


# Room ------------------------------------------------------------------------------------------
def test_a_build_that_would_fill_the_disk_is_not_started_and_says_what_is_missing(
    hurried: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(hurried, 1)
    live = versions.path(hurried.settings.warehouse, 1)
    free = 2 * live.stat().st_size - 3_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(shutil, "copyfile", lambda *_: pytest.fail("a build was started"))
    hurried.deliver("pos_sales", sale(receipt_id="R2"), name="2.csv")
    outcome = hurried.load()
    assert outcome.exit_code == job.FAILED
    assert "needs 3 MB more free disk" in outcome.message
    assert versions.current(hurried.settings.warehouse) == 1


# Read back -------------------------------------------------------------------------------------
def test_a_file_that_reads_back_differently_is_not_published(
    hurried: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(hurried, 1)
    close = Build.close

    def lose_a_row(build: Build) -> None:
        build.run(ETL_RUNS.delete().where(ETL_RUNS.c.run_key == 2))
        close(build)

    monkeypatch.setattr(Build, "close", lose_a_row)
    hurried.deliver("pos_sales", sale(receipt_id="R2"), name="2.csv")
    outcome = hurried.load()
    assert (outcome.exit_code, outcome.version) == (job.FAILED, None)
    assert "differ after closing" in outcome.message
    assert versions.kept(hurried.settings.warehouse) == [1]


# The hub ---------------------------------------------------------------------------------------
def test_before_the_first_publish_the_hub_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished), Hub(tmp_path).snapshot():
        pass


@pytest.mark.parametrize("statement", [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('{beside}')",
    "ATTACH '{beside}' AS other",
    "COPY (SELECT 1) TO '{beside}.csv'",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "SET allowed_directories = ['/']",
    "INSTALL httpfs",
    "SELECT * FROM read_csv('https://example.org/x.csv')",
    "DELETE FROM etl_runs",
    "CREATE TABLE stolen AS SELECT 1",
    "DROP TABLE etl_runs",
])  # fmt: skip
def test_the_hub_reads_nothing_else_and_cannot_be_changed(
    readable: Company, statement: str
) -> None:
    beside = readable.settings.warehouse.parent / "beside.duckdb"
    duckdb.connect(str(beside)).close()
    with readable.stored() as snapshot:
        with pytest.raises(duckdb.Error):
            snapshot.fetch_sql(statement.format(beside=beside), ())
        assert snapshot.fetch(select(func.count()).select_from(ETL_RUNS)).item() == 1
    assert not beside.with_suffix(".duckdb.csv").exists()


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A published company, to be read only."""
    root = tmp_path_factory.mktemp("readable")
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox"))
    assert published(company, 1) == 1
    return company


# Readers while versions come and go ------------------------------------------------------------
@dataclass
class Clicks:
    """What readers saw: numbers of facts that must be equal, and errors."""

    seen: list[tuple[int, ...]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)


def version_of(directory: Path, number: int) -> None:
    """Publish a small warehouse in which two tables say its number."""
    build = Build(versions.build_path(directory, number))
    for table in (ETL_FACTS, ETL_RUNS):
        build.create(table)
    build.run(ETL_FACTS.insert().values(name="version", text=str(number)))
    build.run(ETL_RUNS.insert().values(run_key=number))
    build.close()
    versions.publish(directory, number)
    versions.sweep(directory)


def click_through(hub: Hub, done: threading.Event, clicks: Clicks) -> None:
    fact, run = select(ETL_FACTS.c.text), select(ETL_RUNS.c.run_key)
    while not done.is_set():
        try:
            with hub.snapshot() as page:
                first = int(page.fetch(fact).item())
                clicks.seen.append((page.version, first, page.fetch(run).item(),
                                    int(page.fetch(fact).item())))  # fmt: skip
        except Exception as error:
            clicks.errors.append(error)


def test_readers_see_whole_versions_without_an_error_while_many_are_published(
    tmp_path: Path,
) -> None:
    version_of(tmp_path, 1)
    hub, done, clicks = Hub(tmp_path), threading.Event(), Clicks()
    readers = [threading.Thread(target=click_through, args=(hub, done, clicks)) for _ in range(6)]
    for reader in readers:
        reader.start()
    for number in range(2, 16):
        version_of(tmp_path, number)
        with hub.snapshot() as page:
            assert page.version == number
    done.set()
    for reader in readers:
        reader.join()
    assert clicks.errors == []
    assert all(len(set(one)) == 1 for one in clicks.seen)
    assert len({one[0] for one in clicks.seen}) > 5


def test_a_page_keeps_its_version_while_a_publish_happens_and_the_next_has_the_new(
    company: Company,
) -> None:
    published(company, 1)
    with company.stored() as page:
        before = page.fetch(select(func.count()).select_from(METADATA.tables["fct_pos_lines"]))
        published(company, 2)
        after = page.fetch(select(func.count()).select_from(METADATA.tables["fct_pos_lines"]))
        assert (before.item(), after.item()) == (1, 1)
    assert company.figure("receipts", *DAY) == 2
