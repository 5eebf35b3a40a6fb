"""Every table once: grain, columns, types, meanings.

Three kinds. Loaded tables hold the accepted rows of a feed, derived from `feeds.py`: identifiers
become integer keys of entity tables, everything else keeps its name. Derived tables can be
dropped and rebuilt from the loaded ones. Ledger tables say what every delivery became.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    and_,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import TypeEngine

from warehouse.feeds import FEEDS, Feed, Field, Kind

METADATA = MetaData()
MONEY = Numeric(18, 2)
FACTOR = Numeric(28, 2)
"""Money about to be multiplied: engines keep the 18 digits of MONEY for the product."""
SHARE = Numeric(9, 8)

Type = TypeEngine[Any] | type[TypeEngine[Any]]


@dataclass(frozen=True)
class Entity:
    """Something named by an identifier of its own: `table` gives each identifier an integer key.

    A receipt's identifier is unique within its store only: `within` names that second column.
    """

    name: str
    table: str
    type: Type = Integer
    within: str | None = None

    @property
    def key(self) -> str:
        """Name of the integer key column."""
        return f"{self.name}_key"

    @property
    def id(self) -> str:
        """Name of the text column that keeps the source's identifier."""
        return f"{self.name}_id"


ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity("store", "dim_stores"),
        Entity("region", "dim_regions"),
        Entity("guide", "dim_guides"),
        Entity("product", "dim_products"),
        Entity("campaign", "dim_campaigns"),
        Entity("member", "dim_members", BigInteger),
        Entity("visitor", "dim_visitors", BigInteger),
        Entity("coupon", "dim_coupons", BigInteger),
        Entity("split", "dim_splits", BigInteger),
        Entity("order", "dim_orders", BigInteger),
        Entity("receipt", "dim_receipts", BigInteger, within="store_key"),
    )
}

_TYPES: Mapping[Kind, Type] = {
    Kind.ID: String, Kind.TEXT: String, Kind.MONTH: String, Kind.COUNT: Integer,
    Kind.MONEY: MONEY, Kind.NUMBER: Double, Kind.AT: DateTime, Kind.DATE: Date, Kind.FLAG: Boolean,
}  # fmt: skip


def column(name: str, kind: Type, meaning: str, primary_key: bool = False) -> Column[Any]:
    """A column with its meaning; every column that is not part of a key may be empty."""
    return Column(name, kind, comment=meaning, primary_key=primary_key, autoincrement=False)


def stored_name(field: Field) -> str:
    """The column that keeps a field: `store_id` is kept as `store_key`, shares as a split."""
    if field.kind is Kind.SHARES:
        return "split_key"
    return field.name.removesuffix("_id") + "_key" if field.refers else field.name


def _stored(feed: Feed, field: Field) -> list[Column[Any]]:
    if field.name in ("updated_at", "is_void", "is_deleted"):
        return []
    if field.kind is Kind.PHONE:
        return [
            column("phone_hmac", String, "keyed digest of the phone, hexadecimal"),
            column("phone_masked", String, "phone with its middle hidden"),
        ]
    if field.refers and field.refers == feed.defines and field.key:
        entity = ENTITIES[field.refers]
        return [
            column(entity.key, entity.type, "our number for it", primary_key=True),
            column(entity.id, String, field.meaning),
        ]
    kind = ENTITIES[field.refers].type if field.refers else _TYPES[field.kind]
    return [column(stored_name(field), kind, field.meaning, primary_key=field.key)]


def _bookkeeping() -> list[Column[Any]]:
    """What decides between two rows of one key, and where the row came from."""
    return [
        column("updated_at", DateTime, "when the source last changed the row, UTC"),
        column("file_key", Integer, "delivery it came in (etl_files)"),
        column("file_line", BigInteger, "line of that delivery"),
        column("is_deleted", Boolean, "true: taken out; kept so that older rows stay out"),
    ]


def _loaded_table(feed: Feed) -> Table:
    columns = [stored for field in feed.fields for stored in _stored(feed, field)]
    if feed.defines:
        columns.append(column("is_known", Boolean, "false: only referred to so far"))
    return Table(feed.table, METADATA, *columns, *_bookkeeping(), comment=feed.grain)


