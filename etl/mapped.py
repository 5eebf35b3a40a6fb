"""Records of somebody's export as rows of a feed: joins, filters, sums, line numbers.

Records arrive in batches; what must outlive a batch (keys seen, lines counted) is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, DivisionByZero, InvalidOperation
from pathlib import Path

import polars as pl

from etl import arithmetic
from etl.drift import missing_in
from etl.lookups import Lookup
from etl.mapped_fields import cleaned, fails, finished, holds, picked
from etl.mapping import FieldMapping, TableMapping
from etl.readers import BROKEN, LINE, MARKS, RAW, broken_frame

_UNMATCHED = "__unmatched"
_SOUND = pl.col(BROKEN).is_null()


class MappedTable:
    """One delivery on its way through a table mapping. Raises SourceError while reading.

    `lookups` holds the sibling files of each join by its name; `timezone` is the business one.
    `reports_broken` is whether this table hands on records that could not be taken apart.
    """

    def __init__(
        self,
        table: TableMapping,
        path: Path,
        lookups: Mapping[str, Sequence[Path]],
        timezone: str,
        reports_broken: bool = True,
    ) -> None:
        self.table, self.path, self.timezone = table, path, timezone
        self._reports_broken = reports_broken
        self._lookups = [
            Lookup(table, join, path, lookups.get(join.name, ())) for join in table.joins
        ]
        self._columns: list[str] = []
        self._absent: list[str] = []
        self._seen: pl.DataFrame | None = None
        self._counts: dict[str, pl.DataFrame] = {}

    @property
    def done(self) -> bool:
        """Whether no further record can add a row."""
        return self.table.distinct == () and self._seen is not None

    def choose(self, header: list[str]) -> list[str]:
        """The columns to read, out of the file's header. Raises SourceError when one is missing."""
        required, wanted = self._required(), self._all()
        for name in wanted:
            if name in header or any(lookup.has(name) for lookup in self._lookups):
                continue
            if name in required:
                raise missing_in(self.path.name, name, header, self.table)
            self._absent.append(name)
        self._columns = [name for name in header if name in wanted]
        return self._columns

    def _required(self) -> set[str]:
        table = self.table
        tests = [test.column for test in (*table.when, *table.unless)]
        reads = [name for rule in table.fields if not rule.optional for name in rule.reads]
        keys = [here for join in table.joins for _, here in join.match]
        return {*tests, *reads, *keys, *(table.distinct or ())}

    def _all(self) -> list[str]:
        return sorted({*self._required(), *(n for rule in self.table.fields for n in rule.reads)})

    def rows(self, records: pl.DataFrame) -> pl.DataFrame:
        """The rows of the feed that a batch of records makes: the fields, LINE, BROKEN and RAW."""
        wide = self._distinct(self._filtered(self._widened(records)))
        wide = wide.with_columns(pl.coalesce(BROKEN, _UNMATCHED).alias(BROKEN))
        sound = self._computed(wide.filter(_SOUND))
        fields = [self._field(rule) for rule in self.table.fields]
        made = sound.filter(_SOUND).select(*fields, *MARKS)
        broken = self._broken(
            pl.concat([wide.filter(~_SOUND), sound.filter(~_SOUND)], how="diagonal")
        )
        return pl.concat([made, broken]).sort(LINE) if broken.height else made

    def _widened(self, records: pl.DataFrame) -> pl.DataFrame:
        """Clean cells, and beside them those of the lookups."""
        absent = [pl.lit(None, pl.String).alias(name) for name in self._absent]
        cells = [cleaned(name, self.table) for name in self._columns]
        wide = records.select(*cells, *absent, *MARKS, pl.lit(None, pl.String).alias(_UNMATCHED))
        for lookup in self._lookups:
            wide = lookup.joined(wide, _UNMATCHED)
        return wide

    def _filtered(self, wide: pl.DataFrame) -> pl.DataFrame:
        """Records that cannot be taken apart pass every filter: nobody can say they should not."""
        if not self.table.when and not self.table.unless:
            return wide
        return wide.filter((holds(self.table.when) & fails(self.table.unless)) | ~_SOUND)

    def _distinct(self, wide: pl.DataFrame) -> pl.DataFrame:
        """The first sound record of each key, over all batches; those without a key are left."""
        keys = self.table.distinct
        if keys is None:
            return wide
        sound = wide.filter(_SOUND & pl.col(_UNMATCHED).is_null()).drop_nulls(keys or LINE)
        first = sound.unique(keys, keep="first", maintain_order=True) if keys else sound.head(1)
        if self._seen is not None:
            first = first.join(self._seen, on=keys, how="anti") if keys else first.clear()
        fresh = first.select(keys or [LINE])
        if fresh.height:
            self._seen = fresh if self._seen is None else pl.concat([self._seen, fresh])
        others = wide.filter(~_SOUND | pl.col(_UNMATCHED).is_not_null())
        return pl.concat([first, others]).sort(LINE) if self._reports_broken else first

    def _computed(self, sound: pl.DataFrame) -> pl.DataFrame:
        """Sums and line numbers, each in its own column; a sum that fails breaks its record."""
        for rule in self.table.fields:
            if rule.number_within:
                sound = sound.with_columns(self._numbers(rule, sound).alias(_own(rule)))
            elif rule.compute:
                sound = _with_sum(rule, rule.compute, sound)
        return sound

    def _numbers(self, rule: FieldMapping, sound: pl.DataFrame) -> pl.Series:
        """1, 2, 3 … within each key, going on where the batch before stopped.

        Keys are kept as 64-bit hashes; should two ever be one, their numbers only start later.
        """
        keys = sound.select(rule.number_within).hash_rows().alias("key").to_frame()
        before = self._counts.get(rule.name, pl.DataFrame(schema={"key": pl.UInt64, "n": pl.Int64}))
        here = keys.join(before, on="key", how="left", maintain_order="left").select(
            "key",
            n=pl.col("n").fill_null(0) + pl.int_range(pl.len(), dtype=pl.Int64).over("key") + 1,
        )
        self._counts[rule.name] = pl.concat([before, here]).group_by("key").agg(pl.col("n").max())
        return here["n"].cast(pl.String)

    def _field(self, rule: FieldMapping) -> pl.Expr:
        own = rule.compute or rule.number_within
        cell = pl.col(_own(rule)) if own else picked(rule)
        return finished(cell, rule, self.table, self.timezone)

    def _broken(self, records: pl.DataFrame) -> pl.DataFrame:
        """Broken records with their text, or their cells as JSON where the file was read well."""
        if not self._reports_broken:
            records = records.clear()
        cells = pl.struct(self._columns).struct.json_encode() if self._columns else pl.lit("{}")
        rows = records.select(LINE, BROKEN, pl.coalesce(RAW, cells)).rows()
        return broken_frame(rows, [rule.name for rule in self.table.fields])


