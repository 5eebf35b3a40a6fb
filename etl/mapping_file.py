"""Mapping files read and checked: what a stranger wrote wrongly is said in one sentence.

Unknown keys, fields the feed does not have and combinations that mean nothing are errors here, not
surprises in the figures.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import polars as pl

from etl import arithmetic
from etl.errors import SourceError
from etl.mapping import (
    Condition,
    FieldMapping,
    Join,
    SourceMapping,
    TableMapping,
    is_date,
    is_time,
)
from etl.mapping_keys import Content, Section
from etl.readers import Layout, hint
from warehouse.feeds import FEEDS

SHIPPED = Path(__file__).parent / "mappings"

_SOURCES = ("column", "first_of", "template", "constant", "compute", "number_within")


def load_mappings(
    directory: Path | None, columns: Mapping[str, Collection[str]]
) -> tuple[SourceMapping, ...]:
    """The shipped mappings and those in `directory`, which win over shipped ones of their name.

    `columns` holds the columns of each feed. Raises SourceError, naming the file and the key.
    """
    if directory is not None and not directory.is_dir():
        raise SourceError(f"{directory} is not a directory; correct the setting GUIDEPOST_SOURCES")
    found = {mapping.name: mapping for mapping in _load_all(SHIPPED, columns)}
    if directory is not None:
        found.update({mapping.name: mapping for mapping in _load_all(directory, columns)})
    return tuple(found[name] for name in sorted(found))


def _load_all(directory: Path, columns: Mapping[str, Collection[str]]) -> Iterable[SourceMapping]:
    files: dict[str, Path] = {}
    for path in sorted(directory.glob("*.toml")):
        mapping = load_mapping(path, columns)
        if mapping.name in files:
            raise SourceError(
                f"{path} is named {mapping.name!r} like {files[mapping.name]}; rename one"
            )
        files[mapping.name] = path
        yield mapping


def load_mapping(path: Path, columns: Mapping[str, Collection[str]]) -> SourceMapping:
    """One mapping file. Raises SourceError, naming the file and the key (or the line)."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid TOML: {error}") from None
    top = Section(str(path), "mapping", content)
    name = top.text("name") or path.stem
    folder = (top.text("folder") or name).strip("/")
    tables = tuple(
        _table(Section(f"{path}: tables[{number}]", "table", entry, content), name, folder, columns)
        for number, entry in enumerate(top.sections("tables"), 1)
    )
    if not tables:
        top.fail("it has no [[tables]]; add one for each feed the files hold")
    return SourceMapping(name, folder, tables, top.text("description") or "", top.texts("ignore"))


def _table(
    section: Section, mapping: str, folder: str, columns: Mapping[str, Collection[str]]
) -> TableMapping:
    feed = section.one_of("feed", columns) or section.fail("it has no feed; name one")
    entries = dict(section.table("fields"))
    if not entries:
        section.fail("it has no fields; say which column feeds which field")
    if section.flag("same_names"):
        for name in columns[feed]:
            optional = feed not in FEEDS or name not in FEEDS[feed].required
            entries.setdefault(name, {"column": name, "optional": optional})
    rules = (_field(section, feed, name, entry, columns[feed]) for name, entry in entries.items())
    table = TableMapping(
        mapping=mapping,
        feed=feed,
        files=section.texts("files") or section.fail("it has no files; name those it is for"),
        folder=folder,
        fields=tuple(rules),
        joins=tuple(_joins(section)),
        layout=_layout(section),
        decimal=section.mark("decimal", ".", ","),
        thousands=section.mark("thousands", "", ".,' "),
        numbers=section.texts("numbers"),
        nulls=section.inherited_texts("nulls"),
        date_format=section.inherited_texts("date_format"),
        timezone=section.timezone(),
        when=_conditions(section, "when"),
        unless=_conditions(section, "unless"),
        distinct=section.texts("distinct") if "distinct" in section.content else None,
    )
    return _checked(section, table)


def _checked(section: Section, table: TableMapping) -> TableMapping:
    sums = any(rule.compute for rule in table.fields)
    stated = {"decimal", "thousands"} & set(section.content)
    if stated and not sums and not table.numbers:
        section.fail("decimal and thousands touch nothing; list the columns in numbers")
    names = [join.name for join in table.joins]
    if len(set(names)) < len(names):
        section.fail("two joins have one name; give each its own with as")
    return table


