"""What scans are worth: stock behind them, how many a visit has, interest, what binds."""

from __future__ import annotations

from collections.abc import Mapping

from .entries import is_immature
from .funnels import FUNNELS
from .o2o import SCAN_DIMENSIONS, scan_facts
from .registry import Quotient, figure, quotient
from .rings import ENTRY_DIMENSIONS
from .selection import Group, Selection


@figure("quotient", SCAN_DIMENSIONS)
def scan_fill_rate(selection: Selection) -> Mapping[Group, Quotient]:
    """scans of products with a stock row of that store and day that says more than 0 ÷ scans of
    products with a stock row"""
    company = selection.company
    result: dict[Group, Quotient] = {}
    for group, facts in selection.collect(scan_facts(company)).items():
        places = [(fact.day, fact.store or "", fact.product or "") for fact in facts]
        counted = [company.on_hand[place] for place in places if place in company.on_hand]
        result[group] = quotient(sum(pieces > 0 for pieces in counted), len(counted))
    return result


@figure("quotient", SCAN_DIMENSIONS)
def scans_per_visit(selection: Selection) -> Mapping[Group, Quotient]:
    """scans in a store ÷ visits (a person in a store on a day) they were made on

    A group's visits are those with a scan in the group.
    """
    in_store = [fact for fact in scan_facts(selection.company) if fact.store is not None]
    return {
        group: quotient(len(facts), len({(fact.person, fact.store, fact.day) for fact in facts}))
        for group, facts in selection.collect(in_store).items()
    }


@figure("quotient", ENTRY_DIMENSIONS)
def scan_interest_share(selection: Selection) -> Mapping[Group, Quotient]:
    """entries of scan_to_order that reach interest ÷ its entries, mature ones only"""
    company, funnel = selection.company, FUNNELS["scan_to_order"]
    found = funnel.entries(company)
    reached = funnel.reach(company, found, funnel.window)
    result: dict[Group, Quotient] = {}
    for group, entries in selection.collect(found).items():
        mature = [entry for entry in entries if not is_immature(company, entry, funnel.window)]
        interested = sum("interest" in reached.get(entry, {}) for entry in mature)
        result[group] = quotient(interested, len(mature))
    return result


def _share_of_result(selection: Selection, result: str) -> Mapping[Group, Quotient]:
    """guide scans with that bind_result ÷ guide scans with any; what another event states as its
    result is nobody's"""
    facts = scan_facts(selection.company)
    guide_scans = [fact for fact in facts if fact.payload["event"] == "guide_scan"]
    stated = [fact for fact in guide_scans if fact.payload["bind_result"] is not None]
    return {
        group: quotient(sum(f.payload["bind_result"] == result for f in found), len(found))
        for group, found in selection.collect(stated).items()
    }


@figure("quotient", SCAN_DIMENSIONS)
def scan_bound_share(selection: Selection) -> Mapping[Group, Quotient]:
    """see `_share_of_result`"""
    return _share_of_result(selection, "bound")


@figure("quotient", SCAN_DIMENSIONS)
def scan_already_bound_share(selection: Selection) -> Mapping[Group, Quotient]:
    """see `_share_of_result`"""
    return _share_of_result(selection, "already_bound")


@figure("quotient", SCAN_DIMENSIONS)
def scan_bound_to_other_share(selection: Selection) -> Mapping[Group, Quotient]:
    """see `_share_of_result`"""
    return _share_of_result(selection, "bound_to_other")


@figure("quotient", SCAN_DIMENSIONS)
def scan_void_share(selection: Selection) -> Mapping[Group, Quotient]:
    """see `_share_of_result`"""
    return _share_of_result(selection, "void")
