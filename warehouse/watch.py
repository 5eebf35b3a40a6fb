"""What is watched: when each feed is due, who is told of a run that needs a person, and rules that
figures must keep to. Declared in the file of GUIDEPOST_CONFIG; `alerts.py` watches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.feeds import FEEDS
from warehouse.filters import QuestionError, nearest
from warehouse.given import Given, tables
from warehouse.outbox import is_address

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIODS = ("day", "week", "month")
"""What a rule looks at: the last whole day, or the 7 or 28 days up to it."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Schedule:
    """When a feed is due: at these local times of these weekdays (0: Monday), its newest row must
    be later than the time it was due before, or no older than `max_age`."""

    due: tuple[time, ...]
    days: tuple[int, ...] = tuple(range(7))
    max_age: timedelta | None = None

    def needed_since(self, now: datetime, timezone: str) -> datetime:
        """What the newest row must be later than, at a time (both naive UTC)."""
        last, before = self._latest_due(now, timezone)
        return last - self.max_age if self.max_age else before

    def _latest_due(self, now: datetime, timezone: str) -> tuple[datetime, datetime]:
        zone = ZoneInfo(timezone)
        today = now.replace(tzinfo=UTC).astimezone(zone).date()
        days = (today - timedelta(days=back) for back in range(15))
        due = [
            datetime.combine(day, at, zone).astimezone(UTC).replace(tzinfo=None)
            for day in days
            if day.weekday() in self.days
            for at in self.due
        ]
        last, before, *_ = sorted((one for one in due if one <= now), reverse=True)
        return last, before


@dataclass(frozen=True)
class Watch:
    """Who is told by e-mail of a run that failed, a late feed, a refused file, or more rejected
    rows in a run than `max_rejects`."""

    to: tuple[str, ...] = ()
    max_rejects: int = 0


@dataclass(frozen=True)
class Rule:
    """What a figure must keep to: not go above or below a number, or stay in its band of normal
    variation, `band` deviations wide to either side (bands.py). Watched for each value of `by`, if
    given, among what is narrowed by `where`, and told to the users `to`, to each within their
    scope."""

    name: str
    figure: str
    to: tuple[str, ...]
    period: str = PERIODS[0]
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    above: float | None = None
    below: float | None = None
    band: float | None = None


def schedules(described: object) -> Mapping[str, Schedule]:
    """The tables [schedules.FEED]. Raises QuestionError, which names the key."""
    given = tables(described, "schedules.pos_sales")
    return {name: _schedule(name, table) for name, table in given.items()}


def _schedule(feed: str, table: object) -> Schedule:
    if feed not in FEEDS:
        raise nearest("feed", feed, FEEDS)
    given = Given(feed, table, ("due", "days", "max_age_hours"))
    hours = given.whole("max_age_hours", 0)
    return Schedule(_times(given), _weekdays(given), timedelta(hours=hours) or None)


def _times(given: Given) -> tuple[time, ...]:
    texts = given.texts("due")
    for text in texts:
        if not _CLOCK.fullmatch(text):
            raise given.wrong("due", f"{text!r} is no time of day; write it as 06:00")
    if not texts:
        raise given.wrong("due", 'say when it is due, as in due = "06:00"')
    return tuple(sorted(map(time.fromisoformat, texts)))


def _weekdays(given: Given) -> tuple[int, ...]:
    days = given.texts("days")
    for day in days:
        if day not in WEEKDAYS:
            raise given.wrong("days", nearest("weekday", day, WEEKDAYS))
    return tuple(WEEKDAYS.index(day) for day in days or WEEKDAYS)


def watch(described: object) -> Watch:
    """The table [alerts]. Raises QuestionError, which names the key."""
    given = Given("[alerts]", described, ("to", "max_rejects"))
    to = given.texts("to")
    for address in to:
        if not is_address(address):
            raise given.wrong("to", f"{address!r} is no e-mail address")
    return Watch(to, given.whole("max_rejects", 0))


def rules(described: object) -> Mapping[str, Rule]:
    """The tables [rules.NAME]. Raises QuestionError, which names the key."""
    given = tables(described, "rules.weak_day")
    return {name: _rule(name, table) for name, table in given.items()}


def _rule(name: str, table: object) -> Rule:
    limits = ("above", "below", "band")
    given = Given(name, table, ("figure", "to", "period", "by", "where", *limits))
    above, below, band = (given.number(limit) for limit in limits)
    if (above is None and below is None) == (band is None):
        raise QuestionError(f"{name}: give above or below (or both), or else band")
    if band is not None and band <= 0:
        raise given.wrong("band", "give how many deviations are usual, such as 3")
    to = given.texts("to")
    if not to:
        raise given.wrong("to", "name one user of the users file or more")
    by = given.texts("by")
    for dimension in by:
        _check_dimension(given, "by", dimension)
    figure, period = given.text("figure", None), given.one_of("period", PERIODS)
    return Rule(name, figure, to, period, by, _where(given), above, below, band)


def _where(given: Given) -> tuple[tuple[str, tuple[str, ...]], ...]:
    table: Any = given.table.get("where", {})
    narrowed = Given(f"{given.where}.where", table, DIMENSIONS)
    for dimension in narrowed.table:
        _check_dimension(given, "where", dimension)
    return tuple((name, narrowed.texts(name)) for name in narrowed.table)


def _check_dimension(given: Given, key: str, name: str) -> None:
    if name not in DIMENSIONS:
        raise given.wrong(key, nearest("dimension", name, DIMENSIONS))
    if name in TIME:
        raise given.wrong(key, f"{name} cannot be; the period says which days are looked at")