def _layout(section: Section) -> Layout:
    return Layout(
        format=section.format(),
        encoding=section.encoding(),
        separator=section.separator(),
        skip_lines=section.whole("skip_lines"),
        header=section.texts("header"),
        sheet=section.text("sheet"),
    )


def _joins(table: Section) -> Iterable[Join]:
    for number, entry in enumerate(table.sections("join"), 1):
        yield _join(table.inner(f"join[{number}]", "join", entry))


def _join(section: Section) -> Join:
    file = section.text("file") or section.fail("it has no file; name the sibling file")
    match = section.text_table("match") or section.fail(
        'it has no match; write match = { "its column" = "column here" }'
    )
    return Join(
        file=file,
        name=section.text("as") or Path(file).name.split(".")[0],
        match=match,
        keep=section.one_of("keep", ("first", "last")),
        order_by=section.text("order_by"),
        unmatched=section.one_of("unmatched", ("keep", "drop", "reject")) or "keep",
        optional=section.flag("optional"),
    )


def _field(
    table: Section, feed: str, name: str, entry: object, columns: Collection[str]
) -> FieldMapping:
    if name not in columns:
        table.fail(f"fields.{name}: {feed} has no such field{hint(name, columns)}")
    content: Content = {"column": entry} if isinstance(entry, str) else entry  # type: ignore[assignment]
    section = table.inner(f"fields.{name}", "field", content)
    given = [key for key in _SOURCES if key in section.content]
    if len(given) != 1:
        section.fail(f"give exactly one of {', '.join(_SOURCES)}")
    if section.content[given[0]] in ("", []):
        section.fail(f"{given[0]} is empty")
    _check_company(section, name, given[0])
    return FieldMapping(
        name=name,
        column=section.text("column"),
        first_of=section.texts("first_of") or None,
        template=section.text("template"),
        constant=section.text("constant"),
        compute=_sum(section),
        number_within=section.texts("number_within") or None,
        round=section.whole("round", 2),
        apportion=section.texts("apportion") if "apportion" in section.content else None,
        replace=_replacements(section),
        values=section.text_table("values"),
        default=section.text("default"),
        if_empty=section.text("if_empty"),
        date_format=section.texts("date_format"),
        when=_conditions(section, "when"),
        unless=_conditions(section, "unless"),
        optional=section.flag("optional"),
    )


def _check_company(section: Section, name: str, source: str) -> None:
    """Keys that mean nothing beside the others are mistakes."""
    for key, need in (("round", "compute"), ("apportion", "compute")):
        if key in section.content and source != need:
            section.fail(f"{key} goes with {need} only")
    if "default" in section.content and "values" not in section.content:
        section.fail("default goes with values only; for an empty cell write if_empty")
    if "date_format" in section.content and not (is_time(name) or is_date(name)):
        section.fail("date_format is for times (…_at) and dates (…_on, …_from, …_to)")


def _sum(section: Section) -> arithmetic.Sum | None:
    text = section.text("compute")
    try:
        return arithmetic.parse(text) if text is not None else None
    except arithmetic.BadSum as error:
        section.fail(f"compute: {error}")


def _replacements(section: Section) -> tuple[tuple[str, str], ...]:
    pairs = section.text_table("replace")
    for pattern, _ in pairs:
        _check_pattern(section, pattern)
    return pairs


def _check_pattern(section: Section, pattern: str) -> None:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError:
        section.fail(f"{pattern!r} is not a regular expression of the Rust kind")


def _conditions(section: Section, key: str) -> tuple[Condition, ...]:
    return tuple(
        _condition(section.inner(f"{key}.{column}", "condition", entry), column)
        if isinstance(entry, dict)
        else Condition(column, section.as_texts(f"{key}.{column}", entry))
        for column, entry in section.table(key).items()
    )


def _condition(section: Section, column: str) -> Condition:
    if len(section.content) != 1:
        section.fail("give one of matches and empty")
    matches = section.text("matches")
    if matches is not None:
        _check_pattern(section, matches)
        return Condition(column, matches=matches)
    return Condition(column, empty=section.flag("empty"))
