"""Source mappings: what a TOML file says about somebody's export, once understood.

docs/mappings.md explains every key to those who write one, `mapping_file.py` reads and checks
them, `mapped.py` carries them out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

from etl import arithmetic
from etl.readers import Layout


@dataclass(frozen=True)
class Condition:
    """What a column must hold: one of `values`, a match of `matches`, nothing or anything."""

    column: str
    values: tuple[str, ...] = ()
    matches: str | None = None
    empty: bool | None = None


@dataclass(frozen=True)
class FieldMapping:
    """Where one field of a feed comes from: exactly one of the first six attributes is given."""

    name: str
    column: str | None = None
    first_of: tuple[str, ...] | None = None
    template: str | None = None
    constant: str | None = None
    compute: arithmetic.Sum | None = None
    number_within: tuple[str, ...] | None = None
    round: int = 2
    apportion: tuple[str, ...] | None = None
    replace: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    default: str | None = None
    if_empty: str | None = None
    date_format: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    optional: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns without which the field cannot be had."""
        named = (self.column,) if self.column else self.first_of or ()
        parts = TEMPLATE_COLUMN.findall(self.template or "")
        sums = self.compute.columns if self.compute else ()
        tests = tuple(test.column for test in (*self.when, *self.unless))
        return (*named, *parts, *sums, *(self.number_within or ()), *(self.apportion or ()), *tests)


@dataclass(frozen=True)
class Join:
    """A sibling file looked up by key; its columns are known as `name.column`.

    `match` pairs a column of that file with a column known here. `unmatched` says what becomes
    of a record that finds nothing: keep, drop or reject.
    """

    file: str
    name: str
    match: tuple[tuple[str, str], ...]
    keep: str | None = None
    order_by: str | None = None
    unmatched: str = "keep"
    optional: bool = False


@dataclass(frozen=True)
class TableMapping:
    """How the files that match `files` become rows of one feed. `mapping` names its mapping."""

    mapping: str
    feed: str
    files: tuple[str, ...]
    folder: str
    fields: tuple[FieldMapping, ...]
    joins: tuple[Join, ...] = ()
    layout: Layout = field(default_factory=Layout)
    decimal: str = "."
    thousands: str = ""
    numbers: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    date_format: tuple[str, ...] = ()
    timezone: str | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    distinct: tuple[str, ...] | None = None

    def matches(self, name: str) -> bool:
        """Whether a file, named relative to the inbox, is one of this table's."""
        return any(_pattern(self.folder, glob).fullmatch(name) for glob in self.files)

    @property
    def whole(self) -> bool:
        """Whether a file must be held in memory whole."""
        return any(rule.apportion is not None for rule in self.fields)

    @property
    def fingerprint(self) -> str:
        """Changes when the mapping of this table does: a refused file is then worth another try."""
        return sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True)
class SourceMapping:
    """A mapping file: tables over the files of one folder of the inbox."""

    name: str
    folder: str
    tables: tuple[TableMapping, ...]
    description: str = ""
    ignore: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """Whether a file lies in the mapping's folder."""
        return _pattern(self.folder, "*").fullmatch(name) is not None

    def ignores(self, name: str) -> bool:
        """Whether the mapping knows a file that feeds no table: a lookup, or one to leave."""
        lookups = {join.file for table in self.tables for join in table.joins}
        return any(_pattern(self.folder, glob).fullmatch(name) for glob in (*self.ignore, *lookups))


TEMPLATE_COLUMN = re.compile(r"\{([^{}]+)\}")


@cache
def _pattern(folder: str, glob: str) -> re.Pattern[str]:
    """`*` and `?` stay within a name, `**/` is any folders; a bare name lies at any depth."""
    whole = f"{folder}/{glob}" if "/" in glob else f"{folder}/**/{glob}"
    parts = re.split(r"(\*\*/|\*|\?)", whole.removeprefix("./"))
    special = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(special.get(part, re.escape(part)) for part in parts), re.IGNORECASE)


def is_time(name: str) -> bool:
    """Whether a field is a time, by the contract's convention of names."""
    return name.endswith(("_at", "_start"))


def is_date(name: str) -> bool:
    """Whether a field is a date, by the contract's convention of names."""
    return name.endswith(("_on", "_from", "_to", "_date"))
