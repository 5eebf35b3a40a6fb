"""Whatever fails or dies during a load: what was live stays live, and the next run completes it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import natural
import polars as pl
import pytest
from cli import forked, is_alive_after, started
from conftest import Company
from rows import ROWS, row, sale

from etl import checks, job
from etl.publish import NoRoom
from warehouse import answers, versions
from warehouse.settings import Settings

DAY = ("2026-03-01", "2026-03-01")
YESTERDAY, TODAY = "200.00", "1200.00"
"""Net sales of the first delivery, and with the second."""


@dataclass(frozen=True)
class Pending:
    """A company with one delivery published and another waiting; `tables` is what both come to,
    `seconds` how long about a run takes that has a process of its own."""

    company: Company
    tables: dict[str, natural.Rows]
    seconds: float

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
    start = time.perf_counter()
    assert undisturbed.load().exit_code == job.OK
    return Pending(company, tables(undisturbed), 1.3 * (time.perf_counter() - start))


def tables(company: Company) -> dict[str, natural.Rows]:
    with company.stored() as snapshot:
        return natural.tables(snapshot)


def completes(company: Company, pending: Pending) -> None:
    """The next run loads what is left of the second delivery, and nothing is lying about."""
    assert company.load().exit_code == job.OK
    assert company.figure("net_sales", *DAY) == TODAY
    assert tables(company) == pending.tables
    left = {path.name.split("-")[0] for path in company.settings.warehouse.iterdir()}
    assert left - {"CURRENT.tmp"} == {"CURRENT", "LOCK", "deliveries", "runs.jsonl", "warehouse"}


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
    (os, "fsync", 3), (os, "rename", 1), (os, "replace", 1), (shutil, "copyfile", 2),
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
        assert company.figure("net_sales", *DAY) == YESTERDAY
        assert not list(directory.glob("build-*"))
    assert turn > least
    assert outcome.exit_code == job.OK
    assert company.figure("net_sales", *DAY) == TODAY
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
    assert company.figure("net_sales", *DAY) == YESTERDAY
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
    assert company.figure("net_sales", *DAY) == YESTERDAY
    assert versions.kept(company.settings.warehouse) == [1]


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


def killed(company: Company, start: Start, seconds: float) -> bool:
    """Start a run and kill it that long after it took its lock. Whether it had not ended yet."""
    process = start(company)
    while not (company.settings.warehouse / "LOCK").exists():
        assert is_alive_after(0.005, process)
    in_time = is_alive_after(seconds, process)
    process.kill()
    is_alive_after(60, process)
    return in_time


def survives(pending: Pending, home: Path, start: Start, share: float) -> bool:
    """One trial: kill a run at a moment, look at what is live, complete it, compare."""
    company = pending.copy(home)
    in_time = killed(company, start, share * pending.seconds)
    live = versions.current(company.settings.warehouse)
    assert company.figure("net_sales", *DAY) == {1: YESTERDAY, 2: TODAY}[live or 0]
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
        assert sum(one.result() for one in done) > trials / 3


def test_a_run_killed_at_any_moment_leaves_figures_and_the_next_completes_it(
    pending: Pending, tmp_path: Path
) -> None:
    survive(pending, tmp_path, forked, trials=25, seed=1)


@pytest.mark.long
def test_runs_killed_at_two_hundred_moments_leave_figures_and_the_next_completes_them(
    pending: Pending, tmp_path: Path
) -> None:
    def run(company: Company) -> subprocess.Popen[str]:
        return started(company, "etl", "run")

    survive(pending, tmp_path, run, trials=200, seed=2)
