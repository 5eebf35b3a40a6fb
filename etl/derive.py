"""Everything derived, from the loaded rows: dimensions, credit, lines, scans."""

from __future__ import annotations

from etl.credit import derive_orders
from etl.dims import derive_dimensions
from etl.lines import derive_lines
from etl.scans import derive_scans
from warehouse.engine import Build


def derive(build: Build, timezone: str) -> None:
    """Rebuild every derived table."""
    derive_dimensions(build)
    derive_orders(build, timezone)
    derive_lines(build, timezone)
    derive_scans(build, timezone)
