"""Receipts: who bought what in which shop, served by whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from etl.simulation.baskets import Baskets, fill_baskets
from etl.simulation.chance import NONE, Ints, Rng, choose, rank_within, some
from etl.simulation.people import TILL
from etl.simulation.setting import DAY, later, shop_seconds
from etl.simulation.staff import lent
from etl.simulation.visits import shoppers, store_days
from etl.simulation.world import World

RECEIPTS_A_DAY = 9.7
"""Receipts of an average store and day, besides coupon, welcome and joining purchases."""
ORIGINAL = ("original_store", "original_day", "original_seq", "original_line")
ORIGINAL_ORDER = ("original_order", "original_order_line")


class Requests(NamedTuple):
    """Purchases to ring up: store, business day, second, member or NONE, coupon or NONE."""

    store: Ints
    day: Ints
    at: Ints
    member: Ints
    coupon: Ints


def make_sales(world: World) -> tuple[pl.DataFrame, list[str]]:
    """One row per sale line in order of store, day and time; and the `guide_shares` texts.

    Columns are codes: a receipt is (store, day, seq), amounts are fen, NONE means empty.
    """
    rng = world.setting.rng("till")
    parts = [_passing(rng, world), _welcome(rng, world), _joining(world), _coupon(rng, world)]
    requests = Requests(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((requests.at, requests.day, requests.store))
    requests = Requests(*(column[order] for column in requests))
    headers, splits = _headers(rng, world, requests)
    discount = world.weights.promotion[requests.day] + 0.1 * (requests.coupon != NONE)
    brand = world.shops.brand_on(requests.store, requests.day)
    baskets = fill_baskets(rng, world.catalogue, brand, requests.day, discount)
    return _lines(headers, baskets), splits


def _passing(rng: Rng, world: World) -> Requests:
    """Everyday trade, after midnight too where the store's day ends later."""
    store, day = store_days(rng, world.shops, world.weights, RECEIPTS_A_DAY)
    at = shop_seconds(rng, day)
    hours = world.shops.cutoff[store]
    nightly = (hours > 0) & (rng.random(len(day)) < 0.05) & (day < world.setting.days - 1)
    night = (day + 1) * DAY + np.floor(rng.random(len(day)) * hours * 3600).astype(np.int64)
    at = np.where(nightly, night, at)
    person = shoppers(rng, world.shops, world.people, store, day, members=1.0)
    shown = world.people.known(person, at) & (rng.random(len(day)) < 0.55)
    return Requests(store, day, at, np.where(shown, person, NONE), np.full(len(day), NONE))


def _welcome(rng: Rng, world: World) -> Requests:
    """The first purchase of some new members, in their store, within weeks."""
    people = world.people
    joined = people.joined[: people.members]
    chosen = np.flatnonzero((joined >= 0) & some(rng, people.members, 0.3, 4))
    day = later(rng, joined[chosen], 14.0) // DAY
    at = np.maximum(shop_seconds(rng, day), joined[chosen] + 300)
    store = people.home[chosen]
    kept = world.setting.inside(at) & world.shops.is_open(store, day) & (at // DAY == day)
    columns = (store, day, at, chosen, np.full(len(day), NONE))
    return Requests(*(column[kept] for column in columns))


def _joining(world: World) -> Requests:
    """Those who join at the till pay a minute later."""
    people = world.people
    joined = people.joined[: people.members]
    chosen = np.flatnonzero((joined >= 0) & (people.channel == TILL) & (people.join_store != NONE))
    at = joined[chosen] + 60
    return Requests(people.join_store[chosen], at // DAY, at, chosen, np.full(len(chosen), NONE))


def _coupon(rng: Rng, world: World) -> Requests:
    """Purchases that a coupon led to; some tills forget the coupon or the member."""
    issues = world.coupons
    chosen = np.flatnonzero(issues.bought != NONE)
    at, person = issues.bought[chosen], issues.person[chosen]
    shown = world.people.known(person, at) & (rng.random(len(chosen)) < 0.93)
    coupon = np.where(issues.stated[chosen], issues.coupon[chosen], NONE)
    member = np.where(shown, person, NONE)
    return Requests(issues.store[chosen], at // DAY, at, member, coupon)


def _headers(rng: Rng, world: World, requests: Requests) -> tuple[pl.DataFrame, list[str]]:
    """Receipt number, guide or shares, tender and void mark of each purchase."""
    size = len(requests.at)
    store, day = requests.store, requests.day
    guide = lent(rng, world.staff, world.shops, store=store, day=day, rate=0.02)
    guide = np.where(rng.random(size) < 0.1, NONE, guide)
    chosen = np.flatnonzero((guide != NONE) & some(rng, size, 0.04, 3))
    split, splits = world.shares(rng, size, chosen, store=store, day=day, guide=guide)
    shared_only = (split != NONE) & (rng.random(size) < 0.3)
    columns = {
        **requests._asdict(),
        "seq": 1 + rank_within(store * world.setting.days + day),
        "guide": np.where(shared_only, NONE, guide),
        "split": split,
        "tender": _tenders(rng, world, store),
        "void": some(rng, size, 0.0003, 1).astype(np.int64),
    }
    return pl.DataFrame(columns), splits


def _tenders(rng: Rng, world: World, store: Ints) -> Ints:
    """WeChat mostly; a mall wants part of its shops' sales on its own till."""
    plain = choose(rng, len(store), (50, 27, 13, 10))
    in_mall = (world.shops.site[store] == 0) & (rng.random(len(store)) < 0.25)
    return np.where(in_mall, 4, plain)


def _lines(headers: pl.DataFrame, baskets: Baskets) -> pl.DataFrame:
    columns = {
        "line": baskets.line,
        "sku": baskets.sku,
        "quantity": baskets.quantity,
        "listed": baskets.listed,
        "net": baskets.net,
    }
    empty = {name: np.full(len(baskets.line), NONE) for name in (*ORIGINAL, *ORIGINAL_ORDER)}
    return headers[baskets.owner].with_columns(**_series({**columns, **empty}))


def _series(columns: dict[str, Ints]) -> dict[str, pl.Series]:
    return {name: pl.Series(values) for name, values in columns.items()}
