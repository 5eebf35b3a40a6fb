"""Every funnel: what enters it, its steps, and how long an entry stays open.

The shipped ones and those an analyst adds to GUIDEPOST_CONFIG are the same `Funnel`;
`entries.py` follows their entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from warehouse.dimensions import DIMENSIONS
from warehouse.feeds import FEEDS
from warehouse.filters import QuestionError, nearest
from warehouse.given import Given
from warehouse.given import tables as named_tables

EVENTS = next(field.choices for field in FEEDS["touchpoints"].fields if field.name == "event")
KINDS: Mapping[str, str] = {
    **dict.fromkeys(EVENTS, "a touchpoint"),
    "ordered": "an online order placed",
    "paid": "an online order paid; it belongs to the entry in which it was placed",
    "fulfilled": "an online order handed over; it belongs to the entry in which it was placed",
    "receipt": "a POS receipt; one that states a coupon belongs to an entry of that coupon",
    "joined": "joining as a member",
    "first_purchase": "the person's first receipt or paid order from joining on",
    "redeemed": "a receipt or paid order stating a coupon; it belongs to an entry of that coupon",
    "full_price": "a receipt or paid order stating no coupon, every line sold at its list amount",
}
"""What can happen on the way through a funnel, and in words what counts as such."""

SCANS = ("tag_scan", "guide_scan")
_INTEREST = ("outfit_view", "product_view", "favourite", "add_to_cart", "share")
_PLACES = ("store", "coupon")
_WINDOW = re.compile(r"([1-9]\d{0,3})([dh])")
_ENDINGS = ("_hours", "_rate", "_of_previous")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Step:
    """A step is reached by the earliest event of its `kinds` at or after the step before it: on a
    later day where `later_day`, stating no coupon where `without_coupon` says so. An `optional`
    one is counted beside the chain: the steps after it do not need it."""

    name: str
    kinds: tuple[str, ...]
    optional: bool = False
    later_day: bool = False
    without_coupon: bool = False


@dataclass(frozen=True)
class Funnel:
    """Entry events, the first of a person, local date and `place` (store, coupon) being an entry;
    steps as they are printed; how long an entry stays open, the end included. `needs_place`:
    events that name no such place are no entries."""

    name: str
    direction: str
    entry: tuple[str, ...]
    steps: tuple[Step, ...]
    window: timedelta
    place: str = "store"
    needs_place: bool = False

    def before(self, step: Step) -> Step | None:
        """The step that has to be reached first; None: the entry suffices."""
        earlier = self.steps[: self.steps.index(step)]
        return next((one for one in reversed(earlier) if not one.optional), None)


_ALL = (
    Funnel(
        "scan_to_order", "offline→online", SCANS,
        (Step("interest", _INTEREST, optional=True), Step("ordered", ("ordered",)),
         Step("paid", ("paid",)), Step("fulfilled", ("fulfilled",))),
        timedelta(days=14), needs_place=True,
    ),
    Funnel(
        "coupon_to_store", "online→offline", ("coupon_issued",),
        (Step("visit", ("check_in", *SCANS, "receipt"), optional=True),
         Step("purchase", ("receipt",)),
         Step("repeat", ("receipt", "paid"), later_day=True, without_coupon=True)),
        timedelta(days=60), place="coupon",
    ),
    Funnel(
        "join_to_repeat", "membership", ("card_view", "follow"),
        (Step("joined", ("joined",)), Step("first_purchase", ("first_purchase",)),
         Step("second_purchase", ("receipt", "paid"), later_day=True)),
        timedelta(days=90),
    ),
)  # fmt: skip

SHIPPED: Mapping[str, Funnel] = {funnel.name: funnel for funnel in _ALL}


def every(own: Mapping[str, Funnel]) -> Mapping[str, Funnel]:
    """The shipped funnels and an analyst's own, by name."""
    return {**SHIPPED, **own}


def named(name: str, own: Mapping[str, Funnel]) -> Funnel:
    """One of them. Raises QuestionError."""
    if name not in every(own):
        raise nearest("funnel", name, every(own))
    return every(own)[name]


def listed(own: Mapping[str, Funnel]) -> pl.DataFrame:
    """Every funnel as text: funnel, direction, entry, steps, window."""
    rows = [
        (
            one.name,
            one.direction,
            " or ".join(one.entry) + f" by {one.place}",
            " → ".join(f"({step.name})" if step.optional else step.name for step in one.steps),
            written(one.window),
        )
        for one in every(own).values()
    ]
    columns = ["funnel", "direction", "entry", "steps", "window"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def written(window: timedelta) -> str:
    """A window as `window_of` reads it."""
    hours = window // timedelta(hours=1)
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"


def window_of(text: str) -> timedelta:
    """A window as it is written: `14d` or `36h`. Raises QuestionError."""
    found = _WINDOW.fullmatch(text)
    if not found:
        raise QuestionError(f"{text!r} is no window: write days or hours, as in 14d or 36h")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))


# Funnels of an analyst's own -----------------------------------------------------------------
def described(tables: object) -> Mapping[str, Funnel]:
    """Funnels from the tables of a TOML file. Raises QuestionError, which names the key."""
    given = named_tables(tables, "funnels.view_to_order")
    return {name: _funnel(name, table) for name, table in given.items()}


def _funnel(name: str, table: object) -> Funnel:
    if name in SHIPPED:
        raise QuestionError(f"{name}: a shipped funnel has this name; choose another")
    given = _Given(name, table, ("direction", "entry", "place", "needs_place", "window", "steps"))
    given.named(name)
    steps = given.table.get("steps")
    if not isinstance(steps, list) or not steps:
        raise given.wrong("steps", "needs one step or more, each as [[funnels.….steps]]")
    made = tuple(_step(f"{name}.steps[{place}]", one) for place, one in enumerate(steps, 1))
    for step in made:
        if [one.name for one in made].count(step.name) > 1:
            raise given.wrong("steps", f"two steps are called {step.name}; rename one")
    return Funnel(
        name,
        given.text("direction", ""),
        given.among("entry", EVENTS),
        made,
        given.window(),
        given.one_of("place", _PLACES),
        given.flag("needs_place"),
    )


def _step(where: str, table: object) -> Step:
    given = _Given(where, table, ("name", "events", "optional", "later_day", "without_coupon"))
    name = given.text("name", None)
    given.named(name)
    flags = (given.flag(flag) for flag in ("optional", "later_day", "without_coupon"))
    return Step(name, given.among("events", KINDS), *flags)


class _Given(Given):
    """A table about a funnel."""

    def named(self, name: str) -> None:
        """A name becomes a column of the answer, so it must not be one of another meaning."""
        taken = name in ("entries", "immature", *DIMENSIONS) or name.endswith(_ENDINGS)
        if taken or not _NAME.fullmatch(name):
            raise QuestionError(
                f"{self.where}: {name!r} cannot be a name; use small letters, digits and _, but no"
                f" dimension, entries, immature, or what ends in {', '.join(_ENDINGS)}"
            )

    def among(self, key: str, known: Iterable[str]) -> tuple[str, ...]:
        """Several kinds of events."""
        values = self.table.get(key)
        if not isinstance(values, list) or not values:
            raise self.wrong(key, f"list one or more of {', '.join(known)}")
        for value in values:
            if not isinstance(value, str) or value not in known:
                raise self.wrong(key, nearest("event", str(value), known))
        return tuple(dict.fromkeys(values))

    def window(self) -> timedelta:
        """How long an entry stays open; needed."""
        try:
            return window_of(self.text("window", ""))
        except QuestionError as error:
            raise self.wrong("window", error) from None
