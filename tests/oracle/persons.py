"""Who is who: visitors named by a member row, members merged into others."""

from __future__ import annotations

from collections.abc import Mapping

from .conform import Row

Person = tuple[str, str]  # ("member" or "visitor", id)


class Persons:
    """A person is the member, else the visitor (03-metrics.md, Lines)."""

    def __init__(self, members: Mapping[str, Row]) -> None:
        self._members = members
        self._named = self._visitors_named()

    def _visitors_named(self) -> dict[str, str]:
        """Visitor → member; named by several: the one who joined first, ties the smallest id."""
        named: dict[str, str] = {}
        for row in sorted(self._members.values(), key=lambda r: (r["joined_at"], r["member_id"])):
            if row["visitor_id"] is not None:
                named.setdefault(row["visitor_id"], row["member_id"])
        return named

    def survivor(self, member_id: str) -> str:
        """A merged member is the survivor, through any number of merges.

        CHOICE: a survivor not loaded yet is followed all the same; of members merged in a circle
        the smallest id survives.
        """
        path = [member_id]
        while (row := self._members.get(path[-1])) and row["merged_into_member_id"]:
            following = row["merged_into_member_id"]
            if following in path:
                return min(path[path.index(following) :])
            path.append(following)
        return path[-1]

    def of(self, member_id: str | None, visitor_id: str | None = None) -> Person | None:
        """The person of a row that states a member, a visitor, both or neither."""
        member = member_id or self._named.get(visitor_id or "")
        if member:
            return ("member", self.survivor(member))
        return ("visitor", visitor_id) if visitor_id else None


def member_of(person: Person | None) -> str | None:
    """The member a person is, None for a mere visitor."""
    return person[1] if person and person[0] == "member" else None
