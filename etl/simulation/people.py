"""Shoppers: members with their way in, and visitors who never give a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, Weighted, between, choose, some
from etl.simulation.seasons import DayWeights
from etl.simulation.setting import DAY, FAR, Setting, evening_seconds, later, shop_seconds
from etl.simulation.shops import Shops
from etl.simulation.staff import Staff

CHANNELS = ("store_scan", "mini_program", "referral", "pos", "event")
SCAN, MINI, REFERRAL, TILL, EVENT = range(5)
LATE = 10**12
"""A second after every other: has not left."""


@dataclass(frozen=True)
class People:
    """Shoppers by number, the first `members` of them members in the order they joined.

    `joined` and `left` are seconds (a visitor's `joined` is LATE), `visitor` the number in the
    visitor id (NONE: never seen online), `home` the store. The other columns are members' only.
    """

    members: int
    home: Ints
    rate: Floats
    joined: Ints
    left: Ints
    visitor: Ints
    channel: Ints
    join_store: Ints
    join_guide: Ints
    bound_guide: Ints
    bound_at: Ints  # NONE: on joining
    referrer: Ints
    merged_into: Ints
    by_home: Weighted  # members by store
    home_days: Ints  # sort key of `by_home`: store × joining day
    strangers: Weighted  # the others by store

    def member_of(self, rng: Rng, store: Ints, day: Ints) -> Ints:
        """A member of each store who joined before the day; NONE where there is none."""
        end = np.searchsorted(self.home_days, _home_day(store, day))
        return self.by_home.pick(rng, store, end)

    def stranger_of(self, rng: Rng, store: Ints) -> Ints:
        """A never-identified shopper of each store; NONE where there is none."""
        found = self.strangers.pick(rng, store)
        return np.where(found == NONE, NONE, found + self.members)

    def known(self, person: Ints, at: Ints) -> Mask:
        """Whether each person is a member at that second."""
        joined: Mask = (person != NONE) & (self.joined[person] <= at)
        known: Mask = joined & (at < self.left[person])
        return known

    def shown(self, rng: Rng, person: Ints, at: Ints) -> tuple[Ints, Ints]:
        """The member and visitor that an event names: both, or one of them."""
        known = self.known(person, at)
        visitor = np.where(person == NONE, NONE, self.visitor[person])
        drawn = rng.random(len(person))
        member = np.where(known & ((drawn < 0.6) | (visitor == NONE)), person, NONE)
        return member, np.where((member != NONE) & (drawn < 0.15), NONE, visitor)


def make_people(setting: Setting, shops: Shops, staff: Staff, weights: DayWeights) -> People:
    """Let members join over the years, in shops, online, at an event, or brought by a friend."""
    rng = setting.rng("people")
    members = int(setting.stores * (40 + 0.97 * setting.days))
    day, burst = _join_days(rng, setting, members, weights)
    channel = choose(rng, members, (0.26, 0.16, 0.44, 0.10, 0.04))
    channel = np.where(burst & (channel != TILL) & (rng.random(members) < 0.6), EVENT, channel)
    home = _homes(rng, shops, day)
    joined = _join_seconds(rng, shops, channel, home, day)
    order = np.argsort(joined, kind="stable")
    columns = {"joined": joined[order], "channel": channel[order], "home": home[order]}
    return _assemble(setting, rng, shops, staff, **columns)


def _join_days(rng: Rng, setting: Setting, members: int, weights: DayWeights) -> tuple[Ints, Mask]:
    """Joining day of each member: 30 % before the period, 5 % on one burst day."""
    drawn = rng.random(members)
    burst_day = int(rng.integers(setting.days // 4, max(setting.days * 3 // 4, 1)))
    usual = choose(rng, members, weights.shop.tolist())
    day = np.where(drawn < 0.05, burst_day, usual)
    before = -between(rng, 1, 390, members)
    return np.where(drawn > 0.7, before, day), drawn < 0.05


def _homes(rng: Rng, shops: Shops, day: Ints) -> Ints:
    """The store of each member, one that was open on the day of joining."""
    rates = shops.rate.tolist()
    home = choose(rng, len(day), rates)
    for _ in range(12):
        shut = ~_was_open(shops, home, day)
        home = np.where(shut, choose(rng, len(day), rates), home)
    return home


def _was_open(shops: Shops, store: Ints, day: Ints) -> Mask:
    return np.where(day < 0, shops.opened[store] <= day, shops.is_open(store, day))


def _join_seconds(rng: Rng, shops: Shops, channel: Ints, home: Ints, day: Ints) -> Ints:
    """In opening hours where the store takes part, else mostly in the evening.

    Who would join in a store that is shut joins in the mini-program instead (in `channel`).
    """
    needs_store = np.isin(channel, (SCAN, TILL, EVENT))
    channel[needs_store & ~_was_open(shops, home, day)] = MINI
    needs_store = np.isin(channel, (SCAN, TILL, EVENT))
    return np.where(needs_store, shop_seconds(rng, day), evening_seconds(rng, day))


def _assemble(
    setting: Setting,
    rng: Rng,
    shops: Shops,
    staff: Staff,
    *,
    joined: Ints,
    channel: Ints,
    home: Ints,
) -> People:
    members = len(joined)
    strangers = max(members // 2, 4 * shops.size)
    in_store = (channel != MINI) & ((channel != REFERRAL) | (rng.random(members) < 0.4))
    in_store &= _was_open(shops, home, joined // DAY)
    guide = np.where(in_store, staff.pick(rng, home, joined // DAY), NONE)
    guide = np.where(rng.random(members) < 0.85, guide, NONE)
    bound_guide, bound_at = _bindings(rng, setting, staff, home=home, guide=guide, joined=joined)
    rate: Floats = rng.gamma(0.8, 1.0, members + strangers) + 0.02
    key = _home_day(home, joined // DAY)
    stranger_home = choose(rng, strangers, shops.rate.tolist())
    return People(
        members=members,
        home=np.concatenate([home, stranger_home]),
        rate=rate,
        joined=np.concatenate([joined, np.full(strangers, LATE)]),
        left=np.concatenate([_leavers(rng, setting, joined), np.full(strangers, LATE)]),
        visitor=_visitors(rng, members, strangers),
        channel=channel,
        join_store=np.where(in_store, home, NONE),
        join_guide=guide,
        bound_guide=bound_guide,
        bound_at=bound_at,
        referrer=_referrers(rng, channel),
        merged_into=_mergers(rng, members),
        by_home=Weighted(home, rate[:members], shops.size),
        home_days=np.sort(key),
        strangers=Weighted(stranger_home, rate[members:], shops.size),
    )


def _home_day(store: Ints, day: Ints) -> Ints:
    return store * (2 * FAR) + day + FAR


def _bindings(
    rng: Rng, setting: Setting, staff: Staff, *, home: Ints, guide: Ints, joined: Ints
) -> tuple[Ints, Ints]:
    """Bound guide and second of binding: mostly who won the member, at once; some others later."""
    drawn = rng.random(len(home))
    own = np.where(drawn < 0.6, guide, NONE)
    late = np.where(drawn > 0.9, later(rng, np.maximum(joined, 0), 20.0), NONE)
    late = np.where(late < setting.horizon, late, NONE)
    other = staff.pick(rng, home, np.maximum(late, 0) // DAY)
    return np.where(late == NONE, own, other), np.where(other == NONE, NONE, late)


def _leavers(rng: Rng, setting: Setting, joined: Ints) -> Ints:
    leaves = some(rng, len(joined), 0.01, 2)
    left = later(rng, np.maximum(joined, 0), setting.days / 3)
    return np.where(leaves & (left < setting.horizon), left, LATE)


def _visitors(rng: Rng, members: int, strangers: int) -> Ints:
    """Visitor numbers in no order; some members have none, a few share one (a family's phone)."""
    visitor = rng.permutation(members + strangers)
    visitor[:members][rng.random(members) < 0.12] = NONE
    online = np.flatnonzero(visitor[:members] != NONE)
    shares = online[some(rng, len(online), 0.002, 2)]
    visitor[shares[1::2]] = visitor[shares[: len(shares) // 2 * 2 : 2]]
    return visitor


def _referrers(rng: Rng, channel: Ints) -> Ints:
    """A member who joined earlier, for those whom a friend brought."""
    rank = np.arange(len(channel))
    drawn = np.floor(rng.random(len(channel)) * rank).astype(np.int64)
    return np.where((channel == REFERRAL) & (rank > 0), drawn, NONE)


def _mergers(rng: Rng, members: int) -> Ints:
    """The surviving member of a doublet, always one who joined earlier, so there is no circle."""
    merged = np.flatnonzero(some(rng, members, 0.004, 2))
    merged = merged[merged > 0]
    into = np.full(members, NONE, dtype=np.int64)
    into[merged] = np.floor(rng.random(len(merged)) * merged).astype(np.int64)
    # One doublet of a doublet: merging twice happens.
    if len(merged) > 1:
        into[merged[-1]] = merged[-2]
    return into