def _own(rule: FieldMapping) -> str:
    return f"__{rule.name}"


def _with_sum(rule: FieldMapping, total: arithmetic.Sum, sound: pl.DataFrame) -> pl.DataFrame:
    cells = sound.select(total.columns)
    if rule.apportion is not None:
        amounts, problems = _sums(total, cells)
        levels = [sound[name].fill_null("") for name in rule.apportion]
        texts = _apportioned(amounts, levels, rule.round)
        own = pl.DataFrame({"value": texts, "problem": problems}, schema=_OWN)
    else:
        own = _rounded_sums(total, cells, rule.round)
    why = pl.lit(", so ") + rule.name + " cannot be computed"
    return sound.with_columns(
        own["value"].alias(_own(rule)), pl.coalesce(BROKEN, own["problem"] + why).alias(BROKEN)
    )


_OWN = {"value": pl.String, "problem": pl.String}


def _rounded_sums(total: arithmetic.Sum, cells: pl.DataFrame, places: int) -> pl.DataFrame:
    """Each different set of cells is computed once: prices and quantities repeat."""
    sets = cells.unique(maintain_order=True)
    amounts, problems = _sums(total, sets)
    texts = [
        None if a is None else arithmetic.plain(arithmetic.rounded(a, places)) for a in amounts
    ]
    own = sets.with_columns(
        pl.Series("__value", texts, pl.String), pl.Series("__problem", problems, pl.String)
    )
    found = cells.join(own, on=cells.columns, how="left", nulls_equal=True, maintain_order="left")
    return found.select(value="__value", problem="__problem")


def _sums(
    total: arithmetic.Sum, cells: pl.DataFrame
) -> tuple[list[Decimal | None], list[str | None]]:
    """The exact amounts, and why one could not be had. An empty cell or divisor 0 gives nothing."""
    amounts: list[Decimal | None] = []
    problems: list[str | None] = []
    for row in cells.iter_rows(named=True):
        amount, problem = _sum(total, row)
        amounts.append(amount)
        problems.append(problem)
    return amounts, problems


def _sum(total: arithmetic.Sum, row: Mapping[str, str | None]) -> tuple[Decimal | None, str | None]:
    numbers: dict[str, Decimal] = {}
    for name, text in row.items():
        if text is None:
            return None, None
        number = arithmetic.number(text)
        if number is None:
            return None, f"{name} holds {text!r}, which is not a number"
        numbers[name] = number
    try:
        amount = total.value(numbers)
    except (DivisionByZero, InvalidOperation):
        return None, None
    return (None, "the result is too large") if amount.adjusted() > 30 else (amount, None)


def _apportioned(
    amounts: list[Decimal | None], levels: list[pl.Series], places: int
) -> list[str | None]:
    known = [index for index, amount in enumerate(amounts) if amount is not None]
    exact = [amount for amount in amounts if amount is not None]
    groups = [[level[index] for index in known] for level in levels]
    texts: list[str | None] = [None] * len(amounts)
    for index, part in zip(known, arithmetic.apportion(exact, groups, places), strict=True):
        texts[index] = arithmetic.plain(part)
    return texts
