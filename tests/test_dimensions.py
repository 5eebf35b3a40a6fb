"""What one may group and narrow by: every dimension on five lines, refusals, near names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, Row, guide, member, order, sale, store
from shops import MARCH, at, by, days, deliver, figure, opened

from warehouse.dimensions import DIMENSIONS
from warehouse.filters import QuestionError

SOLD: Mapping[str, Mapping[object, str]] = {
    "day": {
        "2024-03-01": "100.00", "2024-03-02": "20.00", "2024-03-03": "3.00", "2024-03-04": "-10.00",
    },
    "week": {"2024-W09": "123.00", "2024-W10": "-10.00"},
    "month": {"2024-03": "113.00"},
    "quarter": {"2024-Q1": "113.00"},
    "year": {"2024": "113.00"},
    "brand": {"A": "93.00", "B": "20.00"},
    "region": {"R1": "90.00", "R2": "20.00", None: "3.00"},
    "top_region": {"R1": "110.00", None: "3.00"},
    "city": {"Wuhan": "90.00", None: "23.00"},
    "store": {"S1": "90.00", "S2": "20.00", None: "3.00"},
    "site": {"mall": "90.00", "street": "20.00", None: "3.00"},
    "ownership": {"franchised": "20.00", "owned": "90.00", None: "3.00"},
    "guide": {"G1": "90.00", "G2": "20.00", None: "3.00"},
    "channel": {"mini_program": "3.00", "pos": "110.00"},
    "tender": {"card": "20.00", "cash": "100.00", None: "-7.00"},
    "fulfilment": {"take_away": "3.00", None: "110.00"},
    "device": {"mobile": "3.00", None: "110.00"},
    "category": {"coats": "93.00", None: "20.00"},
    "season": {"2024S": "93.00", None: "20.00"},
    "style": {"ST1": "93.00", "ST2": "20.00"},
    "product": {"P1": "93.00", "P2": "20.00"},
    "tier": {"gold": "100.00", None: "13.00"},
    "join_channel": {"event": "3.00", "referral": "100.00", None: "10.00"},
}  # fmt: skip
"""net_sales of the corner: 100.00 of P1 in S1 on Friday the 1st, 20.00 of P2 in S2, an order of
3.00 without a store, and 10.00 of the first receipt brought back to S2 on Monday the 4th."""


@pytest.fixture(scope="module")
def corner(tmp_path_factory: pytest.TempPathFactory) -> Company:
    coat, sock = USUAL["products"]
    return opened(
        tmp_path_factory.mktemp("corner"),
        stores=[
            store("S1", "A", "R1", city="Wuhan", site="mall", ownership="owned"),
            store("S2", "B", "R2", site="street", ownership="franchised"),
        ],
        products=[coat | {"season": "2024S"}, sock],
        members=[
            member("M1", tier="gold", join_channel="referral"),
            member("M2", join_channel="event"),
        ],
        pos_sales=[
            sale("a", at(1), "100.00", guide_id="G1", member_id="M1", tender="cash"),
            sale("b", at(2, "15:59"), "20.00", store_id="S2", product_id="P2", guide_id="G2")
            | {"tender": "card"},
            sale("c", at(4, "21:00"), "-10.00", store_id="S2", guide_id="G2")
            | {"original_receipt_id": "a", "original_store_id": "S1"},
        ],
        online_orders=[
            order("o", at(3, "00:30"), "3.00", fulfilment="take_away", device="mobile")
            | {"member_id": "M2"},
        ],
    )


@pytest.mark.parametrize("dimension", SOLD)
def test_net_sales_can_be_grouped_by(corner: Company, dimension: str) -> None:
    assert by(corner, "net_sales", dimension) == SOLD[dimension]


@pytest.mark.parametrize("dimension", sorted(SOLD.keys() - {"region"}))
def test_a_filter_keeps_what_the_grouping_shows_of_its_value(
    corner: Company, dimension: str
) -> None:
    for value, amount in SOLD[dimension].items():
        if value is not None:
            assert figure(corner, "net_sales", where={dimension: [str(value)]}) == amount


def test_returns_can_be_grouped_by_the_store_that_took_them_back(corner: Company) -> None:
    assert by(corner, "returns_amount", "handling_store") == {"S2": "10.00"}
    assert by(corner, "units_returned", "store", where={"handling_store": ["S2"]}) == {"S1": 1}


def test_weekdays_and_hours_are_those_of_the_line(corner: Company) -> None:
    # Friday 5 to Monday 1; the hours of 10:00, 15:59, 00:30 and 21:00 in Shanghai.
    assert by(corner, "net_sales", "weekday") == {1: "-10.00", 5: "100.00", 6: "20.00", 7: "3.00"}
    assert by(corner, "net_sales", "hour") == {0: "3.00", 10: "100.00", 15: "20.00", 21: "-10.00"}
    assert figure(corner, "net_sales", where={"weekday": ["5", "6"]}) == "120.00"
    assert figure(corner, "net_sales", where={"hour": ["10"]}) == "100.00"


def test_every_dimension_is_tried_here() -> None:
    # Campaigns are of funnels; handling stores, weekdays and hours are above.
    assert {*SOLD, "handling_store", "weekday", "hour", "campaign"} == set(DIMENSIONS)


def test_values_of_one_filter_add_up_and_filters_narrow_each_other(corner: Company) -> None:
    assert figure(corner, "net_sales", where={"store": ["S1", "S2"]}) == "110.00"
    both = {"store": ["S1", "S2"], "product": ["P1"]}
    assert figure(corner, "net_sales", where=both) == "90.00"


def test_two_dimensions_give_a_row_for_each_pair_with_data(corner: Company) -> None:
    rows = corner.ask("net_sales", *MARCH, by=["store", "week"])
    assert [(row["store"], row["week"], row["net_sales"]) for row in rows] == [
        ("S1", "2024-W09", "100.00"),
        ("S1", "2024-W10", "-10.00"),
        ("S2", "2024-W09", "20.00"),
        (None, "2024-W09", "3.00"),
    ]


# Regions -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """TOP over R1 over R2; LOST below a region nobody described; X and Y above each other.

    S1 (till of the 9th and the 10th) moves from R2, brand A, to R1, brand B, on the 10th.
    """
    parents = {"LOST": "NOWHERE", "X": "Y", "Y": "X"}
    more: list[Row] = [
        {"region_id": name, "region_name": name, "parent_region_id": parent}
        for name, parent in parents.items()
    ]
    places = {"S2": "TOP", "S3": "LOST", "S4": "X", "S5": "UNDESCRIBED"}
    tills = ["S1", *places]
    bare = {"product_id": "P2"}
    return opened(
        tmp_path_factory.mktemp("tree"),
        regions=[*USUAL["regions"], *more],
        stores=[
            store("S1", "A", "R2", valid_from="2024-02-01", city="Wuhan"),
            store("S1", "B", "R1", valid_from="2024-03-10", city="Xian"),
            *(store(name, "C", region) for name, region in places.items()),
        ],
        pos_sales=[
            *(
                sale(name, at(10), f"{2**n}.00", store_id=name, **bare)
                for n, name in enumerate(tills)
            ),
            sale("early", "2024-01-31 10:00", "1.00", **bare),
            sale("before", at(9), "100.00", guide_id="G1", **bare),
            sale("branded", at(9), "200.00"),
            sale("stray", at(10), "32.00", store_id="S9", **bare),
        ],
    )


def test_a_region_filter_takes_in_sub_regions_at_any_depth_and_circles_end(tree: Company) -> None:
    wanted = {"TOP": "3.00", "R1": "1.00", "LOST": "4.00", "X": "8.00", "Y": "8.00"}
    for region, amount in wanted.items():
        assert figure(tree, "net_sales", days(10), where={"region": [region]}) == amount, region
    assert figure(tree, "net_sales", days(9), where={"region": ["R2", "TOP"]}) == "300.00"


def test_regions_are_the_stores_own_and_top_regions_lie_just_below_the_root(tree: Company) -> None:
    # S9's region is not known since the store is not; S5's is named and not described.
    own = {"LOST": "4.00", "R1": "1.00", "TOP": "2.00", "X": "8.00", "unassigned": "16.00"}
    assert by(tree, "net_sales", "region", days(10)) == own | {None: "32.00"}
    assert by(tree, "net_sales", "top_region", days(9)) == {"R1": "300.00"}
    assert by(tree, "net_sales", "top_region", days(10)) == own | {None: "32.00"}


@pytest.mark.worked("as_was", "as_is")
def test_figures_sit_in_the_organisation_of_their_day_and_as_is_in_the_latest(
    tree: Company,
) -> None:
    mine = {"where": {"store": ["S1"]}}
    as_was = {"org": "as_was", **mine}
    assert by(tree, "net_sales", "region", days(9, 10), **as_was) == {"R1": "1.00", "R2": "300.00"}
    assert by(tree, "net_sales", "brand", days(9, 10), **mine) == {"A": "300.00", "B": "1.00"}
    # As is: region and store brand are the latest; P1 keeps its own brand A, the guide the credit.
    as_is = {"org": "as_is", **mine}
    assert by(tree, "net_sales", "region", days(9, 10), **as_is) == {"R1": "301.00"}
    assert by(tree, "net_sales", "brand", days(9, 10), **as_is) == {"A": "200.00", "B": "101.00"}
    assert by(tree, "credited_net_sales", "guide", days(9), org="as_is")["G1"] == "100.00"


def test_before_its_first_row_a_store_is_where_that_row_has_it(tree: Company) -> None:
    assert by(tree, "net_sales", "region", ("2024-01-31", "2024-01-31")) == {"R2": "1.00"}


def test_other_attributes_of_a_store_are_those_of_its_latest_row(tree: Company) -> None:
    assert by(tree, "net_sales", "city", days(9)) == {"Xian": "300.00"}


# Members of a dimension that are not known yet ---------------------------------------------------
def test_an_unknown_store_guide_or_product_is_unassigned_until_it_is_described(
    tmp_path: Path,
) -> None:
    stray = sale("a", at(2), "7.00", store_id="S9", guide_id="G9", product_id="P9", member_id="M9")
    shop = opened(tmp_path, pos_sales=[stray])
    for dimension in ("store", "guide", "product"):
        assert by(shop, "net_sales", dimension) == {"unassigned": "7.00"}, dimension
    for dimension in ("region", "brand", "city", "category", "tier"):
        assert by(shop, "net_sales", dimension) == {None: "7.00"}, dimension
    assert figure(shop, "net_sales", where={"store": ["unassigned"]}) == "7.00"
    deliver(
        shop,
        stores=[store("S9", "A", "R2")],
        guides=[guide("G9", "S9")],
        products=[{"product_id": "P9", "product_name": "new", "category": "hats"}],
        members=[member("M9", tier="gold")],
    )
    relinked = {"store": "S9", "guide": "G9", "product": "P9", "region": "R2", "brand": "A"}
    for dimension, value in (relinked | {"category": "hats", "tier": "gold"}).items():
        assert by(shop, "net_sales", dimension) == {value: "7.00"}, dimension


# Refusals ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "dimension", "reason"),
    [
        ("net_sales", "handling_store", "only returns have one"),
        ("net_sales", "campaign", "sale and return lines, which have no campaign"),
        ("visitors", "guide", "visitors by store and hour, which have no guide"),
        ("conversion_rate", "product", "which have no product"),
        ("target", "channel", "which have no channel"),
        ("new_members", "tender", "members on joining, which have no tender"),
        ("scans", "fulfilment", "scans, which have no fulfilment"),
    ],
)
def test_a_figure_that_has_no_such_dimension_is_refused_with_the_reason(
    corner: Company, key: str, dimension: str, reason: str
) -> None:
    with pytest.raises(QuestionError, match=f"{key} cannot be grouped by {dimension}.*{reason}"):
        corner.ask(key, *MARCH, by=[dimension])
    with pytest.raises(QuestionError, match=f"{key} cannot be narrowed by {dimension}.*{reason}"):
        corner.ask(key, *MARCH, where={dimension: ["S1"]})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"keys": "net_sale"}, "unknown figure 'net_sale'; did you mean net_sales?"),
        ({"by": ["shop_store"]}, "unknown dimension 'shop_store'; did you mean store?"),
        ({"where": {"guid": ["G1"]}}, "unknown dimension 'guid'; did you mean guide?"),
        ({"where": {"region": ["R3"]}}, "unknown region 'R3'; did you mean R"),
        ({"where": {"city": ["Wuhu"]}}, "unknown city 'Wuhu'; did you mean Wuhan?"),
        ({"where": {"tier": ["zzz"]}}, "unknown tier 'zzz'; there are: gold"),
        ({"where": {"channel": ["mini"]}}, "unknown channel 'mini'; did you mean mini_program?"),
        ({"compare": "years"}, "unknown comparison 'years'; did you mean year?"),
        ({"org": "as_now"}, "unknown organisation 'as_now'; did you mean as_"),
        ({"by": ["store", "store"]}, "a dimension is named twice"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(
    corner: Company, how: dict[str, object], message: str
) -> None:
    asked = {"keys": "net_sales", **how}
    keys = str(asked.pop("keys"))
    with pytest.raises(QuestionError) as told:
        corner.ask(keys, *MARCH, **asked)  # type: ignore[arg-type]
    assert message in str(told.value)


def test_a_period_that_ends_before_it_starts_is_refused(corner: Company) -> None:
    with pytest.raises(QuestionError, match=r"ends \(2024-03-01\) before it starts \(2024-03-02\)"):
        corner.ask("net_sales", "2024-03-02", "2024-03-01")
