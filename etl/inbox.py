"""What lies in the inbox: deliveries and, for each file that feeds nothing, why."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from etl import as_rows
from etl.errors import SourceError
from etl.lookups import fits
from etl.mapping import SourceMapping, TableMapping
from etl.readers import ENDINGS, format_of, hint

_UNFINISHED = (".tmp", ".part", ".crdownload")


@dataclass(frozen=True)
class Sibling:
    """A file joined to a delivery: the name of the join, the file, its size (bytes) as listed."""

    join: str
    path: Path
    size: int


@dataclass(frozen=True)
class Delivery:
    """A file on its way into one feed. `name` is its posix path relative to the inbox.

    `table` is the mapping that applies, None where the file has the feed's own columns. `size` is
    in bytes, as listed; `modified_ns` that of the newest of the file and its siblings.
    `reports_broken` is false where another delivery of the same file hands on its broken records.
    """

    path: Path
    name: str
    feed: str
    table: TableMapping | None = None
    siblings: tuple[Sibling, ...] = ()
    size: int = 0
    modified_ns: int = 0
    reports_broken: bool = True

    @property
    def lookups(self) -> tuple[Path, ...]:
        """The files joined in, join after join."""
        return tuple(sibling.path for sibling in self.siblings)

    @property
    def mapping(self) -> str | None:
        """The name of the mapping that applies."""
        return self.table.mapping if self.table else None


@dataclass(frozen=True)
class Problem:
    """A file or folder of the inbox that feeds nothing, and why, with the cure."""

    name: str
    reason: str


def find_deliveries(
    inbox: Path, feeds: Collection[str], mappings: Sequence[SourceMapping]
) -> tuple[list[Delivery], list[Problem]]:
    """Every delivery of the inbox in the order of names, and what needs a person.

    A mapping that matches a file takes precedence over the feed whose folder it lies in.
    Raises SourceError when the inbox is not a directory.
    """
    if not inbox.is_dir():
        raise SourceError(f"there is no inbox {inbox}; make that folder or correct GUIDEPOST_INBOX")
    problems: dict[str, Problem] = {}
    files = dict(sorted(_files(inbox, problems)))
    folders: dict[str, list[Path]] = {}
    for name, path in files.items():
        folders.setdefault(name.rpartition("/")[0], []).append(path)
    deliveries: list[Delivery] = []
    for name, path in files.items():
        near = folders[name.rpartition("/")[0]]
        try:
            found = _deliveries_of(name, path, near, feeds, mappings)
        except FileNotFoundError:  # it was taken away since the folder was listed
            continue
        if isinstance(found, Problem):
            problems.setdefault(found.name, found)
        else:
            deliveries += found
    return deliveries, [problems[name] for name in sorted(problems)]


def _files(inbox: Path, problems: dict[str, Problem]) -> Iterator[tuple[str, Path]]:
    """Finished files by name. Links to folders are not followed: they could lead in circles."""
    root = inbox.resolve()

    def unreadable(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        problems[name] = Problem(name, f"cannot be listed ({error.strerror}); let us read it")

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for path in (Path(folder) / name for name in [*names, *links]):
            name = path.relative_to(root).as_posix()
            if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
                continue
            if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
                shown = repr(name.encode("utf-8", "replace").decode())[1:-1]
                odd = "has a name that is not text or holds a line end or the like; rename it"
                problems[shown] = Problem(shown, odd)
            elif reason := _no_delivery(path, root):
                problems[name] = Problem(name, reason)
            elif path.is_file():
                yield name, path


def _no_delivery(path: Path, root: Path) -> str | None:
    """Why a name of the inbox is not read: it is no file, or one from elsewhere."""
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads to itself
        inside = True
    if not inside:
        return "is a link that leads out of the inbox; deliver the file itself"
    if path.is_file() or not os.path.lexists(path):
        return None
    return "is not a file, or a link to none; deliver the file itself"


def _deliveries_of(
    name: str,
    path: Path,
    near: Sequence[Path],
    feeds: Collection[str],
    mappings: Sequence[SourceMapping],
) -> list[Delivery] | Problem:
    """`near` are the files of the same folder."""
    tables = _tables_for(name, mappings)
    top, slash, _ = name.partition("/")
    if tables or (slash and top in feeds):
        formats = [table.layout.format for table in tables] or [None]
        if not all(formats) and format_of(name) is None:
            return Problem(name, f"has an ending nobody reads; deliver {', '.join(ENDINGS)}")
    if tables:
        return _twice(name, tables) or _mapped_deliveries(name, path, near, tables)
    if slash and top in feeds:
        return [_plain_delivery(path, name, top)]
    owners = [mapping for mapping in mappings if mapping.covers(name)]
    if any(mapping.ignores(name) for mapping in owners):
        return []
    return _unread(name, owners[0]) if owners else _unknown(name, feeds, mappings)


def _plain_delivery(path: Path, name: str, feed: str) -> Delivery:
    status = path.stat()
    return Delivery(path, name, feed, size=status.st_size, modified_ns=status.st_mtime_ns)


def _tables_for(name: str, mappings: Sequence[SourceMapping]) -> list[TableMapping]:
    return [table for mapping in mappings for table in mapping.tables if table.matches(name)]


def _twice(name: str, tables: Sequence[TableMapping]) -> Problem | None:
    """Two tables for one feed would overwrite each other's rows."""
    by_feed: dict[str, TableMapping] = {}
    for table in tables:
        other = by_feed.setdefault(table.feed, table)
        if other is not table:
            names = " and ".join(dict.fromkeys([other.mapping, table.mapping]))
            return Problem(name, f"two tables of {names} turn it into {table.feed}; keep one")
    return None


