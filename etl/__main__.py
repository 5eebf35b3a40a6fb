"""`python -m etl`: run, status, rejects, alerts, forget, rollback, rebuild, simulate."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

import click
import polars as pl

from etl import forget as erase
from etl import job, nightly, publish, trace
from etl.contract import SecretNeeded
from etl.errors import SourceError
from warehouse import access, alerts, answers, outbox, settings, show, versions
from warehouse.access import EVERYTHING
from warehouse.accounts import last_runs
from warehouse.console import fail, output_format, plainly
from warehouse.engine import EngineError, reading
from warehouse.feeds import FEEDS
from warehouse.freshness import freshness

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


def run_one(feed: str) -> None:
    """What `python -m etl.load_…` does: `run`, with its options, for one feed's deliveries."""
    main(["run", "--feed", feed, *sys.argv[1:]], prog_name="python -m etl")


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
        fresh = freshness(snapshot, given)
        delivered = answers.deliveries(snapshot, EVERYTHING)
        feeds = delivered.join(fresh, on="feed", how="full", coalesce=True).sort("feed")
        feeds = feeds.filter(pl.col("files").is_not_null() | pl.col("is_late"))
        version = snapshot.version
    runs = last_runs(given.warehouse)
    if layout == "json":
        text = {"version": version, "feeds": show.records(feeds), "runs": runs}
        click.echo(json.dumps(text, ensure_ascii=False, indent=1))
        return
    click.echo(f"version {version}\n{show.table(feeds)}\nlast runs")
    for line in runs:
        click.echo(f"{line['finished_at']}  exit {line['exit_code']}  {line['message']}")


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
@click.argument("member")
@plainly
def forget(member: str) -> None:
    """Erase a member from the warehouse, rejects, kept deliveries and old versions, and look for
    them again. What they bought stays, and nobody can tell that it was them."""
    given = settings.load()
    try:
        done = erase.forget(given, member)
    except publish.Busy as busy:
        fail(str(busy), job.BUSY)
    except (SecretNeeded, SourceError, publish.NoRoom, publish.Torn) as error:
        fail(f"nothing was forgotten: {error}")
    except EngineError as error:
        told = "the live version is of another program's making; run: python -m etl run"
        fail(f"nothing was forgotten: {told} ({str(error).splitlines()[0]})")
    click.echo(
        f"forgotten: {len(done.person.members)} member and {len(done.person.visitors)} visitor"
        f" identifiers; {done.rewritten} of {done.deliveries} kept deliveries written anew;"
        f" version {done.version} published, older ones deleted"
    )
    found = trace.scan(given, done.person)
    click.echo(
        f"looked through {found.columns} columns of text in the warehouse, {found.rows} rows of"
        f" kept deliveries, and {found.bytes} bytes of {found.files} files"
    )
    for place in found.places:
        click.echo(f"found in {place}")
    click.echo(f"found: {len(found.places)}")
    sys.exit(job.NEEDS_A_PERSON if found.places else job.OK)


@main.command("alerts")
@click.option("--test", is_flag=True, help="Send a test message to everybody in [alerts].")
@plainly
def alerts_now(test: bool) -> None:
    """What is late and what breaks a rule as of now, sent to nobody; or a test message."""
    given = settings.load()
    if test:
        try:
            told = alerts.test(given)
        except outbox.Undelivered as error:
            fail(f"not sent: {error}")
        nobody = "nobody; name them under [alerts] in the file of GUIDEPOST_CONFIG"
        click.echo(f"sent to {', '.join(told) or nobody}")
        return
    for feed, known in nightly.late(given).items():
        click.echo(f"{feed} is late: {known}")
    with reading(given.warehouse) as snapshot:
        for user, rule in alerts.watched(given):
            for trouble in alerts.broken(snapshot, rule, access.scope_of(user, given.users), given):
                click.echo(f"{rule.name}, for {user}: {trouble.text}")


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
