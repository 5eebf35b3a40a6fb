"""Words in the viewer's language, from one catalogue a language.

What a figure is called and means in English is said once, in `warehouse.metrics`; the other
languages translate it in their catalogue.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from warehouse.conventions import CONVENTIONS
from warehouse.dimensions import DIMENSIONS
from warehouse.metrics import METRICS

LANGUAGES = ("en", "zh")
"""The first one is spoken where a link asks for none."""
_HERE = Path(__file__).parent / "catalogue"
_SPOKEN: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def speak(language: str) -> None:
    """Use a language from here on in this run."""
    _SPOKEN.set(language)


def language() -> str:
    """The language of this run."""
    return _SPOKEN.get()


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every phrase of a language by its dotted key, such as `filter.period`."""
    return dict(_flat("", tomllib.loads((_HERE / f"{language}.toml").read_text(encoding="utf-8"))))


def _flat(prefix: str, entries: Mapping[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, entry in entries.items():
        key = f"{prefix}{name}"
        found += _flat(f"{key}.", entry) if isinstance(entry, Mapping) else [(key, str(entry))]
    return found


def t(key: str, **values: object) -> str:
    """A phrase with its `{names}` filled in."""
    return catalogue(language())[key].format(**values)


def metric_label(key: str) -> str:
    """What a figure is called."""
    return _translated(f"metric.{key}.label", METRICS[key].label)


def metric_definition(key: str) -> str:
    """How a figure is made."""
    return _translated(f"metric.{key}.definition", METRICS[key].definition)


def metric_edge_cases(key: str) -> str:
    """What one may trip over; empty for most figures."""
    return _translated(f"metric.{key}.edge_cases", METRICS[key].edge_cases)


def funnel_label(name: str) -> str:
    """What a funnel is called; one of an analyst's own by its name."""
    return _translated(f"funnel.{name}", name)


def funnel_direction(name: str, direction: str) -> str:
    """Which way a funnel leads; one of an analyst's own as it is written there."""
    return _translated(f"direction.{name}", direction)


def step_label(name: str) -> str:
    """What a step of a funnel is called; one of an analyst's own by its name."""
    return _translated(f"step.{name}", name)


def dimension_label(name: str) -> str:
    """What a way to group is called."""
    return _translated(f"dimension.{name}", DIMENSIONS[name].label)


def convention(name: str) -> str:
    """What another way to count does."""
    return _translated(f"convention.{name}", CONVENTIONS[name].meaning)


def convention_step(name: str, place: int) -> str:
    """What one of its steps changes."""
    return _translated(f"convention.{name}_{place}", CONVENTIONS[name].steps[place][0])


def _translated(key: str, english: str) -> str:
    """English where a catalogue says nothing: the tests see to it that each says everything."""
    return catalogue(language()).get(key, english)


def value_label(value: str, label: str) -> str:
    """What a value of a dimension is called: the source's own label, unless it is a code of ours
    that the catalogue spells out."""
    return catalogue(language()).get(f"value.{value}", label) if label == value else label
