"""What a run that nobody watches has to tell: late feeds, and trouble that needs a person."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from etl.ledger import Entry
from warehouse import alerts, freshness
from warehouse.alerts import Trouble
from warehouse.engine import NothingPublished, reading
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.etl")


def late(settings: Settings, now: datetime | None = None) -> dict[str, str]:
    """The feeds that are late against their schedule at a time (naive UTC; left out: the present),
    and what is known of each."""
    if not settings.schedules:
        return {}
    try:
        with reading(settings.warehouse) as snapshot:
            found = freshness.freshness(snapshot, settings, now)
    except NothingPublished:
        return dict.fromkeys(settings.schedules, "it never came")
    except Exception as error:
        LOG.error("whether feeds are late cannot be told: %s", error)
        return {}
    is_due = pl.col("is_late") & pl.col("feed").is_in(list(settings.schedules))
    return {row["feed"]: _known(row) for row in found.filter(is_due).iter_rows(named=True)}


def _known(row: Mapping[str, datetime | None]) -> str:
    if row["newest"] is not None:
        return f"its newest row is of {row['newest']:%Y-%m-%d %H:%M} UTC"
    if row["loaded_at"] is not None:
        return f"it was last loaded at {row['loaded_at']:%Y-%m-%d %H:%M} UTC"
    return "it never came"


def troubles(
    settings: Settings, failed: str, entries: Sequence[Entry], late: Mapping[str, str]
) -> list[Trouble]:
    """What those who look after the loads must know of a run: why it `failed`, if it did, files
    refused, more rows rejected than they want to hear of, and late feeds."""
    found = []
    if failed:
        cure = "remove the cause; the next run tries again"
        found.append(Trouble(re.sub(r"\d+", "#", failed), f"{failed}; {cure}"))
    for entry in entries:
        if entry.outcome == "refused":
            found.append(Trouble(f"refused {entry.content_hash}", f"refused: {entry.reason}"))
    if sum(entry.rejected for entry in entries) > settings.alerts.max_rejects:
        found += [_rejected(entry) for entry in entries if entry.rejected]
    for feed, known in late.items():
        text = f"{feed} is late: {known}; ask its source, or look for its file in {settings.inbox}"
        found.append(Trouble(f"late {feed}", text))
    return found


def _rejected(entry: Entry) -> Trouble:
    first = pl.concat(entry.rejects).row(0, named=True)
    text = (
        f"{entry.delivery.name}: {entry.rejected} of {entry.rows_read} rows rejected, first line"
        f" {first['line']}: {first['message']}; see python -m etl rejects, correct them and"
        " deliver them again"
    )
    return Trouble(f"rejected {entry.content_hash} {entry.delivery.feed}", text)


def tell(settings: Settings, run: str, found: Sequence[Trouble], *, published: bool) -> None:
    """Tell those whom it concerns; with a published version also what breaks a rule. Whatever
    happens to that, the run's result stands, so nothing is raised."""
    try:
        if published and settings.rules:
            with reading(settings.warehouse) as snapshot:
                alerts.tell(settings, run, found, snapshot)
        else:
            alerts.tell(settings, run, found)
    except Exception as error:
        LOG.error("alerts failed: %s", error, exc_info=LOG.isEnabledFor(logging.DEBUG))
