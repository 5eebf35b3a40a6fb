"""Scan stories: a shopper scans a tag or a guide's code in a shop and looks at outfits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.simulation.chance import NONE, Ints, Rng, choose, some
from etl.simulation.people import SCAN, People
from etl.simulation.seasons import DayWeights
from etl.simulation.setting import DAY, shop_seconds
from etl.simulation.shops import Shops
from etl.simulation.world import World

VISITS_A_DAY = 5.0
"""Scanning visits of an average store on an average day."""


@dataclass(frozen=True)
class Visits:
    """One entry per scanning visit: who, where, second, serving guide (NONE), scanned SKUs."""

    person: Ints
    store: Ints
    at: Ints
    guide: Ints
    sku: Ints
    second_sku: Ints  # NONE: scanned one garment only
    joining: Ints  # 1 where the shopper joins on this visit


def make_visits(world: World) -> Visits:
    """All scanning visits of the period, those on which members join included."""
    rng, people = world.setting.rng("visits"), world.people
    store, day = store_days(rng, world.shops, world.weights, VISITS_A_DAY)
    person = shoppers(rng, world.shops, people, store, day, members=0.7)
    at = shop_seconds(rng, day)
    joiners = np.flatnonzero((people.channel == SCAN) & (people.joined[: people.members] >= 0))
    found = person != NONE
    return _with_garments(
        rng,
        world,
        person=np.concatenate([person[found], joiners]),
        store=np.concatenate([store[found], people.join_store[joiners]]),
        at=np.concatenate([at[found], people.joined[joiners]]),
        joining=np.repeat([0, 1], [int(found.sum()), len(joiners)]),
    )


def store_days(rng: Rng, shops: Shops, weights: DayWeights, rate: float) -> tuple[Ints, Ints]:
    """Store and day of each happening, `rate` a day in an average store, only on open days."""
    expected = rate * shops.rate[:, None] * weights.shop[None, :] * shops.open
    counts = rng.poisson(expected).ravel()
    cell = np.repeat(np.arange(counts.size), counts)
    return cell // shops.open.shape[1], cell % shops.open.shape[1]


def shoppers(
    rng: Rng, shops: Shops, people: People, store: Ints, day: Ints, *, members: float
) -> Ints:
    """Who comes: a member (share `members`) or a stranger, one in twelve from another store."""
    home = np.where(rng.random(len(store)) < 1 / 12, shops.another(rng, store), store)
    member = people.member_of(rng, home, day)
    stranger = people.stranger_of(rng, home)
    return np.where((rng.random(len(store)) < members) & (member != NONE), member, stranger)


def _with_garments(
    rng: Rng, world: World, *, person: Ints, store: Ints, at: Ints, joining: Ints
) -> Visits:
    """Choose guide and garments of each visit, in order of time."""
    known = np.flatnonzero(store != NONE)
    order = known[np.argsort(at[known], kind="stable")]
    person, store, at, joining = person[order], store[order], at[order], joining[order]
    day = at // DAY
    brand = world.shops.brand_on(store, day)
    guide = _serving(rng, world, person, store, day)
    served = (rng.random(len(at)) < 0.7) | (joining == 1)
    second = np.where(rng.random(len(at)) < 0.4, world.catalogue.pick(rng, brand, day), NONE)
    sku = world.catalogue.pick(rng, brand, day)
    return Visits(person, store, at, np.where(served, guide, NONE), sku, second, joining)


def _serving(rng: Rng, world: World, person: Ints, store: Ints, day: Ints) -> Ints:
    """Often the shopper's own guide, if at work here that day, else anyone."""
    people = world.people
    own = people.bound_guide[np.minimum(person, people.members - 1)]
    own = np.where(person < people.members, own, NONE)
    faithful = world.staff.at_work(own, store, day) & (rng.random(len(day)) < 0.6)
    return np.where(faithful, own, world.staff.pick(rng, store, day))


def scan_kind(rng: Rng, visits: Visits) -> Ints:
    """0: the tag alone, 1: the guide's code and the tag, 2: the guide's code alone."""
    kind = choose(rng, len(visits.at), (0.55, 0.35, 0.10))
    kind = np.where(visits.joining == 1, np.maximum(kind, 1), kind)
    return np.where(visits.guide == NONE, 0, kind)


def with_exact(rng: Rng, at: Ints, exact: Ints, rate: float) -> Ints:
    """Put a few seconds exactly on another one: ties and window edges must occur."""
    return np.where(some(rng, len(at), rate, 2), exact, at)
