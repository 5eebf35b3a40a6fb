"""The full company in a warehouse: made, derived, checked and published, step by step.

    python -m bench.full_scale --directory DIR [--share 0.01] [--days 730] [--again STEP]… [--day]

Facts are written straight into the loaded tables (bench/company.py); everything else is the
product's own: schema, derivations, checks, publish. Each step runs in a process of its own, whose
greatest memory is shown; what was interrupted goes on with the step it was at, and `--again` takes
a step of a warehouse once more. Of the full company (`--share 1`) a tenth is `--share 0.1`. With
`--day` one more day is delivered as files and loaded as cron would.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Table

from bench.company import DAYS, Company
from bench.load import Used, apart, loaded, shown
from etl import calendar, checks, job, publish
from etl.derive import STEPS
from warehouse import schema, versions
from warehouse.engine import Build
from warehouse.settings import Settings

ZONE = Settings().timezone
TOOK = "built.json"
"""Says beside a warehouse what its steps took."""


def main() -> None:
    """Make, derive, check and publish."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--days", type=int, default=DAYS, help="the last days of two years")
    parser.add_argument("--again", action="append", choices=[*STEPS], default=[])
    parser.add_argument("--day", action="store_true", help="load one more day as well")
    given = parser.parse_args()
    company = Company(given.share, given.days)
    built(given.directory, company, given.again)
    if given.day:
        one_day_more(given.directory, company)


def built(directory: Path, company: Company, again: Sequence[str] = ()) -> None:
    """Publish the company as version 1, from the step on that has not been taken; `again` takes
    some steps a second time. What each took is noted in TOOK."""
    directory.mkdir(parents=True, exist_ok=True)
    path, live = versions.build_path(directory, 1), versions.current(directory)
    took = taken(directory)["steps"] if (directory / TOOK).exists() else {}
    if again and live:
        os.replace(versions.path(directory, live), path)
        (directory / versions.CURRENT).unlink()
        took = {name: used for name, used in took.items() if name in ("made", *STEPS)}
    steps: dict[str, tuple[Callable[..., object], tuple[Any, ...]]] = {
        "made": (made, (path, company)),
        **{name: (_derived, (path, name)) for name in STEPS},
        "checked": (_checked, (path,)), "published": (_published, (directory, path)),
    }  # fmt: skip
    for name, (step, arguments) in steps.items():
        if name not in took or name in again:
            took[name] = asdict(_step(name, path, step, *arguments))
            told = {"share": company.share, "days": company.days, "steps": took}
            (directory / TOOK).write_text(json.dumps(told))


def taken(directory: Path) -> Any:
    """Share, days and what each step took of a warehouse that was built here."""
    return json.loads((directory / TOOK).read_text())


def share_of(directory: Path) -> float:
    """The share of the full company that a warehouse was built as."""
    return float(taken(directory)["share"])


def _step(name: str, path: Path, step: Callable[..., object], *arguments: Any) -> Used:
    used = shown(name, apart(step, *arguments))
    if path.exists():
        print(f"  {'':32}{path.stat().st_size / 1e9:8.2f} GB of file", flush=True)
    return used


def made(path: Path, company: Company) -> None:
    """Every table, and the loaded ones filled."""
    path.unlink(missing_ok=True)
    build = Build(path)
    for table in schema.METADATA.sorted_tables:
        build.create(table)
    build.append(schema.DIM_DATES, calendar.dates())
    for rows in (company.dimensions(), company.history()):
        for table, frame in rows:
            build.append(table, frame)
    build.close()


def _derived(path: Path, name: str) -> None:
    build = Build(path)
    for table in schema.METADATA.sorted_tables:
        if table.name not in build.tables():
            build.create(table)
    STEPS[name](build, ZONE, None)
    build.close()


def _checked(path: Path) -> None:
    build = Build(path, read_only=True)
    checks.check(build, Settings())
    build.abandon()


def _published(directory: Path, path: Path) -> None:
    """As a run does: with its row in the list of runs, and what derived it."""
    build = Build(path)
    now = datetime.now()
    run = {"run_key": 1, "started_at": now, "finished_at": now, "exit_code": 0, "files": 0,
           "rows_read": 0, "rows_loaded": 0, "rows_rejected": 0}  # fmt: skip
    build.append(schema.ETL_RUNS, pl.DataFrame([run]))
    job.note(build, job.DERIVATION, job._derivation(_settings(directory)))
    publish.close_and_publish(directory, 1, build)


def _settings(directory: Path) -> Settings:
    return Settings(warehouse=directory, inbox=directory / "inbox", secret="made up")


# A day more --------------------------------------------------------------------------------------
IDS = {"store": "S", "guide": "G", "product": "P", "member": "M", "visitor": "V", "coupon": "K",
       "campaign": "CA", "order": "O", "receipt": "T", "original_receipt": "T",
       "original_store": "S", "origin_store": "S", "fulfil_store": "S"}  # fmt: skip
"""What the identifiers begin with that a delivery states and keys stand for."""


def one_day_more(directory: Path, company: Company) -> dict[str, Used]:
    """Deliver the day after the history as files and load it; also the copy that takes part."""
    settings = _settings(directory)
    for table, frame in company.happened(DAYS, DAYS + 1):
        feed = next((name for name, one in schema.LOADED.items() if one is table), None)
        if feed:
            folder = settings.inbox / feed
            folder.mkdir(parents=True, exist_ok=True)
            _delivered(table, frame).write_csv(folder / "day.csv")
    live = versions.path(directory, versions.current(directory) or 0)
    copied = shown("copying the warehouse", apart(shutil.copyfile, live, directory / "copy"))
    (directory / "copy").unlink()
    return {"copy": copied, "day": shown("one day more", apart(loaded, settings))}


def _delivered(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of a loaded table as a source would deliver them."""
    values = []
    for name, kind in frame.schema.items():
        entity = name.removesuffix("_key")
        if name in ("file_key", "file_line", "is_deleted"):
            continue
        if entity in IDS and name != entity:
            key = pl.col(name).cast(pl.String).str.zfill(9)
            values.append((pl.lit(IDS[entity]) + key).alias(f"{entity}_id"))
        elif isinstance(kind, pl.Datetime):
            values.append(pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
        else:
            values.append(pl.col(name))
    return frame.select(values)


if __name__ == "__main__":
    main()
