"""Guides: which store each works in from when to when, and who is on the floor on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, Weighted, between, choose, some
from etl.simulation.setting import FAR, Setting
from etl.simulation.shops import LIVELY, Shops

SPLITS = ((7, 3), (5, 5), (6, 4), (5, 3, 2), (34, 33, 33))
"""How two or three guides share a receipt, in parts of their sum."""


class Assignments(NamedTuple):
    """One entry per assignment: guide, store, first and last day (FAR: not ended)."""

    guide: Ints
    store: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True)
class Staff:
    """All guides by number: `hired` day and last day `left` (FAR: still there); their jobs."""

    hired: Ints
    left: Ints
    assignments: Assignments
    roster: Weighted  # slots by store × day
    slot_guide: Ints
    workdays: Ints  # sorted: guide × day
    workplace: Ints  # the store of each workday
    days: int

    @property
    def size(self) -> int:
        """Number of guides."""
        return len(self.hired)

    def pick(self, rng: Rng, store: Ints, day: Ints) -> Ints:
        """A guide at work in each store on each day, good ones more often; NONE where nobody is.

        Outside the period the first or last day's guides stand in.
        """
        slot = self.roster.pick(rng, store * self.days + np.clip(day, 0, self.days - 1))
        if not len(self.slot_guide):
            return slot
        return np.where(slot == NONE, NONE, self.slot_guide[np.maximum(slot, 0)])

    def at_work(self, guide: Ints, store: Ints, day: Ints) -> Mask:
        """Whether each guide works in that store on that day of the period."""
        key = np.maximum(guide, 0) * self.days + day
        at = np.clip(np.searchsorted(self.workdays, key), 0, len(self.workdays) - 1)
        working: Mask = (guide != NONE) & (self.workdays[at] == key)
        here: Mask = working & (self.workplace[at] == store)
        return here


def make_staff(setting: Setting, shops: Shops) -> Staff:
    """Hire, move, lend and lose about five guides a store."""
    rng = setting.rng("staff")
    first_jobs = _first_jobs(rng, setting, shops)
    jobs, left = _careers(rng, setting, shops, first_jobs)
    replaced = np.flatnonzero((left < setting.days) & (shops.closed[first_jobs.store] == FAR))
    fresh = _replacements(rng, jobs, left, replaced)
    assignments = Assignments(*(np.concatenate(pair) for pair in zip(jobs, fresh, strict=True)))
    hired = np.concatenate([first_jobs.first, fresh.first])
    left = np.concatenate([left, np.full(len(fresh.guide), FAR)])
    return _with_roster(rng, setting, assignments, hired, left)


def shared_texts(
    rng: Rng, staff: Staff, store: Ints, day: Ints, guide: Ints, *, names: Sequence[str]
) -> list[str]:
    """The `guide_shares` text of each sale that `guide` served with colleagues of that day.

    Empty where no second guide is found.
    """
    split = choose(rng, len(guide), (4, 3, 2, 1, 1))
    helpers = [staff.pick(rng, store, day) for _ in range(4)]
    columns = [guide, *helpers]
    return [
        _shares_text(list(dict.fromkeys(team)), SPLITS[split[row]], names)
        for row, team in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    ]


def _shares_text(team: list[int], split: tuple[int, ...], names: Sequence[str]) -> str:
    present = [guide for guide in team if guide != NONE][: len(split)]
    if len(present) < len(split):
        return ""
    total = sum(split)
    pairs = zip(present, split, strict=True)
    return ";".join(f"{names[guide]}={part / total:g}" for guide, part in pairs)


def _first_jobs(rng: Rng, setting: Setting, shops: Shops) -> Assignments:
    """Three to seven guides for each store, from long ago or from its opening."""
    crew = between(rng, 3, 7, shops.size)
    store = np.repeat(np.arange(shops.size), crew)
    opened = shops.opened[store]
    before = np.maximum(-between(rng, 400, 2000, len(store)), opened)
    first = np.where(opened >= 0, opened, np.minimum(before, 0))
    guide = np.arange(len(store))
    return Assignments(guide, store, first, np.full(len(store), FAR))


def _careers(
    rng: Rng, setting: Setting, shops: Shops, jobs: Assignments
) -> tuple[Assignments, Ints]:
    """Departures and transfers: all assignments, and each guide's last day (FAR: none)."""
    size, days = len(jobs.guide), setting.days
    steady = np.flatnonzero((shops.opened < 0) & (shops.closed == FAR))
    closing = shops.closed[jobs.store] < days
    quits = some(rng, size, 0.12 * days / 365, 1) & ~closing & (days >= LIVELY)
    moves = some(rng, size, 0.10 * days / 365, 2) & ~closing & ~quits & (days >= LIVELY)
    moves |= closing & (rng.random(size) < 0.6)
    target = steady[rng.integers(0, max(len(steady), 1), size)] if len(steady) else jobs.store
    moves &= target != jobs.store
    turn = between(rng, np.maximum(jobs.first + 2, days // 5), days * 9 // 10, size)
    turn = np.where(closing, shops.closed[jobs.store] - 1, turn)
    ends = quits | moves | closing
    # A transfer starts the next day, or after a few days off that belong to no store.
    gap = np.where(some(rng, size, 0.02, 0) & moves, 3, 1)
    left = np.where((quits | closing) & ~moves, turn, FAR)
    stays = jobs._replace(last=np.where(ends, turn, FAR))
    second = Assignments(jobs.guide, target, turn + gap, np.full(size, FAR))
    moved = Assignments(*(column[moves] for column in second))
    return Assignments(*(np.concatenate(pair) for pair in zip(stays, moved, strict=True))), left


def _replacements(rng: Rng, jobs: Assignments, left: Ints, replaced: Ints) -> Assignments:
    """A new guide in the store of each one who left, within a week."""
    guide = len(left) + np.arange(len(replaced))
    first = left[replaced] + between(rng, 1, 7, len(replaced))
    return Assignments(guide, jobs.store[replaced], first, np.full(len(replaced), FAR))


def _with_roster(
    rng: Rng, setting: Setting, assignments: Assignments, hired: Ints, left: Ints
) -> Staff:
    """Lay the assignments out as slots, one per guide and day at work."""
    days = setting.days
    low, high = np.maximum(assignments.first, 0), np.minimum(assignments.last, days - 1)
    length = np.maximum(high - low + 1, 0)
    row = np.repeat(np.arange(len(length)), length)
    day = low[row] + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    guide = assignments.guide[row]
    rate: Floats = rng.lognormal(0.0, 0.35, len(hired))
    cells = int(setting.stores * days)
    store = assignments.store[row]
    roster = Weighted(store * days + day, rate[guide], cells)
    workday = guide * days + day
    order = np.argsort(workday, kind="stable")
    return Staff(
        hired=hired,
        left=left,
        assignments=assignments,
        roster=roster,
        slot_guide=guide,
        workdays=workday[order],
        workplace=store[order],
        days=days,
    )


def lent(rng: Rng, staff: Staff, shops: Shops, *, store: Ints, day: Ints, rate: float) -> Ints:
    """The guide who serves each sale: now and then one lent by another store."""
    from_elsewhere: Mask = some(rng, len(store), rate, 2)
    home = np.where(from_elsewhere, shops.another(rng, store), store)
    return staff.pick(rng, home, day)
