"""The ids of everything, by number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from etl.simulation.catalogue import Catalogue
from etl.simulation.chance import rank_within
from etl.simulation.orders import Orders
from etl.simulation.setting import DAY
from etl.simulation.texts import dates, numbered
from etl.simulation.world import World

ORDER_PREFIXES = ("MP", "OS", "AP", "TM", "JD")


@dataclass(frozen=True)
class Names:
    """Text ids; position is the number used in all frames of codes."""

    stores: pl.Series
    guides: pl.Series
    products: pl.Series
    members: pl.Series
    visitors: pl.Series
    orders: pl.Series
    coupons: pl.Series
    campaigns: pl.Series


def make_names(world: World, orders: Orders) -> Names:
    """Name stores, guides, SKUs, shoppers, orders, coupons and campaigns."""
    people, coupons = world.people, world.coupons
    campaigns = [campaign.id for campaign in coupons.campaigns]
    return Names(
        stores=pl.Series(numbered("S", world.shops.size, 4)),
        guides=pl.Series(world.guide_names),
        products=_product_ids(world.catalogue),
        members=pl.Series(numbered("M", people.members, 7)),
        visitors=pl.Series(numbered("V", len(people.visitor), 8)),
        orders=_order_ids(world, orders),
        coupons=pl.Series(coupons.ids, dtype=pl.String),
        campaigns=pl.Series(campaigns, dtype=pl.String),
    )


def receipt_ids(world: World, day: pl.Series, seq: pl.Series) -> pl.Series:
    """Each till counts its receipts anew every day, so the id repeats between stores."""
    frame = pl.DataFrame({"date": dates(world.setting, day, "%y%m%d"), "seq": seq})
    number = pl.col("seq").cast(pl.String).str.zfill(4)
    return frame.select(pl.concat_str("date", number, separator="-")).to_series()


def _product_ids(catalogue: Catalogue) -> pl.Series:
    """Style, then a running number within it: digits with leading zeros, as barcodes have."""
    style = catalogue.style
    codes = zip(style.tolist(), rank_within(style).tolist(), strict=True)
    return pl.Series([f"{number + 1:06d}{variant + 1:03d}" for number, variant in codes])


def _order_ids(world: World, orders: Orders) -> pl.Series:
    frame = pl.DataFrame(
        {
            "prefix": pl.Series(ORDER_PREFIXES).gather(orders.channel),
            "date": dates(world.setting, orders.at // DAY, "%y%m%d"),
            "number": np.arange(1, len(orders.at) + 1),
        }
    )
    number = pl.col("number").cast(pl.String).str.zfill(7)
    return frame.select(pl.concat_str("prefix", "date", number)).to_series()
