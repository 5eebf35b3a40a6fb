"""Explanations in words: why an order is credited as it is, how a receipt's lines are credited,
and what other conventions make of a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import convention, convention_step, metric_definition, t


def order(frame: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """What decided an order's credit, a row a rule (explanations.explain), as it is read."""

    def at(value: datetime | None) -> str:
        return formats.moment(value, timezone)

    return frame.select(
        rule=frames.written(frame, lambda name: t(f"rule.{name}"), "rule"),
        verdict=frames.written(frame, _verdict, "verdict"),
        guide="guide", store="store", event="event", at=frames.written(frame, at, "at"),
    )  # fmt: skip


def _verdict(verdict: str) -> str:
    way = {"decides": "decides", "does not apply": "not"}.get(verdict, "later")
    return t(f"verdict.{way}")


def lines(frame: pl.DataFrame) -> pl.DataFrame:
    """A receipt's lines and whom they are credited to (explanations.explain), as they are read."""
    amount = frames.written(frame, formats.exact_money, "net_amount")
    share = frames.written(frame, _share, "share")
    return frame.select(
        "rung_at", "line", net_amount=amount, guide="guide", share=share, store="store"
    )


def _share(value: float | None) -> str:
    return formats.EMPTY if value is None else formats.percent(value, 0)


def differences(key: str, frame: pl.DataFrame) -> Iterator[str]:
    """What a figure is as defined, then a paragraph for every other convention with its items
    (explanations.differ). Items are differences of figures as they are written, so that what one
    reads adds up to the last digit."""
    defined = frame["figure"][0]
    told = plain(metric_definition(key))
    yield t("differ.defined", figure=formats.exact(key, defined), definition=told)
    for (name,), steps in frame.slice(1).group_by("convention", maintain_order=True):
        figures = [defined, *steps["figure"]]
        if None not in figures:
            yield _convention(key, str(name), [formats.as_written(key, one) for one in figures])


def _convention(key: str, name: str, figures: Sequence[Decimal]) -> str:
    meaning = convention(name)[0].upper() + convention(name)[1:]
    if len(set(figures)) == 1:
        return t("differ.same", meaning=meaning)

    def delta(before: Decimal, after: Decimal) -> str:
        return formats.exact_difference(key, after - before)

    head = t(
        "differ.other", meaning=meaning, figure=formats.exact(key, figures[-1]),
        delta=delta(figures[0], figures[-1]),
    )  # fmt: skip
    items = (
        t("differ.item", item=convention_step(name, place), delta=delta(before, after))
        for place, (before, after) in enumerate(pairwise(figures))
    )
    return "\n- ".join((head + "\n", *items))
