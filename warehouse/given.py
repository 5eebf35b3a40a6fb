"""Tables of a TOML file, read key by key; every error says where and what would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from warehouse.filters import QuestionError, nearest


def tables(described: object, example: str) -> Mapping[str, Any]:
    """The tables under a key of the file. Raises QuestionError when it holds no tables."""
    if not isinstance(described, Mapping):
        raise QuestionError(f"must be tables such as [{example}]")
    return described


class Given:
    """One table: `where` it stands, and the keys it may have. Raises QuestionError."""

    def __init__(self, where: str, table: object, known: Iterable[str]) -> None:
        self.where = where
        if not isinstance(table, Mapping):
            raise QuestionError(f"{where}: must be a table with {', '.join(known)}")
        self.table = table
        for key in table:
            if key not in known:
                raise self.wrong(str(key), nearest("key", str(key), known))

    def wrong(self, key: str, why: object) -> QuestionError:
        """The error for a key."""
        return QuestionError(f"{self.where}.{key}: {why}")

    def text(self, key: str, default: str | None) -> str:
        """A text; without a default it is needed."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "give a text")
        return value

    def flag(self, key: str) -> bool:
        """True or false, false when left out."""
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "give true or false")
        return value

    def number(self, key: str, default: float | None = None) -> float | None:
        """A number; the default when left out."""
        value = self.table.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise self.wrong(key, "give a number")
        return value

    def whole(self, key: str, default: int) -> int:
        """A whole number, 0 or more; the default when left out."""
        value = self.table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "give a whole number, 0 or more")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Several texts, each once; none when left out. One may stand without a list."""
        value = self.table.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise self.wrong(key, 'give texts such as ["a", "b"]')
        return tuple(dict.fromkeys(values))

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """One of some words, the first when left out."""
        value = self.text(key, choices[0])
        if value not in choices:
            raise self.wrong(key, nearest(key, value, choices))
        return value
