"""Campaigns, and the coupons that bring people from the phone into a shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from etl.simulation.chance import NONE, Ints, Mask, Rng, choose, some
from etl.simulation.people import People
from etl.simulation.seasons import NEW_YEARS, QIXI
from etl.simulation.setting import DAY, Setting, evening_seconds, later, shop_seconds
from etl.simulation.shops import Shops

ROUND_DAYS = 30
VALID_DAYS = 20
# (name, kind, first month-day, last month-day): campaigns of every year.
YEARLY = (
    ("618", "presale", "06-01", "06-18"),
    ("Double 11", "presale", "10-24", "11-11"),
    ("Double 12", "coupon", "12-10", "12-12"),
    ("National Day", "event", "10-01", "10-07"),
    ("May Day", "event", "05-01", "05-05"),
)


class Campaign(NamedTuple):
    """A campaign and its dates, both included; budget in yuan."""

    id: str
    name: str
    starts: date
    ends: date
    kind: str
    anchor: str | None
    budget: int


@dataclass(frozen=True)
class Coupons:
    """Issued coupons and what came of them, one entry per issue.

    `visited` and `bought` are seconds (NONE: did not happen) in `store`; `coupon` counts in `ids`,
    `campaign` in `campaigns`. `stated` says whether the receipt names the coupon.
    """

    campaigns: list[Campaign]
    rounds: int  # the first campaigns, and the first ids, are the coupon rounds'
    ids: list[str]
    person: Ints
    coupon: Ints
    campaign: Ints
    issued: Ints
    store: Ints
    visited: Ints
    bought: Ints
    stated: Mask


def make_coupons(setting: Setting, shops: Shops, people: People) -> Coupons:
    """A coupon round every thirty days, to about an eighth of the people known by then."""
    rng = setting.rng("coupons")
    campaigns = _rounds(setting)
    person, campaign, issued = _issues(rng, setting, people, campaigns)
    ids, coupon = _coupon_ids(campaigns, campaign)
    home = people.home[person]
    store = np.where(some(rng, len(person), 0.1, 1), shops.another(rng, home), home)
    visited, bought = _outcomes(rng, setting, shops, store, issued)
    stated = rng.random(len(person)) < 0.92
    everything = campaigns + _festivals(setting)
    return Coupons(
        campaigns=everything,
        rounds=len(campaigns),
        ids=ids,
        person=person,
        coupon=coupon,
        campaign=campaign,
        issued=issued,
        store=store,
        visited=visited,
        bought=bought,
        stated=stated,
    )


def campaign_on(setting: Setting, campaigns: list[Campaign]) -> Ints:
    """The campaign that runs on each day of the period, the latest begun first; NONE between."""
    running = np.full(setting.days, NONE, dtype=np.int64)
    for number in sorted(range(len(campaigns)), key=lambda at: campaigns[at].starts):
        low = max(setting.day_of(campaigns[number].starts), 0)
        high = setting.day_of(campaigns[number].ends)
        running[low : max(high + 1, low)] = number
    return running


def _rounds(setting: Setting) -> list[Campaign]:
    days = range(min(2, setting.days - 1), setting.days, ROUND_DAYS)
    return [_round(number, setting.date_of(day)) for number, day in enumerate(days)]


def _round(number: int, starts: date) -> Campaign:
    ends = starts + timedelta(days=VALID_DAYS)
    name = f"Member coupon {starts:%Y-%m}"
    return Campaign(f"C-{starts:%Y%m%d}", name, starts, ends, "coupon", None, 20_000 + 500 * number)


def _festivals(setting: Setting) -> list[Campaign]:
    years = range(setting.start.year - 1, setting.end.year + 1)
    fixed = [_yearly(year, *entry) for year in years for entry in YEARLY]
    lunar = [
        _anchored("Spring Festival", "festival", day, 14, "spring_festival") for day in NEW_YEARS
    ] + [_anchored("Qixi", "coupon", day, 5, "qixi") for day in QIXI]
    overlapping = [
        campaign
        for campaign in fixed + lunar
        if campaign.starts <= setting.end and campaign.ends >= setting.start
    ]
    return sorted(overlapping, key=lambda campaign: (campaign.starts, campaign.id))


def _yearly(year: int, name: str, kind: str, first: str, last: str) -> Campaign:
    starts, ends = (date.fromisoformat(f"{year}-{text}") for text in (first, last))
    return Campaign(f"F-{name.replace(' ', '')}-{year}", name, starts, ends, kind, None, 100_000)


def _anchored(name: str, kind: str, day: date, before: int, anchor: str) -> Campaign:
    starts, ends = day - timedelta(days=before), day + timedelta(days=1)
    return Campaign(
        f"F-{name.replace(' ', '')}-{day.year}", name, starts, ends, kind, anchor, 60_000
    )


def _issues(
    rng: Rng, setting: Setting, people: People, rounds: list[Campaign]
) -> tuple[Ints, Ints, Ints]:
    """Person, campaign and second of each issue, a few of them twice."""
    parts = [_issue(rng, setting, people, number, day) for number, day in _starts(setting, rounds)]
    person, campaign, issued = (np.concatenate([part[at] for part in parts]) for at in range(3))
    again = some(rng, len(person), 0.01, 1)
    repeated = later(rng, issued[again] + DAY, 4.0)
    person = np.concatenate([person, person[again]])
    campaign = np.concatenate([campaign, campaign[again]])
    issued = np.concatenate([issued, repeated])
    kept = setting.inside(issued)
    return person[kept], campaign[kept], issued[kept]


def _starts(setting: Setting, rounds: list[Campaign]) -> list[tuple[int, int]]:
    return [(number, setting.day_of(campaign.starts)) for number, campaign in enumerate(rounds)]


def _issue(
    rng: Rng, setting: Setting, people: People, number: int, day: int
) -> tuple[Ints, Ints, Ints]:
    at = np.full(len(people.home), day * DAY)
    known = people.known(np.arange(len(people.home)), at)
    chance = np.where(known, 0.12, 0.02) * (people.visitor != NONE)
    person = np.flatnonzero(rng.random(len(chance)) < chance)
    spread = day + rng.integers(0, 2, len(person))
    return person, np.full(len(person), number), evening_seconds(rng, spread)


def _coupon_ids(rounds: list[Campaign], campaign: Ints) -> tuple[list[str], Ints]:
    """One shared coupon for even rounds, personal ones for odd rounds."""
    ids = [f"CP{campaign.id[1:]}" for campaign in rounds]
    personal = np.flatnonzero(campaign % 2 == 1)
    coupon = campaign.copy()
    coupon[personal] = len(ids) + np.arange(len(personal))
    ids += [f"{ids[campaign[at]]}-{at:07d}" for at in personal]
    return ids, coupon


def _outcomes(
    rng: Rng, setting: Setting, shops: Shops, store: Ints, issued: Ints
) -> tuple[Ints, Ints]:
    """Seconds of the visit and of the purchase that followed; some buy without checking in."""
    day = later(rng, issued, 11.0) // DAY
    at = np.maximum(shop_seconds(rng, day), issued + 600)
    possible = setting.inside(at + 7200) & shops.is_open(store, at // DAY)
    what = choose(rng, len(issued), (0.62, 0.17, 0.16, 0.05))
    visited = np.where(possible & ((what == 1) | (what == 2)), at, NONE)
    bought = at + rng.integers(300, 5400, len(issued))
    return visited, np.where(possible & (what >= 2) & (bought // DAY == at // DAY), bought, NONE)
