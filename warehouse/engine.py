"""The only place that talks to DuckDB: render, open a build, and read what is published.

Readers and the one writer never share a file: a load works on a private copy (`Build`), what is
published never changes again, and a process reads it through one in-memory instance (`Hub`) that
attaches each published file read-only under a name of its own. `docs/decisions.md` says why.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl
from duckdb_sqlalchemy import Dialect
from sqlalchemy import MetaData, Table
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine

from warehouse import versions
from warehouse.turns import Busy, Turns

DIALECT = Dialect(paramstyle="numeric_dollar")
HUB_MEMORY = "30%"
BUILD_MEMORY = "3GB"
QUERY_SECONDS, WAIT_SECONDS = 60, 10
HEAVY_QUERIES = 4
"""As many queries run at once in a process; others wait so long."""

EngineError = duckdb.Error
Parameters = tuple[Any, ...]

warnings.filterwarnings("ignore", "Arrow output on a DB-API result")  # _answer says why it is right


class NothingPublished(Exception):
    """No warehouse has been published yet."""


class QueryTimeout(Exception):
    """A query took longer than QUERY_SECONDS and was stopped."""


def render(statement: ClauseElement) -> tuple[str, Parameters]:
    """The SQL text of a Core statement for DuckDB, and its parameters in order."""
    compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
    return str(compiled), tuple(compiled.params[name] for name in names)


def create_table_sql(table: Table, *, temporary: bool = False) -> str:
    """DDL without keys: uniqueness is the loader's task, an index would cost more than the data."""
    columns = ", ".join(f'"{c.name}" {_type_sql(c.type)}' for c in table.columns)
    kind = "TEMP TABLE" if temporary else "TABLE"
    return f'CREATE OR REPLACE {kind} "{table.name}" ({columns})'


def _type_sql(kind: TypeEngine[Any]) -> str:
    return str(kind.compile(dialect=DIALECT))


class Build:
    """A private warehouse file being written by one process. Close it before publishing.

    Nothing is logged ahead of being written: a file whose writer dies is thrown away, and a log
    would be waited for at every statement.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._connection = duckdb.connect(":memory:")
        spill = str(path).replace("'", "''")
        if path != Path(":memory:"):
            how = "READ_ONLY" if read_only else "RECOVERY_MODE NO_WAL_WRITES"
            self._connection.execute(f"ATTACH '{spill}' AS build ({how})")
            self._connection.execute("USE build")
        self._connection.execute(f"SET memory_limit = '{BUILD_MEMORY}'")
        self._connection.execute(f"SET temp_directory = '{spill}.spill'")
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute("SET enable_progress_bar = false")

    def run(self, statement: ClauseElement) -> int:
        """Execute a statement that changes something; returns the number of rows it touched."""
        sql, parameters = render(statement)
        result = self._connection.execute(sql, parameters).fetchone()
        return int(result[0]) if result and isinstance(result[0], int) else 0

    def fetch(self, statement: ClauseElement) -> pl.DataFrame:
        """Rows of a SELECT as a frame."""
        return _fetch(self._connection, *render(statement))

    def create(self, table: Table, *, temporary: bool = False) -> None:
        """Make an empty table, replacing one of that name; a temporary one is not published."""
        self._connection.execute(create_table_sql(table, temporary=temporary))

    def drop(self, table: Table) -> None:
        """Remove a table if it is there."""
        self._connection.execute(f'DROP TABLE IF EXISTS "{table.name}"')

    def tables(self) -> set[str]:
        """Names of the tables in the file."""
        return {row[0] for row in self._connection.execute("SHOW TABLES").fetchall()}

    def append(self, table: Table, frame: pl.DataFrame) -> None:
        """Add the rows of a frame; its columns are matched to the table's by name."""
        columns = ", ".join(f'"{name}"' for name in frame.columns)
        self._connection.register("appended_rows", frame)
        try:
            self._connection.execute(
                f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM appended_rows'
            )
        finally:
            self._connection.unregister("appended_rows")

    @contextmanager
    def beside(self, path: Path) -> Iterator[Callable[[Table], Table]]:
        """Another file, read-only: gives for a table the one of that name there. What is inserted
        inside keeps its order."""
        other = str(path).replace("'", "''")
        self._connection.execute(f"ATTACH '{other}' AS beside (READ_ONLY)")
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            yield lambda table: table.to_metadata(MetaData(), schema="beside")
        finally:
            self._connection.execute("SET preserve_insertion_order = false")
            self._connection.execute("DETACH beside")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing for the statements inside."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Write everything into the one file and let go of it."""
        self._connection.execute("CHECKPOINT")
        self._connection.close()

    def abandon(self) -> None:
        """Let go of the file, whatever has become of it; more than once does no harm."""
        self._connection.close()


