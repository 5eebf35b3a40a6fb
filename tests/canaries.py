"""The sample company with a canary store in every region but one: whoever manages that one must
never see a trace of a canary, nor of any other store elsewhere.

What a viewer may type (identifiers) holds the word CANARY, what only a leak can show (names) the
word HIDDEN, and every amount is so large that no total could hide it.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from conftest import SAMPLE_END, Company

from reports.view import GRAINS, NARROWED, PERIODS, joined
from warehouse import answers
from warehouse.access import EVERYTHING, PAGES, Scope
from warehouse.filters import COMPARISONS, ORGANISATIONS, Question

HUGE = 10_000_000_000_000
"""Yuan of a canary's receipt. The sample company sells some millions a month."""
LIMIT = 1_000_000_000
AREAS = ("CN-E", "CN-N", "CN-S", "CN-W")
DAYS = (SAMPLE_END - timedelta(days=3), SAMPLE_END - timedelta(days=40))
GARBAGE = ("nonsense", "S9999", "x'; DROP TABLE dim_stores; --", "%", "unassigned", "中文")

Row = Mapping[str, object]


def rows(area: str) -> dict[str, list[Row]]:
    """A canary of every feed that names a store, in one area."""
    mark, there = f"CANARY-{area}", f"CANARY-{area}-S"
    guide = {"guide_id": f"{mark}-G", "member_id": f"{mark}-M", "product_id": f"{mark}-P"}
    sold: dict[str, object] = {"line_number": 1, "quantity": 1, "net_amount": f"{HUGE}.00", **guide}
    at = [f"{day}T12:00:00" for day in DAYS]
    month = f"{SAMPLE_END:%Y-%m}"
    return {
        "regions": [
            {"region_id": f"{mark}-R", "region_name": f"HIDDEN region {area}",
             "parent_region_id": area},
        ],
        "stores": [
            {"store_id": there, "store_name": f"HIDDEN store {area}", "brand": f"{mark}-B",
             "region_id": f"{mark}-R", "city": f"{mark}-C", "opened_on": "2020-01-01"},
        ],
        "guides": [
            {"guide_id": f"{mark}-G", "guide_name": f"HIDDEN guide {area}", "store_id": there,
             "valid_from": "2020-01-01"},
        ],
        "members": [
            {"member_id": f"{mark}-M", "joined_at": at[1], "join_store_id": there,
             "join_guide_id": f"{mark}-G", "join_channel": "guide"},
        ],
        "pos_sales": [
            sold | {"store_id": there, "receipt_id": f"{mark}-{n}", "sold_at": when}
            for n, when in enumerate(at)
        ],
        "online_orders": [
            sold | {"order_id": f"{mark}-O{n}", "ordered_at": when, "paid_at": when,
                    "channel": "app", "origin_store_id": there}
            for n, when in enumerate(at)
        ],
        "touchpoints": [
            {"event_id": f"{mark}-{n}", "occurred_at": f"{day}T10:00:00", "event": "guide_scan",
             "store_id": there, **guide}
            for n, day in enumerate(DAYS)
        ],
        "footfall": [
            {"store_id": there, "hour_start": f"{day}T11:00:00", "visitors": 1_900_000_000}
            for day in DAYS
        ],
        "targets": [
            {"level": level, "id": f"{mark}-{level[0].upper()}", "month": month,
             "metric": "net_sales", "target": f"{HUGE}.00"}
            for level in ("store", "region", "guide")
        ],
    }  # fmt: skip


@dataclass(frozen=True)
class Guarded:
    """A company, the manager of `area` in it, and what that manager must not see."""

    company: Company
    area: str
    hidden: frozenset[str]
    own: Mapping[str, Sequence[str]]
    foreign: Mapping[str, Sequence[str]]

    @property
    def scope(self) -> Scope:
        return Scope(
            regions=frozenset({self.area}), pages=PAGES["regional_manager"], role="regional_manager"
        )

    def links(self, seed: int) -> Iterator[dict[str, str]]:
        """Random links: what is there, what is hidden and what is nowhere."""
        chance = random.Random(seed)
        while True:
            yield _link(self, chance)

    def leaks(self, text: str, *asked: str) -> set[str]:
        """What of the hidden a text tells beyond what was asked."""
        for typed in sorted(asked, key=len, reverse=True):
            text = text.replace(typed, "")
        return {name for name in self.hidden if name in text}


def guarded(sample: Company, root: Path, area: str) -> Guarded:
    """The sample company with canaries everywhere but in one area."""
    shutil.copytree(sample.settings.warehouse.parent, root)
    settings = replace(sample.settings, warehouse=root / "warehouse", inbox=root / "inbox")
    company = Company(settings)
    for other in AREAS:
        if other != area:
            for feed, given in rows(other).items():
                company.deliver(feed, *given, name=f"canary-{other}.csv")
    outcome = company.load()
    assert outcome.version == 2, outcome.summary()
    return _described(company, area)


def _described(company: Company, area: str) -> Guarded:
    mine, everybody = Scope(regions=frozenset({area})), EVERYTHING
    own: dict[str, Sequence[str]] = {}
    foreign: dict[str, Sequence[str]] = {}
    hidden = {"CANARY", "HIDDEN"}
    with company.stored() as snapshot:
        for dimension in NARROWED:
            seen, every = (
                answers.values(snapshot, dimension, scope, limit=10_000)
                for scope in (mine, everybody)
            )
            own[dimension] = seen["value"].to_list()
            rest = every.filter(~pl.col("value").is_in(seen["value"].implode()))
            foreign[dimension] = rest["value"].to_list()
            if dimension == "store":
                hidden |= {*rest["value"], *rest["label"]}
    return Guarded(company, area, frozenset(hidden), own, foreign)


def _link(of: Guarded, chance: random.Random) -> dict[str, str]:
    link = {
        "period": chance.choice((*PERIODS, "custom", "for ever")),
        "compare": chance.choice(COMPARISONS),
        "org": chance.choice(ORGANISATIONS),
        "grain": chance.choice(GRAINS),
    }
    if link["period"] == "custom":
        first = date(2025, 8, 1) + timedelta(days=chance.randrange(100))
        link |= {"from": str(first), "to": str(first + timedelta(days=chance.randrange(40)))}
    for dimension in chance.sample(NARROWED, chance.randrange(4)):
        pool = [*of.own[dimension], *of.foreign[dimension], *GARBAGE]
        link[dimension] = joined(chance.sample(pool, min(len(pool), chance.randrange(1, 4))))
    return link


def too_large(frame: pl.DataFrame) -> list[str]:
    """The columns of a frame that hold an amount only a canary can have made."""
    numbers = frame.select(pl.selectors.numeric().cast(pl.Float64).abs())
    return [name for name in numbers.columns if (numbers[name].max() or 0) > LIMIT]  # type: ignore[operator]


def question(link: Mapping[str, str], key: str, by: Sequence[str], **more: Any) -> Question:
    """A question within a link's filters, checked against nothing yet."""
    from reports.view import listed, period_of

    _, start, end = period_of(link, SAMPLE_END)
    where = tuple((name, listed(link[name])) for name in NARROWED if link.get(name))
    return Question((key,), start, end, tuple(by), where, **more)