LOADED: Mapping[str, Table] = {name: _loaded_table(feed) for name, feed in FEEDS.items()}
Rows = Mapping[str, FromClause]
"""Loaded rows by feed: all of them (`LOADED`), or the few that a derivation needs."""


def _table(name: str, comment: str, *columns: tuple[str, Type, str], key: int = 1) -> Table:
    """A table whose first `key` columns name one row."""
    made = [column(*entry, primary_key=place < key) for place, entry in enumerate(columns)]
    return Table(name, METADATA, *made, comment=comment)


DIM_STORES = _table(
    "dim_stores", "One row per store ever named, as its latest row describes it.",
    ("store_key", Integer, "our number for it"),
    ("store_id", String, "the source's identifier"),
    ("is_known", Boolean, "false: only referred to so far"),
    ("store_name", String, "name"),
    ("brand", String, "latest brand"),
    ("region_key", Integer, "latest region"),
    ("city", String, "city"),
    ("province", String, "province"),
    ("latitude", Double, "degrees north"),
    ("longitude", Double, "degrees east"),
    ("ownership", String, "owned or franchised"),
    ("site", String, "mall, street, outlet, online"),
    ("selling_area_sqm", Double, "selling area, square metres"),
    ("opened_on", Date, "first open day"),
    ("closed_on", Date, "first closed day"),
    ("day_cutoff_hour", Integer, "hours after midnight that belong to the day before"),
)  # fmt: skip
DIM_GUIDES = _table(
    "dim_guides", "One row per guide ever named, as their latest row describes them.",
    ("guide_key", Integer, "our number for them"),
    ("guide_id", String, "the source's identifier"),
    ("is_known", Boolean, "false: only referred to so far"),
    ("guide_name", String, "name"),
    ("store_key", Integer, "latest store"),
    ("hired_on", Date, "first day employed"),
    ("left_on", Date, "last day employed"),
)  # fmt: skip
DIM_VISITORS = _table(
    "dim_visitors", "One row per visitor ever named.",
    ("visitor_key", BigInteger, "our number for them"),
    ("visitor_id", String, "the source's identifier"),
)  # fmt: skip
DIM_COUPONS = _table(
    "dim_coupons", "One row per coupon ever named.",
    ("coupon_key", BigInteger, "our number for it"),
    ("coupon_id", String, "the source's identifier"),
)  # fmt: skip
DIM_ORDERS = _table(
    "dim_orders", "One row per online order ever named.",
    ("order_key", BigInteger, "our number for it"),
    ("order_id", String, "the source's identifier"),
)  # fmt: skip
DIM_RECEIPTS = _table(
    "dim_receipts", "One row per POS receipt ever named.",
    ("receipt_key", BigInteger, "our number for it"),
    ("receipt_id", String, "the source's identifier, unique within its store"),
    ("store_key", Integer, "store whose till rang it"),
)  # fmt: skip
DIM_SPLITS = _table(
    "dim_splits", "One row per way in which guides share a line.",
    ("split_key", BigInteger, "our number for it"),
    ("split_id", String, "the shares as text, in order of guide_id"),
)  # fmt: skip
DIM_SPLIT_GUIDES = _table(
    "dim_split_guides", "One row per split and guide in it.",
    ("split_key", BigInteger, "the split"),
    ("guide_key", Integer, "the guide"),
    ("share", SHARE, "their share, 0–1"),
    ("is_lead", Boolean, "greatest share (ties: smallest guide_id): takes the rounding"),
    key=2,
)  # fmt: skip
DIM_DATES = _table(
    "dim_dates", "One row per calendar date, with the dates it is compared to.",
    ("date", Date, "local calendar date"),
    ("day", String, "YYYY-MM-DD"),
    ("week", String, "ISO week, YYYY-Www"),
    ("month", String, "YYYY-MM"),
    ("quarter", String, "YYYY-Qn"),
    ("year", String, "YYYY"),
    ("weekday", SmallInteger, "1 Monday … 7 Sunday"),
    ("year_ago_date", Date, "same date last year; 29 February: 28 February"),
    ("weekday_ago_date", Date, "364 days back"),
    ("lunar_ago_date", Date, "same offset from lunar New Year's day; empty beyond 45 days of it"),
)  # fmt: skip

