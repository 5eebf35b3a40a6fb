"""What a scan of a guide's code leads to: bound, already bound, bound to another, or void."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.simulation.chance import NONE, Ints, Rng, some
from etl.simulation.people import People

RESULTS = ("bound", "already_bound", "bound_to_other", "void")
BOUND, ALREADY, OTHER, VOID = range(4)


def bind_results(rng: Rng, people: People, touches: pl.DataFrame, guide_scan: int) -> pl.DataFrame:
    """Add column `bind` (a code of RESULTS, NONE for other events) to touches in order of time."""
    event = touches["event"].to_numpy()
    at_rows = np.flatnonzero(event == guide_scan)
    scans = touches.select("person", "guide", "at")[at_rows]
    bind = np.full(len(event), NONE, dtype=np.int64)
    bind[at_rows] = _results(rng, people, scans)
    return touches.with_columns(bind=pl.Series(bind))


def _results(rng: Rng, people: People, scans: pl.DataFrame) -> Ints:
    person, guide = scans["person"].to_numpy(), scans["guide"].to_numpy()
    stated = _stated_guide(people, person, scans["at"].to_numpy())
    first = scans["person"].is_first_distinct().to_numpy()
    eager = first & (stated == NONE)
    binds = rng.random(len(person)) < np.where(eager, 0.9, 0.1)
    binder = pl.when(pl.col("binds")).then(pl.col("guide")).shift(1).forward_fill()
    before = scans.with_columns(binds=pl.Series(binds)).select(binder.over("person"))
    holder = before.to_series().fill_null(pl.Series(stated)).to_numpy()
    result = np.where(holder == guide, ALREADY, np.where(holder == NONE, VOID, OTHER))
    result = np.where(binds & (holder != guide), BOUND, result)
    failed = some(rng, len(result), 0.02, 1) & (result != BOUND)
    return np.where(failed, VOID, result).astype(np.int64)


def _stated_guide(people: People, person: Ints, at: Ints) -> Ints:
    """The guide that the member's own row binds them to by then."""
    member = np.where(person < people.members, person, 0)
    since = np.where(
        people.bound_at[member] == NONE, people.joined[member], people.bound_at[member]
    )
    holds = (person < people.members) & (since <= at)
    return np.where(holds, people.bound_guide[member], NONE)
