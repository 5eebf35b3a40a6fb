"""Derived tables are the same whether their rows are made at once or some at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Company
from sqlalchemy import Table, select

from etl import lines, orders, publish, scans
from warehouse.engine import Build
from warehouse.schema import CREDITED_LINES, ORDERS, SCANS

Derive = Callable[[Build, str, None], None]


@pytest.mark.parametrize(("module", "size", "derive", "table"), [
    (orders, "LINES_AT_ONCE", orders.derive_orders, ORDERS),
    (lines, "LINES_AT_ONCE", lines.derive_lines, CREDITED_LINES),
    (scans, "EVENTS_AT_ONCE", scans.derive_scans, SCANS),
])  # fmt: skip
def test_rows_are_the_same_when_made_some_at_a_time(
    sample_company: Company, monkeypatch: pytest.MonkeyPatch,
    module: Any, size: str, derive: Derive, table: Table,
) -> None:  # fmt: skip
    settings = sample_company.settings
    with publish.building(settings.warehouse) as (_, build):
        at_once = sorted(build.fetch(select(table)).rows(), key=repr)
        monkeypatch.setattr(module, size, len(at_once) // 7)
        derive(build, settings.timezone, None)
        assert sorted(build.fetch(select(table)).rows(), key=repr) == at_once
    assert len(at_once) > 100
