"""Stores: where they are, whose they are, and on which days they sell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, between, choose, deal, some
from etl.simulation.places import BRANDS, CITIES
from etl.simulation.seasons import new_year_offset
from etl.simulation.setting import FAR, Setting

SITES = ("mall", "street", "outlet")
REASONS = ("refit", "holiday", "other")
LIVELY = 8
"""Shorter periods than this (in days) have no openings, closings, refits or moves."""


@dataclass(frozen=True)
class Closures:
    """One entry per temporary closure: store, first and last closed day, reason code."""

    store: Ints
    first: Ints
    last: Ints
    reason: Ints


@dataclass(frozen=True)
class Shops:
    """All stores, by store number. Days are day numbers, rates relative to an average store."""

    city: Ints
    site: Ints
    owned: Mask
    area: Ints  # selling area in m², NONE where not stated
    opened: Ints
    closed: Ints  # first closed day, FAR where none
    cutoff: Ints  # hours after midnight that still belong to the day before
    counter: Mask
    rate: Floats
    brand: Ints  # at the start
    moved: Ints  # the day of a new region and brand, FAR where none
    new_city: Ints  # whose region holds after the move
    new_brand: Ints
    closures: Closures
    open: NDArray[np.bool_]  # stores × days

    @property
    def size(self) -> int:
        """Number of stores."""
        return len(self.city)

    def brand_on(self, store: Ints, day: Ints) -> Ints:
        """The brand number of each store on each day."""
        return np.where(day >= self.moved[store], self.new_brand[store], self.brand[store])

    def city_on(self, store: Ints, day: Ints) -> Ints:
        """The city whose region each store belongs to on each day."""
        return np.where(day >= self.moved[store], self.new_city[store], self.city[store])

    def is_open(self, store: Ints, day: Ints) -> Mask:
        """Whether each store sells on each day; never outside the period."""
        days = self.open.shape[1]
        within: Mask = (day >= 0) & (day < days)
        sells: Mask = self.open[store, np.clip(day, 0, days - 1)] & within
        return sells

    def another(self, rng: Rng, store: Ints) -> Ints:
        """Some other store for each store (the same one where there is only one)."""
        step = 1 + np.floor(rng.random(len(store)) * max(self.size - 1, 0)).astype(np.int64)
        return (store + step) % self.size


def make_shops(setting: Setting) -> Shops:
    """Draw all stores and their calendar."""
    rng = setting.rng("shops")
    size = setting.stores
    opened, closed = _lives(rng, setting)
    city = _cities(rng, size)
    site = choose(rng, size, (5, 4, 1))
    brand = (np.arange(size) + rng.integers(len(BRANDS))) % len(BRANDS)
    moved, new_city, new_brand = _moves(rng, setting, opened, city, brand)
    closures = _closures(rng, setting, site=site, moved=moved, opened=opened, closed=closed)
    return Shops(
        city=city,
        site=site,
        owned=rng.random(size) < 0.7,
        area=np.where(some(rng, size, 0.06, 1), NONE, between(rng, 60, 320, size)),
        opened=opened,
        closed=closed,
        cutoff=np.where(some(rng, size, 0.12, 1), between(rng, 2, 4, size), 0),
        counter=~some(rng, size, 0.15, 1),
        rate=_rates(rng, size),
        brand=brand,
        moved=moved,
        new_city=new_city,
        new_brand=new_brand,
        closures=closures,
        open=_open_days(setting, opened, closed, closures),
    )


def _rates(rng: Rng, size: int) -> Floats:
    drawn = rng.lognormal(0.0, 0.35, size)
    rates: Floats = drawn / drawn.mean()
    return rates


def _cities(rng: Rng, size: int) -> Ints:
    """Cities by weight; the first stores apart, so that small companies have several regions."""
    spread = np.arange(size) % len(CITIES)
    weighted = choose(rng, size, [city.weight for city in CITIES])
    return np.where(np.arange(size) < 3, (spread + rng.integers(4)) % len(CITIES), weighted)


def _lives(rng: Rng, setting: Setting) -> tuple[Ints, Ints]:
    """First selling day and first closed day of each store; at least one store stays throughout."""
    size, days = setting.stores, setting.days
    opened = -between(rng, 120, 3000, size)
    closed = np.full(size, FAR, dtype=np.int64)
    if days >= LIVELY and size > 1:
        fate = deal(rng, size, [(0, 0), (0.10, 1), (0.05, 1)])
        opening = between(rng, days // 8, days * 6 // 10, size)
        closing = between(rng, days * 4 // 10, days * 9 // 10, size)
        opened = np.where(fate == 1, opening, opened)
        closed = np.where(fate == 2, closing, closed)
    return opened, closed


def _moves(
    rng: Rng, setting: Setting, opened: Ints, city: Ints, brand: Ints
) -> tuple[Ints, Ints, Ints]:
    """Day, region and brand of the stores that change hands: the region, the brand or both."""
    size, days = setting.stores, setting.days
    moves = _of_old(rng, opened) & (days >= LIVELY)
    moved = np.where(moves, between(rng, days * 3 // 10, days * 7 // 10, size), FAR)
    what = choose(rng, size, (2, 1, 1))
    other_city = np.where(rng.random(size) < 0.7, _neighbours(rng, city), _any_other(rng, city))
    other_brand = (brand + 1 + rng.integers(0, len(BRANDS) - 1, size)) % len(BRANDS)
    new_city = np.where(moves & (what != 1), other_city, city)
    return moved, new_city, np.where(moves & (what != 0), other_brand, brand)


def _of_old(rng: Rng, opened: Ints) -> Mask:
    """Mark one in twenty of the stores there from the start; of a single one, mostly that one."""
    marked = np.zeros(len(opened), dtype=np.bool_)
    old = np.flatnonzero(opened < 0)
    alone = (len(old) == 1) & (rng.random(len(old)) < 0.7)
    marked[old] = some(rng, len(old), 0.05, 1) | alone
    return marked


def _neighbours(rng: Rng, city: Ints) -> Ints:
    """Another city of the same area: regions are mostly redrawn next door."""
    others = [
        [at for at, other in enumerate(CITIES) if other.area == place.area and other != place]
        for place in CITIES
    ]
    drawn = rng.random(len(city)).tolist()
    chosen = [others[home][int(u * len(others[home]))] for home, u in zip(city, drawn, strict=True)]
    return np.array(chosen, dtype=np.int64)


def _any_other(rng: Rng, city: Ints) -> Ints:
    return (city + 1 + rng.integers(0, len(CITIES) - 1, len(city))) % len(CITIES)


def _closures(
    rng: Rng, setting: Setting, *, site: Ints, moved: Ints, opened: Ints, closed: Ints
) -> Closures:
    """Refits (often on moving), Spring Festival days of street shops, and odd days."""
    refits = _refits(rng, setting, moved, opened, closed)
    festivals = _festivals(rng, setting, site)
    odd = _odd_days(rng, setting)
    parts = [(*refits, 0), (*festivals, 1), (*odd, 2)]
    store, first, last = (np.concatenate([part[at] for part in parts]) for at in range(3))
    reason = np.concatenate([np.full(len(part[0]), part[3]) for part in parts])
    _, kept = np.unique(store * FAR + first, return_index=True)
    return Closures(store[kept], first[kept], last[kept], reason[kept])


def _refits(
    rng: Rng, setting: Setting, moved: Ints, opened: Ints, closed: Ints
) -> tuple[Ints, Ints, Ints]:
    size, days = setting.stores, setting.days
    steady = np.flatnonzero((opened < 0) & (closed == FAR))
    if days < LIVELY or not len(steady):
        return _nowhere()
    store = steady[some(rng, len(steady), 0.15, 1) | (len(steady) == 1)]
    drawn = between(rng, days // 5, days * 7 // 10, size)
    first = np.where(moved < FAR, np.maximum(moved - 3, 1), drawn)[store]
    length = between(rng, 2, int(np.clip(days // 8, 3, 30)), len(store))
    return store, first, first + length


def _festivals(rng: Rng, setting: Setting, site: Ints) -> tuple[Ints, Ints, Ints]:
    new_years = [day for day in range(setting.days) if new_year_offset(setting.date_of(day)) == 0]
    shut = np.flatnonzero((site == 1) & (rng.random(len(site)) < 0.5))
    store = np.tile(shut, len(new_years))
    first = np.repeat(np.array(new_years, dtype=np.int64), len(shut))
    return store, first, first + between(rng, 0, 2, len(store))


def _odd_days(rng: Rng, setting: Setting) -> tuple[Ints, Ints, Ints]:
    if setting.days < LIVELY:
        return _nowhere()
    store = np.flatnonzero(some(rng, setting.stores, 0.1, 1))
    first = between(rng, 1, setting.days - 2, len(store))
    return store, first, first


def _nowhere() -> tuple[Ints, Ints, Ints]:
    none = np.zeros(0, dtype=np.int64)
    return none, none, none


def _open_days(
    setting: Setting, opened: Ints, closed: Ints, closures: Closures
) -> NDArray[np.bool_]:
    day = np.arange(setting.days)
    is_open = (day >= opened[:, None]) & (day < closed[:, None])
    for store, first, last in zip(closures.store, closures.first, closures.last, strict=True):
        is_open[store, max(first, 0) : last + 1] = False
    return is_open
