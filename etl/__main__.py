"""`python -m etl`: run, status, rejects, rollback, rebuild, simulate."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
import polars as pl

from etl import job, publish
from warehouse import answers, settings, show, versions
from warehouse.access import EVERYTHING
from warehouse.console import fail, output_format, plainly
from warehouse.engine import reading
from warehouse.feeds import FEEDS

click.UsageError.exit_code = job.FAILED  # click's own, 2, would say that something was published


@click.group(help="Load deliveries into the warehouse and publish it.")
def main() -> None:
    """The command line of the loader."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)


@main.command()
@click.option("--inbox", type=click.Path(path_type=Path), help="Directory of deliveries.")
@click.option(
    "--feed", "feeds", multiple=True, type=click.Choice(list(FEEDS)), help="Only this feed."
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, publish nothing.")
@plainly
def run(inbox: Path | None, feeds: tuple[str, ...], dry_run: bool) -> None:
    """Do everything due: find new deliveries, load, derive, check, publish.

    Exit code 0: published or nothing new; 1: failed, nothing changed; 2: published, but a file or
    rows were refused; 3: another run holds the lock.
    """
    run_feeds(feeds, inbox, dry_run=dry_run)


def run_feeds(feeds: tuple[str, ...] = (), inbox: Path | None = None, **how: bool) -> NoReturn:
    """Run a load, tell what became of it, and exit with its code."""
    given = settings.load()
    if inbox is not None:
        given = replace(given, inbox=inbox.absolute())
    outcome = job.run(given, feeds, **how)
    for entry in outcome.entries:
        if entry.outcome == "refused":
            click.echo(f"refused: {entry.reason}", err=True)
        elif entry.rejected:
            first = pl.concat(entry.rejects).row(0, named=True)
            click.echo(
                f"{entry.delivery.name}: {entry.rejected} rows rejected, first line"
                f" {first['line']}: {first['message']} (see: python -m etl rejects)",
                err=True,
            )
    click.echo(outcome.summary(), err=outcome.exit_code in (job.FAILED, job.BUSY))
    sys.exit(outcome.exit_code)


@plainly
def run_one(feed: str) -> None:
    """What `python -m etl.load_…` does: load the deliveries of one feed."""
    run_feeds((feed,))


@main.command()
@plainly
def rebuild() -> None:
    """Build the warehouse anew from the kept deliveries and publish it."""
    run_feeds(rebuild=True)


@main.command()
@output_format("table", "json")
@plainly
def status(layout: str) -> None:
    """Feeds with their last delivery and freshness, and the last runs."""
    given = settings.load()
    with reading(given.warehouse) as snapshot:
        fresh = answers.freshness(snapshot, given)
        feeds = answers.deliveries(snapshot, EVERYTHING).join(fresh, on="feed", how="left")
        version = snapshot.version
    runs = _last_runs(given.warehouse)
    if layout == "json":
        text = {"version": version, "feeds": show.records(feeds), "runs": runs}
        click.echo(json.dumps(text, ensure_ascii=False, indent=1))
        return
    click.echo(f"version {version}\n{show.table(feeds)}\nlast runs")
    for line in runs:
        click.echo(f"{line['finished_at']}  exit {line['exit_code']}  {line['message']}")


def _last_runs(directory: Path, last: int = 10) -> list[dict[str, Any]]:
    log = directory / job.RUN_LOG
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    runs = []
    for line in lines[-last:][::-1]:
        with suppress(ValueError):  # a run that was killed, or a full disk, can leave half a line
            runs.append(json.loads(line))
    return runs


@main.command()
@click.option("--feed", type=click.Choice(list(FEEDS)), help="Only this feed.")
@output_format("table", "json", "csv")
@plainly
def rejects(feed: str | None, layout: str) -> None:
    """Rejected rows and refused files, each with the reason."""
    with reading(settings.load().warehouse) as snapshot:
        rows = answers.rejects(snapshot, EVERYTHING, feed, limit=1_000_000)
    click.echo(show.shown(rows, layout))


@main.command()
@click.option("--to", type=int, help="Version to go back to; default: the one before.")
@plainly
def rollback(to: int | None) -> None:
    """Make an earlier version the live one."""
    given = settings.load()
    try:
        with publish.only_run(given.warehouse):
            version = versions.roll_back(given.warehouse, to)
    except publish.Busy as busy:
        fail(str(busy), job.BUSY)
    click.echo(f"version {version} is live")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Inbox to write to.")
@click.option("--stores", type=click.IntRange(1), default=40, show_default=True)
@click.option("--days", type=click.IntRange(1), default=731, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--end", type=click.DateTime(["%Y-%m-%d"]), help="Last day; default: yesterday.")
@plainly
def simulate(out: Path, stores: int, days: int, seed: int, end: datetime | None) -> None:
    """Write the deliveries of a made-up retail group."""
    from etl.simulate import simulate as write

    last: date | None = end.date() if end else None
    try:
        rows = write(out, stores=stores, days=days, seed=seed, end=last)
    except (FileExistsError, ValueError) as error:
        fail(str(error))
    click.echo(f"{out}: {sum(rows.values())} rows in {len(rows)} feeds")


if __name__ == "__main__":
    main(prog_name="python -m etl")
