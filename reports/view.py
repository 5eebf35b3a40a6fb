"""What a viewer looks at, as a link says it: short codes in, a View out.

Anything in a link that is unknown falls back to the default; nothing here can fail on a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from warehouse.filters import COMPARISONS, ORGANISATIONS, Question
from warehouse.queries import has_meaning

PERIODS = ("last_30", "yesterday", "last_7", "month_to_date", "last_month", "quarter_to_date",
           "year_to_date", "custom")  # fmt: skip
GRAINS = ("auto", "day", "week", "month")
RISES = ("green", "red")
PLACES = ("brand", "region", "city", "store", "channel")
"""The dimensions the sidebar narrows by, the wider ones first."""
NARROWED = (*PLACES, "guide")
"""All dimensions one may narrow by: a guide by opening them."""
LINK = ("period", "from", "to", "grain", "compare", *NARROWED, "org", "lang", "rise", "rank",
        "funnel", "by", "policy", "window", "order", "sheet")  # fmt: skip
"""Every name a link may carry."""
SAVED = tuple(name for name in LINK if name not in ("lang", "rise"))
"""What makes a view; the rest is the viewer's taste."""

Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class View:
    """One resolved view. `start` and `end` are business dates, both included; `where` has been
    checked against what exists; `notes` say what a link asked for and could not have."""

    start: date
    end: date
    period: str = PERIODS[0]
    grain: str = GRAINS[1]
    compare: str = COMPARISONS[0]
    where: Where = ()
    org: str = ORGANISATIONS[0]
    rise: str = RISES[0]
    notes: tuple[str, ...] = ()

    @property
    def second(self) -> str:
        """The other comparison tiles show."""
        return "year" if self.compare == "prior" else "prior"

    def chosen(self, dimension: str) -> tuple[str, ...]:
        """The values a dimension is narrowed to."""
        return dict(self.where).get(dimension, ())

    def without(self, *dimensions: str) -> View:
        """The same view, not narrowed by these."""
        return replace(self, where=tuple(pair for pair in self.where if pair[0] not in dimensions))

    def within(self, dimension: str, *values: str) -> View:
        """The same view, narrowed by one more dimension."""
        return replace(self, where=(*self.without(dimension).where, (dimension, values)))

    def between(self, start: date, end: date) -> View:
        """The same view over other days."""
        return replace(self, start=start, end=end)

    def last_days(self, days: int) -> View:
        """The same view over the days up to its end."""
        return replace(self, start=self.end - timedelta(days=days - 1))

    def before(self) -> View:
        """The same view over as many days before it, as far back as the calendar goes."""
        end = self.start - timedelta(days=self.start > date.min)
        return self.between(end - min(self.end - self.start, end - date.min), end)

    def question(self, keys: Sequence[str], *by: str, compare: str | None = None) -> Question:
        """What to ask the warehouse for these figures."""
        return Question(tuple(keys), self.start, self.end, by, self.where, compare, self.org)

    def askable(self, keys: Sequence[str], *by: str) -> tuple[str, ...]:
        """Those figures that have a meaning when grouped and narrowed like this."""
        return tuple(key for key in keys if has_meaning(self.question((key,), *by)))


def choice(code: str, options: Sequence[str]) -> str:
    """A code, or the first option where the code is none of them."""
    return code if code in options else options[0]


def listed(text: str) -> tuple[str, ...]:
    """Values of a link: `E,W`. A comma or percent sign inside a value is escaped."""
    parts = (part.replace("%2C", ",").replace("%25", "%") for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def pasted(text: str) -> tuple[str, ...]:
    """Values of a pasted list, between blanks, line ends, commas and semicolons of any script."""
    return tuple(dict.fromkeys(part for part in re.split(r"[\s,;，；、]+", text) if part))


def joined(values: Sequence[str]) -> str:
    """The reverse of `listed`."""
    return ",".join(value.replace("%", "%25").replace(",", "%2C") for value in values)


def day(text: str) -> date | None:
    """An ISO date of a link; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def period_of(link: Mapping[str, str], last: date) -> tuple[str, date, date]:
    """Which period a link means, and its first and last day, counted back from the last day that
    has data (never from today, which may have none)."""
    period = choice(link.get("period", ""), PERIODS)
    if period != "custom":
        return (period, *_preset(period, last))
    given = [found for found in (day(link.get("from", "")), day(link.get("to", ""))) if found]
    if not given:
        return (PERIODS[0], *_preset(PERIODS[0], last))
    return ("custom", min(given), max(given))


def _preset(period: str, last: date) -> tuple[date, date]:
    month = last.replace(day=1)
    starts = {
        "yesterday": last,
        "last_7": last - timedelta(days=6),
        "last_30": last - timedelta(days=29),
        "month_to_date": month,
        "quarter_to_date": month.replace(month=(month.month - 1) // 3 * 3 + 1),
        "year_to_date": month.replace(month=1),
    }
    if period == "last_month":
        end = month - timedelta(days=1)
        return end.replace(day=1), end
    return starts[period], last


def grain_of(code: str, start: date, end: date) -> str:
    """The grain of a chart; `auto` keeps the number of points below about sixty."""
    if code in GRAINS[1:]:
        return code
    days = (end - start).days + 1
    return "day" if days <= 62 else "week" if days <= 200 else "month"