# Derived tables ------------------------------------------------------------------------------
STORE_PERIODS = _table(
    "dim_store_periods", "One row per store and span of days with one region and brand.",
    ("store_key", Integer, "the store"),
    ("starts_on", Date, "first day"),
    ("ends_before", Date, "first day after"),
    ("region_key", Integer, "its region then"),
    ("brand", String, "its brand then"),
    key=2,
)  # fmt: skip


def period_of(rows: FromClause) -> ColumnElement[bool]:
    """Joins rows of a store and a day to the store's one period of region and brand that day."""
    periods, date = STORE_PERIODS, rows.c.business_date
    return and_(
        periods.c.store_key == rows.c.store_key,
        periods.c.starts_on <= date,
        date < periods.c.ends_before,
    )


GUIDE_PERIODS = _table(
    "dim_guide_periods", "One row per guide and span of days of an assignment.",
    ("guide_key", Integer, "the guide"),
    ("starts_on", Date, "first day"),
    ("ends_before", Date, "first day after; not later than the day after the guide left"),
    ("store_key", Integer, "where they work then"),
    key=2,
)  # fmt: skip
REGION_PATHS = _table(
    "dim_region_paths", "One row per region and region it lies in, itself included.",
    ("region_key", Integer, "the region"),
    ("ancestor_key", Integer, "a region it lies in"),
    ("steps_up", Integer, "0: itself"),
    ("is_top", Boolean, "true: this ancestor lies just below the root (a root: itself)"),
    key=2,
)  # fmt: skip
MEMBER_PERSONS = _table(
    "dim_member_persons", "One row per member and the person they are.",
    ("member_key", BigInteger, "the member"),
    ("person_key", BigInteger, "the member who stands for them now"),
)  # fmt: skip
VISITOR_PERSONS = _table(
    "dim_visitor_persons", "One row per visitor and the person they are.",
    ("visitor_key", BigInteger, "the visitor"),
    ("person_key", BigInteger, "a member; negative: minus visitor_key, nobody known"),
)  # fmt: skip
ORDERS = _table(
    "fct_orders", "One row per online order that is not deleted, with who is credited and why.",
    ("order_key", BigInteger, "the order"),
    ("ordered_at", DateTime, "placed, UTC"),
    ("paid_at", DateTime, "paid, UTC; empty: unpaid"),
    ("fulfilled_at", DateTime, "handed over, UTC"),
    ("cancelled_at", DateTime, "cancelled, UTC"),
    ("ordered_date", Date, "local date placed"),
    ("paid_date", Date, "local date paid"),
    ("cancelled_date", Date, "local date cancelled"),
    ("channel", String, "where"),
    ("fulfilment", String, "how the goods reach the buyer"),
    ("origin_store_key", Integer, "store it was placed in"),
    ("fulfil_store_key", Integer, "store that hands over or sends"),
    ("person_key", BigInteger, "buyer; negative: a visitor"),
    ("tender", String, "means of payment"),
    ("coupon_key", BigInteger, "coupon redeemed"),
    ("device", String, "device"),
    ("credit_rule", String, "rule that decided the credit"),
    ("guide_key", Integer, "credited guide (of several: the lead)"),
    ("split_key", BigInteger, "how several share"),
    ("store_key", Integer, "credited store"),
    ("evidence_event_id", String, "touchpoint that decided; empty: the order or member row did"),
    ("evidence_at", DateTime, "when that happened, UTC"),
)  # fmt: skip
CREDITED_LINES = _table(
    "fct_credited_lines", "One row per sale or return line and guide it is credited to.",
    ("source", String, "pos, order, refund or cancel"),
    ("receipt_key", BigInteger, "receipt; negative: minus order_key"),
    ("line_number", Integer, "line of the receipt or order"),
    ("business_date", Date, "day it counts on"),
    ("local_hour", SmallInteger, "hour of the day, 0–23"),
    ("is_return", Boolean, "true: a return line"),
    ("original_date", Date, "of a return: the day of the sale it goes back to, if known"),
    ("channel", String, "pos or the online channel"),
    ("store_key", Integer, "credited store"),
    ("region_key", Integer, "that store's region that day"),
    ("store_brand", String, "that store's brand that day"),
    ("brand", String, "the product's brand, else the store's"),
    ("handling_store_key", Integer, "of a return: store that took it back"),
    ("credit_order_key", BigInteger, "online order whose credit the line carries"),
    ("guide_key", Integer, "credited guide; empty: nobody"),
    ("share", SHARE, "their share of the line, 0–1"),
    ("product_key", Integer, "what"),
    ("member_key", BigInteger, "buyer, where a member"),
    ("tender", String, "means of payment"),
    ("fulfilment", String, "of online lines: how the goods reach the buyer"),
    ("device", String, "of online lines: device"),
    ("origin_store_key", Integer, "of online lines: store the order was placed in"),
    ("fulfil_store_key", Integer, "of online lines: store that hands over or sends"),
    ("quantity", Integer, "pieces of the whole line; negative on a return line"),
    ("net_amount", MONEY, "this guide's part of the line; negative on a return line"),
    ("list_amount", MONEY, "this guide's part of the line at tag price"),
    key=0,
)  # fmt: skip

