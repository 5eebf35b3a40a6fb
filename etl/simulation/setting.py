"""What a sample company is asked to be, and its clock: seconds since the first midnight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, choose, stream

DAY = 86_400
"""Seconds in a day; Shanghai keeps no summer time."""
EPOCH = date(1970, 1, 1)
FAR = 10**6
"""A day number after every other: not ended."""
HOURS = (0.3, 0.6, 0.9, 0.9, 1.1, 1.3, 1.3, 1.2, 1.1, 1.5, 1.5, 0.9)
"""Traffic of a shop's opening hours, 10:00 to 22:00."""
OPENING_HOUR = 10


@dataclass(frozen=True)
class Setting:
    """Size, seed and period of one company. Day 0 is `start`, day `days`-1 is `end`."""

    stores: int
    days: int
    seed: int
    end: date

    @cached_property
    def start(self) -> date:
        """The first day of deliveries."""
        return self.end - timedelta(days=self.days - 1)

    @cached_property
    def epoch_day(self) -> int:
        """Day 0 counted from 1970-01-01."""
        return (self.start - EPOCH).days

    @property
    def horizon(self) -> int:
        """The first second after the period: no event may reach it."""
        return self.days * DAY

    def rng(self, part: str) -> Rng:
        """The stream of draws of one part of the company."""
        return stream(self.seed, part)

    def day_of(self, when: date) -> int:
        """The day number of a date; negative before the period."""
        return (when - self.start).days

    def date_of(self, day: int) -> date:
        """The date of a day number."""
        return self.start + timedelta(days=int(day))

    @cached_property
    def months(self) -> list[str]:
        """The months of the period in order, as `YYYY-MM`."""
        return list(dict.fromkeys(f"{self.date_of(day):%Y-%m}" for day in range(self.days)))

    @cached_property
    def month_by_day(self) -> Ints:
        """For each day its place in `months`."""
        place = {month: number for number, month in enumerate(self.months)}
        return np.array([place[f"{self.date_of(day):%Y-%m}"] for day in range(self.days)])

    def month_of(self, at: Ints) -> Ints:
        """The place in `months` of each second `at` of the period."""
        return self.month_by_day[np.clip(at // DAY, 0, self.days - 1)]

    def inside(self, at: Ints) -> Mask:
        """Which seconds lie in the period."""
        return (at >= 0) & (at < self.horizon)


def shop_seconds(rng: Rng, day: Ints) -> Ints:
    """A second in the opening hours of each day, busy hours more often."""
    hour = OPENING_HOUR + choose(rng, len(day), HOURS)
    return (day * DAY + hour * 3600 + rng.integers(0, 3600, len(day))).astype(np.int64)


def evening_seconds(rng: Rng, day: Ints) -> Ints:
    """A second of each day as people at home order: from early morning, mostly in the evening."""
    hour = np.clip(rng.normal(19.5, 3.6, len(day)), 0.0, 23.99)
    return (day * DAY + np.floor(hour * 3600)).astype(np.int64)


def later(rng: Rng, at: Ints, days: float) -> Ints:
    """A second some days after `at`, exponentially with the given mean in days."""
    gap: Floats = rng.exponential(days * DAY, len(at))
    return at + gap.astype(np.int64)


def unless(mask: Mask, at: Ints) -> Ints:
    """`at` where `mask` does not hold, NONE where it does."""
    return np.where(mask, NONE, at)
