"""The feed contract, written down a second time from 02-feeds.md: keys, required and other columns.

A column's type follows from its name (the contract's own convention), see `kind_of`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feed:
    """One feed: its key, the columns that must hold a value, and the columns that may."""

    key: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.required + self.optional + ("is_deleted",)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _names(text: str) -> frozenset[str]:
    return frozenset(_words(text))


def _feed(key: str, required: str, optional: str) -> Feed:
    return Feed(_words(key), _words(required), _words(optional))


FEEDS: dict[str, Feed] = {
    "stores": _feed(
        "store_id valid_from",
        "store_id store_name brand region_id",
        "city province latitude longitude ownership site selling_area_sqm opened_on closed_on "
        "day_cutoff_hour valid_from updated_at",
    ),
    "store_closures": _feed("store_id closed_from", "store_id closed_from closed_to", "reason"),
    "regions": _feed("region_id", "region_id region_name", "parent_region_id updated_at"),
    "guides": _feed(
        "guide_id valid_from",
        "guide_id guide_name store_id valid_from",
        "valid_to hired_on left_on updated_at",
    ),
    "products": _feed(
        "product_id",
        "product_id product_name",
        "style_id brand category season colour size list_price cost launched_on updated_at",
    ),
    "members": _feed(
        "member_id",
        "member_id joined_at",
        "join_channel join_store_id join_guide_id bound_guide_id bound_at referrer_member_id "
        "visitor_id merged_into_member_id tier city phone name left_at updated_at",
    ),
    "pos_sales": _feed(
        "store_id receipt_id line_number",
        "receipt_id line_number store_id sold_at product_id quantity net_amount",
        "list_amount discount_amount guide_id guide_shares member_id tender coupon_id "
        "original_receipt_id original_store_id original_line_number original_order_id is_void "
        "updated_at",
    ),
    "online_orders": _feed(
        "order_id line_number",
        "order_id line_number ordered_at channel product_id quantity net_amount",
        "list_amount discount_amount shipping_amount paid_at fulfilled_at cancelled_at fulfilment "
        "origin_store_id fulfil_store_id guide_id guide_shares member_id visitor_id tender "
        "coupon_id device updated_at",
    ),
    "refunds": _feed(
        "refund_id order_id line_number",
        "refund_id order_id line_number refunded_at quantity amount",
        "handled_store_id reason updated_at",
    ),
    "touchpoints": _feed(
        "event_id",
        "event_id occurred_at event",
        "visitor_id member_id store_id guide_id product_id campaign_id coupon_id order_id channel "
        "bind_result updated_at",
    ),
    "campaigns": _feed(
        "campaign_id",
        "campaign_id campaign_name starts_on ends_on",
        "kind lunar_anchor budget updated_at",
    ),
    "stock": _feed("as_of_date store_id product_id", "as_of_date store_id product_id on_hand", ""),
    "footfall": _feed("store_id hour_start", "store_id hour_start visitors", ""),
    "targets": _feed("level id month metric", "level id month metric target", ""),
}

# Every line of an online order repeats these; the order's are those of its speaking line.
HEADER_FIELDS = _words(
    "ordered_at channel paid_at fulfilled_at cancelled_at fulfilment origin_store_id "
    "fulfil_store_id guide_id guide_shares member_id visitor_id tender coupon_id device"
)

CLOSED_LISTS: dict[tuple[str, str], frozenset[str]] = {
    ("touchpoints", "event"): _names(
        "tag_scan guide_scan outfit_view product_view favourite add_to_cart share follow "
        "unfollow card_view coupon_issued coupon_redeemed check_in message_in message_out"
    ),
    ("touchpoints", "bind_result"): _names("bound already_bound bound_to_other void"),
    ("online_orders", "fulfilment"): _names(
        "take_away store_pickup ship_from_store ship_from_warehouse"
    ),
    ("stores", "ownership"): _names("owned franchised"),
    ("stores", "site"): _names("mall street outlet online"),
    ("targets", "level"): _names("store guide region brand"),
    ("targets", "metric"): _names("net_sales new_members"),
}

_MONEY = _names(
    "net_amount list_amount discount_amount shipping_amount amount list_price cost budget"
)
_NUMBERS = _names("latitude longitude selling_area_sqm target")
_INTEGERS = _names("quantity line_number original_line_number on_hand visitors day_cutoff_hour")


_KINDS_BY_NAME = {"hour_start": "time", "month": "month", "guide_shares": "shares"}
_KINDS_BY_ENDING = {"_at": "time", "_on": "date", "_from": "date", "_to": "date", "_date": "date"}


def kind_of(column: str) -> str:
    """`_at` columns are times; `_on`, `_from`, `_to` dates; the rest by what they are."""
    for kind, names in (("money", _MONEY), ("number", _NUMBERS), ("integer", _INTEGERS)):
        if column in names:
            return kind
    if column.startswith("is_"):
        return "boolean"
    by_ending = (kind for ending, kind in _KINDS_BY_ENDING.items() if column.endswith(ending))
    return _KINDS_BY_NAME.get(column) or next(by_ending, "text")
