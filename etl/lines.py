"""Fill `fct_credited_lines`: whole lines first, then those that several guides share."""

from __future__ import annotations

from sqlalchemy import insert, select

from etl.upsert import scratch
from warehouse import lines, schema
from warehouse.engine import Build
from warehouse.schema import CREDITED_LINES, ENTITIES


def derive_lines(build: Build, timezone: str) -> None:
    """Rebuild the credited lines from receipts, orders, refunds and cancellations."""
    split = ("split_key", ENTITIES["split"].type)
    whole = scratch("whole_lines", [*((c.name, c.type) for c in CREDITED_LINES.c), split])
    build.create(whole, temporary=True)
    for source in lines.whole_lines(schema.ORDERS, timezone):
        build.run(insert(whole).from_select(lines.WHOLE, source))
    build.create(CREDITED_LINES)
    unshared = select(*(whole.c[name] for name in lines.COLUMNS)).where(whole.c.split_key.is_(None))
    ordered = unshared.order_by(whole.c.business_date)
    build.run(insert(CREDITED_LINES).from_select(lines.COLUMNS, ordered))
    several = select(whole).where(whole.c.split_key.is_not(None)).subquery("several")
    parts = lines.shared(several, schema.DIM_SPLIT_GUIDES, "split_key")
    build.run(insert(CREDITED_LINES).from_select(lines.COLUMNS, parts))
    build.drop(whole)
