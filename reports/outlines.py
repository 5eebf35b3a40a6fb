"""Outlines of provinces, for the sketch map; `map/README.md` says whose they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

_FILE = Path(__file__).parent / "map" / "provinces.geojson"
_GAP = (None, None)


@cache
def provinces() -> pl.DataFrame:
    """Every line of the file as points, an empty one behind each: `x` east, `y` north, degrees."""
    shapes = json.loads(_FILE.read_text(encoding="utf-8"))["features"]
    lines = (line for shape in shapes for line in _lines(shape["geometry"]["coordinates"]))
    points = [tuple(point[:2]) for line in lines for point in (*line, _GAP)]
    return pl.DataFrame(points, schema={"x": pl.Float64, "y": pl.Float64}, orient="row")


def _lines(nested: list[Any]) -> Iterator[list[Any]]:
    """Lists of points, however deep a geometry nests them."""
    if isinstance(nested[0][0], (int, float)):
        yield nested
    else:
        for part in nested:
            yield from _lines(part)
