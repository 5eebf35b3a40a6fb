"""The layout of 06-style: imports point one way, and a few things have one place only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AREAS = ("app", "pages", "reports", "warehouse", "etl")
MAY_IMPORT = {
    "app": {"app", "pages", "reports", "warehouse"},
    "pages": {"pages", "reports", "warehouse"},
    "reports": {"reports", "warehouse"},
    "warehouse": {"warehouse"},
    "etl": {"etl", "warehouse"},
}
ONLY_IN = {
    "streamlit": lambda path: path == "app.py" or path.startswith("pages/"),
    "plotly": lambda path: path == "reports/charts/base.py",
    "duckdb": lambda path: path == "warehouse/engine.py",
    "duckdb_sqlalchemy": lambda path: path == "warehouse/engine.py",
}


def _sources() -> Iterator[Path]:
    yield ROOT / "app.py"
    for area in AREAS[1:]:
        yield from sorted((ROOT / area).rglob("*.py"))


def _imports(source: Path) -> set[str]:
    """Top-level names of everything a file imports."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _name(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("area", AREAS)
def test_imports_point_one_way(area: str) -> None:
    sources = [s for s in _sources() if _name(s).partition("/")[0].removesuffix(".py") == area]
    assert sources
    wrong = {
        _name(source): strange
        for source in sources
        if (strange := (_imports(source) & set(AREAS)) - MAY_IMPORT[area])
    }
    assert not wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_known_in_its_one_place_only(library: str) -> None:
    users = [_name(source) for source in _sources() if library in _imports(source)]
    assert users
    assert not [path for path in users if not ONLY_IN[library](path)]


def test_no_page_can_be_reached_past_the_sign_in() -> None:
    """Streamlit serves a .py file directly in pages/ by its name, without running app.py."""
    assert not list((ROOT / "pages").glob("*.py"))


def test_every_page_asks_for_its_desk_before_anything_else() -> None:
    pages = [page for page in (ROOT / "pages").glob("*/*.py") if page.parent.name != "ui"]
    assert pages
    for page in pages:
        body = ast.parse(page.read_text(encoding="utf-8")).body
        calls = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]
        plain = (ast.Expr, ast.Assign)
        first = next(
            node
            for node in calls
            if any(isinstance(part, ast.Call) for part in ast.walk(node))
            or not isinstance(node, plain)
        )
        assert ast.unparse(first).startswith("desk = session.require("), page.name


def test_pages_hold_no_arithmetic_and_no_number_format() -> None:
    pages = [page for page in (ROOT / "pages").glob("*/*.py") if page.parent.name != "ui"]
    for page in pages:
        tree = ast.parse(page.read_text(encoding="utf-8"))
        sums = [
            ast.unparse(node)
            for node in ast.walk(tree)
            if (isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr))
            or (isinstance(node, ast.FormattedValue) and node.format_spec is not None)
        ]
        assert not sums, page.name
