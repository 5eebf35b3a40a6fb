"""Whatever fails or dies during a load: what was live stays live, and the next run completes it."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from cli import forked, is_alive_after, started
from conftest import Company
from pending import TODAY, YESTERDAY, Pending, completes, pending, sold, tables
from rows import sale

from etl import checks, job
from etl.publish import NoRoom
from warehouse import answers, versions

__all__ = ["pending"]  # a fixture


# Errors ----------------------------------------------------------------------------------------
def failing(real: Callable[..., Any], turn: int, turns: list[int]) -> Callable[..., Any]:
    """A function whose call number `turn` fails as on a full or broken disk."""

    def call(*arguments: Any, **more: Any) -> Any:
        turns.append(turn)
        if len(turns) == turn:
            raise OSError(28, "No space left on device")
        return real(*arguments, **more)

    return call


@pytest.mark.parametrize(("module", "name", "least"), [
    (os, "fsync", 8), (os, "rename", 1), (os, "replace", 1), (shutil, "copyfile", 1),
])  # fmt: skip
def test_an_error_at_any_step_leaves_the_live_version_and_the_next_run_completes(
    pending: Pending, tmp_path: Path, module: Any, name: str, least: int
) -> None:
    real = getattr(module, name)
    company = pending.copy(tmp_path / "company")
    directory = company.settings.warehouse
    for turn in range(1, 20):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(module, name, failing(real, turn, turns := []))
            outcome = company.load()
        if len(turns) < turn:
            break
        assert (outcome.exit_code, outcome.version) == (job.FAILED, None)
        assert "nothing was published: [Errno 28] No space left on device" in outcome.message
        assert versions.current(directory) == 1
        assert sold(company) == YESTERDAY
        assert not list(directory.glob("build-*"))
    assert turn > least
    assert outcome.exit_code == job.OK
    assert sold(company) == TODAY
    assert tables(company) == pending.tables


def test_a_check_that_fails_publishes_nothing(
    pending: Pending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_cut(*_: Any) -> pl.DataFrame:
        return pl.DataFrame({"cut": ["store"], "difference": [Decimal("0.01")]})

    company = pending.copy(tmp_path / "company")
    with monkeypatch.context() as patched:
        patched.setattr(answers, "conservation", open_cut)
        outcome = company.load()
    assert (outcome.exit_code, outcome.version) == (job.FAILED, None)
    assert "stores and none add up to 0.01 more than net sales" in outcome.message
    assert sold(company) == YESTERDAY
    completes(company, pending)


@pytest.mark.parametrize("error", [MemoryError("too much"), NoRoom("none"), RuntimeError("?")])
def test_an_error_nobody_foresaw_publishes_nothing(
    pending: Pending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise error

    company = pending.copy(tmp_path / "company")
    monkeypatch.setattr(checks, "check", fail)
    outcome = company.load()
    assert (outcome.exit_code, outcome.version) == (job.FAILED, None)
    assert str(error) in outcome.message
    assert sold(company) == YESTERDAY
    assert versions.kept(company.settings.warehouse) == [1]


# Clock and disk --------------------------------------------------------------------------------
def test_a_clock_set_back_refuses_nothing_as_of_the_future_and_orders_runs_as_they_came(
    pending: Pending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = pending.copy(tmp_path / "company")
    monkeypatch.setattr(job, "_now", lambda: datetime(2020, 1, 1))
    outcome = company.load()
    assert (outcome.exit_code, outcome.version) == (job.OK, 2)
    assert tables(company) == pending.tables
    with company.stored() as snapshot:
        first, second = answers.runs(snapshot).sort("run_key").iter_rows(named=True)
    assert first["finished_at"] <= second["started_at"] <= second["finished_at"]


def test_a_disk_that_cannot_be_written_is_told_and_nothing_changes(
    pending: Pending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = pending.copy(tmp_path / "company")
    real = os.open

    def read_only(path: Any, flags: int, *more: Any, **how: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(str(tmp_path)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *more, **how)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", read_only)
        outcome = company.load()
    assert (outcome.exit_code, outcome.version) == (job.FAILED, None)
    assert "nothing was published: [Errno 30] Read-only file system" in outcome.message
    completes(company, pending)


def test_a_first_load_larger_than_the_disk_is_not_started_and_says_what_is_missing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = company.deliver("pos_sales", sale())
    with path.open("a") as file:
        file.truncate(8_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=6_000_000))
    outcome = company.load()
    assert outcome.exit_code == job.FAILED
    assert "needs 10 MB more free disk" in outcome.message
    assert not list(company.settings.warehouse.glob("build-*"))


# What dead runs leave -----------------------------------------------------------------------------
def test_copies_no_version_knows_of_are_swept_and_those_of_older_versions_stay(
    pending: Pending, tmp_path: Path
) -> None:
    company = pending.copy(tmp_path / "company")
    copies = company.settings.warehouse / "deliveries"
    orphans = [copies / ("ab" * 32) / "never_published.csv", copies / ".copying"]
    orphans[0].parent.mkdir()
    for orphan in orphans:
        orphan.write_text("half a line")
    completes(company, pending)
    assert not any(orphan.exists() for orphan in orphans)
    loaded = {path.name for path in copies.rglob("*") if path.is_file()}
    versions.roll_back(company.settings.warehouse)
    company.deliver("pos_sales", sale(receipt_id="R7"), name="3.csv")
    (company.settings.inbox / "guides" / "delivery.csv").unlink()
    assert company.load().version == 3
    assert {path.name for path in copies.rglob("*") if path.is_file()} == {*loaded, "3.csv"}


# Kills -----------------------------------------------------------------------------------------
def killed_at(name: str, turn: int, directory: Path) -> bool:
    """Publish build 2 in a process that dies at a call of os.<name>. Whether it died."""

    def die(*arguments: Any) -> Any:
        turns.append(turn)
        if len(turns) == turn:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    turns: list[int] = []
    real = getattr(os, name)
    child = os.fork()
    if child == 0:
        setattr(os, name, die)
        versions.publish(directory, 2)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(("name", "turn", "live"), [
    ("fsync", 1, 1), ("rename", 1, 1), ("fsync", 2, 1), ("replace", 1, 1), ("fsync", 3, 2),
])  # fmt: skip
def test_a_publish_killed_between_two_steps_is_either_live_or_gone(
    tmp_path: Path, name: str, turn: int, live: int
) -> None:
    versions.path(tmp_path, 1).write_bytes(b"old")
    versions.point(tmp_path, 1)
    versions.build_path(tmp_path, 2).write_bytes(b"new")
    assert killed_at(name, turn, tmp_path)
    assert versions.current(tmp_path) == live
    versions.sweep(tmp_path)
    assert versions.kept(tmp_path) == list(range(1, live + 1))
    assert versions.next_version(tmp_path) == live + 1
    assert not list(tmp_path.glob("build-*"))


Start = Callable[[Company], BaseProcess | subprocess.Popen[str]]


def work(process: BaseProcess | subprocess.Popen[str]) -> float:
    """Processor seconds a process has used: unlike time, these do not pass while others run."""
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def killed(company: Company, start: Start, seconds: float) -> bool:
    """Start a run and kill it after that much work under its lock. Whether it had not ended yet."""
    process = start(company)
    while not (company.settings.warehouse / "LOCK").exists():
        assert is_alive_after(0.005, process)
    before = work(process)
    while (in_time := is_alive_after(0.005, process)) and work(process) - before < seconds:
        pass
    process.kill()
    is_alive_after(60, process)
    return in_time


def survives(pending: Pending, home: Path, start: Start, share: float) -> bool:
    """One trial: kill a run at a moment, look at what is live, complete it, compare."""
    company = pending.copy(home)
    in_time = killed(company, start, share * pending.work)
    live = versions.current(company.settings.warehouse)
    assert sold(company) == {1: YESTERDAY, 2: TODAY}[live or 0]
    completes(company, pending)
    shutil.rmtree(home)
    return in_time


def survive(pending: Pending, home: Path, start: Start, trials: int, seed: int) -> None:
    """Trials spread over the run, each at a random moment of its part, two at a time."""
    chance = random.Random(seed)
    shares = [(number + chance.random()) / trials for number in range(trials)]
    with ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(survives, pending, home / str(number), start, share)
            for number, share in enumerate(shares)
        ]
        assert sum(one.result() for one in done) > trials / 2


def test_a_run_killed_at_any_moment_leaves_figures_and_the_next_completes_it(
    pending: Pending, tmp_path: Path
) -> None:
    survive(pending, tmp_path, forked, trials=8, seed=1)


@pytest.mark.long
def test_runs_killed_at_two_hundred_moments_leave_figures_and_the_next_completes_them(
    pending: Pending, tmp_path: Path
) -> None:
    def run(company: Company) -> subprocess.Popen[str]:
        return started(company, "etl", "run")

    survive(pending, tmp_path, run, trials=200, seed=2)
