"""Online orders: placed in the shop after a scan, at home some days later, or on their own."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from etl.simulation.baskets import Baskets, fill_baskets
from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, choose, deal, some
from etl.simulation.coupons import ROUND_DAYS
from etl.simulation.setting import DAY, FAR, evening_seconds, later
from etl.simulation.stock import on_hand
from etl.simulation.visits import Visits, with_exact
from etl.simulation.world import World

CHANNELS = ("mini_program", "official_site", "app", "tmall", "jd")
FULFILMENTS = ("take_away", "store_pickup", "ship_from_store", "ship_from_warehouse")
TAKE, PICKUP, SHOP, WAREHOUSE = range(4)
TENDERS = ("wechat_pay", "alipay", "card", "cash", "mall")
OWN_ORDERS_A_DAY = 1.7
"""Orders without a scan before them, per store and average day."""
WINDOW = 14 * DAY
"""The credit window: some orders fall exactly on its end."""


@dataclass(frozen=True)
class Wishes:
    """Orders about to be placed: one entry each; NONE where a column does not apply."""

    at: Ints
    person: Ints
    channel: Ints
    origin: Ints
    near: Ints  # the shopper's store, for pick-up and shipping
    guide: Ints
    brand: Ints
    sku: Ints


@dataclass(frozen=True)
class Orders:
    """Order headers in order of time, seconds and codes; `baskets` are their lines."""

    at: Ints
    person: Ints
    member: Ints
    visitor: Ints
    channel: Ints
    origin: Ints
    guide: Ints
    split: Ints
    fulfilment: Ints
    fulfil_store: Ints
    coupon: Ints
    tender: Ints
    device: Ints
    paid: Ints
    fulfilled: Ints
    cancelled: Ints
    shipping: Ints
    splits: list[str]
    baskets: Baskets


def make_orders(world: World, visits: Visits) -> Orders:
    """All online orders of the period with their lines and what became of them."""
    rng = world.setting.rng("orders")
    wishes = _joined([_in_shop(rng, world, visits), _at_home(rng, world, visits), _own(rng, world)])
    wishes = _sorted_inside(world, wishes)
    day = wishes.at // DAY
    discount = world.weights.promotion[day] + np.where(wishes.channel >= 3, 0.06, 0.0)
    baskets = fill_baskets(rng, world.catalogue, wishes.brand, day, discount, first=wishes.sku)
    return _headers(rng, world, wishes, baskets)


def _in_shop(rng: Rng, world: World, visits: Visits) -> Wishes:
    """Ordered on the spot, minutes after the scan; a few in the very second of it."""
    chosen = np.flatnonzero(some(rng, len(visits.at), 0.09, 2))
    at = visits.at[chosen] + rng.integers(240, 2400, len(chosen))
    at = with_exact(rng, at, visits.at[chosen], 0.01)
    guide = np.where(rng.random(len(chosen)) < 0.7, visits.guide[chosen], NONE)
    sku = _same_or_sibling(rng, world, visits.sku[chosen], 0.15)
    origin = visits.store[chosen]
    return _wish(rng, world, visits.person[chosen], at, sku=sku, origin=origin, guide=guide)


def _at_home(rng: Rng, world: World, visits: Visits) -> Wishes:
    """Ordered on the phone within twenty days, some at the very end of the credit window."""
    chosen = np.flatnonzero(some(rng, len(visits.at), 0.11, 3))
    scanned = visits.at[chosen]
    day = np.minimum(later(rng, scanned, 5.0), scanned + 20 * DAY) // DAY
    at = np.maximum(evening_seconds(rng, day), scanned + 1800)
    at = with_exact(rng, at, scanned + WINDOW, 0.02)
    guide = np.where(rng.random(len(chosen)) < 0.08, visits.guide[chosen], NONE)
    sku = _same_or_sibling(rng, world, visits.sku[chosen], 0.4)
    nowhere = np.full(len(chosen), NONE)
    return _wish(rng, world, visits.person[chosen], at, sku=sku, origin=nowhere, guide=guide)


def _wish(
    rng: Rng, world: World, person: Ints, at: Ints, *, sku: Ints, origin: Ints, guide: Ints
) -> Wishes:
    """A wish in one of the own channels for a scanned garment."""
    channel = choose(rng, len(at), (0.84, 0.08, 0.08))
    brand = world.catalogue.brand[sku]
    near = np.where(origin == NONE, world.people.home[person], origin)
    return Wishes(at, person, channel, origin, near, guide, brand, sku)


def _own(rng: Rng, world: World) -> Wishes:
    """Orders that no scan led to, marketplaces included; Double 11 and the like are here."""
    setting, people = world.setting, world.people
    expected = OWN_ORDERS_A_DAY * setting.stores * world.weights.online
    day = np.repeat(np.arange(setting.days), rng.poisson(expected))
    channel = choose(rng, len(day), (0.33, 0.11, 0.12, 0.28, 0.16))
    near = choose(rng, len(day), world.shops.rate.tolist())
    member = people.member_of(rng, near, day)
    person = np.where(rng.random(len(day)) < 0.6, member, people.stranger_of(rng, near))
    # Marketplaces seldom say who bought.
    person = np.where((channel >= 3) & (rng.random(len(day)) < 0.75), NONE, person)
    guided = (channel < 3) & (rng.random(len(day)) < 0.06)
    guide = np.where(guided, world.staff.pick(rng, near, day), NONE)
    brand = np.where(
        rng.random(len(day)) < 0.7, world.shops.brand_on(near, day), rng.integers(0, 4, len(day))
    )
    nothing = np.full(len(day), NONE)
    at = _campaign_seconds(rng, world, day)
    return Wishes(at, person, channel, nothing, near, guide, brand, nothing)


def _campaign_seconds(rng: Rng, world: World, day: Ints) -> Ints:
    """Evening on an ordinary day, the first hours on a big one."""
    big = world.weights.online[day] > 2.5
    rush = day * DAY + np.minimum(rng.exponential(9000.0, len(day)), 80_000).astype(np.int64)
    return np.where(big & (rng.random(len(day)) < 0.5), rush, evening_seconds(rng, day))


def _same_or_sibling(rng: Rng, world: World, sku: Ints, rate: float) -> Ints:
    return np.where(rng.random(len(sku)) < rate, world.catalogue.sibling(rng, sku), sku)


def _joined(parts: list[Wishes]) -> Wishes:
    names = [field.name for field in fields(Wishes)]
    return Wishes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _sorted_inside(world: World, wishes: Wishes) -> Wishes:
    order = np.argsort(wishes.at, kind="stable")
    order = order[world.setting.inside(wishes.at[order])]
    return Wishes(*(getattr(wishes, field.name)[order] for field in fields(Wishes)))


def _headers(rng: Rng, world: World, wishes: Wishes, baskets: Baskets) -> Orders:
    """Guides, fulfilment, payment and the rest of each order."""
    size = len(wishes.at)
    fulfilment, fulfil_store = _fulfilments(rng, world, wishes, baskets)
    at, paid, fulfilled, cancelled = _fates(rng, world, wishes, fulfilment)
    member, visitor = world.people.shown(rng, wishes.person, at)
    chosen = np.flatnonzero((wishes.guide != NONE) & some(rng, size, 0.06, 2))
    split, splits = world.shares(
        rng, size, chosen, store=wishes.near, day=at // DAY, guide=wishes.guide
    )
    marketplace = wishes.channel >= 3
    tender = np.where(marketplace, choose(rng, size, (0, 7, 3)), choose(rng, size, (7, 2, 1)))
    shipped = (fulfilment >= SHOP) & (rng.random(size) < 0.3)
    return Orders(
        at=at,
        person=wishes.person,
        member=member,
        visitor=np.where(marketplace, NONE, visitor),
        channel=wishes.channel,
        origin=wishes.origin,
        guide=np.where((split != NONE) & (rng.random(size) < 0.3), NONE, wishes.guide),
        split=split,
        fulfilment=fulfilment,
        fulfil_store=fulfil_store,
        coupon=_coupons(rng, world, wishes, at),
        tender=tender,
        device=np.where(rng.random(size) < 0.05, NONE, choose(rng, size, (85, 15))),
        paid=paid,
        fulfilled=fulfilled,
        cancelled=cancelled,
        shipping=np.where(shipped, choose(rng, size, (1, 1)) * 200 + 800, 0),
        splits=splits,
        baskets=baskets,
    )


def _coupons(rng: Rng, world: World, wishes: Wishes, at: Ints) -> Ints:
    """The shared coupon of a recent round, on some orders of own channels."""
    latest = np.minimum(at // DAY // ROUND_DAYS, world.coupons.rounds - 1) // 2 * 2
    chosen = some(rng, len(at), 0.05, 2) & (wishes.channel < 3)
    return np.where(chosen, latest, NONE)


def _fulfilments(rng: Rng, world: World, wishes: Wishes, baskets: Baskets) -> tuple[Ints, Ints]:
    """How and by which store each order is served; what is out of stock here is sent."""
    size = len(wishes.at)
    here = wishes.origin != NONE
    first = baskets.sku[baskets.line == 1]
    short = here & (on_hand(world.setting, wishes.near, wishes.at // DAY, first) <= 0)
    away = choose(rng, size, (0, 0.18, 0.17, 0.65))
    fulfilment = np.where(here, choose(rng, size, (0.45, 0.15, 0.15, 0.25)), away)
    fulfilment = np.where(short, choose(rng, size, (0, 0, 0.4, 0.6)), fulfilment)
    fulfilment = np.where(wishes.channel >= 3, WAREHOUSE, fulfilment)
    elsewhere = short | (rng.random(size) < 0.4)
    sender = np.where(elsewhere, world.shops.another(rng, wishes.near), wishes.near)
    store = np.where(fulfilment == SHOP, sender, wishes.near)
    shut = ~world.shops.is_open(store, wishes.at // DAY)
    fulfilment = np.where(shut, WAREHOUSE, fulfilment)
    return fulfilment, np.where(fulfilment == WAREHOUSE, NONE, store)


def _fates(
    rng: Rng, world: World, wishes: Wishes, fulfilment: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """Seconds of ordering, payment, fulfilment and cancelling; what lies ahead is NONE."""
    size = len(wishes.at)
    at, paid = _payments(rng, world, wishes)
    fate = deal(rng, size, [(0, 0), (0.04, 2), (0.03, 2), (0.035, 3), (0.002, 1)])
    fate = np.where((wishes.origin != NONE) & (fulfilment == TAKE), 0, fate)
    fulfilled = paid + _delays(rng, fulfilment)
    cancelled = np.where(fate == 2, later(rng, at + 600, 0.5), FAR * DAY)
    cancelled = np.where(fate == 3, later(rng, paid + 1800, 1.0), cancelled)
    # A clock out of step: cancelled a little before the payment came through.
    cancelled = np.where(fate == 4, np.maximum(paid - 60, at), cancelled)
    paid = np.where((fate == 1) | (fate == 2), FAR * DAY, paid)
    fulfilled = np.where((fate == 0) & (paid < FAR * DAY), fulfilled, FAR * DAY)
    ahead = world.setting.horizon
    done = [np.where(second < ahead, second, NONE) for second in (paid, fulfilled, cancelled)]
    return at, done[0], done[1], done[2]


def _payments(rng: Rng, world: World, wishes: Wishes) -> tuple[Ints, Ints]:
    """Ordering and payment: mostly minutes apart; presale deposits come weeks before."""
    size = len(wishes.at)
    big: Mask = world.weights.online[wishes.at // DAY] > 2.5
    presale = big & (wishes.sku == NONE) & (rng.random(size) < 0.4)
    deposit: Floats = rng.uniform(0.5, 17.0, size) * DAY
    at = np.where(presale, np.maximum(wishes.at - deposit.astype(np.int64), 0), wishes.at)
    slow = some(rng, size, 0.03, 3) & ~presale
    paid = wishes.at + np.minimum(rng.exponential(120.0, size), 1800).astype(np.int64) + 5
    paid = np.where(slow, later(rng, paid + 7200, 1.5), paid)
    # On the big day the balance is paid that day, however late it was ordered.
    last_second = (wishes.at // DAY) * DAY + DAY - 1
    return at, np.where(presale, np.minimum(paid, last_second), paid)


def _delays(rng: Rng, fulfilment: Ints) -> Ints:
    """Seconds from payment to hand-over or delivery."""
    mean = np.array([0.007, 1.2, 2.2, 2.8])[fulfilment]
    days: Floats = rng.gamma(3.0, 1.0, len(fulfilment)) / 3 * mean
    return 300 + (days * DAY).astype(np.int64)
