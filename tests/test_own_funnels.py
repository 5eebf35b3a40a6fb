"""Funnels of an analyst's own: the documented example runs, and mistakes are told with the cure."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cli import ROOT, environment
from click.testing import CliRunner
from conftest import Company
from oracle.sample import order, sale, touch
from shops import opened

from warehouse import settings
from warehouse.__main__ import main
from warehouse.funnels import KINDS, SHIPPED
from warehouse.settings import SettingError

DOCUMENT = (ROOT / "docs" / "funnels.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"(?s)```toml\n(.*?)```", DOCUMENT)


def configured(root: Path, text: str) -> Path:
    path = root / "guidepost.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """M1 views on the 2nd and orders, scans on the 4th, buys on the 5th: three days after the
    view once more. V1 views and only scans. M2 views on the 30th, and the data end in April."""
    people = {"a": {"member_id": "M1"}, "b": {"visitor_id": "V1"}, "c": {"member_id": "M2"}}
    events = [
        touch("a1", "2026-03-02T10:00", "outfit_view", **people["a"]),
        touch("a2", "2026-03-03T10:00", "tag_scan", store_id="S1", **people["a"]),
        touch("b1", "2026-03-02T10:00", "favourite", **people["b"]),
        touch("b2", "2026-03-03T10:00", "tag_scan", store_id="S1", **people["b"]),
        touch("c1", "2026-03-30T10:00", "outfit_view", **people["c"]),
        touch("zz", "2026-04-10T10:00", "message_out", visitor_id="V9"),
    ]
    till = [
        sale("R1", "2026-03-04T10:00", "5.00", member_id="M1"),
        sale("R2", "2026-03-05T10:00", "5.00", member_id="M1"),
    ]
    web = [order("O1", "2026-03-02T11:00", "5.00", member_id="M1", paid_at="")]
    return opened(tmp_path, touchpoints=events, pos_sales=till, online_orders=web)


def test_the_documented_example_prints_what_is_documented(company: Company, tmp_path: Path) -> None:
    path = configured(tmp_path, EXAMPLE)
    told = re.findall(r"(?ms)^\$ (python -m [^\n]*)\n(.*?)(?=^\$|^```)", DOCUMENT)
    assert len(told) == 3
    for command, output in told:
        env = environment(company, CONFIG=path)
        assert CliRunner().invoke(main, command.split()[3:], env=env).output == output, command


def test_every_event_of_steps_is_documented_as_it_is() -> None:
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \|$", DOCUMENT))
    assert {kind: words for kind, words in KINDS.items() if words != "a touchpoint"}.items() <= (
        rows.items()
    )


def test_a_shipped_funnel_written_as_ones_own_is_the_same(tmp_path: Path) -> None:
    own = """
    [funnels.mine]
    direction = "online→offline"
    entry = ["coupon_issued"]
    place = "coupon"
    window = "60d"
    steps = [
      { name = "visit", optional = true, events = ["check_in", "tag_scan", "guide_scan",
                                                    "receipt"] },
      { name = "purchase", events = ["receipt"] },
      { name = "repeat", events = ["receipt", "paid"], later_day = true, without_coupon = true },
    ]
    """
    given = settings.load({"GUIDEPOST_CONFIG": str(configured(tmp_path, own))})
    assert replace(given.funnels["mine"], name="coupon_to_store") == SHIPPED["coupon_to_store"]


STEP = '[[funnels.f.steps]]\nname = "came"\nevents = ["check_in"]\n'
HEAD = '[funnels.f]\nentry = ["tag_scan"]\nwindow = "7d"\n'


def but(old: str, new: str) -> str:
    """A sound funnel with one thing changed."""
    assert old in HEAD + STEP
    return (HEAD + STEP).replace(old, new)


@pytest.mark.parametrize(("text", "said"), [
    ("funnels = 3", "must be tables such as [funnels.view_to_order]"),
    ("[funnels.scan_to_order]", "scan_to_order: a shipped funnel has this name; choose another"),
    ("[funnels.Mine]", "Mine: 'Mine' cannot be a name; use small letters"),
    (HEAD, "f.steps: needs one step or more"),
    (but("window", "windows"), "f.windows: unknown key 'windows'; did you mean window?"),
    (but('window = "7d"', ""), "f.window: '' is no window: write days or hours, as in 14d"),
    (but("7d", "0d"), "f.window: '0d' is no window"),
    (but("tag_scan", "tagscan"), "f.entry: unknown event 'tagscan'; did you mean tag_scan?"),
    (but("tag_scan", "paid"), "f.entry: unknown event 'paid'"),
    (HEAD + 'place = "shop"\n' + STEP, "f.place: unknown place 'shop'"),
    (HEAD + "needs_place = 1\n" + STEP, "f.needs_place: give true or false"),
    (HEAD + STEP + STEP, "f.steps: two steps are called came; rename one"),
    (but("check_in", "checkin"), "f.steps[1].events: unknown event 'checkin'; did you mean check"),
    (but('["check_in"]', "[]"), "f.steps[1].events: list one or more of tag_scan"),
    (but('["check_in"]', "[3]"), "f.steps[1].events: unknown event '3'"),
    (but("came", "store"), "f.steps[1]: 'store' cannot be a name"),
    (but("came", "came_rate"), "f.steps[1]: 'came_rate' cannot be a name"),
    (but('name = "came"', ""), "f.steps[1].name: give a text"),
    (HEAD + "steps = [1]\n", "f.steps[1]: must be a table with name, events"),
])  # fmt: skip
def test_a_mistake_names_the_file_the_key_and_the_cure(
    tmp_path: Path, text: str, said: str
) -> None:
    path = configured(tmp_path, text)
    with pytest.raises(SettingError) as error:
        settings.load({"GUIDEPOST_CONFIG": str(path)})
    assert str(error.value).startswith(f"GUIDEPOST_CONFIG={path}: funnels: {said}")


def test_the_same_funnel_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    path = configured(tmp_path, HEAD + STEP + HEAD)
    with pytest.raises(SettingError, match="not valid TOML"):
        settings.load({"GUIDEPOST_CONFIG": str(path)})
