"""Deliveries of what the company is: stores, regions, guides, products, members, campaigns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from etl.simulation.catalogue import CATEGORIES, COLOURS
from etl.simulation.chance import NONE, Floats, Ints, choose
from etl.simulation.names import Names
from etl.simulation.people import CHANNELS, LATE
from etl.simulation.places import (
    AREAS,
    BRANDS,
    CHINESE_BRANDS,
    CITIES,
    GIVEN_NAMES,
    ROOT,
    STREETS,
    SURNAMES,
    region_id,
)
from etl.simulation.seasons import season_name
from etl.simulation.setting import DAY, FAR
from etl.simulation.shops import REASONS, SITES, Shops
from etl.simulation.texts import OFFSET, dates, moments, named, numbered, without, yuan
from etl.simulation.world import World

TIERS = ("regular", "silver", "gold", "platinum")
REGION_IDS = [region_id(city) for city in CITIES]


def store_rows(world: World, names: Names) -> pl.DataFrame:
    """One row per store, and a second one from the day it moved to another region or brand."""
    shops = world.shops
    always = np.full(shops.size, FAR)
    first = _store_rows(world, names, shops.city, shops.brand, always)
    second = _store_rows(world, names, shops.new_city, shops.new_brand, shops.moved)
    moved = pl.Series(shops.moved < FAR)
    return pl.concat([first, second.filter(moved)]).sort("store_id", "valid_from")


def _store_rows(
    world: World, names: Names, region: Ints, brand: Ints, valid_from: Ints
) -> pl.DataFrame:
    shops, setting = world.shops, world.setting
    rng = setting.rng("positions")
    cities = [CITIES[code] for code in shops.city]
    longitude, latitude = rng.normal(0, 0.05, (2, shops.size))
    since = np.where(valid_from < FAR, valid_from, 0)
    return pl.DataFrame(
        {
            "store_id": names.stores,
            "store_name": _store_names(shops, brand),
            "brand": named(BRANDS, brand),
            "region_id": named(REGION_IDS, region),
            "city": [city.name for city in cities],
            "province": [city.province for city in cities],
            "latitude": _degrees([city.latitude for city in cities], latitude),
            "longitude": _degrees([city.longitude for city in cities], longitude),
            "ownership": np.where(shops.owned, "owned", "franchised"),
            "site": named(SITES, shops.site),
            "selling_area_sqm": without(shops.area),
            "opened_on": dates(setting, shops.opened),
            "closed_on": dates(setting, shops.closed),
            "day_cutoff_hour": shops.cutoff,
            "valid_from": dates(setting, valid_from),
            "updated_at": moments(setting, since * DAY),
        }
    )


def _degrees(centre: list[float], offset: Floats) -> list[str]:
    return [f"{place + step:.4f}" for place, step in zip(centre, offset.tolist(), strict=True)]


def _store_names(shops: Shops, brand: Ints) -> list[str]:
    """Brand, city and street, in the brand's language; the number keeps them apart."""
    seen: dict[str, int] = {}
    texts = []
    for store, (city, label) in enumerate(zip(shops.city.tolist(), brand.tolist(), strict=True)):
        street, chinese = STREETS[(store * 5 + city) % len(STREETS)]
        english = f"{BRANDS[label]} {CITIES[city].name} {street}"
        local = f"{CHINESE_BRANDS[label]} {CITIES[city].chinese}{chinese}店"
        text = local if CHINESE_BRANDS[label] else english
        seen[text] = seen.get(text, 0) + 1
        texts.append(text if seen[text] == 1 else f"{text} {seen[text]}")
    return texts


def closure_rows(world: World, names: Names) -> pl.DataFrame:
    """One row per temporary closure."""
    closures = world.shops.closures
    return pl.DataFrame(
        {
            "store_id": named(names.stores, closures.store),
            "closed_from": dates(world.setting, closures.first),
            "closed_to": dates(world.setting, closures.last),
            "reason": named(REASONS, closures.reason),
        }
    )


def region_rows(world: World) -> pl.DataFrame:
    """One row per region: the root, four areas, and the provinces that have or had stores."""
    shops = world.shops
    used = [CITIES[code] for code in np.unique(np.concatenate([shops.city, shops.new_city]))]
    leaves = {region_id(city): (city.province, f"{ROOT}-{city.area}") for city in used}
    areas = {f"{ROOT}-{code}": (name, ROOT) for code, name in AREAS.items()}
    tree: dict[str, tuple[str, str | None]] = {ROOT: ("China", None), **areas, **leaves}
    updated = moments(world.setting, np.zeros(len(tree), dtype=np.int64))
    return pl.DataFrame(
        {
            "region_id": list(tree),
            "region_name": [name for name, _ in tree.values()],
            "parent_region_id": [parent for _, parent in tree.values()],
            "updated_at": updated,
        }
    )


