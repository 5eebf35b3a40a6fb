"""Everything derived, from the loaded rows: dimensions, credit, lines, scans."""

from __future__ import annotations

from etl.dims import derive_dimensions, refill
from etl.lines import derive_lines
from etl.scans import derive_scans
from warehouse import schema
from warehouse.credit import credited_orders
from warehouse.engine import Build


def derive(build: Build, timezone: str) -> None:
    """Rebuild every derived table."""
    derive_dimensions(build)
    refill(build, schema.ORDERS, credited_orders(timezone))
    derive_lines(build, timezone)
    derive_scans(build, timezone)
