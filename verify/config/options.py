"""The values of options: how a text is read and completed, and what the `[tool.conv-verify]` table sets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
from click.shell_completion import CompletionItem

from verify.cases.domain import spelled, words_of
from verify.cases.grammar import require_grammar
from verify.cases.narrowings import CHOICES
from verify.cases.shards import Shard
from verify.cases.spelling import nearest, one_of
from verify.cases.word import quoted
from verify.checks.files import require_folder
from verify.checks.project import TABLE, Settings
from verify.checks.reading import value_shown
from verify.checks.relations import RELATIONS

TYPES: Mapping[type, str] = MappingProxyType(
    {
        str: "a string",
        list: "a list of strings",
        int: "a whole number",
        float: "a number of seconds",
        bool: "true or false",
    }
)
"""TOML's types of values, in words."""

GITHUB = "github:"
REDIS = ("redis://", "rediss://", "unix://")
SCHEDULER = "scheduler"
"""The place of examples that the scheduler of a campaign keeps."""


@dataclass(eq=False)
class OptionKind(click.ParamType[Any]):
    """A kind of option. `read` makes a value from the text, or raises ValueError with a sentence.

    `setting` is the type of the value in TOML, and a list has strings there, or what is of the type `entry`.
    `values` are those that a shell completes.
    """

    name: str
    read: Callable[[str], Any] = str
    setting: type = str
    entry: type = str
    values: Callable[[], Iterable[str]] = tuple

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The values that begin with the text; files, if there are no values."""
        values = [CompletionItem(value) for value in self.values() if value.startswith(incomplete)]
        return values or [CompletionItem(incomplete, type="file")]


class Misuse(click.UsageError, ValueError):
    """Options or arguments that do not go together; what is said of it names the help of the command."""


def choice(name: str, *words: str) -> OptionKind:
    """One of a few words."""
    return OptionKind(name, lambda text: one_of(text, words), values=lambda: words)


def database(text: str, *, others: str = "") -> str | Path:
    """Where examples are kept: `github:OWNER/REPO`, the URL of a Redis server, or a folder.

    `others` are places that a refusal names first.
    """
    if text.startswith(GITHUB):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", text.removeprefix(GITHUB)):
            raise ValueError(f"{text!r} is not {GITHUB}OWNER/REPO")
        return text
    if text.startswith(REDIS):
        return text
    if "://" in text or not text:
        raise ValueError(f"{text!r} is no folder, {others}{GITHUB}OWNER/REPO or {REDIS[0]}HOST:PORT")
    return Path(text)


def shared_database(text: str) -> str | Path:
    """Where the examples of a campaign are kept: by its scheduler, or where all workers reach it."""
    place = SCHEDULER if text == SCHEDULER else database(text, others=f"{SCHEDULER}, ")
    return place.absolute() if isinstance(place, Path) else place


def state(text: str) -> str | Path:
    """Where a campaign keeps its records: a folder, or a URL that fsspec knows."""
    if not text:
        raise ValueError("'' is no folder, and no URL of one")
    if text.startswith("memory:"):
        raise ValueError(f"{text!r} ends with this process, so that no campaign could go on from it")
    return text if "://" in text or "::" in text else Path(text)


def _number(of: Callable[[str], float], expected: str, *, least: float = -math.inf) -> Callable[[str], Any]:
    """A reader of finite numbers above `least`; its error says what is `expected`."""

    def read(text: str) -> Any:
        try:
            number = of(text)
        except ValueError:
            number = math.nan
        if not least < number < math.inf:
            raise ValueError(f"{quoted(text)} is not {expected}")
        return number

    return read


whole = _number(int, "a whole number")
positive = _number(lambda text: text.isascii() and text.isdigit() and int(text), "a positive number", least=0)
seconds = _number(float, "a positive number of seconds", least=0)
hours = _number(float, "a positive number of hours", least=0)


def subjects() -> Iterable[str]:
    from verify.faults import FAULTS
    from verify.subjects.registry import BUILTIN

    return (*BUILTIN, *(f"fault:{fault.name}" for fault in FAULTS))


def device(text: str) -> str:
    """Where PyTorch, JAX and TensorFlow compute."""
    from verify.subjects.device import device_named

    return device_named(text)


def listed(name: str) -> OptionKind:
    """Words of a narrowing, with commas between them, in any case."""
    words = {str(word).lower(): word for word in CHOICES[name]}
    others = [str(word) for word in words_of(name)]

    def read(text: str) -> tuple[Any, ...]:
        spelt = (str(spelled(name, word.strip())) for word in text.split(","))
        return tuple(words[one_of(word.lower(), words, others=others)] for word in spelt)

    return OptionKind(f"{name[0].upper()},…", read, list, type(CHOICES[name][0]), lambda: words)


def relations(text: str) -> tuple[str, ...]:
    """Relations that must hold, with commas between them."""
    return tuple(one_of(word.strip().lower(), RELATIONS) for word in text.split(","))


DEMAND = OptionKind("R,…", relations, list, values=lambda: RELATIONS)
POSITIVE = OptionKind("N", positive, int)
INTEGER = OptionKind("N", whole, int)
SECONDS = OptionKind("SECONDS", seconds, float)
HOURS = OptionKind("HOURS", hours, float)
SHARD = OptionKind("K/N", Shard.parse)
FILE = OptionKind("FILE", Path)
PLACE = OptionKind("PATH", Path)
PYTHON = OptionKind("PATH")
DEVICE = OptionKind("DEVICE", device, values=lambda: ("cpu", "cuda", "cuda:0"))
DATABASE = OptionKind("PLACE", database)
SHARED_DATABASE = OptionKind("PLACE", shared_database)
STATE = OptionKind("PLACE", state)
SUBJECT = OptionKind("SUBJECT", values=subjects)
WORD = OptionKind("WORD")


def output_option(name: str, *, kind: OptionKind = FILE, **settings: Any) -> Callable[[Any], Any]:
    """An option that names a file to write, in a folder that is there, as one that is not may be misspelt."""

    def in_a_folder(context: click.Context, _: click.Parameter, file: Path | None) -> Path | None:
        if file is not None and not context.resilient_parsing:
            require_folder(file, name)
        return file

    return click.option(name, type=kind, callback=in_a_folder, **settings)


def defaults_of(
    command: click.Command, settings: Settings, keys: Collection[str] | None = None
) -> dict[str, Any]:
    """The defaults of a command's options from the settings; the command line still wins.

    `keys` are all that a table may have beside `deviation` and the `grammar` of its words, or None to allow
    any. Raises ValueError, one sentence that names the file and the key, for an unknown key and for a value
    that the option does not take.
    """
    options = options_of(command)
    usual = {option.name: option.default for option in options.values()}
    values = {name: default for name, default in usual.items() if isinstance(default, Path)}
    entries_of(settings)
    for key, value in settings.table.items():
        if keys is not None and key not in {*options, *keys, "deviation", "grammar"}:
            raise ValueError(f"{settings.place(key)} is no setting{nearest(key, keys)}")
        if key in options:
            try:
                values[options[key].name] = _value(options[key], value)
            except ValueError as wrong:
                raise ValueError(f"{settings.place(key)}{wrong}") from None
    paths = {name: settings.folder / path for name, path in values.items() if isinstance(path, Path)}
    return {**values, **paths}


def entries_of(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """The `[[tool.conv-verify.deviation]]` entries, unchanged."""
    value = settings.table.get("deviation", [])
    if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        if value:
            require_grammar(settings.table.get("grammar"), settings.file or "pyproject.toml")
        return value
    where = settings.place("deviation")
    raise ValueError(f"{where} is {value_shown(value)}, not [[tool.{TABLE}.deviation]] entries")


def options_of(command: click.Command) -> dict[str, click.Parameter]:
    """The settings of a command by their keys: its options, and the subjects of a run."""
    return {
        option.opts[0].lstrip("-"): option
        for option in command.params
        if (isinstance(option, click.Option) and option.expose_value) or option.name == "subjects"
    }


def _value(option: click.Parameter, value: Any) -> Any:
    """The value of an option; ValueError, what is said after its key, for one that it does not take."""
    kind = option.type if isinstance(option.type, OptionKind) else None
    setting = list if option.nargs != 1 else kind.setting if kind else bool
    if not _is_of(value, setting, entry=kind.entry if kind else str):
        raise ValueError(f" is {value_shown(value)}, not {TYPES[setting]}")
    if option.nargs != 1 or not kind:
        return value
    try:
        return kind.read(",".join(map(str, value)) if isinstance(value, list) else str(value))
    except ValueError as error:
        raise ValueError(f": {error}") from None


def _is_of(value: Any, setting: type, *, entry: type) -> bool:
    if setting is list:
        return isinstance(value, list) and all(type(part) in (str, entry) for part in value)
    return type(value) is setting or (setting is float and type(value) is int)
