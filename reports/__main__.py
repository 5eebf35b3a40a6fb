"""`python -m reports`: digest."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import click

from reports import letters
from reports.letters import Letter, Unsent
from warehouse import outbox, settings
from warehouse.console import fail, plainly
from warehouse.engine import reading

SENT, FAILED, SOME_UNSENT = 0, 1, 2
click.UsageError.exit_code = FAILED  # click's own, 2, would say that something was sent


@click.group(help="Send what Guidepost knows.")
def main() -> None:
    """The command line of reports."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


@main.command()
@click.option("--all", "everybody", is_flag=True, help="Every digest to everybody.")
@click.option("--name", "names", multiple=True, help="Only the digest of this name.")
@click.option("--to", multiple=True, metavar="USER", help="Only to this recipient.")
@click.option("--dry-run", is_flag=True, help="Send nothing.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Keep copies here.")
@plainly
def digest(
    everybody: bool, names: tuple[str, ...], to: tuple[str, ...], dry_run: bool, out: Path | None
) -> None:
    """Send the digests of the configuration, to each recipient within their own scope.

    Exit code 0: all sent; 1: none; 2: some not, the reason for each on standard error.
    """
    if not (everybody or names or to):
        fail("say which digests to send: --all, --name NAME or --to USER")
    given = settings.load()
    wanted = list(letters.wanted(given, names, to))
    sent = 0
    with reading(given.warehouse) as snapshot:
        for one, user in wanted:
            try:
                letter = letters.written(snapshot, one, user, given)
                if out is not None:
                    _keep(letter, out)
                if not dry_run:
                    letters.send(letter, given)
                sent += 1
                click.echo(f"{one.name} for {user}: {'made' if dry_run else 'sent'}")
            except Unsent as error:
                click.echo(str(error), err=True)
            except outbox.Unreachable as error:
                click.echo(str(error), err=True)
                break
    sys.exit(SENT if sent == len(wanted) else SOME_UNSENT if sent else FAILED)


def _keep(letter: Letter, out: Path) -> None:
    """The mail as a file: HTML with its pictures beside it, and the text."""
    folder = out / re.sub(r"[^\w.@+-]", "_", f"{letter.digest}-{letter.to}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mail.html").write_text(letter.html.replace('"cid:', '"'), encoding="utf-8")
    (folder / "mail.txt").write_text(f"{letter.subject}\n\n{letter.text}", encoding="utf-8")
    for file in letter.pictures:
        (folder / file.name).write_bytes(file.content)


if __name__ == "__main__":
    main()
