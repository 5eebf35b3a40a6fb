"""Everything derived, from the loaded rows: dimensions, credit, lines, scans, funnels, rollups."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etl.dims import derive_dimensions
from etl.funnels import derive_funnels
from etl.lines import derive_lines
from etl.orders import derive_orders
from etl.rollups import derive_rollups
from etl.scans import derive_scans
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.settings import Settings

STEPS: Mapping[str, Callable[[Build, str, Touched | None], object]] = {
    "dimensions and persons": lambda build, _, touched: derive_dimensions(build, touched),
    "credit of orders": derive_orders,
    "credited lines": derive_lines,
    "scans": derive_scans,
    "funnel entries": derive_funnels,
    "rollups": lambda build, _, touched: derive_rollups(build, touched),
}
"""What is derived one after the other, by what it fills; each is given the time zone."""


def derive(build: Build, settings: Settings, touched: Touched | None = None) -> Touched | None:
    """Bring every derived table up to date with what a load touched; make all anew without it, or
    where that is sooner done. Returns what it went by."""
    touched = None if touched is None or touched.is_sooner_anew() else touched
    for step in STEPS.values():
        step(build, settings.timezone, touched)
    return touched
