"""Table "Money and baskets" of 03-metrics.md. Docstrings quote it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from .dimensions import LINE_DIMENSIONS
from .registry import Lines, Quotient, figure, line_figure, quotient
from .selection import Group, Selection


def sales(lines: Lines) -> Lines:
    return [part for part in lines if part.is_sale]


def net(lines: Lines) -> Decimal:
    return sum((part.net for part in lines), Decimal(0))


def receipt_ids(lines: Lines) -> set[tuple[str, ...]]:
    return {part.receipt for part in lines if part.is_sale}


def identified(lines: Lines) -> Lines:
    """Lines of members. CHOICE: a return line's own member, not its original's."""
    return [part for part in lines if part.member is not None]


@line_figure("money")
def sales_before_returns(lines: Lines) -> Decimal:
    """Σ net_amount of sale lines"""
    return net(sales(lines))


@line_figure("money", also=["handling_store"])
def returns_amount(lines: Lines) -> Decimal:
    """Σ of return lines, as a positive number"""
    return -net([part for part in lines if not part.is_sale])


@line_figure("money")
def net_sales(lines: Lines) -> Decimal:
    """sales_before_returns − returns_amount"""
    return sales_before_returns(lines) - returns_amount(lines)


@line_figure("count")
def receipts(lines: Lines) -> int:
    """distinct POS receipts (store_id + receipt_id) and paid online orders with at least one sale
    line (in the group)"""
    return len(receipt_ids(lines))


@line_figure("units")
def units_sold(lines: Lines) -> Decimal:
    """Σ quantity of sale lines"""
    return sum((part.units for part in sales(lines)), Decimal(0))


@line_figure("units", also=["handling_store"])
def units_returned(lines: Lines) -> Decimal:
    """Σ quantity of return lines, positive"""
    return -sum((part.units for part in lines if not part.is_sale), Decimal(0))


@line_figure("quotient")
def average_receipt_value(lines: Lines) -> Quotient:
    """net_sales ÷ receipts"""
    return quotient(net_sales(lines), receipts(lines))


@line_figure("quotient")
def units_per_receipt(lines: Lines) -> Quotient:
    """units_sold ÷ receipts"""
    return quotient(units_sold(lines), receipts(lines))


@line_figure("quotient")
def average_unit_price(lines: Lines) -> Quotient:
    """sales_before_returns ÷ units_sold"""
    return quotient(sales_before_returns(lines), units_sold(lines))


@line_figure("quotient")
def discount_rate(lines: Lines) -> Quotient:
    """Σ discount ÷ Σ list, over sale lines that state a list amount (discount = list − net)"""
    listed = [(p.list_amount, p.net) for p in sales(lines) if p.list_amount is not None]
    full = sum((amount for amount, _ in listed), Decimal(0))
    return quotient(full - sum((paid for _, paid in listed), Decimal(0)), full)


@line_figure("quotient")
def return_rate(lines: Lines) -> Quotient:
    """returns_amount ÷ sales_before_returns"""
    return quotient(returns_amount(lines), sales_before_returns(lines))


@line_figure("count")
def buyers(lines: Lines) -> int:
    """distinct members with a sale line

    CHOICE: a member id that is not loaded yet is a member all the same, each id for itself.
    """
    return len({part.member for part in identified(sales(lines))})


@line_figure("quotient")
def spend_per_buyer(lines: Lines) -> Quotient:
    """net_sales of identified members ÷ buyers"""
    return quotient(net(identified(lines)), buyers(lines))


def _profit(selection: Selection, group: Group) -> tuple[Decimal, Decimal]:
    """(gross profit, net sales) of the group's lines whose product states a cost."""
    profit, sold = Decimal(0), Decimal(0)
    for part in selection.lines.get(group, ()):
        product = selection.company.products.get(part.product or "")
        if product and product["cost"] is not None:
            sold += part.net
            profit += part.net - part.units * product["cost"]
    return profit, sold


@figure("money", LINE_DIMENSIONS)
def gross_profit(selection: Selection) -> Mapping[Group, Decimal]:
    """net_sales − Σ signed quantity × cost, over lines whose product states a cost

    CHOICE: "over lines whose product states a cost" holds for both terms; by guide the units are
    share-weighted and the cost of a part is not rounded.
    """
    return {group: _profit(selection, group)[0] for group in selection.lines}


@figure("quotient", LINE_DIMENSIONS)
def gross_margin(selection: Selection) -> Mapping[Group, Quotient]:
    """gross_profit ÷ net_sales of those lines"""
    return {group: quotient(*_profit(selection, group)) for group in selection.lines}


@figure("money", LINE_DIMENSIONS)
def payment_fee(selection: Selection) -> Mapping[Group, Decimal]:
    """Σ sale-line amounts × fee rate of the tender (`wechat_pay` 0.5 %, configurable)"""
    rates = selection.company.fee_rates
    return {
        group: sum(
            (p.net * rates.get(p.tender or "", Decimal(0)) for p in sales(parts)), Decimal(0)
        )
        for group, parts in selection.lines.items()
    }
