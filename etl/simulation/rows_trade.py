"""Deliveries of what the company does: receipts, orders, refunds, touchpoints, counts, targets."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.simulation.binding import RESULTS
from etl.simulation.chance import NONE, Ints
from etl.simulation.names import Names, receipt_ids
from etl.simulation.orders import CHANNELS, FULFILMENTS, TENDERS, Orders
from etl.simulation.refunds import REASONS, Refunds
from etl.simulation.setting import DAY
from etl.simulation.texts import OFFSET, dates, moments, named, without, yuan
from etl.simulation.touches import CHANNELS as TOUCH_CHANNELS
from etl.simulation.touches import EVENTS
from etl.simulation.world import World

DEVICES = ("mobile", "pc")


def sale_rows(world: World, names: Names, splits: list[str], sales: pl.DataFrame) -> pl.DataFrame:
    """One row per receipt line; `sales` has an `updated` second beside its usual columns."""
    listed, net = without(sales["listed"]), sales["net"]
    to_order = sales["original_order_line"] != NONE
    original_line = sales["original_line"].zip_with(~to_order, sales["original_order_line"])
    original = receipt_ids(world, sales["original_day"], sales["original_seq"])
    missing = sales["original_seq"] == NONE
    return pl.DataFrame(
        {
            "receipt_id": receipt_ids(world, sales["day"], sales["seq"]),
            "line_number": sales["line"].cast(pl.String),
            "store_id": named(names.stores, sales["store"]),
            "sold_at": moments(world.setting, sales["at"]),
            "product_id": named(names.products, sales["sku"]),
            "quantity": sales["quantity"].cast(pl.String),
            "net_amount": yuan(net),
            "list_amount": yuan(listed),
            "discount_amount": yuan(listed - net),
            "guide_id": named(names.guides, sales["guide"]),
            "guide_shares": named(splits, sales["split"]),
            "member_id": named(names.members, sales["member"]),
            "tender": named(TENDERS, sales["tender"]),
            "coupon_id": named(names.coupons, sales["coupon"]),
            "original_receipt_id": original.set(missing, None),
            "original_store_id": named(names.stores, sales["original_store"]),
            "original_line_number": without(original_line).cast(pl.String),
            "original_order_id": named(names.orders, sales["original_order"]),
            "is_void": named(["false", "true"], sales["void"]),
            "updated_at": moments(world.setting, sales["updated"]),
        }
    )


def order_states(world: World, orders: Orders) -> pl.DataFrame:
    """One row per delivery of an order header: `order`, `month` of the file, its seconds then.

    An order that changed after the month it was placed in is delivered twice, as tills do: as it
    stood when that month's file was written, and again with the month of its last change.
    """
    setting = world.setting
    times = np.stack([orders.paid, orders.fulfilled, orders.cancelled])
    placed = setting.month_of(orders.at)
    final = np.minimum(np.maximum(times.max(axis=0), orders.at) + 60, setting.horizon - 1)
    changed = setting.month_of(final)
    months = np.arange(len(setting.months))
    first_day = np.searchsorted(setting.month_by_day, months, side="right")
    ends = first_day * DAY - 1
    cut = ends[placed]
    then = np.where(times <= cut, times, NONE)
    known = np.minimum(np.maximum(then.max(axis=0), orders.at) + 60, cut)
    early = _states(np.arange(len(placed)), placed, then, known)
    full = _states(np.arange(len(placed)), changed, times, final)
    return pl.concat([early.filter(pl.Series(changed != placed)), full]).sort("month", "order")


def _states(order: Ints, month: Ints, times: Ints, updated: Ints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order": order,
            "month": month,
            "paid": times[0],
            "fulfilled": times[1],
            "cancelled": times[2],
            "updated": updated,
        }
    )


def order_rows(world: World, names: Names, orders: Orders, states: pl.DataFrame) -> pl.DataFrame:
    """One row per order line for each of the header `states`, header fields repeated."""
    lines = _lines_of(orders, states)
    header, row = lines["order"].to_numpy(), lines["row"].to_numpy()
    baskets, setting = orders.baskets, world.setting
    listed, net = without(baskets.listed[row]), pl.Series(baskets.net[row])
    shipping = np.where(baskets.line[row] == 1, orders.shipping[header], NONE)
    return pl.DataFrame(
        {
            "order_id": named(names.orders, header),
            "line_number": pl.Series(baskets.line[row]).cast(pl.String),
            "ordered_at": moments(setting, orders.at[header], OFFSET),
            "channel": named(CHANNELS, orders.channel[header]),
            "product_id": named(names.products, baskets.sku[row]),
            "quantity": pl.Series(baskets.quantity[row]).cast(pl.String),
            "net_amount": yuan(net),
            "list_amount": yuan(listed),
            "discount_amount": yuan(listed - net),
            "shipping_amount": yuan(without(shipping)),
            "paid_at": moments(setting, lines["paid"], OFFSET),
            "fulfilled_at": moments(setting, lines["fulfilled"], OFFSET),
            "cancelled_at": moments(setting, lines["cancelled"], OFFSET),
            "fulfilment": named(FULFILMENTS, orders.fulfilment[header]),
            "origin_store_id": named(names.stores, orders.origin[header]),
            "fulfil_store_id": named(names.stores, orders.fulfil_store[header]),
            "guide_id": named(names.guides, orders.guide[header]),
            "guide_shares": named(orders.splits, orders.split[header]),
            "member_id": named(names.members, orders.member[header]),
            "visitor_id": named(names.visitors, orders.visitor[header]),
            "tender": named(TENDERS, orders.tender[header]),
            "coupon_id": named(names.coupons, orders.coupon[header]),
            "device": named(DEVICES, orders.device[header]),
            "updated_at": moments(setting, lines["updated"], OFFSET),
        }
    )


def _lines_of(orders: Orders, states: pl.DataFrame) -> pl.DataFrame:
    owner = orders.baskets.owner
    first = np.searchsorted(owner, states["order"].to_numpy())
    last = np.searchsorted(owner, states["order"].to_numpy(), side="right")
    at = np.repeat(np.arange(len(states)), last - first)
    count = last - first
    row = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    return states[at].with_columns(row=pl.Series(row))


def refund_rows(world: World, names: Names, orders: Orders, refunds: Refunds) -> pl.DataFrame:
    """One row per refunded order line."""
    line = orders.baskets.line[refunds.row]
    numbers = pl.Series(refunds.refund + 1).cast(pl.String).str.zfill(7)
    return pl.DataFrame(
        {
            "refund_id": "R" + numbers,
            "order_id": named(names.orders, refunds.order),
            "line_number": line,
            "refunded_at": moments(world.setting, refunds.at, OFFSET),
            "quantity": refunds.quantity,
            "amount": yuan(refunds.amount),
            "handled_store_id": named(names.stores, refunds.store),
            "reason": named(REASONS, refunds.reason),
            "updated_at": moments(world.setting, refunds.at, OFFSET),
        }
    )


def touch_rows(world: World, names: Names, touches: pl.DataFrame) -> pl.DataFrame:
    """One row per event; `touches` has a running `number` beside its usual columns."""
    numbers = touches["number"].cast(pl.String).str.zfill(9)
    occurred = moments(world.setting, touches["at"], OFFSET)
    return pl.DataFrame(
        {
            "event_id": "E" + numbers,
            "occurred_at": occurred,
            "event": named(EVENTS, touches["event"]),
            "visitor_id": named(names.visitors, touches["visitor"]),
            "member_id": named(names.members, touches["member"]),
            "store_id": named(names.stores, touches["store"]),
            "guide_id": named(names.guides, touches["guide"]),
            "product_id": named(names.products, touches["sku"]),
            "campaign_id": named(names.campaigns, touches["campaign"]),
            "coupon_id": named(names.coupons, touches["coupon"]),
            "order_id": named(names.orders, touches["order"]),
            "channel": named(TOUCH_CHANNELS, touches["channel"]),
            "bind_result": named(RESULTS, touches["bind"]),
            "updated_at": occurred,
        }
    )


def stock_rows(world: World, names: Names, stock: pl.DataFrame) -> pl.DataFrame:
    """One row per day, store and SKU; the day is a date here, not text."""
    return pl.DataFrame(
        {
            "as_of_date": dates(world.setting, stock["day"]).str.to_date(),
            "store_id": named(names.stores, stock["store"]),
            "product_id": named(names.products, stock["sku"]),
            "on_hand": stock["on_hand"],
        }
    )


def footfall_rows(world: World, names: Names, footfall: pl.DataFrame) -> pl.DataFrame:
    """One row per store and hour."""
    return pl.DataFrame(
        {
            "store_id": named(names.stores, footfall["store"]),
            "hour_start": moments(world.setting, footfall["at"]),
            "visitors": footfall["visitors"],
        }
    )


def target_rows(world: World, targets: pl.DataFrame) -> pl.DataFrame:
    """One row per level, id, month and metric."""
    return targets.with_columns(month=named(world.setting.months, targets["month"]))
