"""Hand-written companies for the worked examples, loaded and asked through the product.

Rows come from the makers of `oracle.sample`. Stores: S1 (brand A, region R1) and S2 (brand B,
region R2, which lies in R1, which lies in TOP); guides G1, G3 at S1 and G2 at S2; products P1
(brand A, cost 40.00, tag 199.90, coats) and P2 (no brand, no cost). Examples play in March 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conftest import Company
from oracle.sample import USUAL, Row
from sqlalchemy import select

from warehouse.schema import DIM_GUIDES, DIM_ORDERS, DIM_STORES, ORDERS
from warehouse.settings import Settings

MARCH = ("2024-03-01", "2024-03-31")


def at(day: int, clock: str = "10:00") -> str:
    """A time in March 2024, Shanghai."""
    return f"2024-03-{day:02} {clock}"


def days(first: int, last: int | None = None) -> tuple[str, str]:
    """A period in March 2024, both ends included; one day without a last."""
    return f"2024-03-{first:02}", f"2024-03-{last or first:02}"


def opened(root: Path, settings: dict[str, Any] | None = None, **feeds: Sequence[Row]) -> Company:
    """The usual company with these feeds instead of or beside its own, loaded."""
    (root / "inbox").mkdir()
    places = {"warehouse": root / "warehouse", "inbox": root / "inbox", "secret": "a test key"}
    company = Company(Settings(**(places | (settings or {}))))
    deliver(company, **{**USUAL, **feeds})
    return company


def deliver(company: Company, **feeds: Sequence[Row]) -> None:
    """Bring and load one more delivery of each feed; none of its rows is bad."""
    number = len(list(company.settings.inbox.rglob("*.csv")))
    for feed, rows in feeds.items():
        if rows:
            company.deliver(feed, *rows, name=f"delivery_{number}.csv")
    outcome = company.load()
    assert outcome.exit_code == 0, outcome.summary()


def figure(of: Company, key: str, period: tuple[str, str] = MARCH, **how: Any) -> Any:
    """The one value of an ungrouped question."""
    (row,) = of.ask(key, *period, **how)
    return row[key]


def by(
    of: Company, key: str, dimension: str, period: tuple[str, str] = MARCH, **how: Any
) -> dict[Any, Any]:
    """The values of a question by one dimension."""
    rows = of.ask(key, *period, by=[dimension], **how)
    return {row[dimension]: row[key] for row in rows}


def credit(of: Company, order_id: str) -> dict[str, Any]:
    """What is kept on an order: rule, guide, store, event, at (evidence, UTC)."""
    orders, named, guides, stores = ORDERS, DIM_ORDERS, DIM_GUIDES, DIM_STORES
    statement = (
        select(
            orders.c.credit_rule.label("rule"), guides.c.guide_id.label("guide"),
            stores.c.store_id.label("store"), orders.c.evidence_event_id.label("event"),
            orders.c.evidence_at.label("at"),
        )
        .join(named, named.c.order_key == orders.c.order_key)
        .outerjoin(guides, guides.c.guide_key == orders.c.guide_key)
        .outerjoin(stores, stores.c.store_key == orders.c.store_key)
        .where(named.c.order_id == order_id)
    )  # fmt: skip
    with of.reading() as snapshot:
        return dict(snapshot.fetch(statement).row(0, named=True))
