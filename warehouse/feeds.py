"""The feed contract: what a delivery may hold, each column once.

Loaders, tables, rejects and documentation derive from here; `schema.py` says how it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column's text must be; the rule in brackets is what a row breaks otherwise."""

    ID = "identifier"
    TEXT = "text"
    COUNT = "whole number"
    MONEY = "amount with at most two decimals"
    NUMBER = "number"
    AT = "time (ISO 8601)"
    DATE = "date (YYYY-MM-DD)"
    MONTH = "month (YYYY-MM)"
    FLAG = "true/false/1/0"
    SHARES = "shares such as G01=0.7;G02=0.3"
    PHONE = "phone number"


@dataclass(frozen=True)
class Field:
    """One column of a feed. `refers` names the entity (schema.ENTITIES) an identifier points to."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    key: bool = False
    refers: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feed:
    """One feed: `table` is where it is loaded, `grain` what one row is.

    `newest` is the column whose latest value says how fresh the feed is; `defines` the entity
    whose members this feed describes; `header` the columns an order repeats on each line;
    `amount` the money of a row, of which none may get lost on the way in.
    """

    name: str
    table: str
    grain: str
    fields: tuple[Field, ...]
    newest: str | None = None
    defines: str | None = None
    header: tuple[str, ...] = ()
    amount: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column a file of this feed may carry."""
        return tuple(field.name for field in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which a file is refused."""
        return tuple(field.name for field in self.fields if field.required)

    @property
    def key(self) -> tuple[Field, ...]:
        """The fields that together name one row."""
        return tuple(field for field in self.fields if field.key)


def _key(name: str, kind: Kind, meaning: str, refers: str | None = None, **more: object) -> Field:
    return Field(name, kind, meaning, True, True, refers, **more)  # type: ignore[arg-type]


def _need(name: str, kind: Kind, meaning: str, refers: str | None = None, **more: object) -> Field:
    return Field(name, kind, meaning, True, False, refers, **more)  # type: ignore[arg-type]


def _may(name: str, kind: Kind, meaning: str, refers: str | None = None, **more: object) -> Field:
    return Field(name, kind, meaning, False, False, refers, **more)  # type: ignore[arg-type]


_UPDATED = _may("updated_at", Kind.AT, "when the source last changed the row; the greatest holds")
_DELETED = _may("is_deleted", Kind.FLAG, "true takes this key out")
_EVENTS = (
    "tag_scan", "guide_scan", "outfit_view", "product_view", "favourite", "add_to_cart", "share",
    "follow", "unfollow", "card_view", "coupon_issued", "coupon_redeemed", "check_in",
    "message_in", "message_out",
)  # fmt: skip
_LEVELS = ("store", "guide", "region", "brand")
_SITES = ("mall", "street", "outlet", "online")
_FULFILMENTS = ("take_away", "store_pickup", "ship_from_store", "ship_from_warehouse")

_ALL = (
    Feed("stores", "dim_store_versions", "One row per store and date from which it holds.", (
        _key("store_id", Kind.ID, "the store", "store"),
        _need("store_name", Kind.TEXT, "its name"),
        _need("brand", Kind.TEXT, "brand over the door"),
        _need("region_id", Kind.ID, "region it belongs to", "region"),
        _may("city", Kind.TEXT, "city"),
        _may("province", Kind.TEXT, "province"),
        _may("latitude", Kind.NUMBER, "degrees north"),
        _may("longitude", Kind.NUMBER, "degrees east"),
        _may("ownership", Kind.TEXT, "who runs it", choices=("owned", "franchised")),
        _may("site", Kind.TEXT, "where it stands", choices=_SITES),
        _may("selling_area_sqm", Kind.NUMBER, "selling area, square metres"),
        _may("opened_on", Kind.DATE, "first open day"),
        _may("closed_on", Kind.DATE, "first closed day"),
        _may("day_cutoff_hour", Kind.COUNT, "hours after midnight that belong to the day before"),
        Field("valid_from", Kind.DATE, "first day this row holds; empty: always", key=True),
        _UPDATED, _DELETED,
    )),
    Feed("store_closures", "dim_store_closures", "One row per store and first closed day.", (
        _key("store_id", Kind.ID, "the store", "store"),
        _key("closed_from", Kind.DATE, "first closed day"),
        _need("closed_to", Kind.DATE, "last closed day"),
        _may("reason", Kind.TEXT, "why (refit, holiday, other)"),
        _DELETED,
    )),
    Feed("regions", "dim_regions", "One row per region ever named.", (
        _key("region_id", Kind.ID, "the region", "region"),
        _need("region_name", Kind.TEXT, "its name"),
        _may("parent_region_id", Kind.ID, "region above it; empty: a root", "region"),
        _UPDATED, _DELETED,
    ), defines="region"),
    Feed("guides", "dim_guide_assignments", "One row per guide and first day of an assignment.", (
        _key("guide_id", Kind.ID, "the guide", "guide"),
        _need("guide_name", Kind.TEXT, "name shown to colleagues"),
        _need("store_id", Kind.ID, "store worked at", "store"),
        _key("valid_from", Kind.DATE, "first day there"),
        _may("valid_to", Kind.DATE, "last day there; empty: still there"),
        _may("hired_on", Kind.DATE, "first day employed"),
        _may("left_on", Kind.DATE, "last day employed"),
        _UPDATED, _DELETED,
    )),
    Feed("products", "dim_products", "One row per product (SKU) ever named.", (
        _key("product_id", Kind.ID, "the SKU", "product"),
        _need("product_name", Kind.TEXT, "its name"),
        _may("style_id", Kind.TEXT, "style the SKU is a colour and size of"),
        _may("brand", Kind.TEXT, "brand on the label"),
        _may("category", Kind.TEXT, "kind of garment"),
        _may("season", Kind.TEXT, "collection"),
        _may("colour", Kind.TEXT, "colour"),
        _may("size", Kind.TEXT, "size"),
        _may("list_price", Kind.MONEY, "price on the tag, a piece"),
        _may("cost", Kind.MONEY, "cost a piece"),
        _may("launched_on", Kind.DATE, "first day on sale"),
        _UPDATED, _DELETED,
    ), defines="product"),
    Feed("members", "dim_members", "One row per member ever named.", (
        _key("member_id", Kind.ID, "the member", "member"),
        _need("joined_at", Kind.AT, "when they joined"),
        _may("join_channel", Kind.TEXT, "how (store_scan, mini_program, referral, pos, event, …)"),
        _may("join_store_id", Kind.ID, "where", "store"),
        _may("join_guide_id", Kind.ID, "with whom", "guide"),
        _may("bound_guide_id", Kind.ID, "guide they are bound to", "guide"),
        _may("bound_at", Kind.AT, "since when; empty: joined_at"),
        _may("referrer_member_id", Kind.ID, "member who brought them", "member"),
        _may("visitor_id", Kind.ID, "visitor they were and are online", "visitor"),
        _may("merged_into_member_id", Kind.ID, "member who stands for them now", "member"),
        _may("tier", Kind.TEXT, "tier"),
        _may("city", Kind.TEXT, "home city"),
        _may("phone", Kind.PHONE, "phone; kept as keyed digest and masked form only"),
        _may("name", Kind.TEXT, "name"),
        _may("left_at", Kind.AT, "when they left"),
        _UPDATED, _DELETED,
    ), newest="joined_at", defines="member"),
    Feed("pos_sales", "fct_pos_lines", "One row per receipt line.", (
        _key("store_id", Kind.ID, "store that rang it", "store"),
        _key("receipt_id", Kind.ID, "receipt, unique within its store", "receipt"),
        _key("line_number", Kind.COUNT, "line of the receipt"),
        _need("sold_at", Kind.AT, "time of payment"),
        _need("product_id", Kind.ID, "what", "product"),
        _need("quantity", Kind.COUNT, "pieces; negative on a return line"),
        _need("net_amount", Kind.MONEY, "paid for the line after all discounts; negative: return"),
        _may("list_amount", Kind.MONEY, "the line at tag price"),
        _may("discount_amount", Kind.MONEY, "discount as the till states it"),
        _may("guide_id", Kind.ID, "guide who served", "guide"),
        _may("guide_shares", Kind.SHARES, "guides who served; overrides guide_id", "split"),
        _may("member_id", Kind.ID, "buyer", "member"),
        _may("tender", Kind.TEXT, "means of payment (wechat_pay, alipay, card, cash, mall, …)"),
        _may("coupon_id", Kind.ID, "coupon redeemed", "coupon"),
        _may("original_receipt_id", Kind.ID, "receipt a return goes back to", "receipt"),
        _may("original_store_id", Kind.ID, "store of that receipt; empty: this store", "store"),
        _may("original_line_number", Kind.COUNT, "line of that receipt"),
        _may("original_order_id", Kind.ID, "online order returned at the till", "order"),
        _may("is_void", Kind.FLAG, "true: never happened"),
        _UPDATED, _DELETED,
    ), newest="sold_at", amount="net_amount"),
    Feed("online_orders", "fct_order_lines", "One row per online order line.", (
        _key("order_id", Kind.ID, "the order", "order"),
        _key("line_number", Kind.COUNT, "line of the order"),
        _need("ordered_at", Kind.AT, "when it was placed"),
        _need("channel", Kind.TEXT, "where (mini_program, official_site, app, tmall, jd, …)"),
        _need("product_id", Kind.ID, "what", "product"),
        _need("quantity", Kind.COUNT, "pieces"),
        _need("net_amount", Kind.MONEY, "to be paid for the line after all discounts"),
        _may("list_amount", Kind.MONEY, "the line at tag price"),
        _may("discount_amount", Kind.MONEY, "discount as the shop states it"),
        _may("shipping_amount", Kind.MONEY, "shipping, once, on line 1; in no figure"),
        _may("paid_at", Kind.AT, "when it was paid; empty: unpaid"),
        _may("fulfilled_at", Kind.AT, "when it was handed over or arrived"),
        _may("cancelled_at", Kind.AT, "when it was cancelled"),
        _may("fulfilment", Kind.TEXT, "how the goods reach the buyer", choices=_FULFILMENTS),
        _may("origin_store_id", Kind.ID, "store it was placed in", "store"),
        _may("fulfil_store_id", Kind.ID, "store that hands over or sends", "store"),
        _may("guide_id", Kind.ID, "guide the order states", "guide"),
        _may("guide_shares", Kind.SHARES, "guides the order states together", "split"),
        _may("member_id", Kind.ID, "buyer", "member"),
        _may("visitor_id", Kind.ID, "visitor who bought", "visitor"),
        _may("tender", Kind.TEXT, "means of payment"),
        _may("coupon_id", Kind.ID, "coupon redeemed", "coupon"),
        _may("device", Kind.TEXT, "device (mobile, pc)"),
        _UPDATED, _DELETED,
    ), newest="ordered_at", amount="net_amount", header=(
        "ordered_at", "channel", "paid_at", "fulfilled_at", "cancelled_at", "fulfilment",
        "origin_store_id", "fulfil_store_id", "guide_id", "guide_shares", "member_id",
        "visitor_id", "tender", "coupon_id", "device",
    )),
    Feed("refunds", "fct_refund_lines", "One row per refund and order line.", (
        _key("refund_id", Kind.ID, "the refund"),
        _key("order_id", Kind.ID, "the order", "order"),
        _key("line_number", Kind.COUNT, "line of the order"),
        _need("refunded_at", Kind.AT, "when"),
        _need("quantity", Kind.COUNT, "pieces; 0: money only"),
        _need("amount", Kind.MONEY, "money given back, positive"),
        _may("handled_store_id", Kind.ID, "store that took it back", "store"),
        _may("reason", Kind.TEXT, "why"),
        _UPDATED, _DELETED,
    ), newest="refunded_at", amount="amount"),
    Feed("touchpoints", "fct_touchpoints", "One row per event of a shopper.", (
        _key("event_id", Kind.ID, "the event"),
        _need("occurred_at", Kind.AT, "when"),
        _need("event", Kind.TEXT, "what happened", choices=_EVENTS),
        _may("visitor_id", Kind.ID, "visitor; this or member_id is needed", "visitor"),
        _may("member_id", Kind.ID, "member", "member"),
        _may("store_id", Kind.ID, "where", "store"),
        _may("guide_id", Kind.ID, "whose code or link", "guide"),
        _may("product_id", Kind.ID, "which product", "product"),
        _may("campaign_id", Kind.ID, "which campaign", "campaign"),
        _may("coupon_id", Kind.ID, "which coupon", "coupon"),
        _may("order_id", Kind.ID, "which order", "order"),
        _may("channel", Kind.TEXT, "where online"),
        _may("bind_result", Kind.TEXT, "what a guide scan did to the binding",
             choices=("bound", "already_bound", "bound_to_other", "void")),
        _UPDATED, _DELETED,
    ), newest="occurred_at"),
    Feed("campaigns", "dim_campaigns", "One row per campaign ever named.", (
        _key("campaign_id", Kind.ID, "the campaign", "campaign"),
        _need("campaign_name", Kind.TEXT, "its name"),
        _need("starts_on", Kind.DATE, "first day"),
        _need("ends_on", Kind.DATE, "last day"),
        _may("kind", Kind.TEXT, "kind (coupon, event, presale, festival)"),
        _may("lunar_anchor", Kind.TEXT, "lunar day it moves with"),
        _may("budget", Kind.MONEY, "money set aside"),
        _UPDATED, _DELETED,
    ), defines="campaign"),
    Feed("stock", "fct_stock_days", "One row per store, product and day of a stock count.", (
        _key("as_of_date", Kind.DATE, "day of the count"),
        _key("store_id", Kind.ID, "where", "store"),
        _key("product_id", Kind.ID, "what", "product"),
        _need("on_hand", Kind.COUNT, "pieces; 0 or less: none"),
        _DELETED,
    ), newest="as_of_date"),
    Feed("footfall", "fct_footfall_hours", "One row per store and hour of its door counter.", (
        _key("store_id", Kind.ID, "where", "store"),
        _key("hour_start", Kind.AT, "start of the hour"),
        _need("visitors", Kind.COUNT, "people who came in"),
        _DELETED,
    ), newest="hour_start"),
    Feed("targets", "fct_targets", "One row per owner of a target, month and figure.", (
        _key("level", Kind.TEXT, "what the id names", choices=_LEVELS),
        _key("id", Kind.ID, "store, guide, region or brand"),
        _key("month", Kind.MONTH, "month"),
        _key("metric", Kind.TEXT, "figure", choices=("net_sales", "new_members")),
        _need("target", Kind.MONEY, "the month's target"),
        _DELETED,
    )),
)  # fmt: skip

FEEDS: Mapping[str, Feed] = {feed.name: feed for feed in _ALL}


def feed_columns() -> Mapping[str, tuple[str, ...]]:
    """The columns of each feed, by its name."""
    return {name: feed.columns for name, feed in FEEDS.items()}
