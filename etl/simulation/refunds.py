"""What comes back of online orders: by refund, or over a shop's counter (one or the other)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etl.simulation.chance import NONE, Ints, Rng, choose, deal, some
from etl.simulation.orders import Orders
from etl.simulation.setting import DAY, later, shop_seconds
from etl.simulation.world import World

REASONS = ("size", "quality", "changed_mind", "cancelled")
CANCELLED = 3


class Refunds(NamedTuple):
    """One entry per refunded line: order and line position, second, pieces, amount in fen."""

    refund: Ints
    order: Ints
    row: Ints  # position in the orders' baskets
    at: Ints
    quantity: Ints
    amount: Ints
    store: Ints  # NONE: handled centrally
    reason: Ints


class Counter(NamedTuple):
    """Online lines returned over a counter: position in the baskets, store, second."""

    row: Ints
    store: Ints
    at: Ints


def make_refunds(world: World, orders: Orders) -> tuple[Refunds, Counter]:
    """Refunds of delivered and of cancelled orders, and the lines that shops took back."""
    rng = world.setting.rng("refunds")
    row, at = _returned(rng, world, orders)
    counter, by_post = _over_counter(rng, world, orders, row, at)
    parts = [_posted(rng, orders, row[by_post], at[by_post]), _cancelled(rng, world, orders)]
    refunds = Refunds(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((refunds.row, refunds.refund, refunds.at))
    refunds = Refunds(*(column[order] for column in refunds))
    kept = world.setting.inside(refunds.at) & (refunds.amount > 0)
    refunds = Refunds(*(column[kept] for column in refunds))
    return _numbered(_handled(rng, world, refunds)), counter


def _returned(rng: Rng, world: World, orders: Orders) -> tuple[Ints, Ints]:
    """Lines of paid, uncancelled orders that come back, and when: days after they arrived."""
    lines = orders.baskets
    paid, cancelled = orders.paid[lines.owner], orders.cancelled[lines.owner]
    rows = np.flatnonzero((paid != NONE) & (cancelled == NONE) & (lines.net > 0))
    rows = rows[some(rng, len(rows), 0.1, 8)]
    owner = lines.owner[rows]
    arrived = np.where(orders.fulfilled[owner] == NONE, paid[rows], orders.fulfilled[owner])
    at = later(rng, arrived + 3600, 6.0)
    kept = world.setting.inside(at)
    return rows[kept], at[kept]


def _over_counter(
    rng: Rng, world: World, orders: Orders, row: Ints, at: Ints
) -> tuple[Counter, Ints]:
    """Returns that a shop takes back itself, and the positions of all others."""
    owner = orders.baskets.owner[row]
    near = _near(rng, world, orders, owner)
    at_counter = np.maximum(shop_seconds(rng, at // DAY), orders.paid[owner] + 60)
    own_channel = orders.channel[owner] < 3
    taken = own_channel & some(rng, len(row), 0.3, 2) & (at_counter // DAY == at // DAY)
    taken &= world.shops.is_open(near, at // DAY)
    return Counter(row[taken], near[taken], at_counter[taken]), np.flatnonzero(~taken)


def _near(rng: Rng, world: World, orders: Orders, owner: Ints) -> Ints:
    """A store for each order: where it was placed, else the shopper's, else some store."""
    person = orders.person[owner]
    anywhere = rng.integers(0, world.shops.size, len(owner))
    home = np.where(person == NONE, anywhere, world.people.home[person])
    return np.where(orders.origin[owner] == NONE, home, orders.origin[owner])


def _posted(rng: Rng, orders: Orders, row: Ints, at: Ints) -> Refunds:
    """Whole lines, parts of the amount, money only, and lines refunded in two steps."""
    kind = deal(rng, len(row), [(0, 0), (0.12, 1), (0.1, 1), (0.08, 1)])
    net, quantity = orders.baskets.net[row], orders.baskets.quantity[row]
    part = np.maximum((net * rng.uniform(0.1, 0.6, len(row))).astype(np.int64), 1)
    amount = np.where(kind == 0, net, part)
    pieces = np.where(kind >= 2, 0, np.where(kind == 1, 1, quantity))
    twice = kind == 3
    number = np.arange(len(row))
    rows = np.concatenate([row, row[twice]])
    size = len(rows)
    return Refunds(
        refund=np.concatenate([number, len(row) + number[twice]]),
        order=orders.baskets.owner[rows],
        row=rows,
        at=np.concatenate([at, at[twice] + rng.integers(3600, 5 * DAY, int(twice.sum()))]),
        quantity=np.concatenate([pieces, quantity[twice]]),
        amount=np.concatenate([amount, (net - part)[twice]]),
        store=np.full(size, NONE),
        reason=choose(rng, size, (5, 2, 3)),
    )


def _cancelled(rng: Rng, world: World, orders: Orders) -> Refunds:
    """Refunds of orders cancelled after payment: all of it, a part, or (nothing here) none yet."""
    lines = orders.baskets
    gone = (orders.paid != NONE) & (orders.cancelled != NONE)
    kind = deal(rng, len(gone), [(0, 0), (0.4, 1), (0.2, 1)])
    rows = np.flatnonzero((gone & (kind > 0))[lines.owner] & (lines.net > 0))
    owner = lines.owner[rows]
    delay = rng.integers(60, 2 * DAY, len(gone))
    whole = kind[owner] == 1
    return Refunds(
        refund=10**9 + owner,
        order=owner,
        row=rows,
        at=np.maximum(orders.cancelled, orders.paid)[owner] + delay[owner],
        quantity=np.where(whole, lines.quantity[rows], 0),
        amount=np.where(whole, lines.net[rows], lines.net[rows] // 3),
        store=np.full(len(rows), NONE),
        reason=np.full(len(rows), CANCELLED),
    )


def _handled(rng: Rng, world: World, refunds: Refunds) -> Refunds:
    """Some refunds are given by a store, one that is open."""
    by_store = some(rng, len(refunds.at), 0.15, 1)
    store = rng.integers(0, world.shops.size, len(refunds.at))
    by_store &= world.shops.is_open(store, refunds.at // DAY)
    return refunds._replace(store=np.where(by_store, store, NONE))


def _numbered(refunds: Refunds) -> Refunds:
    """Number the refunds anew, in order of first appearance."""
    _, first, inverse = np.unique(refunds.refund, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return refunds._replace(refund=rank[inverse])