def _fetch(connection: Any, sql: str, parameters: Parameters) -> pl.DataFrame:
    relation = connection.sql(sql, params=list(parameters))
    return relation.pl() if relation is not None else pl.DataFrame()


def _answer(connection: Any, sql: str, parameters: Parameters) -> pl.DataFrame:
    """The same for small answers: their rows are copied once more, but a relation would have the
    statement planned twice, which takes longer than most of them."""
    answer = connection.execute(sql, list(parameters)).to_arrow_table()
    return cast(pl.DataFrame, pl.from_arrow(answer))


@dataclass(frozen=True)
class Snapshot:
    """One published version, held for as long as the `with` block that gave it lasts."""

    version: int
    _hub: Hub

    def fetch(self, statement: ClauseElement) -> pl.DataFrame:
        """Rows of a SELECT as a frame. Raises QueryTimeout, Busy."""
        return self.fetch_sql(*render(statement))

    def fetch_sql(self, sql: str, parameters: Parameters) -> pl.DataFrame:
        """The same for a statement that `render` gave; a cache keys on these two."""
        return self._hub.query(self.version, sql, parameters)


class Hub:
    """One in-memory instance a process, through which every published version is read. `memory` is
    an amount ("4GB") or a share of the machine's ("30%")."""

    def __init__(self, directory: Path, memory: str = HUB_MEMORY) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._turns = Turns(HEAVY_QUERIES)
        self._uses: dict[int, int] = {}
        self._live = 0
        self._connection = duckdb.connect(":memory:")
        self._harden(memory)

    def _harden(self, memory: str) -> None:
        """Only the warehouse's own files, nothing fetched, nothing changed from then on."""
        directory = str(self._directory).replace("'", "''")
        for setting in (
            f"memory_limit = '{memory}'",
            f"allowed_directories = ['{directory}']",
            "enable_progress_bar = false",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What is published now. Raises NothingPublished."""
        version = self._acquire()
        try:
            yield Snapshot(version, self)
        finally:
            self._release(version)

    def _acquire(self) -> int:
        with self._lock:
            version = versions.current(self._directory)
            if version is None:
                raise NothingPublished("no warehouse has been published yet")
            if version not in self._uses:
                path = str(versions.path(self._directory, version)).replace("'", "''")
                self._connection.execute(f"ATTACH '{path}' AS v{version} (READ_ONLY)")
                self._uses[version] = 0
            self._uses[version] += 1
            self._live = version
            return version

    def _release(self, version: int) -> None:
        """Let go of a version nobody uses, unless it is the one the next page will ask for."""
        with self._lock:
            self._uses[version] -= 1
            for idle in [v for v, uses in self._uses.items() if uses == 0 and v != self._live]:
                self._connection.execute(f"DETACH v{idle}")
                del self._uses[idle]

    def query(self, version: int, sql: str, parameters: Parameters) -> pl.DataFrame:
        """Run a rendered SELECT on an attached version. Raises QueryTimeout, and Busy where others
        keep it waiting or leave no memory."""
        with self._turns.taken(WAIT_SECONDS):
            cursor = self._connection.cursor()
            stopper = threading.Timer(QUERY_SECONDS, cursor.interrupt)
            stopper.daemon = True
            stopper.start()
            try:
                cursor.execute(f"USE v{version}")
                return _answer(cursor, sql, parameters)
            except duckdb.InterruptException:
                raise QueryTimeout(f"stopped after {QUERY_SECONDS} seconds") from None
            except duckdb.OutOfMemoryException:
                raise Busy("too little memory is left; ask for a shorter period") from None
            finally:
                stopper.cancel()
                cursor.close()

    def close(self) -> None:
        """Let go of every file."""
        self._connection.close()


@contextmanager
def reading(directory: Path) -> Iterator[Snapshot]:
    """What is published now, for a process that asks once. Raises NothingPublished."""
    hub = Hub(directory)
    try:
        with hub.snapshot() as snapshot:
            yield snapshot
    finally:
        hub.close()
