"""Fill `fct_credited_lines`: whole lines first, then those that several guides share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Table, func, insert, select, union
from sqlalchemy.sql.expression import Select

from etl.orders import key_spans
from etl.scratch import scratch
from etl.touched import Touched, collect, gather, net, refresh, spans, within
from warehouse import lines, schema
from warehouse.engine import Build
from warehouse.schema import CREDITED_LINES, LOADED, ORDERS, STORE_PERIODS

LINES_AT_ONCE = 8_000_000


def derive_lines(build: Build, timezone: str, touched: Touched | None) -> None:
    """Bring the credited lines up to date with receipts, orders, refunds and cancellations."""
    if touched is None:
        build.create(CREDITED_LINES)
        for rows in _portions(build, lines.whole_lines(ORDERS, timezone)):
            _fill(build, CREDITED_LINES, rows)
        return
    keys = scratch("touched_receipts", [("receipt_key", BigInteger)])
    only = collect(build, keys, *_receipts(touched), *_orders(touched), *_placed(touched))
    if touched.leaves(CREDITED_LINES, only):
        return
    needed, heads = _needed(build, only)
    fresh = scratch("fresh_lines", [(c.name, c.type) for c in CREDITED_LINES.c])
    build.create(fresh, temporary=True)
    for rows in lines.whole_lines(heads, timezone, needed):
        of_these = rows.subquery("whole")
        own = only.c.receipt_key == of_these.c.receipt_key
        _fill(build, fresh, select(of_these).join(only, own))
    changes = refresh(build, CREDITED_LINES, "receipt_key", fresh, only)
    touched.note(touched.days, changes)
    touched.note(touched.members, changes)
    touched.changes[CREDITED_LINES.name] = changes
    for table in (only, heads, *needed.values()):
        build.drop(table)


def _portions(build: Build, sources: list[Select[Any]]) -> Iterator[Select[Any]]:
    """Lines of every source, some millions at a time."""
    pos, *of_orders = (one.subquery("whole") for one in sources)
    for first, last in key_spans(build, LOADED["pos_sales"].c.receipt_key, LINES_AT_ONCE):
        yield select(pos).where(pos.c.receipt_key.between(first, last))
    for first, last in key_spans(build, LOADED["online_orders"].c.order_key, LINES_AT_ONCE):
        for one in of_orders:
            yield select(one).where(one.c.receipt_key.between(-last, -first))


def _fill(build: Build, target: Table, wanted: Select[Any]) -> None:
    """Credit whole lines, and share those of several guides."""
    whole = wanted.subquery("wanted")
    is_whole = whole.c.split_key.is_(None)
    unshared = select(*(whole.c[name] for name in lines.COLUMNS)).where(is_whole)
    ordered = unshared.order_by(whole.c.business_date)
    build.run(insert(target).from_select(lines.COLUMNS, ordered))
    if build.fetch(select(schema.DIM_SPLITS).limit(1)).height:
        several = select(whole).where(~is_whole).subquery("several")
        parts = lines.shared(several, schema.DIM_SPLIT_GUIDES, "split_key")
        build.run(insert(target).from_select(lines.COLUMNS, parts))


# Which receipts ----------------------------------------------------------------------------------
def _receipts(touched: Touched) -> list[Select[Any]]:
    """Receipts with a changed line, of somebody who is another person now, or rung in a store
    whose day ends at another hour now; and returns of the first and last."""
    pos, changed = LOADED["pos_sales"], touched.rows["pos_sales"]
    stores = touched.changes[schema.DIM_STORES.name]
    cutoff = func.coalesce(stores.c.day_cutoff_hour, 0)
    hours = net(stores, stores.c.store_key, cutoff.label("hour"))
    rung = select(pos.c.receipt_key).where(pos.c.store_key.in_(select(hours.c.store_key)))
    members = select(touched.moved["member_key"].c.member_key)
    originals = (select(changed.c.receipt_key), rung)
    return [
        *originals,
        *(
            select(pos.c.receipt_key).where(pos.c.original_receipt_key.in_(keys))
            for keys in originals
        ),
        select(pos.c.receipt_key).where(pos.c.member_key.in_(members)),
    ]


def _orders(touched: Touched) -> list[Select[Any]]:
    """Orders with a changed line, refund or credit; and receipts that return such an order."""
    pos, changed = LOADED["pos_sales"], select(touched.changes[ORDERS.name].c.order_key)
    keyed = (touched.rows["online_orders"], touched.rows["refunds"], touched.changes[ORDERS.name])
    returned = select(pos.c.receipt_key).where(pos.c.original_order_key.in_(changed))
    return [*(select(-rows.c.order_key) for rows in keyed), returned]


def _placed(touched: Touched) -> list[Select[Any]]:
    """Lines on days on which their store's region or brand changed, and of products whose brand
    changed."""
    line, products = CREDITED_LINES, touched.rows["products"]
    span = spans(touched.changes[STORE_PERIODS.name])
    branded = net(products, products.c.product_key, products.c.brand)
    return [
        select(line.c.receipt_key)
        .join(span, span.c.store_key == line.c.store_key)
        .where(within(line.c.business_date, span)),
        select(line.c.receipt_key).where(line.c.product_key.in_(select(branded.c.product_key))),
    ]


# What they are read from -------------------------------------------------------------------------
def _needed(build: Build, only: Table) -> tuple[dict[str, Table], Table]:
    """Rows of the receipts and orders and of the receipts returned, and the heads of all orders
    that these name."""
    pos = LOADED["pos_sales"]
    back = select(pos.c.original_receipt_key).where(
        pos.c.receipt_key.in_(select(only.c.receipt_key)), pos.c.original_receipt_key.is_not(None)
    )
    receipts = _rows(build, pos, "receipt_key", [select(only.c.receipt_key), back])
    orders = select((-only.c.receipt_key).label("order_key"))
    needed = {
        name: _rows(build, LOADED[name], "order_key", [orders])
        for name in ("online_orders", "refunds")
    }
    returned = select(receipts.c.original_order_key)
    heads = _rows(build, ORDERS, "order_key", [orders, returned])
    return {"pos_sales": receipts, **needed}, heads


def _rows(build: Build, table: Table, key: str, keys: list[Select[Any]]) -> Table:
    wanted = union(*keys).subquery()
    (value,) = wanted.c
    return gather(build, "needed", table, select(table).join(wanted, value == table.c[key]))
