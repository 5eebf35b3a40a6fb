"""What a query selects and how it groups: days, filters, dimensions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from .calendars import TIME_DIMENSIONS, bucket
from .company import Company
from .dimensions import value
from .facts import Fact, Part

Value = str | None
Group = tuple[Value, ...]
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Selection:
    """One stretch of days under filters, cut by dimensions.

    `pairs` are (day, label): the facts of `day` stand in the time buckets of `label`. They are
    equal except under `--compare`, where `day` is the day that `label` is compared with. A day
    that is compared with two labels (28 Feb ← 28 and 29 Feb) stands in both their buckets, and
    once in a bucket that holds both.
    """

    company: Company
    pairs: tuple[tuple[date, date], ...]
    by: tuple[str, ...]
    where: Mapping[str, tuple[str, ...]]
    org: str
    alignment: str  # of like-for-like

    @cached_property
    def labels(self) -> dict[date, list[date]]:
        """day → its labels; a filter on a time dimension is a filter on labels."""
        kept: dict[date, list[date]] = defaultdict(list)
        for day, label in self.pairs:
            if all(bucket(label, d) in vs for d, vs in self.where.items() if d in TIME_DIMENSIONS):
                kept[day].append(label)
        return kept

    @cached_property
    def days(self) -> list[date]:
        return sorted(self.labels)

    @cached_property
    def _wanted(self) -> dict[str, frozenset[str]]:
        """The filters that are not on time; a region takes in its sub-regions at any depth."""
        wanted: dict[str, frozenset[str]] = {}
        for dimension, values in self.where.items():
            below = self.company.organisation.region_and_below
            if dimension == "region":
                wanted[dimension] = frozenset().union(*(below(region) for region in values))
            elif dimension not in TIME_DIMENSIONS:
                wanted[dimension] = frozenset(values)
        return wanted

    def value(self, dimension: str, fact: Fact) -> Value:
        return value(self.company, dimension, fact, self.org)

    def keeps(self, fact: Fact) -> bool:
        """Whether the fact passes the filters that are not on time."""
        return all(self.value(d, fact) in values for d, values in self._wanted.items())

    def still(self, fact: Fact) -> Group:
        """The fact's values in the dimensions that are not time."""
        return tuple(self.value(d, fact) for d in self.by if d not in TIME_DIMENSIONS)

    def group(self, still: Group, label: date) -> Group:
        """The group, in the order of `by`, of still values and the label's time buckets."""
        values = iter(still)
        return tuple(bucket(label, d) if d in TIME_DIMENSIONS else next(values) for d in self.by)

    def still_of(self, group: Group) -> Group:
        return tuple(v for d, v in zip(self.by, group, strict=True) if d not in TIME_DIMENSIONS)

    def time_of(self, group: Group) -> Group:
        return tuple(v for d, v in zip(self.by, group, strict=True) if d in TIME_DIMENSIONS)

    def buckets(self, label: date) -> Group:
        return tuple(bucket(label, d) for d in self.by if d in TIME_DIMENSIONS)

    @cached_property
    def ends(self) -> dict[Group, date]:
        """Time buckets → the last day in them, the period's end as they see it."""
        ends: dict[Group, date] = {}
        for day in self.days:
            for label in self.labels[day]:
                ends[self.buckets(label)] = day
        return ends

    def collect(self, facts: Iterable[F]) -> dict[Group, list[F]]:
        """Facts of the selected days by group, each once in a group."""
        grouped: dict[Group, list[F]] = defaultdict(list)
        for fact in facts:
            labels = self.labels.get(fact.day)
            if labels and self.keeps(fact):
                still = self.still(fact)
                for group in {self.group(still, label) for label in labels}:
                    grouped[group].append(fact)
        return dict(grouped)

    @cached_property
    def lines(self) -> dict[Group, list[Part]]:
        """The parts of sale and return lines by group. Where it matters who handled a return
        only returns have a handling store, so only returns make groups."""
        returns_only = "handling_store" in self.by or "handling_store" in self.where
        parts = (part for day in self.days for part in self.company.parts_on.get(day, ()))
        return self.collect(p for p in parts if not (returns_only and p.is_sale))

    @cached_property
    def all_time_sales(self) -> dict[Group, list[Part]]:
        """Every sale part ever by its still values, under the filters that are not on time."""
        grouped: dict[Group, list[Part]] = defaultdict(list)
        for part in self.company.parts:
            if part.is_sale and self.keeps(part):
                grouped[self.still(part)].append(part)
        return dict(grouped)

    def without(self, dimension: str) -> Selection:
        """The same selection neither cut nor filtered by the dimension."""
        where = {d: values for d, values in self.where.items() if d != dimension}
        return replace(self, by=tuple(d for d in self.by if d != dimension), where=where)
