"""Styles and SKUs by brand and season, and which of them sell on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etl.simulation.chance import NONE, Floats, Ints, Mask, Rng, Weighted, between, choose, some
from etl.simulation.places import BRANDS
from etl.simulation.seasons import season_number, season_progress, season_start
from etl.simulation.setting import Setting


class Category(NamedTuple):
    """A category: name, price range in yuan, weight by season (spring … winter), size run."""

    name: str
    low: int
    high: int
    weights: tuple[float, float, float, float]
    sizes: str


CATEGORIES = (
    Category("T-shirt", 99, 299, (2, 5, 2, 1), "S M L XL"),
    Category("Shirt", 199, 499, (3, 2, 3, 1), "S M L XL"),
    Category("Dress", 299, 899, (3, 5, 2, 1), "S M L XL"),
    Category("Skirt", 199, 499, (2, 3, 2, 1), "S M L"),
    Category("Trousers", 199, 599, (3, 2, 3, 3), "28 29 30 31 32"),
    Category("Jeans", 299, 599, (3, 2, 3, 2), "28 29 30 31 32"),
    Category("Knitwear", 299, 799, (2, 1, 4, 4), "S M L XL"),
    Category("Coat", 799, 1999, (1, 0.1, 3, 4), "S M L XL"),
    Category("Down jacket", 899, 2599, (0.2, 0.1, 1, 5), "S M L XL"),
    Category("Shoes", 299, 899, (2, 2, 2, 2), "36 37 38 39 40 41"),
    Category("Bag", 199, 799, (1, 1, 1, 1), "F"),
)
COLOURS = ("black", "white", "navy", "camel", "grey", "red", "green", "beige")
LEVELS = (1.0, 1.25, 0.8, 1.5)
"""Price level of each brand."""


@dataclass(frozen=True)
class Catalogue:
    """SKUs by number; those of one style are neighbours. Prices in fen, NONE where not stated."""

    style: Ints
    brand: Ints
    season: Ints  # season number
    category: Ints
    colour: Ints
    size: list[str]
    list_price: Ints
    cost: Ints
    launched: Ints  # day
    branded: Mask  # the export names the brand
    priced: Mask  # the export states the list price
    first_of_style: Ints
    styles_skus: Ints
    shelf: Weighted  # SKUs by brand × season
    first_season: int
    seasons: int
    by_day: Ints  # season number of each day
    progress: Floats  # of each day's season

    def pick(self, rng: Rng, brand: Ints, day: Ints) -> Ints:
        """A SKU of each brand on each day: this season's, last one's left-overs, or the next."""
        progress = self.progress[day]
        drawn = rng.random(len(day))
        shift = np.where(drawn < 0.35 * (1 - progress) + 0.05, -1, 0)
        shift = np.where(drawn > 1 - 0.25 * progress**2, 1, shift)
        season = np.clip(self.by_day[day] + shift - self.first_season, 0, self.seasons - 1)
        return self.shelf.pick(rng, brand * self.seasons + season)

    def sibling(self, rng: Rng, sku: Ints) -> Ints:
        """Another (or the same) colour and size of each SKU's style."""
        style = self.style[sku]
        step = np.floor(rng.random(len(sku)) * self.styles_skus[style]).astype(np.int64)
        return self.first_of_style[style] + step

    def age(self, sku: Ints, day: Ints) -> Ints:
        """Seasons since each SKU's own: negative before it, 1 for last season's."""
        return self.by_day[day] - self.season[sku]


def make_catalogue(setting: Setting) -> Catalogue:
    """Design the collections that sell in the period."""
    rng = setting.rng("catalogue")
    first, last = season_number(setting.start) - 1, season_number(setting.end) + 1
    season, brand, category = _styles(rng, setting, first, last)
    runs = [CATEGORIES[code].sizes.split() for code in category]
    colours = between(rng, 1, 3, len(runs))
    count = np.array([len(run) for run in runs]) * colours
    style = np.repeat(np.arange(len(runs)), count)
    price, cost = _prices(rng, brand, category)
    weight = np.repeat(rng.lognormal(0.0, 0.7, len(runs)) / count, count)
    days = [setting.date_of(day) for day in range(setting.days)]
    seasons = last - first + 1
    shelf = Weighted((brand * seasons + season - first)[style], weight, len(BRANDS) * seasons)
    return Catalogue(
        style=style,
        brand=brand[style],
        season=season[style],
        category=category[style],
        colour=_colours(rng, colours, runs),
        size=[size for run, times in zip(runs, colours, strict=True) for size in run * int(times)],
        list_price=price[style],
        cost=np.where(some(rng, len(style), 0.03, 2), NONE, cost[style]),
        launched=_launches(rng, setting, season)[style],
        branded=~some(rng, len(style), 0.02, 2),
        priced=~some(rng, len(style), 0.01, 1),
        first_of_style=np.cumsum(count) - count,
        styles_skus=count,
        shelf=shelf,
        first_season=first,
        seasons=seasons,
        by_day=np.array([season_number(day) for day in days]),
        progress=np.array([season_progress(day) for day in days]),
    )


def _styles(rng: Rng, setting: Setting, first: int, last: int) -> tuple[Ints, Ints, Ints]:
    """Season, brand and category of every style; bigger companies have wider collections."""
    width = int(np.clip(4 + setting.stores // 4, 4, 60))
    seasons = np.arange(first, last + 1)
    season = np.repeat(seasons, len(BRANDS) * width)
    brand = np.tile(np.repeat(np.arange(len(BRANDS)), width), len(seasons))
    category = np.zeros(len(season), dtype=np.int64)
    for part in range(4):
        here = season % 4 == part
        weights = [kind.weights[part] for kind in CATEGORIES]
        category[here] = choose(rng, int(here.sum()), weights)
    return season, brand, category


def _prices(rng: Rng, brand: Ints, category: Ints) -> tuple[Ints, Ints]:
    """List price (ending in 9 yuan) and cost of each style, in fen."""
    low = np.array([kind.low for kind in CATEGORIES])[category]
    high = np.array([kind.high for kind in CATEGORIES])[category]
    yuan = (low + rng.random(len(low)) ** 1.5 * (high - low)) * np.array(LEVELS)[brand]
    price = (yuan.astype(np.int64) // 10 * 10 + 9) * 100
    cost = np.rint(price * (0.25 + 0.15 * rng.random(len(price)))).astype(np.int64)
    return price, cost


def _colours(rng: Rng, colours: Ints, runs: list[list[str]]) -> Ints:
    """The colour of each SKU: `colours` different ones a style, each in the whole size run."""
    first = rng.integers(0, len(COLOURS), len(runs))
    parts = [
        np.repeat((first[at] + np.arange(colours[at])) % len(COLOURS), len(run))
        for at, run in enumerate(runs)
    ]
    return np.concatenate(parts)


def _launches(rng: Rng, setting: Setting, season: Ints) -> Ints:
    starts = np.array([setting.day_of(season_start(int(number))) for number in season])
    return starts + between(rng, -20, 30, len(season))
