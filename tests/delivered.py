"""Files put into an inbox, and what is read from them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from etl import sources
from etl.sources import Delivery


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def deliver(folder: Path, name: str, content: str | bytes) -> Delivery:
    path = put(folder, f"stores/{name}", content)
    return Delivery(path, f"stores/{name}", "stores", size=path.stat().st_size)


def frame(delivery: Delivery, batch_rows: int = 500_000) -> pl.DataFrame:
    batches = list(sources.read(delivery, timezone="Asia/Shanghai", batch_rows=batch_rows))
    assert all(0 < batch.height <= batch_rows for batch in batches) or len(batches) == 1
    assert all(dtype in (pl.String, pl.Int64) for batch in batches for dtype in batch.dtypes)
    return pl.concat(batches, how="diagonal")


def rows(folder: Path, name: str, content: str | bytes) -> list[tuple[object, ...]]:
    return frame(deliver(folder, name, content)).rows()
