"""Order of arrival never matters: any order, any split into files and runs, the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import natural
import pytest
from conftest import Company
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from loading import Loading, hurry
from rows import ROWS, Cells, row, sale

from etl import job
from warehouse.feeds import FEEDS

Runs = Sequence[Sequence[Sequence[Cells]]]
"""Runs of files of rows."""

CHOICES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "stores": {
        "store_id": ["S1", "s1"], "valid_from": ["", "2026-01-01"], "region_id": ["EAST", "WEST"],
        "brand": ["Aster", "Birch"], "closed_on": ["", "2026-02-01"], "is_deleted": ["", "1"],
    },
    "members": {
        "member_id": ["M1", "M2", "M3"], "visitor_id": ["", "V1", "V2"], "left_at": [""],
        "merged_into_member_id": ["", "M1", "M2"], "bound_guide_id": ["", "G1", "G2"],
        "is_deleted": ["", "1"],
    },
    "pos_sales": {
        "store_id": ["S1", "S2"], "receipt_id": ["R1", "R2"], "line_number": ["1", "2"],
        "net_amount": ["10.00", "20.00"], "guide_shares": ["", "G1=0.7;G2=0.3", "G3=1"],
        "product_id": ["P1", "P2"], "member_id": ["", "M1", "M3"], "is_void": ["", "1"],
    },
    "online_orders": {
        "order_id": ["O1", "O2"], "line_number": ["1", "2"], "net_amount": ["30.00", "40.00"],
        "guide_id": ["", "G1", "G4"], "origin_store_id": ["", "S1", "S3"],
        "cancelled_at": ["", "2026-03-01T18:00"], "is_deleted": ["", "1"],
    },
    "refunds": {
        "refund_id": ["F1"], "order_id": ["O1", "O2"], "line_number": ["1", "2"],
        "quantity": ["0", "1"], "amount": ["5.00", "30.00"], "handled_store_id": ["", "S2"],
        "is_deleted": ["", "1"],
    },
}  # fmt: skip
"""Feeds with an updated_at, and cells that make versions of a few keys differ."""

TIMES = ("", "2026-03-01T12:00", "2026-03-01T13:00", "2026-03-01T14:00")


@st.composite
def deliveries(draw: st.DrawFn, feed: str) -> tuple[list[Cells], Runs]:
    """Versions of rows, no two of one key and time; and the same, some twice, in runs of files."""
    changes = st.fixed_dictionaries({n: st.sampled_from(c) for n, c in CHOICES[feed].items()})
    version = st.builds(lambda cells, at: row(feed, **cells, updated_at=at),
                        changes, st.sampled_from(TIMES))  # fmt: skip
    name = [*(field.name for field in FEEDS[feed].key), "updated_at"]
    rows = draw(st.lists(version, min_size=6, max_size=24,
                         unique_by=lambda one: tuple(one[column] for column in name)))  # fmt: skip
    repeats = draw(st.lists(st.sampled_from(rows), max_size=6))
    return rows, draw(splits(draw(st.permutations([*rows, *repeats]))))


@st.composite
def splits(draw: st.DrawFn, rows: Sequence[Cells]) -> Runs:
    """The rows cut into one to three runs of one or two files."""
    cuts = sorted(draw(st.sets(st.integers(1, len(rows) - 1), min_size=1, max_size=3)))
    files = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    runs: list[list[Sequence[Cells]]] = [[files[0]]]
    for file in files[1:]:
        if draw(st.booleans()):
            runs.append([file])
        else:
            runs[-1].append(file)
    return runs


Pair = tuple[Loading, Loading]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Two warehouses, emptied for each example: making new ones would take longer than loading."""
    together, apart = Loading(), Loading()
    yield together, apart
    together.build.abandon()
    apart.build.abandon()


def check_feed(pair: Pair, feed: str, rows: list[Cells], runs: Runs) -> None:
    together, apart = (loading.emptied() for loading in pair)
    together.load(feed, *rows)
    for run in runs:
        told = apart.run(feed, *run)
        assert [sum(counts.values()) for counts in told] == [len(file) for file in run]
    assert natural.tables(apart.build) == natural.tables(together.build)


@pytest.mark.parametrize("feed", CHOICES)
def test_any_order_and_split_of_a_feed_ends_in_the_same_tables(pair: Pair, feed: str) -> None:
    @settings(max_examples=3, deadline=None, derandomize=True, database=None,
              phases=[Phase.generate])  # fmt: skip
    @given(deliveries(feed))
    def check(delivered: tuple[list[Cells], Runs]) -> None:
        check_feed(pair, feed, *delivered)

    check()


@pytest.mark.long
@pytest.mark.parametrize("feed", CHOICES)
def test_any_order_and_split_of_a_feed_ends_in_the_same_tables_many_times(
    pair: Pair, feed: str
) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(deliveries(feed))
    def check(delivered: tuple[list[Cells], Runs]) -> None:
        check_feed(pair, feed, *delivered)

    check()


