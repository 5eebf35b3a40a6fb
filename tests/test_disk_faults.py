"""Each write, sync and rename of a load killed, out of disk or broken: what was live stays live."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from conftest import Company
from pending import TODAY, YESTERDAY, Pending, completes, pending, sold

from etl import job
from warehouse import versions
from warehouse.settings import Settings

__all__ = ["pending"]  # a fixture

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

CALLS = ("write", "pwrite64", "sendfile", "fsync", "fdatasync", "rename")
FAULTS = {"killed": "signal=KILL", "disk full": "error=ENOSPC", "disk broken": "error=EIO"}


@dataclass(frozen=True)
class Point:
    """A system call of a run: which of its name it is in its thread, and what it is done to."""

    call: str
    turn: int
    target: str


def waiting(settings: Settings, gate: Connection) -> None:
    """A run in a process of its own that begins when it is told to."""
    gate.recv()
    raise SystemExit(job.run(settings).exit_code)


def traced(company: Company, log: Path, *inject: str) -> int | None:
    """A run under strace; returns its exit code, negative for a signal."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["etl.__main__"])
    gate, other = context.Pipe()
    process: BaseProcess = context.Process(target=waiting, args=(company.settings, other))
    process.start()
    watched = f"trace={','.join(CALLS)}"
    with subprocess.Popen(
        ["strace", "-f", "-y", "-o", log, "-e", watched, *inject, "-p", str(process.pid)],
        stderr=subprocess.PIPE, text=True,
    ) as tracer:  # fmt: skip
        assert tracer.stderr is not None and "attached" in tracer.stderr.readline()
        gate.send("go")
        process.join(120)
    return process.exitcode


@pytest.fixture(scope="module")
def points(pending: Pending, tmp_path_factory: pytest.TempPathFactory) -> list[Point]:
    """The calls of an undisturbed run that concern the warehouse, in their order."""
    home = tmp_path_factory.mktemp("undisturbed")
    company = pending.copy(home / "company")
    assert traced(company, home / "log") == job.OK
    found = list(seen((home / "log").read_text(), str(company.settings.warehouse)))
    assert {point.call for point in found} == set(CALLS)
    return found


def seen(log: str, directory: str) -> Iterator[Point]:
    """The calls of each thread, each with its number among those of its name in that thread: so
    strace counts them."""
    turns: dict[tuple[str, str], int] = {}
    for thread, call, rest in re.findall(r"^(\d+) +(\w+)\((.*)$", log, re.MULTILINE):
        turn = turns[thread, call] = turns.get((thread, call), 0) + 1
        if target := re.search(rf"{directory}/?([^\"> ]*)", rest):
            yield Point(call, turn, target[1])


def survives(pending: Pending, home: Path, point: Point, fault: str) -> None:
    """One trial: disturb a run there, look at what is live, complete it, compare."""
    company = pending.copy(home / "company")
    inject = f"inject={point.call}:{FAULTS[fault]}:when={point.turn}"
    code = traced(company, home / "log", "-e", inject)
    where = f"{fault} at {point}"
    assert "INJECTED" in (home / "log").read_text() or fault == "killed", where
    assert code in ((-9,) if fault == "killed" else (job.FAILED, job.NEEDS_A_PERSON)), where
    live = versions.current(company.settings.warehouse)
    assert live == 1 or code != job.FAILED, where
    assert sold(company) == {1: YESTERDAY, 2: TODAY}[live or 0], where
    completes(company, pending)
    shutil.rmtree(home)


def test_a_fault_at_the_turning_points_leaves_the_live_version_and_the_next_run_completes(
    pending: Pending, points: list[Point], tmp_path: Path
) -> None:
    turning = {
        ("write", "deliveries/.copying"): "disk full", ("rename", "CURRENT.tmp"): "killed",
        ("pwrite64", "build-2.duckdb"): "disk broken", ("fdatasync", "build-2.duckdb"): "killed",
    }  # fmt: skip
    for number, ((call, target), fault) in enumerate(turning.items()):
        point = next(one for one in points if (one.call, one.target) == (call, target))
        survives(pending, tmp_path / str(number), point, fault)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_write_sync_and_rename_leaves_the_live_version(
    pending: Pending, points: list[Point], tmp_path: Path, fault: str
) -> None:
    assert len(points) > 40
    for number, point in enumerate(points):
        survives(pending, tmp_path / str(number), point, fault)