def guide_rows(world: World, names: Names) -> pl.DataFrame:
    """One row per assignment of a guide to a store that has begun by the end."""
    setting, staff = world.setting, world.staff
    jobs = staff.assignments
    changed = np.where(jobs.last < setting.days, jobs.last, np.maximum(jobs.first, 0))
    frame = pl.DataFrame(
        {
            "guide_id": named(names.guides, jobs.guide),
            "guide_name": named(_person_names(world, "guide names", staff.size), jobs.guide),
            "store_id": named(names.stores, jobs.store),
            "valid_from": dates(setting, jobs.first),
            "valid_to": dates(setting, jobs.last),
            "hired_on": dates(setting, staff.hired[jobs.guide]),
            "left_on": dates(setting, staff.left[jobs.guide]),
            "updated_at": moments(setting, changed * DAY),
        }
    )
    return frame.filter(pl.Series(jobs.first < setting.days)).sort("guide_id", "valid_from")


def _person_names(world: World, part: str, size: int) -> pl.Series:
    rng = world.setting.rng(part)
    surname = pl.Series(SURNAMES).gather(rng.integers(0, len(SURNAMES), size))
    return surname + pl.Series(GIVEN_NAMES).gather(rng.integers(0, len(GIVEN_NAMES), size))


def product_rows(world: World, names: Names) -> pl.DataFrame:
    """One row per SKU."""
    goods, setting = world.catalogue, world.setting
    styles = numbered("ST", len(goods.styles_skus), 5)
    kinds = [kind.name for kind in CATEGORIES]
    colours, category = named(COLOURS, goods.colour), named(kinds, goods.category)
    launched = np.clip(goods.launched, None, setting.days - 1)
    seasons = [season_name(goods.first_season + number) for number in range(goods.seasons)]
    return pl.DataFrame(
        {
            "product_id": names.products,
            "product_name": category + " " + colours,
            "style_id": named(styles, goods.style),
            "brand": named(BRANDS, np.where(goods.branded, goods.brand, NONE)),
            "category": category,
            "season": named(seasons, goods.season - goods.first_season),
            "colour": colours,
            "size": goods.size,
            "list_price": yuan(without(np.where(goods.priced, goods.list_price, NONE))),
            "cost": yuan(without(goods.cost)),
            "launched_on": dates(setting, launched),
            "updated_at": moments(setting, np.maximum(launched, 0) * DAY),
        }
    )


def member_rows(world: World, names: Names) -> pl.DataFrame:
    """One row per member, in the order they joined."""
    people, setting = world.people, world.setting
    size = people.members
    rng = setting.rng("member rows")
    joined, left = people.joined[:size], people.left[:size]
    left = np.where(left < LATE, left, NONE)
    city = np.where(rng.random(size) < 0.9, world.shops.city[people.home[:size]], NONE)
    events = [np.where(at == NONE, joined, at) for at in (people.bound_at, left)]
    changed = np.maximum(*events)
    return pl.DataFrame(
        {
            "member_id": names.members,
            "joined_at": moments(setting, joined),
            "join_channel": named(CHANNELS, people.channel),
            "join_store_id": named(names.stores, people.join_store),
            "join_guide_id": named(names.guides, people.join_guide),
            "bound_guide_id": named(names.guides, people.bound_guide),
            "bound_at": moments(setting, people.bound_at),
            "referrer_member_id": named(names.members, people.referrer),
            "visitor_id": named(names.visitors, people.visitor[:size]),
            "merged_into_member_id": named(names.members, people.merged_into),
            "tier": named(TIERS, choose(rng, size, (70, 20, 8, 2))),
            "city": named([place.name for place in CITIES], city),
            "phone": _phones(rng.permutation(10**8 if size > 10**6 else 10**6)[:size]),
            "name": _person_names(world, "member names", size),
            "left_at": moments(setting, left),
            "updated_at": moments(setting, changed),
        }
    )


def _phones(numbers: Ints) -> pl.Series:
    """Numbers of a range that is easy to recognise as made up; never two alike."""
    tail = pl.Series(numbers).cast(pl.String).str.zfill(8)
    return "199" + tail


def campaign_rows(world: World) -> pl.DataFrame:
    """One row per campaign that touches the period."""
    campaigns = world.coupons.campaigns
    starts = np.array([world.setting.day_of(one.starts) for one in campaigns])
    begun = np.clip(starts, 0, world.setting.days - 1)
    columns: dict[str, Sequence[str | None] | pl.Series] = {
        "campaign_id": [one.id for one in campaigns],
        "campaign_name": [one.name for one in campaigns],
        "starts_on": [one.starts.isoformat() for one in campaigns],
        "ends_on": [one.ends.isoformat() for one in campaigns],
        "kind": [one.kind for one in campaigns],
        "lunar_anchor": [one.anchor for one in campaigns],
        "budget": [f"{one.budget}.00" for one in campaigns],
        "updated_at": moments(world.setting, begun * DAY, OFFSET),
    }
    return pl.DataFrame(columns, schema_overrides={"lunar_anchor": pl.String})
