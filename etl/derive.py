"""Everything derived, from the loaded rows: dimensions, credit, lines, scans, funnels, rollups."""

from __future__ import annotations

from etl.dims import derive_dimensions
from etl.funnels import derive_funnels
from etl.lines import derive_lines
from etl.orders import derive_orders
from etl.rollups import derive_rollups
from etl.scans import derive_scans
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.settings import Settings


def derive(build: Build, settings: Settings, touched: Touched | None = None) -> Touched | None:
    """Bring every derived table up to date with what a load touched; make all anew without it, or
    where that is sooner done. Returns what it went by."""
    touched = None if touched is None or touched.is_sooner_anew() else touched
    timezone = settings.timezone
    derive_dimensions(build, touched)
    derive_orders(build, timezone, touched)
    derive_lines(build, timezone, touched)
    derive_scans(build, timezone, touched)
    derive_funnels(build, timezone, touched)
    derive_rollups(build, touched)
    return touched
