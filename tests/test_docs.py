"""The documents tell the truth: what they name exists, and what exists is named."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from etl import job
from etl.__main__ import main as etl_commands
from reports.__main__ import main as reports_commands
from warehouse import access, settings
from warehouse.__main__ import main as warehouse_commands
from warehouse.feeds import FEEDS
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
AREAS = ("pages", "warehouse", "etl", "reports")
CODE = [ROOT / "app.py", ROOT / "Makefile", *(p for a in AREAS for p in (ROOT / a).rglob("*.py"))]
GROUPS: dict[str, click.Group] = {
    "etl": etl_commands,
    "warehouse": warehouse_commands,
    "reports": reports_commands,
}
NOT_ALWAYS_THERE = (".streamlit/secrets.toml", "docs/pictures/")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


README = text("README.md")


def section(heading: str, document: str = README) -> str:
    """What stands below a heading, up to the next one of its level."""
    (found,) = re.findall(rf"(?ms)^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", document)
    return str(found)


def cells(body: str) -> Iterator[list[list[str]]]:
    """Rows of every table whose first cell is code: for each cell what stands in backquotes."""
    for line in re.findall(r"(?m)^\| (`.*) \|$", body):
        yield [re.findall(r"`([^`]+)`", cell) for cell in re.split(r" (?<!\\)\| ", line)]


# Commands, settings, feeds ---------------------------------------------------------------------
@pytest.mark.parametrize("module", GROUPS)
def test_readme_names_every_command_with_every_option_and_no_other(module: str) -> None:
    told = {
        command: set(re.findall(r"--[\w-]+", whole)) - {"--help"}
        for whole, command in re.findall(rf"(?m)^\| `(python -m {module} (\w+)[^`]*)`", README)
    }
    known = {
        name: {option for parameter in command.params for option in parameter.opts
               if option.startswith("--")}
        for name, command in GROUPS[module].commands.items()
    }  # fmt: skip
    assert told == known


def test_readme_names_every_choice_of_an_option() -> None:
    for module, group in GROUPS.items():
        for name, command in group.commands.items():
            (row,) = re.findall(rf"(?m)^\| `(python -m {module} {name}\b[^`]*)`", README)
            for parameter in command.params:
                if isinstance(parameter.type, click.Choice) and parameter.name != "feeds":
                    choices = [str(choice) for choice in parameter.type.choices]
                    if choices != list(FEEDS):
                        assert "\\|".join(choices) in row, (name, choices)


def load_scripts() -> dict[str, str]:
    """The script of each feed."""
    scripts = {}
    for path in (ROOT / "etl").glob("load_*.py"):
        (feed,) = re.findall(r'run_one\("(\w+)"\)', path.read_text(encoding="utf-8"))
        scripts[feed] = f"python -m etl.{path.stem}"
    return scripts


def test_tables_of_feeds_hold_the_columns_of_the_contract() -> None:
    rows = list(cells(section("Feeds")))
    needed, further = rows[: len(FEEDS)], rows[len(FEEDS) :]
    scripts = load_scripts()
    for feed, row, more in zip(FEEDS.values(), needed, further, strict=True):
        key = [field.name for field in feed.key]
        required = [name for name in feed.required if name not in key]
        optional = [name for name in feed.columns if name not in (*key, *required, "is_deleted")]
        assert row == [[feed.name], key, required, [scripts[feed.name]]]
        assert more == [[feed.name], optional]


def test_only_valid_from_of_stores_is_a_key_column_that_may_be_absent() -> None:
    absent = [(f.name, k.name) for f in FEEDS.values() for k in f.key if not k.required]
    assert absent == [("stores", "valid_from")]
    assert "only `valid_from`\nof `stores` may be left out" in section("Feeds")


def shown(default: object) -> list[str]:
    """A default as the table of settings writes it; nothing for none."""
    if default is None:
        return []
    path = Path(str(default))
    return [path.relative_to(ROOT).as_posix() if path.is_absolute() else str(default)]


def test_table_of_settings_holds_those_of_the_code_with_their_defaults() -> None:
    told = {row[0][0]: row[1] for row in cells(section("Settings"))}
    read = settings.NAMES - {"ENGINES", "REWRITE", "PICTURES"}
    assert set(told) == {f"GUIDEPOST_{name}" for name in read}
    for name, default in told.items():
        known = getattr(Settings(), name.removeprefix("GUIDEPOST_").lower(), None)
        assert default == shown(known), name


def test_every_variable_the_code_reads_is_told() -> None:
    read = {
        name
        for path in CODE
        for name in re.findall(r"GUIDEPOST_[A-Z]{2,}", path.read_text(encoding="utf-8"))
    }
    told = README + text("CONTRIBUTING.md")
    assert not {name for name in read if name not in told}


def test_configuration_shown_is_the_default_and_complete(
    tmp_path: Path, clean_environment: Callable[[dict[str, str]], None]
) -> None:
    (block,) = (b for b in re.findall(r"(?s)```toml\n(.*?)```", README) if "fee_rates" in b)
    clean_environment({})
    default = settings.load({})
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    assert settings.load({"GUIDEPOST_CONFIG": str(path)}) == default
    environment = (
        "warehouse", "inbox", "views", "sources", "timezone", "users", "secret", "address"
    )  # fmt: skip
    known = {field.name for field in dataclasses.fields(Settings)} - set(environment)
    assert set(tomllib.loads(block)) == known


def test_every_role_is_told_and_the_users_file_can_be_read(tmp_path: Path) -> None:
    body = section("Who may see what")
    assert re.findall(r"The roles are (.*?)\.", body.replace("\n", " ")) == [
        ", ".join(f"`{role}`" for role in list(access.PAGES)[:-1])
        + f" and `{list(access.PAGES)[-1]}`"
    ]
    (block,) = re.findall(r"(?s)```toml\n(.*?)```", body)
    path = tmp_path / "users.toml"
    path.write_text(block, encoding="utf-8")
    assert len(access.read_users(path)) == block.count("[users.")


@pytest.mark.parametrize("document", ["README.md", "docs/cron.md"])
def test_exit_codes_are_those_of_the_loader(document: str) -> None:
    told = dict(re.findall(r"(?m)^\| (\d) \| ([^|]*)", text(document)))
    assert [int(code) for code in told] == [job.OK, job.FAILED, job.NEEDS_A_PERSON, job.BUSY]
    words = {job.OK: "nothing new", job.FAILED: "failed", job.NEEDS_A_PERSON: "rejected",
             job.BUSY: "lock"}  # fmt: skip
    for code, word in words.items():
        assert word in told[str(code)]


def test_every_shipped_mapping_is_told() -> None:
    names = [path.stem for path in (ROOT / "etl" / "mappings").glob("*.toml")]
    assert names
    for name in names:
        assert f"| `{name}` |" in text("docs/mappings.md")
        assert f"`{name}`" in section("Load your own data")


# Links, names, words ---------------------------------------------------------------------------
def links(document: Path) -> Iterator[str]:
    """Targets of links and pictures that lie in the repository; examples in code do not count."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```", "", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(document: Path) -> set[str]:
    """The fragments of a document's headings, as Git hosts make them."""
    headings = re.findall(r"(?m)^#+ (.*)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def pictures() -> set[str]:
    """Names of the pictures that the browser test draws."""
    (scenes,) = re.findall(r"(?ms)^SCENES\b[^\n]*\{\n(.*?)^\}", text("tests/test_browser.py"))
    return {f"{name}.png" for name in re.findall(r'(?m)^    "([\w-]+)":', scenes)}


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for target in links(document):
        name, _, fragment = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if path.parent == ROOT / "docs" / "pictures":
            assert path.exists() or path.name in pictures(), target
            continue
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        if fragment:
            assert fragment in anchors(path), target


def layout(document: str) -> Iterator[Path]:
    """Paths of the tree in the section Layout; depth is two spaces a step."""
    (tree,) = re.findall(r"(?s)```text\n(.*?)```", section("Layout", document))
    above: list[str] = []
    for line in tree.splitlines():
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [name.rstrip("/")]
        yield ROOT.joinpath(*above)


def test_layout_of_contributing_names_what_exists() -> None:
    named = list(layout(text("CONTRIBUTING.md")))
    assert [path for path in named if not path.exists()] == []
    top = {path.name for path in named if path.parent == ROOT}
    areas = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert areas <= top


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_named_in_prose_exist(document: Path) -> None:
    prose = re.sub(r"(?ms)^ *```.*?^ *```", "", document.read_text(encoding="utf-8"))
    areas = r"(?:app|pages|warehouse|etl|reports|tests|docs|\.streamlit|\.ci)"
    for name in re.findall(rf"`({areas}/[\w/.-]+|\w+\.py)`", prose):
        assert (ROOT / name).exists() or name in NOT_ALWAYS_THERE, name


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_loose_ends_and_no_paths_of_one_machine(document: Path) -> None:
    found = re.findall(
        r"TODO|FIXME|XXX|TBD|(?<![\w.])/(?:work|tmp|root|home|Users)/\S*",
        document.read_text(encoding="utf-8"),
    )
    assert found == []


def test_make_targets_are_told() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", text("Makefile"))) - {"sample"}
    told = set(re.findall(r"(?m)(?:`|^)make ([a-z-]+)", README + text("CONTRIBUTING.md")))
    assert told == targets


def test_newest_change_is_of_this_version() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert re.findall(r"(?m)^## \[(.*?)\] - \d{4}-\d\d-\d\d$", text("CHANGELOG.md"))[0] == version


def test_every_decision_has_a_date_a_reason_and_what_else_was_considered() -> None:
    entries = re.split(r"(?m)^### ", text("docs/decisions.md"))[1:]
    assert entries
    for entry in entries:
        assert re.match(r"\d{4}-\d\d-\d\d · \S", entry), entry[:60]
        for part in ("Decision", "Why", "Also considered"):
            assert len(re.findall(rf"(?m)^\*\*{part}\.\*\* \S", entry)) == 1, entry[:60]
