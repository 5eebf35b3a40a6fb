"""The keys a mapping file may use, and the reading of their values.

docs/mappings.md lists the same keys; a test holds the two together.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.errors import SourceError
from etl.readers import FORMATS, hint

Content = dict[str, Any]

_SHARED = (
    "format", "encoding", "separator", "decimal", "thousands", "nulls", "date_format", "timezone",
)  # fmt: skip
"""Keys that a mapping may state once for all its tables."""

KEYS = {
    "mapping": ("name", "description", "folder", "ignore", "tables", *_SHARED),
    "table": (
        "feed", "files", "skip_lines", "header", "sheet", "numbers", "join", "when", "unless",
        "distinct", "fields", "same_names", *_SHARED,
    ),
    "join": ("file", "as", "match", "keep", "order_by", "unmatched", "optional"),
    "field": (
        "column", "first_of", "template", "constant", "compute", "number_within", "round",
        "apportion", "replace", "values", "default", "if_empty", "date_format", "when", "unless",
        "optional",
    ),
    "condition": ("matches", "empty"),
}  # fmt: skip


class Section:
    """One table of a mapping file. Whatever is wrong in it raises SourceError naming file and key.

    `where` says which one it is; `parent` holds the keys its own are looked up in when absent.
    """

    def __init__(
        self, where: str, kind: str, content: object, parent: Content | None = None
    ) -> None:
        self.where, self.kind, self.parent = where, kind, parent or {}
        self.content: Content = (
            content if isinstance(content, dict) else self.fail("must be a table")
        )
        for key in self.content:
            if key not in KEYS[kind]:
                self.fail(f"unknown key {key!r}{hint(key, KEYS[kind])}")

    def fail(self, problem: str) -> NoReturn:
        """Raises SourceError."""
        raise SourceError(f"{self.where}: {problem}")

    def inner(self, key: str, kind: str, content: object) -> Section:
        """A table within this one."""
        return Section(f"{self.where}.{key}", kind, content, self.content)

    def text(self, key: str) -> str | None:
        """A text, or a whole number as text; None when the key is absent."""
        return self._as_text(key, self.content[key]) if key in self.content else None

    def _as_text(self, key: str, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.fail(f"{key} must be a text in quotes, not {value!r}")
        return str(value)

    def as_texts(self, key: str, value: object) -> tuple[str, ...]:
        """One text or a list of them."""
        return tuple(
            self._as_text(key, one) for one in (value if isinstance(value, list) else [value])
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """One text or a list of them; empty when the key is absent."""
        return self.as_texts(key, self.content[key]) if key in self.content else ()

    def inherited_text(self, key: str) -> str | None:
        """As `text`, from the whole mapping when the key is absent here."""
        value = self.content.get(key, self.parent.get(key))
        return None if value is None else self._as_text(key, value)

    def inherited_texts(self, key: str) -> tuple[str, ...]:
        """As `texts`, from the whole mapping when the key is absent here."""
        return self.as_texts(key, self.content.get(key, self.parent.get(key, [])))

    def whole(self, key: str, default: int = 0) -> int:
        """A whole number from 0."""
        value = self.content.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.fail(f"{key} must be a whole number from 0, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """true or false; false when the key is absent."""
        value = self.content.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key} must be true or false, not {value!r}")
        return value

    def table(self, key: str) -> Content:
        """A table; empty when the key is absent."""
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            self.fail(f"{key} must be a table of names and values, not {value!r}")
        return value

    def text_table(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of texts as pairs."""
        items = self.table(key).items()
        return tuple((name, self._as_text(f"{key}.{name}", value)) for name, value in items)

    def sections(self, key: str) -> list[object]:
        """An array of tables; empty when the key is absent."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            self.fail(f"{key} must be written as [[{key}]]")
        return value

    def one_of(self, key: str, choices: Collection[str]) -> str | None:
        """A text out of a closed list."""
        return self._chosen(key, self.text(key), choices)

    def _chosen(self, key: str, value: str | None, choices: Collection[str]) -> str | None:
        if value is not None and value not in choices:
            self.fail(f"{key} cannot be {value!r}{hint(value, choices)}; use {', '.join(choices)}")
        return value

    def format(self) -> str | None:
        """A format somebody reads."""
        return self._chosen("format", self.inherited_text("format"), FORMATS)

    def encoding(self) -> str | None:
        """An encoding Python knows."""
        name = self.inherited_text("encoding")
        try:
            return codecs.lookup(name).name if name else None
        except LookupError:
            self.fail(f"encoding {name!r} is unknown; write one such as gb18030, utf-8 or cp1252")

    def mark(self, key: str, default: str, choices: str) -> str:
        """One character, or none where none is the default."""
        return self._chosen(key, self.inherited_text(key) or default, [default, *choices]) or ""

    def separator(self) -> str | None:
        """One character."""
        mark = self.inherited_text("separator")
        if mark is not None and len(mark.encode()) != 1:
            self.fail(f'separator must be one plain character such as ";" or "\\t", not {mark!r}')
        return mark

    def timezone(self) -> str | None:
        """A time zone of the IANA list."""
        name = self.inherited_text("timezone")
        try:
            return ZoneInfo(name).key if name else None
        except (OSError, ValueError, ZoneInfoNotFoundError):
            self.fail(f"timezone {name!r} is unknown; write one such as Asia/Shanghai or UTC")
