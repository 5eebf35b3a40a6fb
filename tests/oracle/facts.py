"""The rows figures are made of: a Fact can be grouped; a Part is a guide's part of a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .persons import Person, member_of
from .values import Shares, to_fen


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Anything that happened on a day, with what it is known to belong to.

    `told` gives a dimension its value directly, where it does not follow from the other fields.
    """

    day: date
    store: str | None = None
    guide: str | None = None
    product: str | None = None
    person: Person | None = None
    channel: str | None = None
    tender: str | None = None
    fulfilment: str | None = None
    device: str | None = None
    campaign: str | None = None
    handling_store: str | None = None
    told: Mapping[str, str | None] = field(default_factory=dict)
    payload: Any = None

    @property
    def brand_product(self) -> str | None:
        """The product whose brand goes before the store's: lines have one, other facts do not."""
        return None

    @property
    def member(self) -> str | None:
        return member_of(self.person)


@dataclass(frozen=True, kw_only=True)
class Part(Fact):
    """The part of a sale or return line credited to one guide (or to none).

    A line without shares is one part. `net` and `units` are signed: negative on a return.
    """

    at: datetime
    receipt: tuple[str, ...]
    is_sale: bool
    net: Decimal
    units: Decimal
    list_amount: Decimal | None = None
    origin_store: str | None = None
    fulfil_store: str | None = None
    coupon: str | None = None

    @property
    def brand_product(self) -> str | None:
        return self.product

    @property
    def is_pos(self) -> bool:
        return self.receipt[0] == "pos"


def split(amount: Decimal, shares: Shares) -> dict[str, Decimal]:
    """Shares are rounded half-up to the fen, and the greatest (ties: smallest guide_id) takes
    the remainder."""
    first, *others = sorted(shares, key=lambda share: (-share[1], share[0]))
    parts = {guide: to_fen(amount * share) for guide, share in others}
    return {first[0]: amount - sum(parts.values()), **parts}
