"""What lies in a basket: garments, quantities and prices of receipts and orders alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.simulation.catalogue import Catalogue
from etl.simulation.chance import NONE, Floats, Ints, Rng, choose, some

DISCOUNTS = (0.0, 0.0, 0.0, 0.05, 0.1, 0.12, 0.2)
LINES = (0.53, 0.27, 0.12, 0.05, 0.03)
"""Share of baskets with one line, two lines …"""


@dataclass(frozen=True)
class Baskets:
    """Lines in order of their owner (a receipt's or order's position). Amounts in fen."""

    owner: Ints
    line: Ints  # 1, 2 …
    sku: Ints
    quantity: Ints
    listed: Ints  # list amount, NONE where the line states none
    net: Ints


def fill_baskets(
    rng: Rng,
    catalogue: Catalogue,
    brand: Ints,
    day: Ints,
    discount: Floats,
    *,
    first: Ints | None = None,
) -> Baskets:
    """Fill a basket of each `brand` on each `day`; `first` (or NONE) is the SKU of its line 1."""
    lines = 1 + choose(rng, len(day), LINES)
    owner = np.repeat(np.arange(len(day)), lines)
    line = 1 + np.arange(len(owner)) - np.repeat(np.cumsum(lines) - lines, lines)
    other_brand = rng.integers(0, 4, len(owner))
    of_brand = np.where(rng.random(len(owner)) < 0.03, other_brand, brand[owner])
    sku = catalogue.pick(rng, of_brand, day[owner])
    if first is not None:
        sku = np.where((line == 1) & (first[owner] != NONE), first[owner], sku)
    quantity = 1 + choose(rng, len(owner), (0.92, 0.06, 0.02))
    listed = catalogue.list_price[sku] * quantity
    net = _paid(rng, catalogue, sku, day[owner], discount=discount[owner], listed=listed)
    unlisted = some(rng, len(owner), 0.02, 2)
    return Baskets(owner, line, sku, quantity, np.where(unlisted, NONE, listed), net)


def _paid(
    rng: Rng, catalogue: Catalogue, sku: Ints, day: Ints, *, discount: Floats, listed: Ints
) -> Ints:
    """Net amount: markdowns grow with the garment's age; a few gifts cost nothing."""
    age = np.clip(catalogue.age(sku, day), 0, 3)
    drawn = np.array(DISCOUNTS)[rng.integers(0, len(DISCOUNTS), len(sku))]
    rate = np.minimum(drawn + 0.22 * age + discount, 0.8)
    # Odd coupons and member points leave fen that are not round.
    odd = np.where(rng.random(len(sku)) < 0.25, rng.integers(1, 500, len(sku)), 0)
    net = np.maximum(np.rint(listed * (1 - rate)).astype(np.int64) - odd, 100)
    return np.where(some(rng, len(sku), 0.002, 1), 0, net)
