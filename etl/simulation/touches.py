"""Touchpoints: what shoppers do with their phones, in shops, at home, with coupons and guides."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.simulation.binding import bind_results
from etl.simulation.chance import NONE, Ints, Mask, Rng, choose, some
from etl.simulation.coupons import campaign_on
from etl.simulation.orders import Orders
from etl.simulation.setting import DAY, evening_seconds, later, shop_seconds
from etl.simulation.visits import Visits, scan_kind, shoppers, store_days, with_exact
from etl.simulation.world import World

EVENTS = (
    "tag_scan",
    "guide_scan",
    "outfit_view",
    "product_view",
    "favourite",
    "add_to_cart",
    "share",
    "follow",
    "unfollow",
    "card_view",
    "coupon_issued",
    "coupon_redeemed",
    "check_in",
    "message_in",
    "message_out",
)
CODE = {name: code for code, name in enumerate(EVENTS)}
CHANNELS = ("mini_program", "wecom", "sms", "official_account")
COLUMNS = ("event", "at", "person", "store", "guide", "sku", "campaign", "coupon", "order")


def make_touches(world: World, visits: Visits, orders: Orders) -> pl.DataFrame:
    """One row per event in order of time, codes and seconds; `member` and `visitor` as shown.

    Events that could name nobody (a member-to-be who was never seen online) are left out.
    """
    rng = world.setting.rng("touches")
    parts = [*_scans(rng, world, visits), *_joins(rng, world), *_coupons(rng, world, orders)]
    parts += [*_strangers(rng, world), *_messages(rng, world), *_browsing(rng, world)]
    frame = pl.concat(parts)
    at, person = frame["at"].to_numpy(), frame["person"].to_numpy()
    member, visitor = world.people.shown(rng, person, at)
    nameable = (member != NONE) | (visitor != NONE)
    frame = frame.with_columns(member=pl.Series(member), visitor=pl.Series(visitor))
    kept = pl.Series(world.setting.inside(at) & nameable)
    frame = frame.filter(kept).sort("at", "event", "person", "sku")
    return bind_results(rng, world.people, _finished(rng, world, frame), CODE["guide_scan"])


def _touch(event: str | Ints, at: Ints, person: Ints, **others: Ints) -> pl.DataFrame:
    """A frame of COLUMNS with what the event has; NONE elsewhere."""
    code = np.full(len(at), CODE[event]) if isinstance(event, str) else event
    given = {"event": code, "at": at, "person": person, **others}
    nothing = np.full(len(at), NONE)
    return pl.DataFrame({name: given.get(name, nothing).astype(np.int64) for name in COLUMNS})


def _finished(rng: Rng, world: World, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the channel, and the running campaign to some of the events that state none."""
    event, at = frame["event"].to_numpy(), frame["at"].to_numpy()
    channel = choose(rng, len(at), (9, 0, 0, 1))
    message = event >= CODE["message_in"]
    channel = np.where(message, 1, np.where(event == CODE["coupon_issued"], 2, channel))
    running = campaign_on(world.setting, world.coupons.campaigns)[at // DAY]
    shown = (event < CODE["follow"]) & (rng.random(len(at)) < 0.12)
    stated = frame["campaign"].to_numpy()
    campaign = np.where((stated == NONE) & shown, running, stated)
    return frame.with_columns(campaign=pl.Series(campaign), channel=pl.Series(channel))


def _scans(rng: Rng, world: World, visits: Visits) -> list[pl.DataFrame]:
    """The scans of each visit, then what the shopper looked at."""
    kind = scan_kind(rng, visits)
    size = len(visits.at)
    tagged_at = visits.at + rng.integers(15, 240, size)
    tagged_at = with_exact(rng, tagged_at, visits.at, 0.02)
    named = np.where(rng.random(size) < 0.6, visits.guide, NONE)
    guide_scan = _pick(visits, "guide_scan", visits.at, kind >= 1, guide=visits.guide)
    tag = _pick(visits, "tag_scan", tagged_at, kind <= 1, guide=named, sku=visits.sku)
    second_at = tagged_at + rng.integers(60, 600, size)
    second = (visits.second_sku != NONE) & (kind <= 1)
    again = _pick(visits, "tag_scan", second_at, second, guide=named, sku=visits.second_sku)
    return [guide_scan, tag, again, *_interest(rng, visits, tagged_at)]


def _pick(
    visits: Visits,
    event: str,
    at: Ints,
    which: Mask,
    *,
    guide: Ints | None = None,
    sku: Ints | None = None,
) -> pl.DataFrame:
    """One event for `which` visits, in the visit's store."""
    named = np.full(len(at), NONE) if guide is None else guide
    garment = np.full(len(at), NONE) if sku is None else sku
    return _touch(
        event,
        at[which],
        visits.person[which],
        store=visits.store[which],
        guide=named[which],
        sku=garment[which],
    )


def _interest(rng: Rng, visits: Visits, tagged_at: Ints) -> list[pl.DataFrame]:
    """Outfits, products, favourites, carts and shares in the minutes after the scan."""
    size = len(visits.at)
    rates = {
        "outfit_view": 0.55,
        "product_view": 0.4,
        "favourite": 0.13,
        "add_to_cart": 0.18,
        "share": 0.05,
    }
    guide = np.where(rng.random(size) < 0.4, visits.guide, NONE)
    return [
        _pick(
            visits,
            name,
            tagged_at + rng.integers(5, 400, size),
            rng.random(size) < rate,
            guide=guide if name == "share" else None,
            sku=visits.sku,
        )
        for name, rate in rates.items()
    ]


def _joins(rng: Rng, world: World) -> list[pl.DataFrame]:
    """A card or account looked at before joining; a few give up following afterwards."""
    people = world.people
    member = np.arange(people.members)
    joined = people.joined[: people.members]
    what = choose(rng, people.members, (0.4, 0.25, 0.35))
    before = joined - np.minimum(rng.exponential(1.5 * DAY, len(joined)), 40 * DAY).astype(np.int64)
    viewed, followed = (joined >= 0) & (what == 0), (joined >= 0) & (what == 1)
    gone = followed & some(rng, people.members, 0.05, 2)
    return [
        _touch("card_view", before[viewed] - 5, member[viewed]),
        _touch("follow", before[followed] - 5, member[followed]),
        _touch("unfollow", later(rng, joined[gone], 20.0), member[gone]),
    ]


def _coupons(rng: Rng, world: World, orders: Orders) -> list[pl.DataFrame]:
    """Coupons issued, the check-in, and the coupon rung up at the till or used online."""
    issues = world.coupons
    came = issues.visited != NONE
    used = (issues.bought != NONE) & issues.stated & (rng.random(len(issues.issued)) < 0.9)
    online = (orders.coupon != NONE) & (orders.paid != NONE) & (orders.person != NONE)
    about = {"campaign": issues.campaign, "coupon": issues.coupon}
    at_till = {name: column[used] for name, column in about.items()}
    return [
        _touch("coupon_issued", issues.issued, issues.person, **about),
        _touch("check_in", issues.visited[came], issues.person[came], store=issues.store[came]),
        _touch(
            "coupon_redeemed",
            issues.bought[used],
            issues.person[used],
            store=issues.store[used],
            **at_till,
        ),
        _touch(
            "coupon_redeemed",
            orders.paid[online],
            orders.person[online],
            coupon=orders.coupon[online],
            order=np.flatnonzero(online),
        ),
    ]


def _strangers(rng: Rng, world: World) -> list[pl.DataFrame]:
    """Card views, follows and check-ins of people who (so far) do not join."""
    store, day = store_days(rng, world.shops, world.weights, 0.6)
    person = world.people.stranger_of(rng, store)
    codes = np.array([CODE["card_view"], CODE["follow"], CODE["check_in"]])
    event = codes[choose(rng, len(day), (5, 4, 2))]
    place = np.where(event == CODE["check_in"], store, NONE)
    return [_touch(event, shop_seconds(rng, day), person, store=place)]


def _messages(rng: Rng, world: World) -> list[pl.DataFrame]:
    """A guide writes to a member; some answer within hours."""
    store, day = store_days(rng, world.shops, world.weights, 0.8)
    person = world.people.member_of(rng, store, day)
    met = person != NONE
    store, day, person = store[met], day[met], person[met]
    guide = world.staff.pick(rng, store, day)
    at = shop_seconds(rng, day)
    answers = rng.random(len(at)) < 0.3
    answered = later(rng, at[answers], 0.1)
    return [
        _touch("message_out", at, person, guide=guide),
        _touch("message_in", answered, person[answers], guide=guide[answers]),
    ]


def _browsing(rng: Rng, world: World) -> list[pl.DataFrame]:
    """Evenings at home: garments looked at, saved, or passed on, by a guide too."""
    store, day = store_days(rng, world.shops, world.weights, 1.2)
    person = shoppers(rng, world.shops, world.people, store, day, members=0.75)
    kinds = ("product_view", "outfit_view", "favourite", "add_to_cart", "share")
    codes = np.array([CODE[name] for name in kinds])
    event = codes[choose(rng, len(day), (5, 3, 1, 1, 2))]
    by_guide = (event == CODE["share"]) & (rng.random(len(day)) < 0.6)
    guide = np.where(by_guide, world.staff.pick(rng, store, day), NONE)
    place = np.where(by_guide & (rng.random(len(day)) < 0.3), store, NONE)
    sku = world.catalogue.pick(rng, world.shops.brand_on(store, day), day)
    at = evening_seconds(rng, day)
    return [_touch(event, at, person, store=place, guide=guide, sku=sku)]