SCANS = _table(
    "fct_scans",
    "One row per tag or guide scan, with what became of it.",
    ("event_id", String, "the touchpoint"),
    ("occurred_at", DateTime, "when, UTC"),
    ("business_date", Date, "local calendar date"),
    ("person_key", BigInteger, "who; negative: a visitor"),
    ("member_key", BigInteger, "who, where a member"),
    ("store_key", Integer, "where"),
    ("region_key", Integer, "that store's region that day"),
    ("brand", String, "that store's brand that day"),
    ("guide_key", Integer, "whose code"),
    ("product_key", Integer, "what"),
    ("channel", String, "channel the event states"),
    ("is_visit", Boolean, "true: the person's first scan in that store that day"),
    ("bind_result", String, "of a guide scan: what it did to the binding"),
    ("on_hand", Integer, "pieces counted there that day; empty: not counted"),
    ("is_lost", Boolean, "true: a lost sale, the first of its style that day"),
    ("lost_amount", MONEY, "list price of what was not sold; 0 unless lost"),
)
FUNNEL_STEPS = 4
"""The most steps a shipped funnel has."""
FUNNEL_ENTRIES = _table(
    "fct_funnel_entries",
    "One row per shipped funnel and entry, followed for the funnel's own window.",
    ("funnel", String, "name of the funnel"),
    ("event_id", String, "the touchpoint that is the entry"),
    ("person_key", BigInteger, "who; negative: a visitor"),
    ("entered_at", DateTime, "when, UTC"),
    ("business_date", Date, "local calendar date"),
    ("store_key", Integer, "where"),
    ("region_key", Integer, "that store's region that day"),
    ("brand", String, "that store's brand that day"),
    ("guide_key", Integer, "guide the event names"),
    ("campaign_key", Integer, "campaign the event names"),
    ("coupon_key", BigInteger, "coupon the event names"),
    *(
        (f"step_{place}_at", DateTime, f"when step {place} was reached, UTC; empty: not")
        for place in range(1, FUNNEL_STEPS + 1)
    ),
    ("closed_at", DateTime, "of scan_to_order: the purchase that closed the ring; empty: none"),
    key=2,
)
COUPON_USES = _table(
    "fct_coupon_uses",
    "One row per receipt or paid order that states a coupon and belongs to an entry of it.",
    ("receipt_key", BigInteger, "receipt; negative: minus order_key"),
    ("event_id", String, "the entry of coupon_to_store"),
    ("person_key", BigInteger, "whose entry; negative: a visitor"),
    ("business_date", Date, "local calendar date of the entry"),
)
AS_OF = _table(
    "dim_as_of",
    "One row: how far the loaded data reach.",
    ("as_of", DateTime, "latest sale, order, payment, fulfilment or event, UTC"),
    ("as_of_date", Date, "its local date"),
)

