"""The command line as a person or cron meets it: exit code, output, and never a stack trace."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from click.testing import CliRunner, Result
from conftest import Company

from etl import job
from etl.__main__ import main

ROOT = Path(__file__).resolve().parent.parent


def environment(company: Company, **more: str | Path) -> dict[str, str]:
    """GUIDEPOST_… variables that point to a company; those of `more` on top, without prefix."""
    own = {"WAREHOUSE": company.settings.warehouse, "INBOX": company.settings.inbox,
           "SECRET": company.settings.secret or "", **more}  # fmt: skip
    return {f"GUIDEPOST_{name}": str(value) for name, value in own.items()}


def etl(company: Company, *arguments: str, **more: str | Path) -> Result:
    """`python -m etl …` inside this process. Its exit code, stdout and stderr."""
    result = CliRunner().invoke(main, arguments, env=environment(company, **more))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def started(company: Company, *arguments: str, **more: str | Path) -> subprocess.Popen[str]:
    """`python -m …` as a process of its own, not waited for."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GUIDEPOST_")}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=clean | environment(company, **more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def forked(company: Company) -> BaseProcess:
    """A run in a process of its own that need not import anything first."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["etl.__main__"])
    process = context.Process(target=job.run, args=(company.settings,), daemon=True)
    process.start()
    return process


def is_alive_after(seconds: float, process: BaseProcess | subprocess.Popen[str]) -> bool:
    """Whether a process still runs when that long has passed; sooner if it does not."""
    if isinstance(process, BaseProcess):
        process.join(seconds)
        return process.is_alive()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is None


def python(company: Company, *arguments: str, **more: str | Path) -> tuple[int, str, str]:
    """`python -m …` run to its end: exit code, stdout, stderr."""
    process = started(company, *arguments, **more)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, out, err
