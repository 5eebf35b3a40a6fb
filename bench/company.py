"""A made-up company of any size, as loaded tables and as deliveries: what it sells, when and where.

The full one has 10,000 stores, 50,000 guides and 20 million members; in two years 270 million lines
on receipts, 150 million touchpoints and 20 million lines of online orders. A share of it has that
share of everything. Who, where and what is drawn from the number of a receipt, order or visit, so
the same size gives the same rows. A tenth of the receipts come from the greatest hundredth of the
stores; weekends, Double 11 and the weeks before Spring Festival are busy, its days are not; and on
one day 45,000 members joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, pairwise

import polars as pl
from sqlalchemy import Table

from warehouse.schema import (
    DIM_COUPONS,
    DIM_GUIDES,
    DIM_ORDERS,
    DIM_RECEIPTS,
    DIM_STORES,
    DIM_VISITORS,
    LOADED,
)  # fmt: skip

FIRST, DAYS, AT_ONCE = date(2024, 11, 20), 730, 1_000_000
FULL = {"stores": 10_000, "members": 20_000_000, "receipts": 108_000_000,
        "touchpoints": 150_000_000, "orders": 13_300_000}  # fmt: skip
GUIDES, PRODUCTS, BRANDS, REGIONS, VISIT = 5, 5_000, 3, 30, 4
"""Guides of a store, products, brands, regions, and events of one person in one store."""
SPRING = (date(2025, 1, 29), date(2026, 2, 17))
DOUBLE_11 = (date(2025, 11, 11), date(2026, 11, 11))
JOINS, JOINED_ON = 45_000, date(2026, 3, 8)
EVENTS = (
    ["outfit_view"] * 20 + ["product_view"] * 20 + ["tag_scan"] * 25 + ["guide_scan"] * 8
    + ["favourite"] * 6 + ["add_to_cart"] * 6 + ["card_view"] * 4 + ["follow"] * 3
    + ["coupon_issued"] * 4 + ["check_in"] * 2 + ["message_out"] * 2
)  # fmt: skip
Rows = tuple[Table, pl.DataFrame]
N = pl.col("n")


def busy(day: date) -> float:
    """How much happens on a day, beside an ordinary weekday."""
    weight = 1.5 if day.weekday() >= 5 else 1.0
    if day in DOUBLE_11:
        return 4.0
    before = min((abs((feast - day).days), feast > day) for feast in SPRING)
    if before[0] <= 14:
        weight *= 1.8 if before[1] else 0.6
    return weight


@dataclass(frozen=True)
class Company:
    """A share of the full company, and the last days of its two years."""

    share: float
    days: int = DAYS

    def size(self, of: str) -> int:
        """How many there are."""
        return max(int(FULL[of] * self.share), 20)

    @cached_property
    def _beyond(self) -> list[float]:
        """What share of everything has happened by the end of each day; one day more follows."""
        weights = [busy(FIRST + timedelta(days=day)) for day in range(DAYS)]
        so_far = [*accumulate(weights, initial=0.0)]
        return [*(sum_ / so_far[-1] for sum_ in so_far), 1 + 1 / so_far[-1]]

    def dimensions(self) -> Iterator[Rows]:
        """Everything that has a name, and how it is described."""
        yield from _places(self.size("stores"))
        yield from _goods()
        for first in range(0, self.size("members"), AT_ONCE):
            yield from _members(first, min(first + AT_ONCE, self.size("members")), self)
        for first in range(0, self.size("members") // 2, AT_ONCE):
            beyond = min(first + AT_ONCE, self.size("members") // 2)
            keys = _numbers(first, beyond).select(key=N + 1)
            yield DIM_VISITORS, _named(keys, "visitor", "V")
            yield DIM_COUPONS, _named(keys, "coupon", "K")

    def history(self) -> Iterator[Rows]:
        """What happened, in order, some days at once."""
        step = max(1, min(DAYS, int(AT_ONCE * DAYS // (self.size("receipts") * 2.5))))
        for first in range(DAYS - self.days, DAYS, step):
            yield from self.happened(first, min(first + step, DAYS))

    def happened(self, first: int, beyond: int) -> Iterator[Rows]:
        """What happened on some days; `DAYS` is the day after the history."""
        receipts = self._when("receipts", first, beyond)
        yield DIM_RECEIPTS, _receipts(receipts, self)
        yield LOADED["pos_sales"], _lines(receipts, self)
        orders = self._when("orders", first, beyond)
        yield DIM_ORDERS, _named(orders.select(key=N + 1), "order", "O")
        lines = _orders(orders, self)
        yield LOADED["online_orders"], lines
        yield LOADED["refunds"], _refunds(lines)
        yield LOADED["touchpoints"], _touches(self._when("touchpoints", first, beyond), self)
        days = [FIRST + timedelta(days=day) for day in range(first, beyond)]
        yield LOADED["footfall"], _footfall(days, self.size("stores"))
        if beyond >= DAYS - 30:
            yield LOADED["stock"], _stock(days, self.size("stores"))

    def _when(self, of: str, first: int, beyond: int) -> pl.DataFrame:
        """Numbers `n` of what happened on some days, with its time `at` (UTC; 10:00 to 22:00)."""
        bounds = [int(self.size(of) * share) for share in self._beyond[first : beyond + 1]]
        day = pl.Series(bounds[1:]).search_sorted
        frame = _numbers(bounds[0], bounds[-1])
        frame = frame.with_columns(day=day(frame["n"], side="right").cast(pl.Int64))
        starts = pl.DataFrame({"day": range(beyond - first), "start": bounds[:-1],
                               "count": [b - a for a, b in pairwise(bounds)]})  # fmt: skip
        opens = datetime(FIRST.year, FIRST.month, FIRST.day, 2) + timedelta(days=first)
        seconds = (N - pl.col("start")) * 43_200 // pl.col("count")
        at = pl.lit(opens) + pl.duration(days="day", seconds=seconds)
        return frame.join(starts, on="day", maintain_order="left").select("n", at=at)


def _numbers(first: int, beyond: int) -> pl.DataFrame:
    return pl.DataFrame({"n": pl.int_range(first, beyond, eager=True)})


def drawn(seed: int, below: int, of: pl.Expr = N) -> pl.Expr:
    """A number from 0, drawn for each."""
    return (of.hash(seed) % below).cast(pl.Int64)


def _skewed(seed: int, below: int, of: pl.Expr = N) -> pl.Expr:
    """The same, small ones far more often: a tenth of all are in the first hundredth."""
    share = of.hash(seed).cast(pl.Float64) / 2.0**64
    return (share * share * below).cast(pl.Int64).clip(0, below - 1)


def _id(prefix: str, number: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(prefix), number.cast(pl.String).str.zfill(9))


def _named(keys: pl.DataFrame, entity: str, prefix: str) -> pl.DataFrame:
    key = pl.col("key")
    return keys.select(key.alias(f"{entity}_key"), _id(prefix, key).alias(f"{entity}_id"))


def _cents(number: pl.Expr) -> pl.Expr:
    return (number.cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))


def _kept(at: str | pl.Expr) -> dict[str, pl.Expr]:
    """What a load notes of every row."""
    changed = pl.col(at) if isinstance(at, str) else at
    return {"updated_at": changed, "file_key": pl.lit(1), "file_line": N + 2,
            "is_deleted": pl.lit(False)}  # fmt: skip


# What has a name ---------------------------------------------------------------------------------
_EVER = pl.lit(datetime(2015, 1, 1))


def _places(stores: int) -> Iterator[Rows]:
    """Regions below five top regions below one, stores in them, their guides and their plans."""
    top = 1 + 5
    areas = _numbers(1, top + REGIONS + 1)
    above = pl.when(N == 1).then(None).when(top >= N).then(1).otherwise(2 + N % 5)
    yield LOADED["regions"], areas.select(
        region_key="n", region_id=_id("R", N), region_name=_id("Region ", N),
        parent_region_key=above, is_known=pl.lit(True), **_kept(_EVER),
    )  # fmt: skip
    shops = _numbers(1, stores + 1)
    yield DIM_STORES, shops.select(store_key="n", store_id=_id("S", N), is_known=pl.lit(False))
    yield LOADED["stores"], shops.select(
        store_key="n", store_name=_id("Store ", N), brand=_id("B", N % BRANDS),
        region_key=top + 1 + drawn(1, REGIONS), city=_id("City ", drawn(2, 60)),
        site=pl.lit("mall"), selling_area_sqm=60.0 + drawn(3, 100), day_cutoff_hour=pl.lit(0),
        opened_on=pl.lit(date(2015, 1, 1)) + pl.duration(days=drawn(4, 4_200)),
        valid_from=pl.lit(date(2015, 1, 1)), **_kept(_EVER),
    )  # fmt: skip
    guides = _numbers(1, stores * GUIDES + 1)
    yield DIM_GUIDES, guides.select(guide_key="n", guide_id=_id("G", N), is_known=pl.lit(False))
    yield LOADED["guides"], guides.select(
        guide_key="n", guide_name=_id("Guide ", N), store_key=(N - 1) // GUIDES + 1,
        valid_from=pl.lit(date(2020, 1, 1)), **_kept(_EVER),
    )  # fmt: skip
    months = pl.date_range(FIRST, FIRST + timedelta(days=DAYS), "1mo", eager=True)
    month = pl.DataFrame({"month": months.dt.strftime("%Y-%m")})
    yield LOADED["targets"], shops.join(month, how="cross").select(
        level=pl.lit("store"), id=_id("S", N), month="month", metric=pl.lit("net_sales"),
        target=pl.lit(300_000), **_kept(_EVER),
    )  # fmt: skip


def _goods() -> Iterator[Rows]:
    yield LOADED["products"], _numbers(1, PRODUCTS + 1).select(
        product_key="n", product_id=_id("P", N), product_name=_id("Product ", N),
        style_id=_id("ST", N // 4), brand=_id("B", N % BRANDS), category=_id("C", N % 12),
        season=_id("", 2024 + N % 3), list_price=N % 900 + 99, cost=N % 90 + 10,
        is_known=pl.lit(True), **_kept(_EVER),
    )  # fmt: skip
    yield LOADED["campaigns"], _numbers(1, 21).select(
        campaign_key="n", campaign_id=_id("CA", N), campaign_name=_id("Campaign ", N),
        starts_on=pl.lit(FIRST), ends_on=pl.lit(FIRST) + pl.duration(days=DAYS),
        is_known=pl.lit(True), **_kept(_EVER),
    )  # fmt: skip


def _members(first: int, beyond: int, company: Company) -> Iterator[Rows]:
    """Two in five joined within the two years, 45,000 of the full company on one day."""
    guide = drawn(11, company.size("stores") * GUIDES) + 1
    on_that_day = JOINS * company.share > N
    ago = pl.lit(FIRST + timedelta(days=DAYS)) - pl.duration(days=drawn(12, DAYS * 5 // 2))
    joined = pl.when(on_that_day).then(pl.lit(JOINED_ON)).otherwise(ago).cast(pl.Datetime)
    at = joined + pl.duration(seconds=drawn(13, 43_200) + 7_200)
    yield LOADED["members"], _numbers(first, beyond).select(
        member_key=N + 1, member_id=_id("M", N + 1), joined_at=at, join_channel=pl.lit("store"),
        join_store_key=(guide - 1) // GUIDES + 1, join_guide_key=guide,
        bound_guide_key=pl.when(drawn(14, 10) < 7).then(guide), bound_at=at,
        visitor_key=pl.when(drawn(15, 6) == 0).then(N // 2 + 1), is_known=pl.lit(True), **_kept(at),
    )  # fmt: skip


# What happened -----------------------------------------------------------------------------------
def _shop(stores: int, of: pl.Expr) -> pl.Expr:
    return _skewed(21, stores, of) + 1


def _product(of: pl.Expr, store: pl.Expr) -> pl.Expr:
    """Mostly of the store's brand."""
    other = pl.when(drawn(23, 50, of) == 0).then(1).otherwise(0)
    return drawn(22, PRODUCTS // BRANDS - 1, of) * BRANDS + (store + other) % BRANDS + BRANDS


def _sale(receipts: pl.DataFrame, company: Company) -> pl.DataFrame:
    """Every 25th receipt takes back another one of up to a month before: `of` is that one."""
    month = max(company.size("receipts") // 24, 1)
    back = (drawn(24, 25) == 0) & (month < N)
    of = pl.when(back).then(N - drawn(25, month) - 1).otherwise(N)
    return receipts.with_columns(back=back, of=of).with_columns(
        store_key=_shop(company.size("stores"), pl.col("of"))
    )


def _receipts(receipts: pl.DataFrame, company: Company) -> pl.DataFrame:
    sale = _sale(receipts, company)
    return sale.select(receipt_key=N + 1, receipt_id=_id("T", N + 1), store_key="store_key")


def _lines(receipts: pl.DataFrame, company: Company) -> pl.DataFrame:
    """Two lines or three to a receipt; half the receipts have a member."""
    of, store, back = pl.col("of"), pl.col("store_key"), pl.col("back")
    members, guide = company.size("members"), (store - 1) * GUIDES + drawn(27, GUIDES, of) + 1
    sale = _sale(receipts, company).with_columns(
        guide_key=pl.when(drawn(26, 10, of) < 8).then(guide),
        member_key=pl.when(drawn(28, 2, of) == 0).then(_skewed(29, members, of) + 1),
        tender=_id("tender ", drawn(30, 4)),
        line_number=pl.when(of % 2 == 0).then(pl.lit([1, 2])).otherwise(pl.lit([1, 2, 3])),
        coupon_key=pl.when(drawn(31, 20) == 0).then(drawn(32, members // 2) + 1),
    ).explode("line_number")  # fmt: skip
    line = of * 4 + pl.col("line_number")
    sign = pl.when("back").then(-1).otherwise(1)
    price = drawn(33, 40_000, line) + 5_000
    return sale.select(
        "store_key", "line_number", "guide_key", "member_key", "tender", "coupon_key",
        receipt_key=N + 1, sold_at="at", product_key=_product(line, store), quantity=sign,
        net_amount=_cents(sign * price), list_amount=_cents(sign * price * 5 // 4),
        original_receipt_key=pl.when(back).then(of + 1),
        original_store_key=pl.when(back).then(store),
        original_line_number=pl.when(back).then("line_number"), **_kept("at"),
    )  # fmt: skip


def _orders(orders: pl.DataFrame, company: Company) -> pl.DataFrame:
    """One line or two; one order in thirty is never paid, another one cancelled."""
    stores, members, at = company.size("stores"), company.size("members"), pl.col("at")
    store, known = _shop(stores, N), drawn(41, 10)
    paid = pl.when(drawn(42, 30) > 0).then(at + pl.duration(minutes=drawn(43, 90)))
    head = orders.with_columns(
        origin_store_key=pl.when(drawn(44, 10) < 4).then(store),
        member_key=pl.when(known < 7).then(_skewed(29, members) + 1),
        visitor_key=pl.when(known == 7).then(drawn(45, members // 2) + 1),
        guide_key=pl.when(drawn(46, 10) == 0).then((store - 1) * GUIDES + drawn(47, GUIDES) + 1),
        paid_at=paid, fulfilled_at=paid + pl.duration(days=2),
        cancelled_at=pl.when(drawn(48, 30) == 1).then(at + pl.duration(days=1)),
        line_number=pl.when(N % 2 == 0).then(pl.lit([1])).otherwise(pl.lit([1, 2])),
    ).explode("line_number")  # fmt: skip
    line = N * 2 + pl.col("line_number")
    price = drawn(49, 40_000, line) + 5_000
    return head.select(
        "line_number", "origin_store_key", "member_key", "visitor_key", "guide_key", "paid_at",
        "fulfilled_at", "cancelled_at", order_key=N + 1, ordered_at="at",
        channel=pl.lit("mini_program"), product_key=_product(line, pl.lit(0)), quantity=pl.lit(1),
        net_amount=_cents(price), list_amount=_cents(price * 5 // 4),
        shipping_amount=pl.lit(0), fulfilment=pl.lit("ship_from_store"),
        tender=pl.lit("wechat_pay"),
        device=pl.lit("mobile"), fulfil_store_key=store, **_kept("at"),
    )  # fmt: skip


def _refunds(lines: pl.DataFrame) -> pl.DataFrame:
    """One paid line in twenty."""
    n = pl.col("order_key") * 2 + pl.col("line_number")
    refunded = pl.col("paid_at").is_not_null() & (drawn(51, 20, n) == 0)
    at = pl.col("paid_at") + pl.duration(hours=5)
    return lines.filter(refunded).with_columns(n=n).select(
        "order_key", "line_number", refund_id=_id("RF", N), refunded_at=at, quantity=pl.lit(1),
        amount="net_amount", **_kept(at),
    )  # fmt: skip


def _touches(events: pl.DataFrame, company: Company) -> pl.DataFrame:
    """Four events of one person in one store; six in ten persons are members."""
    members, visit = company.size("members"), N // VISIT
    known, store = drawn(61, 10, visit) < 6, _shop(company.size("stores"), visit)
    event = drawn(62, len(EVENTS)).replace_strict(dict(enumerate(EVENTS)), return_dtype=pl.String)
    frame = events.with_columns(event=event, store_key=store)
    issued, bound = pl.col("event") == "coupon_issued", pl.col("event") == "guide_scan"
    return frame.select(
        "event", "store_key", event_id=_id("E", N + 1), occurred_at="at",
        member_key=pl.when(known).then(_skewed(29, members, visit) + 1),
        visitor_key=pl.when(~known).then(drawn(63, members // 2, visit) + 1),
        guide_key=(pl.col("store_key") - 1) * GUIDES + drawn(64, GUIDES, visit) + 1,
        product_key=_product(N, pl.col("store_key")),
        campaign_key=pl.when(issued).then(drawn(65, 20) + 1),
        coupon_key=pl.when(issued).then(drawn(66, members // 2) + 1),
        channel=pl.lit("mini_program"),
        bind_result=pl.when(bound & (drawn(67, 10) == 0)).then(pl.lit("bound")), **_kept("at"),
    )  # fmt: skip


def _footfall(days: list[date], stores: int) -> pl.DataFrame:
    """One count a store and day."""
    hours = pl.DataFrame({"hour_start": [datetime(d.year, d.month, d.day, 4) for d in days]})
    rows = _numbers(1, stores + 1).join(hours, how="cross")
    visitors = drawn(71, 300, pl.struct("n", "hour_start")) + 40
    return rows.select("hour_start", store_key="n", visitors=visitors, **_kept("hour_start"))


def _stock(days: list[date], stores: int) -> pl.DataFrame:
    """Five products of each store, counted daily in the last month only."""
    counted = pl.DataFrame({"as_of_date": days}, schema={"as_of_date": pl.Date})
    goods = pl.DataFrame({"place": range(5)})
    rows = _numbers(1, stores + 1).join(counted, how="cross").join(goods, how="cross")
    what = pl.struct("n", "place")
    return rows.select(
        "as_of_date", store_key="n",
        product_key=drawn(81, PRODUCTS // 5) * 5 + pl.col("place") + 1,
        on_hand=drawn(82, 8, what), **_kept(pl.col("as_of_date").cast(pl.Datetime)),
    )  # fmt: skip
