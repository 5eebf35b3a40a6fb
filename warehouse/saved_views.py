"""Views that people keep under names of their own: a small SQLite file beside the warehouse, never
in it, so that who shows figures need not be able to write them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

FILE = "views.sqlite"
LONGEST_NAME = 80
MOST = 200
"""Views one user may keep."""

VIEWS = Table(
    "saved_views",
    MetaData(),
    Column("user", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("page", String, nullable=False),
    Column("link", String, nullable=False),
    comment="One row per user and name: the page and what its link said.",
)


class ViewError(Exception):
    """A view that cannot be kept; `why` is one of full, taken, unwritable."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class SavedView:
    """A page and what its link said, without who looked and in which language."""

    name: str
    page: str
    link: Mapping[str, str] = field(default_factory=dict)


class SavedViews:
    """The views one user has kept; nobody else's can be reached through it. All raise ViewError."""

    def __init__(self, directory: Path, user: str) -> None:
        self._file, self._user = directory / FILE, user

    def all(self) -> list[SavedView]:
        """By name."""
        if not self._file.exists():
            return []
        mine = select(VIEWS).where(VIEWS.c.user == self._user).order_by(VIEWS.c.name)
        with self._open() as file:
            rows = file.execute(mine).all()
        return [SavedView(row.name, row.page, json.loads(row.link)) for row in rows]

    def keep(self, view: SavedView) -> None:
        """Keep a view under its name, in the place of one that had it."""
        names = {kept.name for kept in self.all()} - {view.name}
        if len(names) >= MOST:
            raise ViewError("full")
        row = {"user": self._user, "name": view.name, "page": view.page}
        with self._open() as file:
            file.execute(delete(VIEWS).where(self._named(view.name)))
            file.execute(insert(VIEWS).values(row | {"link": json.dumps(dict(view.link))}))

    def rename(self, name: str, new: str) -> None:
        """Give a view another name, which none of the others may have."""
        if new != name and new in {kept.name for kept in self.all()}:
            raise ViewError("taken")
        with self._open() as file:
            file.execute(update(VIEWS).where(self._named(name)).values(name=new))

    def forget(self, name: str) -> None:
        """Keep a view no longer."""
        with self._open() as file:
            file.execute(delete(VIEWS).where(self._named(name)))

    def _named(self, name: str) -> ColumnElement[bool]:
        return and_(VIEWS.c.user == self._user, VIEWS.c.name == name)

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """The file, made when it is not there yet; all or nothing of what is done inside."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(f"sqlite:///{self._file}", poolclass=NullPool)
            with engine.begin() as file:
                VIEWS.create(file, checkfirst=True)
                yield file
        except (OSError, SQLAlchemyError) as error:
            raise ViewError("unwritable") from error
