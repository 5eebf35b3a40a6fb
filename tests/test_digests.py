"""Digests by mail: to each recipient within their scope and in their language; whoever gets none is
told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cli import environment
from click.testing import CliRunner, Result
from conftest import Company
from postbox import Postbox, open_postbox
from rows import row, sale

from reports import pictures
from reports.__main__ import main
from warehouse import outbox
from warehouse.settings import Settings

USERS = """
    [users."lin@example.com"]
    role = "regional_manager"
    regions = ["EAST"]
    [users."boss@example.com"]
    role = "executive"
    [users."x@nowhere.example"]
    role = "executive"
    [users."new@example.com"]
    role = "store_manager"
    [users."far@example.com"]
    role = "store_manager"
    stores = ["S404"]
"""
PNG = b"\x89PNG\r\n\x1a\n a picture"
Send = Callable[..., Result]


@pytest.fixture
def box() -> Iterator[Postbox]:
    with open_postbox() as box:
        yield box


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts need no browser here."""

    def pictured(figures: Sequence[Any], *_: Any) -> list[bytes]:
        return [PNG for _ in figures]

    monkeypatch.setattr(pictures.STUDIO, "drawn", pictured)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The East sold 300 + 100 in the last week and 200 in the one before; the North has a store
    nobody of the East may hear of."""
    root = tmp_path_factory.mktemp("chain")
    company = Company(
        Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a test key")
    )
    for region in ("EAST", "NORTH"):
        company.deliver("regions", row("regions", region_id=region, region_name=region.title(),
                                       parent_region_id=""), name=f"{region}.csv")  # fmt: skip
    stores = (("S1", "Bund", "EAST"), ("S2", "Lake", "EAST"), ("S9", "CANARY", "NORTH"))
    company.deliver("stores", *(
        row("stores", store_id=store, store_name=name, region_id=region, city=region)
        for store, name, region in stores
    ))  # fmt: skip
    sold = (("S1", "2026-03-14", "300.00"), ("S2", "2026-03-10", "100.00"),
            ("S1", "2026-03-05", "200.00"), ("S9", "2026-03-14", "98765.00"))  # fmt: skip
    company.deliver("pos_sales", *(
        sale(store_id=store, receipt_id=str(number), sold_at=f"{day}T10:00:00", net_amount=amount)
        for number, (store, day, amount) in enumerate(sold)
    ))  # fmt: skip
    assert company.load().version == 1
    return company


@pytest.fixture
def send(chain: Company, box: Postbox, tmp_path: Path) -> Send:
    """`python -m reports digest …` with these digests declared."""
    users, config = tmp_path / "users.toml", tmp_path / "config.toml"
    users.write_text(USERS)

    def run(digests: str, *arguments: str) -> Result:
        mail = f'[mail]\nhost = "127.0.0.1"\nport = {box.mail_port}\nsecurity = "none"\n'
        config.write_text(f'{mail}sender = "guidepost@example.com"\n{digests}')
        env = environment(chain, USERS=users, CONFIG=config, ADDRESS="https://guide.example.com/")
        result = CliRunner().invoke(main, ["digest", *arguments], env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


def _html(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_each_recipient_gets_their_own_figures_and_no_trace_of_others(
    send: Send, box: Postbox
) -> None:
    result = send('[digests.weekly]\nto = ["lin@example.com", "boss@example.com"]', "--all")
    assert result.exit_code == 0, result.output
    letters = {to[0]: letter for to, letter in box.letters}
    texts = {to[0]: text for to, text in box.texts}
    assert set(letters) == {"lin@example.com", "boss@example.com"}
    east = texts["lin@example.com"]
    assert "- Net sales: Value ¥400, vs previous period +100.0%" in east
    assert "- Bund: Net sales ¥300, Change +50.0%" in east
    assert "8–14 Mar 2026" in letters["lin@example.com"]["Subject"]
    for told in (east, _html(letters["lin@example.com"]), letters["lin@example.com"].as_string()):
        assert "CANARY" not in told
        assert "North" not in told
        assert "98,765" not in told
    assert "- Net sales: Value ¥99,165" in texts["boss@example.com"]
    assert "- North: Net sales ¥98,765" in texts["boss@example.com"]


def test_pictures_stand_in_the_mail_and_links_lead_to_a_page_the_reader_has(
    send: Send, box: Postbox
) -> None:
    declared = 'to = ["lin@example.com"]\nperiod = "month_to_date"\ncompare = "weekday"'
    assert send(f"[digests.m]\n{declared}", "--name", "m").exit_code == 0
    ((_, letter),) = box.letters
    names = {part["Content-ID"]: part.get_content() for part in letter.walk() if part["Content-ID"]}
    shown = _html(letter)
    assert len(names) == 2
    assert all(content == PNG for content in names.values())
    assert all(f'"cid:{name.strip("<>")}"' in shown for name in names)
    link = "https://guide.example.com/regions?period=month_to_date&compare=weekday&lang=en"
    assert link.replace("&", "&amp;") in shown
    assert link in box.texts[0][1]


def test_a_digest_speaks_its_language(send: Send, box: Postbox) -> None:
    send('[digests.zh]\nto = ["lin@example.com"]\nlanguage = "zh"', "--all")
    assert "净销售额较上一周期增长 100.0%" in box.letters[0][1]["Subject"]
    assert "净销售额: 数值 ¥400" in box.texts[0][1]


def test_who_sees_nothing_gets_nothing_and_the_operator_is_told(send: Send, box: Postbox) -> None:
    to = ["new@example.com", "far@example.com", "gone@example.com", "lin@example.com"]
    result = send(f"[digests.weekly]\nto = {to}", "--all")
    assert result.exit_code == 2
    assert [to for to, _ in box.letters] == [["lin@example.com"]]
    assert "new@example.com gets no digest: they see no store" in result.stderr
    assert "far@example.com gets no digest: there are no sales they may see yet" in result.stderr
    assert "gone@example.com gets no digest: user gone@example.com is not listed" in result.stderr
    alone = send(f"[digests.weekly]\nto = {to}", "--to", "new@example.com")
    assert alone.exit_code == 1


def test_a_refused_address_does_not_keep_others_from_theirs(send: Send, box: Postbox) -> None:
    users = '["x@nowhere.example", "boss@example.com"]'
    result = send(f"[digests.weekly]\nto = {users}", "--all")
    assert result.exit_code == 2
    assert "x@nowhere.example did not get weekly" in result.stderr
    assert [to for to, _ in box.letters] == [["boss@example.com"]]


def test_a_dry_run_sends_nothing_and_keeps_copies(send: Send, box: Postbox, tmp_path: Path) -> None:
    out = tmp_path / "out"
    declared = '[digests.weekly]\nto = ["lin@example.com"]'
    result = send(declared, "--all", "--dry-run", "--out", str(out))
    assert (result.exit_code, result.stdout) == (0, "weekly for lin@example.com: made\n")
    assert not box.letters
    (folder,) = out.iterdir()
    assert '"chart-1.png"' in (folder / "mail.html").read_text(encoding="utf-8")
    assert (folder / "chart-1.png").read_bytes() == PNG
    assert "¥400" in (folder / "mail.txt").read_text(encoding="utf-8")


def test_a_mail_goes_out_without_pictures_rather_than_not_at_all(
    send: Send, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise pictures.NoPicture("no browser")

    monkeypatch.setattr(pictures.STUDIO, "drawn", fails)
    assert send('[digests.weekly]\nto = ["lin@example.com"]', "--all").exit_code == 0
    assert "<img" not in _html(box.letters[0][1])


@pytest.mark.parametrize(("declared", "arguments", "told"), [
    ("", ["--all"], "no digest is declared; add [digests.NAME]"),
    ('[digests.w]\nto = ["a@b.c"]', [], "say which digests to send: --all"),
    ('[digests.w]\nto = ["a@b.c"]', ["--name", "x"], "unknown digest 'x'; there are: w"),
    ('[digests.w]\nto = ["lin@b.c"]', ["--to", "lim@b.c"], "did you mean lin@b.c?"),
    ('[digests.w]\nto = ["a@b.c"]\nlanguage = "fr"', ["--all"], "digests.w.language: unknown"),
    ('[digests.w]\nto = ["a@b.c"]\nperiod = "last_8"', ["--all"], "did you mean last_7?"),
    ('[digests.w]\nto = []', ["--all"], "w.to: name users"),
    ('[digests.w]\nfor = "a"', ["--all"], "unknown key 'for'"),
])  # fmt: skip
def test_what_cannot_be_sent_is_said_in_a_sentence(
    send: Send, declared: str, arguments: list[str], told: str
) -> None:
    result = send(declared, *arguments)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_mail_server_that_is_down_is_told_once(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise outbox.Unreachable("mail.example.com:25 cannot be used; check [mail]")

    monkeypatch.setattr(outbox, "send", down)
    to = '["lin@example.com", "boss@example.com"]'
    result = send(f"[digests.weekly]\nto = {to}", "--all")
    assert result.exit_code == 1
    assert result.stderr.count("cannot be used") == 1
