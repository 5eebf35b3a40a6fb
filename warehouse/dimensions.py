"""What one may group and filter by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TIME = ("day", "week", "month", "quarter", "year", "weekday")


@dataclass(frozen=True)
class Dimension:
    """A way to group. `of` is what it is a property of; `column` where that keeps it."""

    name: str
    label: str
    of: str
    column: str
    meaning: str


_ALL = (
    Dimension("day", "Day", "date", "day", "business date, YYYY-MM-DD"),
    Dimension("week", "Week", "date", "week", "ISO week, YYYY-Www"),
    Dimension("month", "Month", "date", "month", "month, YYYY-MM"),
    Dimension("quarter", "Quarter", "date", "quarter", "quarter, YYYY-Qn"),
    Dimension("year", "Year", "date", "year", "calendar year"),
    Dimension("weekday", "Weekday", "date", "weekday", "1 Monday … 7 Sunday"),
    Dimension("hour", "Hour", "line", "local_hour", "hour of the sale or return, 0–23"),
    Dimension("brand", "Brand", "brand", "brand", "the product's brand, else the store's"),
    Dimension("region", "Region", "region", "region_id", "the store's own region"),
    Dimension("top_region", "Top region", "region", "top_region", "ancestor just below the root"),
    Dimension("city", "City", "store", "city", "the store's city"),
    Dimension("store", "Store", "store", "store_id", "credited store"),
    Dimension("site", "Site", "store", "site", "mall, street, outlet or online"),
    Dimension("ownership", "Ownership", "store", "ownership", "owned or franchised"),
    Dimension("guide", "Guide", "guide", "guide_id", "credited guide"),
    Dimension("channel", "Channel", "channel", "channel", "pos or the online channel"),
    Dimension("tender", "Tender", "line", "tender", "means of payment"),
    Dimension("fulfilment", "Fulfilment", "line", "fulfilment", "how online goods reach the buyer"),
    Dimension("device", "Device", "line", "device", "device of an online order"),
    Dimension("category", "Category", "product", "category", "kind of garment"),
    Dimension("season", "Season", "product", "season", "collection"),
    Dimension("style", "Style", "product", "style_id", "style a SKU is a colour and size of"),
    Dimension("product", "Product", "product", "product_id", "SKU"),
    Dimension("tier", "Member tier", "member", "tier", "the buyer's tier today"),
    Dimension("join_channel", "Join channel", "member", "join_channel", "how the member joined"),
    Dimension("campaign", "Campaign", "campaign", "campaign_id", "of funnel entries: the campaign"),
    Dimension("handling_store", "Handling store", "handling_store", "store_id",
              "of returns: the store that took the goods back"),
)  # fmt: skip

DIMENSIONS: Mapping[str, Dimension] = {dimension.name: dimension for dimension in _ALL}
