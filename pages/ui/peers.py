"""One store against its peers: stores of the same kind of site, as near as there are enough of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pages.ui.session import Desk
from reports import frames
from reports.i18n import t, value_label
from reports.view import View

ENOUGH = 5
_CIRCLES = (("region", "site"), ("top_region", "site"), ("site",), ())
"""What peers share with the store, the narrowest circle first."""


@dataclass(frozen=True)
class Peers:
    """A store and its peers: `places` as `frames.against_peers` gives them; `basis` says in words
    who the peers are."""

    label: str
    places: pl.DataFrame
    basis: str


def of(desk: Desk, store: str, keys: Sequence[str]) -> Peers | None:
    """The peers of a store over the period; None where nobody can be compared."""
    view = desk.view.without("store", "city", "region")
    kept = view.askable(keys, "store")
    own = desk.answer(
        view.within("store", store).question(("net_sales",), "region", "top_region", "site")
    )
    shared = own.row(0, named=True) if own.height else {}
    for circle in _CIRCLES:
        like = {name: shared[name] for name in circle if shared.get(name) is not None}
        found = desk.answer(_narrowed(view, like).question(kept, "store")).drop_nulls("store")
        if found.height > (ENOUGH if circle else 1):
            return _peers(desk, desk.named("store", found), store, kept, like)
    return None


def _narrowed(view: View, like: Mapping[str, str]) -> View:
    for name, value in like.items():
        view = view.within(name, value)
    return view


def _peers(
    desk: Desk, named: pl.DataFrame, store: str, keys: Sequence[str], like: Mapping[str, str]
) -> Peers:
    words = [_word(desk, name, value) for name, value in like.items()]
    basis = t(
        "peers.basis", count=named.height - 1, words=t("format.comma").join(words) or t("peers.all")
    )
    label = named.filter(pl.col("store") == store)["label"]
    places = frames.against_peers(named, "store", store, keys)
    return Peers(label[0] if label.len() else store, places, basis)


def _word(desk: Desk, name: str, value: str) -> str:
    labels = dict(desk.labels(name).filter(pl.col("value") == value).iter_rows())
    return value_label(value, labels.get(value, value))
