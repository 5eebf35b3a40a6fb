"""Stores, regions and guides on a day: who belonged where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from .conform import Row

UNASSIGNED = "unassigned"


class Organisation:
    """The history of stores and guides, and today's tree of regions."""

    def __init__(
        self,
        stores: Iterable[Row],
        regions: Iterable[Row],
        guides: Iterable[Row],
        closures: Iterable[Row],
    ) -> None:
        self.stores = _histories(stores, "store_id")
        self.guides = _histories(guides, "guide_id")
        self.regions = {row["region_id"]: row for row in regions}
        self._closures: dict[str, list[Row]] = defaultdict(list)
        for row in closures:
            self._closures[row["store_id"]].append(row)
        self._tops: dict[str, str] = {}

    def store_latest(self, store: str | None) -> Row | None:
        """ "Other columns: the latest row": greatest valid_from, even one in the future."""
        history = self.stores.get(store or "")
        return history[-1] if history else None

    def store_on(self, store: str | None, day: date, org: str) -> Row | None:
        """Region and brand of a day: the latest valid_from on or before it, else the first row.

        `as_is`: the store's latest row.
        """
        history = self.stores.get(store or "")
        if not history:
            return None
        if org == "as_is":
            return history[-1]
        begun = [row for row in history if row["valid_from"] is None or row["valid_from"] <= day]
        return begun[-1] if begun else history[0]

    def cutoff_hour(self, store: str) -> int:
        row = self.store_latest(store)
        return int(row["day_cutoff_hour"] or 0) if row else 0

    def region_label(self, region: str | None) -> str | None:
        return region if region is None or region in self.regions else UNASSIGNED

    def region_of(self, store: str | None, day: date, org: str) -> str | None:
        """The store's own region that day; None where the store itself is not known."""
        row = self.store_on(store, day, org)
        return self.region_label(row["region_id"]) if row else None

    def top_region(self, region: str | None) -> str | None:
        """Climb until the parent is a root; a root is itself.

        CHOICE: a region whose parent is not loaded is a root; a region whose parents run in a
        circle has no root above it and is its own top.
        """
        if region is None or region == UNASSIGNED:
            return region
        if region not in self._tops:
            self._tops[region] = self._climb(region)
        return self._tops[region]

    def _parent(self, region: str) -> str | None:
        parent = self.regions[region]["parent_region_id"]
        return parent if parent in self.regions else None

    def _climb(self, region: str) -> str:
        here, passed = region, {region}
        while (parent := self._parent(here)) is not None:
            if parent in passed:
                return region
            if self._parent(parent) is None:
                return here
            passed.add(parent)
            here = parent
        return here

    def region_and_below(self, region: str) -> set[str]:
        """The region and its sub-regions at any depth."""
        found = {region}
        while more := {r for r in self.regions if self._parent(r) in found} - found:
            found |= more
        return found

    def guide_store(self, guide: str | None, day: date) -> str | None:
        """Where the guide worked that day (assignment dates, both included).

        The row with the greatest valid_from among those covering the day, and the day not after
        left_on of his latest row.
        """
        history = self.guides.get(guide or "", [])
        covering = [
            row
            for row in history
            if row["valid_from"] <= day and (row["valid_to"] is None or day <= row["valid_to"])
        ]
        left_on = history[-1]["left_on"] if history else None
        if not covering or (left_on is not None and day > left_on):
            return None
        return str(covering[-1]["store_id"])

    def is_closed(self, store: str, day: date) -> bool:
        """For good (closed_on is the first closed day), or by a closure row, whatever its reason.

        CHOICE: reason `other` or none closes a store as `refit` and `holiday` do.
        """
        latest = self.store_latest(store)
        if latest and latest["closed_on"] is not None and day >= latest["closed_on"]:
            return True
        return any(r["closed_from"] <= day <= r["closed_to"] for r in self._closures.get(store, ()))


def _histories(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """id → its rows, from the first valid_from on (empty: always, so first)."""
    histories: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: r["valid_from"] or date.min):
        histories[row[column]].append(row)
    return dict(histories)
