"""The README's example, top to bottom: its files load, its commands print what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from etl.__main__ import main as etl_commands
from warehouse.__main__ import main as warehouse_commands

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
GROUPS: dict[str, click.Group] = {"etl": etl_commands, "warehouse": warehouse_commands}
ANY_OUTPUT = "…"


def steps(document: str) -> Iterator[tuple[str, str]]:
    """What the example gives, in its order: (path, csv), ("users", toml) and ("$", console)."""
    blocks = re.compile(r"(?ms)(?:^`([\w/.-]+\.csv)`[^\n]*\n\n)?^```(csv|toml|console)\n(.*?)^```")
    for path, kind, body in blocks.findall(document):
        if kind == "csv":
            yield path, body
        elif kind == "console":
            yield "$", body
        elif "[users." in body:
            yield "users", body


def commands(console: str) -> Iterator[tuple[str, str]]:
    """Each command of a console with what it prints."""
    yield from re.findall(r"(?m)^\$ (.*)\n((?:(?!\$ ).*\n)*)", console)


class Terminal:
    """Runs the commands of a document in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys, self.code = capsys, 0

    def run(self, command: str) -> str:
        """What a command prints, standard error included."""
        if command == "echo $?":
            return f"{self.code}\n"
        python, dash_m, module, *arguments = shlex.split(command)
        assert (python, dash_m) == ("python", "-m")
        with pytest.raises(SystemExit) as end:
            GROUPS[module].main(arguments, prog_name=f"python -m {module}")
        self.code = int(end.value.code or 0)
        out, err = self.capsys.readouterr()
        return str(err + out)


def lines_of(output: str) -> list[str]:
    """Printed lines without the padding of their columns."""
    return [re.sub(r"  +", "  ", line.rstrip()) for line in output.splitlines()]


def shape(output: str) -> str:
    """A regular expression for printed output in which … stands for anything."""
    lines = lines_of(output)
    whole = [".*?" if line == ANY_OUTPUT else re.escape(line) + "\n" for line in lines]
    return "".join(whole).replace(re.escape(ANY_OUTPUT), "[^\n]*")


def test_example_of_the_readme_prints_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("INBOX", "WAREHOUSE", "USERS", "SOURCES", "TIMEZONE", "SECRET", "CONFIG"):
        monkeypatch.delenv(f"GUIDEPOST_{name}", raising=False)
    inbox, users = tmp_path / "inbox", tmp_path / "users.toml"
    users.write_text("", encoding="utf-8")
    monkeypatch.setenv("GUIDEPOST_INBOX", str(inbox))
    monkeypatch.setenv("GUIDEPOST_WAREHOUSE", str(tmp_path / "warehouse"))
    monkeypatch.setenv("GUIDEPOST_USERS", str(users))
    terminal = Terminal(capsys)
    ran = 0
    for kind, body in steps(README):
        if kind == "users":
            users.write_text(body, encoding="utf-8")
        elif kind != "$":
            path = inbox / kind
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
        for command, told in commands(body) if kind == "$" else ():
            printed = "".join(f"{line}\n" for line in lines_of(terminal.run(command)))
            assert re.fullmatch(shape(told), printed, re.DOTALL), f"{command}\n{printed}"
            ran += 1
    assert ran > 10