# A whole company -------------------------------------------------------------------------------
WHOLE: dict[str, list[Cells]] = {
    **{feed: [one] for feed, one in ROWS.items()},
    "members": [row("members", merged_into_member_id="", left_at=""),
                row("members", member_id="M2", merged_into_member_id="M1", visitor_id="V2")],
    "pos_sales": [
        sale(updated_at=TIMES[1]), sale(net_amount="180.00", updated_at=TIMES[2]),
        sale(line_number="2", guide_shares="G1=0.5;G2=0.5"),
        sale(receipt_id="R2", quantity="-1", net_amount="-90.00", original_receipt_id="R1"),
        sale(receipt_id="R3", is_void="1"),
    ],
    "online_orders": [row("online_orders", guide_id=""),
                      row("online_orders", order_id="O2", visitor_id="V2", member_id="")],
}  # fmt: skip
"""Sales, returns, merged members, a touched order: rows that need each other."""


def load_whole(loading: Loading, feeds: Sequence[str], *, one_by_one: bool) -> None:
    for feed in feeds:
        runs = [[one] for one in WHOLE[feed]] if one_by_one else [WHOLE[feed]]
        for rows in runs:
            loading.load(feed, *rows)


@pytest.fixture(scope="module")
def whole(pair: Pair) -> dict[str, natural.Rows]:
    """The tables of that company loaded in the order of the contract."""
    loading = pair[0].emptied()
    load_whole(loading, list(FEEDS), one_by_one=False)
    return loading.tables()


@pytest.mark.parametrize("place", [0, 6])
def test_facts_before_the_dimensions_they_name_end_in_the_same_derived_tables(
    pair: Pair, whole: dict[str, natural.Rows], place: int
) -> None:
    backwards = list(FEEDS)[::-1]
    apart = pair[1].emptied()
    load_whole(apart, backwards[place:] + backwards[:place], one_by_one=True)
    assert whole["fct_credited_lines"] and whole["fct_orders"]
    assert apart.tables() == whole


# Files -----------------------------------------------------------------------------------------
def test_a_delivery_repeated_renamed_or_moved_does_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    path = company.deliver("pos_sales", sale())
    company.load()
    copies = [path.with_name("again.csv"), path.parent / "older" / "delivery.csv"]
    for copy in copies:
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    path.unlink()
    outcome = company.load()
    assert (outcome.exit_code, outcome.version, outcome.message) == (job.OK, None, "nothing new")


def test_a_repeated_delivery_does_nothing_even_after_a_newer_one(company: Company) -> None:
    company.deliver("pos_sales", sale(net_amount="1.00"))
    company.load()
    company.deliver("pos_sales", sale(net_amount="2.00"))
    company.load()
    company.deliver("pos_sales", sale(net_amount="1.00"))
    assert company.load().message == "nothing new"
    assert company.figure("net_sales", "2026-03-01", "2026-03-01") == "2.00"


def test_a_file_changed_under_its_name_is_a_new_delivery(company: Company) -> None:
    company.deliver("pos_sales", sale(updated_at=TIMES[1]))
    company.load()
    company.deliver("pos_sales", sale(updated_at=TIMES[1]), sale(receipt_id="R2"))
    company.load()
    assert company.figure(["net_sales", "receipts"][0], "2026-03-01", "2026-03-01") == "400.00"


# References that arrive later ------------------------------------------------------------------
def test_unknown_references_show_as_unassigned_until_they_arrive(company: Company) -> None:
    def by(dimension: str) -> object:
        (only,) = company.ask("net_sales", "2026-03-01", "2026-03-01", by=[dimension])
        assert only["net_sales"] == "200.00"
        return only[dimension]

    company.deliver("pos_sales", sale())
    company.load()
    before = {name: by(name) for name in ("store", "guide", "product", "region", "tier", "brand")}
    assert before == dict.fromkeys(("store", "guide", "product"), "unassigned") | dict.fromkeys(
        ("region", "tier", "brand")
    )
    for feed in ("stores", "guides", "products"):
        company.deliver(feed, row(feed))
    company.deliver("members", row("members", merged_into_member_id=""))
    company.load()
    assert by("region") == "unassigned"
    company.deliver("regions", row("regions"))
    company.load()
    after = {"store": "S1", "guide": "G1", "product": "P1", "region": "EAST", "tier": "gold",
             "brand": "Aster"}  # fmt: skip
    assert {name: by(name) for name in after} == after


def test_an_unassigned_store_can_be_asked_for(company: Company) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", sale(), sale(store_id="S2", net_amount="5.00"))
    company.load()
    unassigned = {"store": ["unassigned"]}
    assert company.figure("net_sales", "2026-03-01", "2026-03-01", where=unassigned) == "5.00"
