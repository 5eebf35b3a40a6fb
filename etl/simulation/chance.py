"""Seeded draws on whole columns, with floors so that rare cases also reach small companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator

NONE = -1
"""Stands for "no such thing" in every column of codes, seconds or line numbers."""


def stream(seed: int, part: str) -> Rng:
    """An independent stream for one part: a change in it leaves the others' draws alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, crc32(part.encode())]))


def some(rng: Rng, size: int, rate: float, floor: int = 1) -> Mask:
    """Mark about `rate` of `size` items: an exact number, from `floor` up to half of them."""
    count = min(max(floor, round(rate * size)), size // 2)
    marked = np.zeros(size, dtype=np.bool_)
    marked[rng.choice(size, count, replace=False)] = True
    return marked


def deal(rng: Rng, size: int, shares: Sequence[tuple[float, int]]) -> Ints:
    """Deal the codes 0, 1, 2 … to `size` items by (rate, floor); code 0 takes what is left."""
    codes = np.zeros(size, dtype=np.int64)
    taken = 0
    for code, (rate, floor) in enumerate(shares):
        if code:
            count = min(max(floor, round(rate * size)), (size - taken) // 2)
            codes[taken : taken + count] = code
            taken += count
    return rng.permutation(codes)


def choose(rng: Rng, size: int, weights: Sequence[float]) -> Ints:
    """Draw `size` codes 0 … len(weights)-1 in proportion to `weights`, without a floor."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    codes: Ints = np.minimum(drawn, len(weights) - 1).astype(np.int64)
    return codes


def between(rng: Rng, low: Ints | int, high: Ints | int, size: int) -> Ints:
    """Whole numbers from `low` to `high`, both included; where high < low, `low`."""
    span = np.maximum(np.asarray(high) - np.asarray(low) + 1, 1)
    drawn: Ints = (np.asarray(low) + np.floor(rng.random(size) * span)).astype(np.int64)
    return drawn


def rank_within(group: Ints) -> Ints:
    """Position 0, 1, 2 … of each item inside its run; `group` must be sorted."""
    index = np.arange(len(group), dtype=np.int64)
    first = np.r_[True, group[1:] != group[:-1]][: len(group)]
    return index - np.maximum.accumulate(np.where(first, index, 0))


class Weighted:
    """Items in numbered groups, picked by weight; inside a group the given order is kept."""

    def __init__(self, group: Ints, weight: Floats, groups: int) -> None:
        self.item = np.argsort(group, kind="stable")
        ordered = group[self.item]
        self.total = np.r_[0.0, np.cumsum(weight[self.item])]
        self.start = np.searchsorted(ordered, np.arange(groups + 1))

    def pick(self, rng: Rng, group: Ints, end: Ints | None = None) -> Ints:
        """One item for each entry of `group`; NONE where the group is empty.

        `end` (positions in `item`) cuts the groups short, for "those who had joined by then".
        """
        low = self.start[group]
        high = self.start[group + 1] if end is None else end
        aim = self.total[low] + rng.random(len(group)) * (self.total[high] - self.total[low])
        at = np.clip(np.searchsorted(self.total, aim, side="right") - 1, low, high - 1)
        if not len(self.item):
            return np.full(len(group), NONE, dtype=np.int64)
        return np.where(high > low, self.item[np.maximum(at, 0)], NONE)
