"""How fresh each feed is, and whether it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, literal, select, union_all

from warehouse import portable
from warehouse.answers import Reader
from warehouse.feeds import FEEDS, Kind
from warehouse.schema import ETL_FILES, ETL_RUNS, LOADED
from warehouse.settings import Settings

_DATED = tuple(feed.name for feed in FEEDS.values() if feed.newest)
"""Feeds whose rows say how new they are."""


def freshness(reader: Reader, settings: Settings, now: datetime | None = None) -> pl.DataFrame:
    """How fresh each feed is and whether it is late at a time: see `newest` and `judged`."""
    return judged(newest(reader, settings), settings, now)


def newest(reader: Reader, settings: Settings) -> pl.DataFrame:
    """By feed: `newest` event (UTC; empty without events, or where rows have no time of their own)
    and `loaded_at`, when the last delivery was loaded (UTC)."""
    found = reader.fetch(
        union_all(
            *(
                select(literal(feed).label("feed"), _newest(feed, settings).label("newest"))
                for feed in _DATED
            )
        )
    )
    loaded = reader.fetch(
        select(ETL_FILES.c.feed, func.max(ETL_RUNS.c.finished_at).label("loaded_at"))
        .join(ETL_RUNS, ETL_RUNS.c.run_key == ETL_FILES.c.run_key)
        .where(ETL_FILES.c.outcome == "loaded")
        .group_by(ETL_FILES.c.feed)
    )
    others = [feed for feed in settings.schedules if feed not in _DATED]
    frame = pl.concat([found, pl.DataFrame({"feed": others}, {"feed": pl.String})], how="diagonal")
    return frame.join(loaded, on="feed", how="left").sort("feed")


def _newest(feed_name: str, settings: Settings) -> Any:
    """Time of the newest event of a feed; a dated feed's day counts to its end."""
    feed, table = FEEDS[feed_name], LOADED[feed_name]
    column = table.c[feed.newest or ""]
    kind = next(field.kind for field in feed.fields if field.name == feed.newest)
    newest = select(func.max(column)).where(~table.c.is_deleted).scalar_subquery()
    return portable.end_of_day(newest, settings.timezone) if kind is Kind.DATE else newest


def judged(frame: pl.DataFrame, settings: Settings, now: datetime | None = None) -> pl.DataFrame:
    """Those rows with `is_late`, at a time (naive UTC; left out: the present).

    A feed with a schedule is late when that says so; of one whose rows have no time the last
    delivery counts. Any other is late when it lags the newest event of all feeds by more than the
    setting allows, so that old data looked at later is not all red; one that never came is not.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    since = [
        settings.schedules[feed].needed_since(now, settings.timezone)
        if feed in settings.schedules
        else None
        for feed in frame["feed"]
    ]
    limit = timedelta(hours=settings.late_after_hours)
    lags = (pl.col("newest") < pl.col("newest").max() - limit).fill_null(False)
    known = pl.when(pl.col("feed").is_in(_DATED)).then("newest").otherwise("loaded_at")
    unmet = known.is_null() | (known <= pl.col("since"))
    late = pl.when(pl.col("since").is_null()).then(lags).otherwise(unmet)
    times = pl.Series("since", since, pl.Datetime("us"))
    return frame.with_columns(times).with_columns(late.alias("is_late")).drop("since")
