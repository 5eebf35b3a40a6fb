"""Sibling files that a mapping joins to a delivery; each is held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from etl.drift import missing_in
from etl.errors import SourceError
from etl.mapped_fields import cleaned
from etl.mapping import Join, TableMapping
from etl.readers import BROKEN, LINE, Layout, read_file


def fits(table: TableMapping, join: Join, path: Path) -> bool:
    """Whether a file has the columns by which a join finds its records."""

    def choose(header: list[str]) -> list[str]:
        if not {theirs for theirs, _ in join.match} <= set(header):
            raise SourceError(path.name)
        return []

    try:
        next(read_file(path, _layout(table), choose))
    except SourceError:
        return False
    return True


def _layout(table: TableMapping) -> Layout:
    return Layout(encoding=table.layout.encoding, separator=table.layout.separator)


class Lookup:
    """One join of a table: `path` is the delivery, `files` those that match `join.file`.

    Raises SourceError when there is none, one cannot be read or a key occurs twice unallowed.
    """

    def __init__(self, table: TableMapping, join: Join, path: Path, files: Sequence[Path]) -> None:
        if not files and not join.optional:
            raise SourceError(f"{path.name} needs {join.file} beside it; deliver both together")
        self.table, self.join = table, join
        self._theirs = [f"{join.name}.{theirs}" for theirs, _ in join.match]
        self._here = [here for _, here in join.match]
        self._frame = self._read(files)

    def has(self, name: str) -> bool:
        """Whether a column is one of the lookup's. All are, when an optional file is absent."""
        if self._frame is None:
            return name.startswith(f"{self.join.name}.")
        return name in self._frame.columns

    def joined(self, wide: pl.DataFrame, unmatched: str) -> pl.DataFrame:
        """Records with the columns of what they find; who finds nothing is told in `unmatched`."""
        if self._frame is None:
            return wide.with_columns(pl.lit(None, pl.String).alias(name) for name in self._absent())
        wide = wide.join(
            self._frame, left_on=self._here, right_on=self._theirs, how="left", coalesce=False,
            maintain_order="left",
        )  # fmt: skip
        nothing = pl.col(self._theirs[0]).is_null() & pl.col(BROKEN).is_null()
        if self.join.unmatched == "drop":
            return wide.filter(~nothing)
        if self.join.unmatched == "reject":
            return wide.with_columns(pl.coalesce(unmatched, pl.when(nothing).then(self._why())))
        return wide

    def _why(self) -> pl.Expr:
        theirs, here = self.join.match[0]
        key = pl.col(here).fill_null("(empty)")
        return pl.lit(f"no record of {self.join.file} has {theirs} = ") + key

    def _wanted(self) -> dict[str, bool]:
        """Their columns that somebody reads, and whether they must be there."""
        table, prefix = self.table, f"{self.join.name}."
        must = {name: True for rule in table.fields if not rule.optional for name in rule.reads}
        may = {name: False for rule in table.fields for name in rule.reads}
        tests = {test.column: True for test in (*table.when, *table.unless)}
        keys = {name: True for join in table.joins for _, name in join.match}
        distinct = dict.fromkeys(table.distinct or (), True)
        own = dict.fromkeys(self._theirs, True)
        order = {f"{prefix}{self.join.order_by}": True} if self.join.order_by else {}
        wanted = {**may, **must, **tests, **keys, **distinct, **own, **order}
        return {name: must for name, must in wanted.items() if name.startswith(prefix)}

    def _absent(self) -> list[str]:
        return list(self._wanted())

    def _read(self, files: Sequence[Path]) -> pl.DataFrame | None:
        if not files:
            return None
        frame = pl.concat([self._read_one(file) for file in files], how="diagonal")
        if self.join.order_by:
            frame = frame.sort(f"{self.join.name}.{self.join.order_by}", maintain_order=True)
        return self._unique(frame)

    def _read_one(self, file: Path) -> pl.DataFrame:
        prefix, wanted = f"{self.join.name}.", self._wanted()

        def choose(header: list[str]) -> list[str]:
            for name, must in wanted.items():
                if must and name.removeprefix(prefix) not in header:
                    raise missing_in(file.name, name.removeprefix(prefix), header, self.table)
            return [name for name in header if prefix + name in wanted]

        frame = pl.concat(read_file(file, _layout(self.table), choose))
        broken = frame.filter(pl.col(BROKEN).is_not_null())
        if broken.height:
            line, why = broken.row(0, named=True)[LINE], broken[BROKEN][0]
            raise SourceError(f"{file.name}, line {line}: {why}; correct it, other files need it")
        names = {name: prefix + name for name in frame.columns if prefix + name in wanted}
        named = frame.select(list(names)).rename(names)
        return named.select(cleaned(name, self.table) for name in named.columns)

    def _unique(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One record a key; two need the mapping to say which one holds."""
        frame = frame.drop_nulls(self._theirs)
        if self.join.keep == "last":
            return frame.unique(self._theirs, keep="last", maintain_order=True)
        if self.join.keep is None and frame.select(self._theirs).is_duplicated().any():
            twice = frame.filter(frame.select(self._theirs).is_duplicated()).row(0)
            raise SourceError(
                f"{self.join.file} has several records for one key, such as {twice[0]!r}; say"
                f' which holds with keep = "first" or "last" in the mapping {self.table.mapping}'
            )
        return frame.unique(self._theirs, keep="first", maintain_order=True)
