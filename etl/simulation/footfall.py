"""Door counters: visitors of each open store and hour, in proportion to expected trade."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.simulation.setting import HOURS, OPENING_HOUR
from etl.simulation.till import RECEIPTS_A_DAY
from etl.simulation.world import World

CONVERSION = 0.16
"""Receipts for each visitor of an average store."""


def make_footfall(world: World) -> pl.DataFrame:
    """One row per store with a counter, open day and opening hour: `store`, `at`, `visitors`."""
    rng = world.setting.rng("footfall")
    shops = world.shops
    counted = shops.open & shops.counter[:, None]
    # Counters fail now and then for a whole day.
    counted &= rng.random(counted.shape) > 0.01
    store, day = np.nonzero(counted)
    conversion = CONVERSION * rng.uniform(0.7, 1.4, shops.size)
    daily = RECEIPTS_A_DAY * 1.12 * shops.rate[store] * world.weights.shop[day] / conversion[store]
    share = np.array(HOURS) / sum(HOURS)
    visitors = rng.poisson(daily[:, None] * share[None, :])
    hour = (np.arange(len(HOURS)) + OPENING_HOUR) * 3600
    at = day[:, None] * 86_400 + hour[None, :]
    return pl.DataFrame(
        {
            "store": np.repeat(store, len(HOURS)),
            "at": at.ravel(),
            "visitors": visitors.ravel(),
        }
    )