# Ledger --------------------------------------------------------------------------------------
ETL_FILES = _table(
    "etl_files", "One row per delivery and feed ever seen, kept for ever.",
    ("file_key", Integer, "our number, in the order of recording"),
    ("feed", String, "feed; empty: none could be told"),
    ("name", String, "path below the inbox"),
    ("content_hash", String, "SHA-256 of what was read"),
    ("mapping", String, "source mapping, where one was used"),
    ("judged_by", String, "digest of the settings and mapping it was judged by"),
    ("kept", String, "its kept copies, as JSON"),
    ("size_bytes", BigInteger, "size when listed"),
    ("modified_us", BigInteger, "change time when listed, microseconds"),
    ("first_seen_at", DateTime, "when it was first listed, UTC"),
    ("run_key", Integer, "run that loaded or refused it"),
    ("outcome", String, "loaded or refused"),
    ("reason", String, "why it was refused"),
    ("rows_read", BigInteger, "rows read"),
    ("rows_loaded", BigInteger, "rows that now hold"),
    ("rows_unchanged", BigInteger, "rows already there"),
    ("rows_superseded", BigInteger, "rows whose key an equal or newer row held"),
    ("rows_rejected", BigInteger, "rows in etl_rejects"),
    ("rows_voided", BigInteger, "rows that say void or deleted"),
    ("extra_columns", String, "columns nobody asked for, as JSON"),
)  # fmt: skip
ETL_AMOUNTS = _table(
    "etl_amounts", "One row per loaded delivery that states amounts: the money that came in it.",
    ("file_key", Integer, "the delivery"),
    ("read_amount", MONEY, "of all rows read"),
    ("loaded_amount", MONEY, "of rows that now hold"),
    ("unchanged_amount", MONEY, "of rows already there"),
    ("superseded_amount", MONEY, "of rows whose key an equal or newer row held"),
    ("rejected_amount", MONEY, "of rows in etl_rejects"),
    ("voided_amount", MONEY, "of rows that say void or deleted"),
)  # fmt: skip
ETL_RESTATEMENTS = _table(
    "etl_restatements", "One row per run and closed month whose net sales it changed.",
    ("run_key", Integer, "the run"),
    ("month", String, "YYYY-MM, before the month of the as-of date when the run began"),
    ("net_sales_before", MONEY, "net sales of the month when the run began"),
    ("net_sales_after", MONEY, "what it published"),
    key=2,
)  # fmt: skip
ETL_REJECTS = _table(
    "etl_rejects", "One row per rejected row or refused file.",
    ("file_key", Integer, "the delivery"),
    ("feed", String, "feed"),
    ("file", String, "path below the inbox"),
    ("line", BigInteger, "line; empty: the whole file"),
    ("rule", String, "rule that was broken"),
    ("message", String, "what is wrong and what to do"),
    ("row", String, "the row as it came, JSON, phones masked"),
    key=0,
)  # fmt: skip
ETL_RUNS = _table(
    "etl_runs", "One row per run that published.",
    ("run_key", Integer, "number of the run"),
    ("started_at", DateTime, "UTC"),
    ("finished_at", DateTime, "UTC"),
    ("exit_code", Integer, "0 or 2"),
    ("files", Integer, "deliveries read"),
    ("rows_read", BigInteger, "rows read"),
    ("rows_loaded", BigInteger, "rows that now hold"),
    ("rows_rejected", BigInteger, "rows rejected"),
)  # fmt: skip
ETL_FACTS = _table(
    "etl_facts", "One row per named value the warehouse remembers about itself.",
    ("name", String, "name"),
    ("text", String, "value"),
)  # fmt: skip

DERIVED = [
    STORE_PERIODS, GUIDE_PERIODS, REGION_PATHS, MEMBER_PERSONS, VISITOR_PERSONS, ORDERS,
    CREDITED_LINES, SCANS, FUNNEL_ENTRIES, COUPON_USES, AS_OF,
]  # fmt: skip
"""Everything derived; rollups.py adds its own."""
LEDGER = (ETL_FILES, ETL_AMOUNTS, ETL_RESTATEMENTS, ETL_REJECTS, ETL_RUNS, ETL_FACTS)