def _mapped_deliveries(
    name: str, path: Path, near: Sequence[Path], tables: Sequence[TableMapping]
) -> list[Delivery]:
    return [_mapped_delivery(path, name, table, _siblings(near, table), tables) for table in tables]


def _siblings(near: Sequence[Path], table: TableMapping) -> list[Sibling]:
    return [
        Sibling(join.name, path, path.stat().st_size)
        for join in table.joins
        for path in near
        if fnmatch(path.name.lower(), join.file.lower())
    ]


def _mapped_delivery(
    path: Path,
    name: str,
    table: TableMapping,
    siblings: Sequence[Sibling],
    tables: Sequence[TableMapping],
) -> Delivery:
    """Of all tables of a file those that take every record hand on the broken ones, else the
    first: a small table of distinct rows would be refused for them."""
    whole = [other for other in tables if other.distinct is None] or tables[:1]
    newest = max(one.stat().st_mtime_ns for one in (path, *(s.path for s in siblings)))
    size = path.stat().st_size
    return Delivery(path, name, table.feed, table, tuple(siblings), size, newest, table in whole)


def _unread(name: str, owner: SourceMapping) -> Problem:
    globs = dict.fromkeys(glob for table in owner.tables for glob in table.files)
    reason = (
        f"no table of the mapping {owner.name} reads it (they read {', '.join(globs)});"
        " rename it, or name it under ignore in the mapping"
    )
    return Problem(name, reason)


def _unknown(name: str, feeds: Collection[str], mappings: Sequence[SourceMapping]) -> Problem:
    known = ", ".join(feeds)
    top, slash, _ = name.partition("/")
    if not slash:
        return Problem(name, f"lies in no folder; put it into the folder of its feed: {known}")
    near = hint(top, [*feeds, *(mapping.folder for mapping in mappings)])
    return Problem(top, f"is neither a feed nor a source mapping{near}; feeds are {known}")


def kept_delivery(
    name: str, feed: str, paths: Sequence[Path], mappings: Sequence[SourceMapping]
) -> Delivery:
    """A delivery again from copies under other names: of the file, then of its lookups in order.

    Raises SourceError when no mapping turns the file into that feed any more.
    """
    path, *copies = paths
    if path.name.endswith(as_rows.ENDING):
        return _plain_delivery(path, name, feed)
    tables = _tables_for(name, mappings)
    table = next((table for table in tables if table.feed == feed), None)
    if table is not None:
        return _mapped_delivery(path, name, table, _reassigned(copies, table), tables)
    if name.partition("/")[0] != feed:
        raise SourceError(f"{name} was mapped to {feed} and no mapping does so now; put it back")
    return _plain_delivery(path, name, feed)


def _reassigned(copies: Sequence[Path], table: TableMapping) -> list[Sibling]:
    """Which join each copy is for: they come join after join, and a copy has its join's columns."""
    siblings = []
    joins = list(table.joins)
    for copy in copies:
        while joins and not fits(table, joins[0], copy):
            joins.pop(0)
        if not joins:
            raise SourceError(
                f"the mapping {table.mapping} no longer joins the kept file {copy.name}"
            )
        siblings.append(Sibling(joins[0].name, copy, copy.stat().st_size))
        if len(copies) <= len(table.joins):
            joins.pop(0)
    return siblings


def content_hash(delivery: Delivery) -> str:
    """SHA-256 of what the delivery holds: same content, same hash, whatever the file's name.

    When mapped the feed and the lookups count too. Raises SourceError.
    """
    return content_of(delivery, [_file_hash(one) for one in (delivery.path, *delivery.lookups)])


def content_of(delivery: Delivery, digests: Sequence[bytes]) -> str:
    """The same from the digests of the file and its lookups."""
    first, *lookups = digests
    if delivery.table is None:
        return first.hex()
    return hashlib.sha256(b"\0".join([first, delivery.feed.encode(), *lookups])).hexdigest()


def _file_hash(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        why = error.strerror
        raise SourceError(f"{path.name} cannot be read ({why}); deliver it again") from None
