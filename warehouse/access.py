"""Who may see what. A Scope is part of every question; a missing or empty one gives nothing."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, case, false, or_, select, true
from sqlalchemy.sql.expression import FromClause, Select

from warehouse.schema import DIM_STORES, LOADED, REGION_PATHS

_MANAGED = frozenset({"regions", "stores", "guides", "funnels", "credit", "stock", "growth",
                      "cohorts", "campaigns", "glossary"})  # fmt: skip
_ALL = _MANAGED | {"overview", "health", "rejects"}
PAGES = {
    "executive": _ALL - {"rejects"},
    "regional_manager": _MANAGED,
    "store_manager": _MANAGED,
    "analyst": _ALL,
    "administrator": _ALL | {"users"},
}
"""Which pages each role sees."""

_WHOLE_COMPANY = ("executive", "analyst", "administrator")


class AccessError(Exception):
    """A user who is not listed, or a users file that cannot be used."""


@dataclass(frozen=True)
class Scope:
    """What a viewer may see: everything, or the stores listed and those of the regions listed
    (sub-regions included, as organised today). The default is nothing at all. `role` is what the
    users file says; pages and personal data follow from it."""

    everything: bool = False
    stores: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    pages: frozenset[str] = frozenset()
    personal_data: bool = False
    role: str = ""

    @property
    def is_empty(self) -> bool:
        """True when no store at all can be seen."""
        return not (self.everything or self.stores or self.regions)


NOTHING = Scope()
EVERYTHING = Scope(everything=True, pages=PAGES["administrator"], personal_data=True)
"""For the command line and the loader: whoever may run them can read the file anyway."""


def scope_of(user: str, users: Path | None) -> Scope:
    """The scope of a user in the users file. Raises AccessError."""
    listed = read_users(users)
    if user not in listed:
        near = difflib.get_close_matches(user, listed, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise AccessError(f"user {user} is not listed in {users}{hint}")
    return listed[user]


def read_users(users: Path | None) -> dict[str, Scope]:
    """Every user of the file with their scope. Raises AccessError."""
    if users is None:
        raise AccessError(
            "no users file: set GUIDEPOST_USERS to a TOML file that lists who sees what"
        )
    try:
        listed = tomllib.loads(users.read_text(encoding="utf-8")).get("users", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AccessError(f"GUIDEPOST_USERS={users}: {error}") from None
    return {name: _scope(users, name, entry) for name, entry in listed.items()}


def _scope(users: Path, name: str, entry: dict[str, object]) -> Scope:
    role = entry.get("role")
    if role not in PAGES:
        raise AccessError(f"{users}: users.{name}: role must be one of {', '.join(PAGES)}")
    return Scope(
        everything=role in _WHOLE_COMPANY and "stores" not in entry and "regions" not in entry,
        stores=_ids(users, name, entry, "stores"),
        regions=_ids(users, name, entry, "regions"),
        pages=PAGES[str(role)],
        personal_data=role in ("store_manager", "administrator"),
        role=str(role),
    )


def _ids(users: Path, name: str, entry: dict[str, object], field: str) -> frozenset[str]:
    ids = entry.get(field, [])
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise AccessError(f'{users}: users.{name}.{field} must be a list such as ["S0001"]')
    return frozenset(ids)


def visible(store_key: ColumnElement[int], scope: Scope) -> ColumnElement[bool]:
    """The condition that limits rows of a store to a scope; rows of no store are the company's."""
    if scope.everything:
        return true()
    if scope.is_empty:
        return false()
    return store_key.in_(visible_stores(scope))


def own_handling(line: FromClause, scope: Scope) -> FromClause:
    """Lines that name no store outside a scope as the one that took them back."""
    if scope.everything:
        return line
    key = line.c.handling_store_key
    seen = case((visible(key, scope), key)).label(key.name)
    return select(*(c for c in line.c if c is not key), seen).subquery("line")


def visible_stores(scope: Scope) -> Select[Any]:
    """SELECT of the keys of the stores in a scope that is not everything."""
    stores = DIM_STORES
    listed = stores.c.store_id.in_(sorted(scope.stores))
    within = stores.c.region_key.in_(visible_regions(scope))
    return select(stores.c.store_key).where(or_(listed, within))


def visible_regions(scope: Scope) -> Select[Any]:
    """SELECT of the keys of the regions listed in a scope and of those below them."""
    regions, paths = LOADED["regions"], REGION_PATHS
    return (
        select(paths.c.region_key)
        .join(regions, regions.c.region_key == paths.c.ancestor_key)
        .where(regions.c.region_id.in_(sorted(scope.regions)), regions.c.is_known)
    )
