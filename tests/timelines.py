"""What tests of timelines share: events of one person, told to product and oracle alike.

Most timelines of a module share one company, everybody in it named after their test, whose data
reach to December, so that every entry is mature.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import oracle
import pytest
from conftest import Company
from oracle.sample import USUAL, Row, order, sale, touch
from shops import MARCH, opened

from warehouse import answers, show
from warehouse.access import EVERYTHING
from warehouse.filters import Question
from warehouse.funnels import SHIPPED, window_of

LATER = touch("zz", "2024-12-01 10:00", "message_out", visitor_id="V9")
Rows = Sequence[Row]
Told = Mapping[str, Sequence[Any]]
"""By store or campaign: entries, immature, each step; and the median hours to the last of them."""


def scan(event_id: str, when: str, store_id: str = "S1", **more: Any) -> Row:
    return touch(event_id, when, "tag_scan", store_id=store_id, **more)


def followed(event_id: str, when: str, **more: Any) -> Row:
    return touch(event_id, when, "follow", **({"store_id": "S1"} | more))


def issued(event_id: str, when: str, store_id: str = "S1", **more: Any) -> Row:
    """Coupon C1, unless it is another."""
    named = {"coupon_id": "C1", "store_id": store_id}
    return touch(event_id, when, "coupon_issued", **(named | more))


def bought(when: str, **more: Any) -> Row:
    """A receipt of M1, unless it names somebody or nobody."""
    return sale(when, when, "1.00", **({"member_id": "M1"} | more))


def ordered(when: str, **more: Any) -> Row:
    """An order of M1, paid at once."""
    return order(when, when, "1.00", **({"member_id": "M1"} | more))


# Asking -----------------------------------------------------------------------------------------
def told(company: Company, name: str, window: str | None = None, **how: bool) -> Told:
    """What the entries of each store come to in March, as product and oracle say alike."""
    start, end = map(date.fromisoformat, MARCH)
    span = window_of(window) if window else None
    with company.reading() as snapshot:
        question = Question((), start, end, by=("store",))
        rows = show.records(
            answers.funnel(
                snapshot, name, question, EVERYTHING, company.settings, window=span, **how
            )
        )
    known = oracle.load(company.settings.inbox)
    assert rows == oracle.funnel(known, name, start, end, by="store", window=window, **how)
    return {row.pop("store"): list(row.values()) for row in rows}


@dataclass(frozen=True)
class Story:
    """What happens, by feed, and what the stores' entries come to."""

    funnel: str
    comes_to: Told
    feeds: Mapping[str, Rows]


STORIES: dict[str, dict[str, Story]] = defaultdict(dict)
"""By module and test."""


def story(funnel: str, comes_to: Told, touchpoints: Rows, **feeds: Rows) -> Story:
    """A story, in the usual stores unless it brings its own."""
    return Story(funnel, comes_to, {"stores": USUAL["stores"], "touchpoints": touchpoints, **feeds})


def timeline(tell: Callable[[], Story]) -> Callable[[dict[str, Told]], None]:
    """A test of a story that shares its company with others."""
    name, one = tell.__name__, tell()
    STORIES[tell.__module__][name] = one

    def test(everybody: dict[str, Told]) -> None:
        rows = everybody[one.funnel].items()
        ours = {who.split(" ")[0]: counts for who, counts in rows if who.endswith(f" {name}")}
        assert ours == one.comes_to

    test.__doc__, test.__name__ = tell.__doc__, name
    return test


@pytest.fixture(scope="module")
def everybody(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Told]:
    """What each funnel's entries come to, with all stories of a module in one company."""
    feeds: dict[str, list[Row]] = defaultdict(list)
    for name, one in STORIES[request.module.__name__].items():
        for feed, rows in one.feeds.items():
            feeds[feed] += [_apart(row, name) for row in rows]
    feeds["touchpoints"].append(LATER)
    company = opened(tmp_path_factory.mktemp("everybody"), **feeds)
    return {funnel: told(company, funnel) for funnel in SHIPPED}


def _apart(row: Row, name: str) -> Row:
    """A row whose people, places and things are named after their story."""
    common = ("region_id", "product_id")
    own = (key for key in row if key.endswith("_id") and key not in common and row[key])
    return row | {key: f"{row[key]} {name}" for key in own}


def alone(root: Path, touchpoints: Rows, ends: Row = LATER, **feeds: Rows) -> Company:
    """A company of one story, whose data reach to `ends`."""
    return opened(root, touchpoints=[*touchpoints, ends], **feeds)
