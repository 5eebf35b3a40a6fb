"""The value of a dimension for a fact."""

from __future__ import annotations

from collections.abc import Container, Mapping

from .company import Company
from .facts import Fact
from .organisation import UNASSIGNED

STORE_DIMENSIONS = ("store", "region", "top_region", "brand", "city", "site", "ownership")
PRODUCT_DIMENSIONS = ("product", "style", "category", "season")
LINE_DIMENSIONS = (
    *STORE_DIMENSIONS,
    *PRODUCT_DIMENSIONS,
    *("guide", "channel", "tender", "fulfilment", "device", "tier", "join_channel"),
)
_ATTRIBUTES = {
    **dict.fromkeys(("city", "site", "ownership"), "store"),
    **dict.fromkeys(("style", "category", "season"), "product"),
    **dict.fromkeys(("tier", "join_channel"), "member"),
}


def value(company: Company, dimension: str, fact: Fact, org: str) -> str | None:
    """None: the fact has no member of the dimension; "unassigned": one that is not loaded."""
    if dimension in fact.told:
        return fact.told[dimension]
    if dimension == "brand":
        return _brand(company, fact, org)
    if dimension in ("region", "top_region"):
        region = company.organisation.region_of(fact.store, fact.day, org)
        return region if dimension == "region" else company.organisation.top_region(region)
    if dimension in _ATTRIBUTES:
        column = "style_id" if dimension == "style" else dimension
        return _text(_row_with(company, dimension, fact), column)
    return _own(company, dimension, fact)


def _row_with(company: Company, dimension: str, fact: Fact) -> dict[str, str | None] | None:
    """The row whose attribute the dimension is: the latest, whatever the day."""
    if _ATTRIBUTES[dimension] == "store":
        return company.organisation.store_latest(fact.store)
    if _ATTRIBUTES[dimension] == "product":
        return company.products.get(fact.product or "")
    return company.members.get(fact.member or "")


def _own(company: Company, dimension: str, fact: Fact) -> str | None:
    """A dimension the fact states itself; an id that is not in its feed is unassigned."""
    stated: str | None = getattr(fact, dimension)
    feeds: Mapping[str, Container[str]] = {
        "store": company.organisation.stores,
        "handling_store": company.organisation.stores,
        "guide": company.organisation.guides,
        "product": company.products,
        "campaign": company.campaigns,
    }
    known = feeds.get(dimension)
    if stated is None or known is None or stated in known:
        return stated
    return UNASSIGNED


def _brand(company: Company, fact: Fact, org: str) -> str | None:
    """Of a line the product's brand, else the store's of the day; of other facts the store's."""
    product = company.products.get(fact.brand_product or "")
    if product and product["brand"] is not None:
        return str(product["brand"])
    return _text(company.organisation.store_on(fact.store, fact.day, org), "brand")


def _text(row: dict[str, str | None] | None, column: str) -> str | None:
    return row[column] if row else None
