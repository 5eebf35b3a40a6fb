"""How long funnels take: the entries of two years, and then of one day more.

    python -m bench.funnels [--touchpoints 2000000] [--directory DIR]

Two years of the full company (bench/company.py) are 150 million touchpoints; `--touchpoints` says
how many of them are made, and everything else is made in proportion. Each step runs in a process of
its own, whose greatest memory is shown.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Table, func, select

from bench.company import DAYS, FULL, Company
from bench.full_scale import ZONE, made
from bench.load import apart, shown
from etl.derive import STEPS
from etl.funnels import derive_funnels
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.schema import FUNNEL_ENTRIES, LOADED

BEFORE = ("dimensions and persons", "credit of orders")
"""What funnels are followed by besides loaded rows."""


def main() -> None:
    """Make the history, follow all of it, then a day more."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--touchpoints", type=int, default=2_000_000)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    company = Company(given.touchpoints / FULL["touchpoints"])
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        path = Path(folder) / "made.duckdb"
        for name, step in (("made", prepared), ("followed", everything), ("a day more", one_day)):
            shown(name, apart(step, path, company))
    print(f"{company.share:.4f} of the full company")


def prepared(path: Path, company: Company) -> None:
    """The history, with persons and orders."""
    made(path, company)
    _on(path, lambda build: [STEPS[name](build, ZONE, None) for name in BEFORE])


def everything(path: Path, company: Company) -> None:
    """The whole history."""
    _on(path, lambda build: derive_funnels(build, ZONE, None))


def one_day(path: Path, company: Company) -> None:
    """A day more, which a load has just stored; what precedes following it is not in the time."""

    def follow(build: Build) -> None:
        touched = Touched(build)
        for table, frame in company.happened(DAYS, DAYS + 1):
            build.append(table, frame)
            for feed in (feed for feed, one in LOADED.items() if one is table):
                build.append(touched.rows[feed], frame.with_columns(is_new=True))
        for name in BEFORE:
            STEPS[name](build, ZONE, touched)
        start, worked = time.perf_counter(), time.process_time()
        derive_funnels(build, ZONE, touched)
        took = (time.perf_counter() - start, time.process_time() - worked)
        entries = _count(build, touched.changes[FUNNEL_ENTRIES.name])
        print(f"  following a day: {took[0]:.1f} s, {took[1]:.1f} s of work; {entries:,} entries")

    _on(path, follow)


def _on(path: Path, work: Callable[[Build], object]) -> None:
    build = Build(path)
    work(build)
    print(f"  {_count(build, FUNNEL_ENTRIES):,} entries")
    build.close()


def _count(build: Build, table: Table) -> int:
    return int(build.fetch(select(func.count()).select_from(table)).item())


if __name__ == "__main__":
    main()
