"""Odd and hostile cells of every feed, and every feed in every format."""

from __future__ import annotations

from decimal import Decimal

from hostile import WRITTEN, Loaded, Refused, Rejected, Table, pair, separated, sound

from warehouse.feeds import FEEDS

# Cells of every feed ---------------------------------------------------------------------------
TEXTS = (
    "<script>alert(1)</script>", "'; DROP TABLE dim_stores; --", "=1+1", "@SUM(A1:A9)",
    "+cmd|' /C calc'!A0", "-2+3", "{{7*7}}", "$1", "100%", "a\\b", 'say "hi"', "comma, tab\t.",
    "first\nsecond", "مرحبا", "\u202ereversed", "👗🧥", "Ü" * 500, "NULL", "None", "NaN", "true",
)  # fmt: skip
"""Texts that mean something elsewhere; here they are names like any other."""

BAD_CELLS = (
    ("stores", "latitude", "north", "bad_type"),
    ("stores", "store_name", "", "missing_value"),
    ("stores", "site", "mars", "not_in_list"),
    ("stores", "day_cutoff_hour", "24", "out_of_range"),
    ("stores", "opened_on", "44317", "spreadsheet_number"),
    ("stores", "store_name", "One\0Two", "not_text"),
    ("store_closures", "closed_to", "2026-02-30", "bad_type"),
    ("regions", "region_name", "  ", "missing_value"),
    ("guides", "valid_from", "01/03/2026", "bad_type"),
    ("guides", "guide_name", "\0", "not_text"),
    ("products", "list_price", "12,50", "bad_type"),
    ("products", "list_price", "¥12.50", "bad_type"),
    ("products", "cost", "1e400", "bad_type"),
    ("products", "product_id", "6.90123E+12", "spreadsheet_number"),
    ("products", "product_id", "#REF!", "spreadsheet_error"),
    ("members", "joined_at", "2099-01-01", "future_time"),
    ("members", "joined_at", "0000-00-00", "bad_type"),
    ("pos_sales", "quantity", "0", "zero_quantity"),
    ("pos_sales", "quantity", "-1", "opposite_sign"),
    ("pos_sales", "quantity", "99999999999999999999", "bad_type"),
    ("pos_sales", "quantity", "1.5", "bad_type"),
    ("pos_sales", "net_amount", "10.005", "bad_type"),
    ("pos_sales", "net_amount", "1,000.00", "bad_type"),
    ("pos_sales", "net_amount", "−10.00", "bad_type"),
    ("pos_sales", "net_amount", "NaN", "bad_type"),
    ("pos_sales", "net_amount", "9" * 40, "bad_type"),
    ("pos_sales", "net_amount", "=10*2", "bad_type"),
    ("pos_sales", "guide_shares", "G1=0.5;G2=0.6", "bad_shares"),
    ("pos_sales", "guide_shares", "G1=1;G1=0", "bad_shares"),
    ("pos_sales", "sold_at", "2026-02-29T10:00", "bad_type"),
    ("pos_sales", "sold_at", "2026-03-01T10:00+99:00", "bad_type"),
    ("pos_sales", "sold_at", "45717.4166", "spreadsheet_number"),
    ("pos_sales", "receipt_id", "R\0", "not_text"),
    ("pos_sales", "receipt_id", "", "missing_value"),
    ("pos_sales", "member_id", "1.38E+10", "spreadsheet_number"),
    ("online_orders", "quantity", "-1", "negative_quantity"),
    ("online_orders", "fulfilment", "drone", "not_in_list"),
    ("online_orders", "is_deleted", "maybe", "bad_type"),
    ("refunds", "amount", "-5.00", "negative_amount"),
    ("touchpoints", "event", "<b>tag_scan</b>", "not_in_list"),
    ("touchpoints", "occurred_at", "yesterday", "bad_type"),
    ("campaigns", "starts_on", "２０２６/03/01", "bad_type"),
    ("stock", "on_hand", "many", "bad_type"),
    ("footfall", "visitors", "-1", "negative_visitors"),
    ("targets", "month", "2026-13", "bad_type"),
    ("targets", "level", "planet", "not_in_list"),
    ("targets", "target", "∞", "bad_type"),
)
"""Feed, column, what stands there, and the rule that rejects its row and no other."""


def cells() -> Table:
    for number, text in enumerate(TEXTS):
        name = sound("stores", f"T{number}", store_name=text)
        yield (
            f"the name {text[:20]!r}",
            f"stores/name-{number}.csv",
            separated([name]),
            Loaded(1, {"store_name": text}),
        )
    for number, (feed, column, text, rule) in enumerate(BAD_CELLS):
        rows = pair(feed, f"C{number}", **{column: text})
        yield (f"{feed}.{column} = {text[:20]!r}", f"{feed}/cell-{number}.csv", separated(rows),
               Rejected(rule))  # fmt: skip
    yield ("phones in the wrong columns", "members/phones.csv",
           separated(pair("members", "PH", tier="13812345678", joined_at="13912345678")),
           Rejected("bad_type", says="139****5678"))  # fmt: skip
    yield ("full-width digits", "pos_sales/wide.csv",
           separated(pair("pos_sales", "WIDE", quantity="２", net_amount="２００.００")),
           Loaded(2, {"quantity": 2, "net_amount": Decimal("200.00")}))  # fmt: skip


# Every feed in every format --------------------------------------------------------------------
def matrix() -> Table:
    """Each feed once in each format, and once without a column it needs."""
    for number, feed in enumerate(FEEDS):
        for ending, written in WRITTEN.items():
            rows = pair(feed, f"X{number}{ending}")
            yield f"{feed} as {ending}", f"{feed}/sound{ending}", written(rows), Loaded(2)
        needed = FEEDS[feed].required[-1]
        without = [{f"{n}_" if n == needed else n: c for n, c in row.items()}
                   for row in pair(feed, f"Y{number}")]  # fmt: skip
        ending = list(WRITTEN)[number % len(WRITTEN)]
        yield (f"{feed} without {needed}", f"{feed}/renamed{ending}", WRITTEN[ending](without),
               Refused(f'{needed} = "{needed}_"'))  # fmt: skip
