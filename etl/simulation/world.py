"""The company that all sales happen in, and the look-ups the sales share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etl.simulation.catalogue import Catalogue, make_catalogue
from etl.simulation.chance import NONE, Ints, Rng
from etl.simulation.coupons import Coupons, make_coupons
from etl.simulation.people import People, make_people
from etl.simulation.seasons import DayWeights, day_weights
from etl.simulation.setting import Setting
from etl.simulation.shops import Shops, make_shops
from etl.simulation.staff import Staff, make_staff, shared_texts


@dataclass(frozen=True)
class World:
    """Everything that exists before the first sale."""

    setting: Setting
    weights: DayWeights
    shops: Shops
    staff: Staff
    catalogue: Catalogue
    people: People
    coupons: Coupons

    @property
    def guide_names(self) -> list[str]:
        """The guide ids by guide number."""
        return [f"G{number + 1:04d}" for number in range(self.staff.size)]

    def shares(
        self, rng: Rng, size: int, chosen: Ints, *, store: Ints, day: Ints, guide: Ints
    ) -> tuple[Ints, list[str]]:
        """Each sale's place in the list of `guide_shares` texts; NONE for all but the `chosen`."""
        names = self.guide_names
        texts = shared_texts(
            rng, self.staff, store[chosen], day[chosen], guide[chosen], names=names
        )
        split = np.full(size, NONE, dtype=np.int64)
        split[chosen] = [at if text else NONE for at, text in enumerate(texts)]
        return split, texts


def make_world(setting: Setting) -> World:
    """Found the company: stores, staff, collections, shoppers and coupons."""
    weights = day_weights(setting)
    shops = make_shops(setting)
    staff = make_staff(setting, shops)
    people = make_people(setting, shops, staff, weights)
    catalogue = make_catalogue(setting)
    coupons = make_coupons(setting, shops, people)
    return World(setting, weights, shops, staff, catalogue, people, coupons)
