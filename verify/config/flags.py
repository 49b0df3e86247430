"""Options that several commands share: the user's files, known deviations, and where subjects run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial, reduce, wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from verify.cases.case import Case
from verify.cases.domain import BOUNDS
from verify.cases.grammar import OtherGrammar
from verify.cases.narrowings import CHOICES
from verify.cases.operations import OPERATIONS
from verify.checks.files import refusal_of
from verify.checks.project import FAILURES, TABLE, Settings, settings_of
from verify.checks.reading import LARGEST_TOML, DataError, text_in
from verify.config.options import (
    DATABASE,
    DEVICE,
    FILE,
    PLACE,
    POSITIVE,
    PYTHON,
    SECONDS,
    Misuse,
    defaults_of,
    entries_of,
    listed,
    options_of,
)
from verify.corpus import words
from verify.corpus.words import cases_named

if TYPE_CHECKING:  # which are not needed to read a command line
    from verify.checks.deviations import Deviation
    from verify.checks.subject import Subject
    from verify.reports.overview import Detail

corpus_option = click.option(
    "--corpus", type=PLACE, default=words.PINS, help=f"pins ({words.PINS}); --words FILE: a model's"
)
failures_option = click.option(
    "--failures",
    type=FILE,
    default=FAILURES,
    help=f"record of failures ({FAILURES})",
)
database_option = click.option(
    "--database", type=DATABASE, help="examples: a folder, github:OWNER/REPO or redis://…"
)


def joint_option(name: str, make: Callable[..., Any], *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator that gives a command one argument, made by `make` from several options."""

    def decorate(command: Callable[..., Any]) -> Any:
        @wraps(command)
        def with_value(**values: Any) -> Any:
            value = make(**{argument: values.pop(argument) for argument in signature(make).parameters})
            return command(**{name: value}, **values)

        return reduce(lambda decorated, option: option(decorated), reversed(options), with_value)

    return decorate


NARROWING_HELP = {
    "operations": "only these operations; --output-paddings: any, …",
    "ranks": "only so many spatial axes",
    "dtypes": "only these dtypes; --weight-dtypes: float16, int8",
    "paddings": "same, valid, explicit; --padding-modes: reflect, …",
    "data_formats": "only channels_last or channels_first (NHWC, NCHW)",
    "fills": "only these fills",
    "around": "only these before and after: border, bias, relu, …",
    "steps": "plain, strided, dilated, both; --reductions, --views",
    "max_side": "sizes; --max-kernel, -stride, -channels, … alike",
    "regions": "only cases inside these regions (`list regions`)",
}


def _narrowing(name: str, helps: Mapping[str, str]) -> Callable[[Any], Any]:
    kind = POSITIVE if name in BOUNDS else listed(name)
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, type=kind, hidden=name not in helps, help=helps.get(name))


def narrowing_options(command: Callable[..., Any], *, helps: Mapping[str, str] = NARROWING_HELP) -> Any:
    """Every narrowing of `strategies.cases` as an option; the command is given those that are set.

    `helps` says what is shown of each; one that it lacks is hidden.
    """

    @wraps(command)
    def narrowed(**values: Any) -> Any:
        chosen = {name: values.pop(name) for name in (*CHOICES, *BOUNDS)}
        narrowings = {name: value for name, value in chosen.items() if value is not None}
        return command(narrowings=narrowings, **values)

    return reduce(
        lambda decorated, name: _narrowing(name, helps)(decorated), reversed((*CHOICES, *BOUNDS)), narrowed
    )


def _words(*, words: Path | None) -> list[Case]:
    """Raises ValueError, one sentence that names the file, for what is no word, and for no file."""
    if words is None:
        return []
    if not (words.exists() or str(words).partition("_")[0] in ("-", *OPERATIONS)):
        raise ValueError(f"there is no file or folder {str(words)!r}")
    return cases_named(str(words))


words_option = joint_option("words", _words, click.option("--words", type=PLACE, hidden=True))


def _detail(*, verbose: bool, quiet: bool) -> Detail:
    if verbose and quiet:
        raise Misuse("--verbose and --quiet exclude each other")
    return "all" if verbose else "result" if quiet else "overview"


detail_options = joint_option(
    "detail",
    _detail,
    click.option("--verbose", "-v", is_flag=True, help="every count; -q, --quiet: the findings alone"),
    click.option("--quiet", "-q", is_flag=True, hidden=True),
)


class Known(NamedTuple):
    """Whether known deviations are excused, and the user's own: from a file, and from the settings."""

    excuse: bool
    deviations: tuple[Deviation, ...] = ()


def _known(*, known: Path | None, no_known: bool) -> Known:
    """Raises ValueError, one sentence that names the file, for a deviation that cannot be read."""
    context, typed = click.get_current_context(), click.core.ParameterSource.COMMANDLINE
    is_typed = [context.get_parameter_source(name) is typed for name in ("known", "no_known")]
    if no_known and is_typed != [True, False]:
        return Known(excuse=False)
    of_file = _of_file(known) if known else ()
    with _naming(context.obj.file):
        return Known(excuse=True, deviations=(*of_file, *_of_settings(context.obj)))


def _of_file(file: Path) -> tuple[Deviation, ...]:
    from verify.checks.deviations import parse_deviations

    with _naming(file):
        return parse_deviations(text_in(file, option="--known", most=LARGEST_TOML), file)


def _of_settings(settings: Settings) -> tuple[Deviation, ...]:
    entries = entries_of(settings)
    if not entries:
        return ()
    from verify.checks.deviations import deviations_of

    return deviations_of(entries, settings.text(), f"[[tool.{TABLE}.deviation]]")


known_options = joint_option(
    "known",
    _known,
    click.option("--known", type=FILE, help="your own known deviations; --no-known: excuse none"),
    click.option("--no-known", is_flag=True, hidden=True),
)


class Isolation(NamedTuple):
    """Where subjects run: the values of the options, None where they are not given."""

    isolate: bool | None = None
    python: str | None = None
    timeout: float | None = None
    device: str | None = None

    @property
    def is_asked(self) -> bool:
        return bool(self.isolate or self.python or self.timeout)

    @property
    def is_usual(self) -> bool:
        """Whether subjects run where they usually do, on whatever device."""
        return self.isolate is None and not self.is_asked

    @property
    def alone(self) -> str:
        """Why one job alone can ask the subjects; "" where several can."""
        return "a subject in this process is asked by one" if self.isolate is False else ""


def _isolation(
    *, isolate: bool | None, python: str | None, timeout: float | None, device: str | None
) -> Isolation:
    """Raises ValueError, one sentence, for what is asked of workers where there are to be none.

    What is typed wins over the settings.
    """
    if isolate is False and (python or timeout):
        source = click.get_current_context().get_parameter_source
        asked = {name: source(name) for name, value in (("python", python), ("timeout", timeout)) if value}
        if alike := [f"--{name}" for name, place in asked.items() if place is source("isolate")]:
            raise Misuse(f"{' and '.join(alike)} needs a worker, and --no-isolate has none: leave one out")
        if click.core.ParameterSource.COMMANDLINE in asked.values():
            isolate = None
        else:
            python = timeout = None
    return Isolation(isolate, python, timeout, device)


isolation_options = joint_option(
    "isolation",
    _isolation,
    click.option("--isolate/--no-isolate", default=None, help="in workers, where a crash is a verdict"),
    click.option("--python", type=PYTHON, help="in workers of another interpreter; --device: cuda"),
    click.option("--timeout", type=SECONDS, help="in workers; limit of a case (default: 10)"),
    click.option("--device", type=DEVICE, hidden=True),
)


jobs_option = click.option("--jobs", type=POSITIVE, help="processes (default: one for each core)")


def loader_of(isolation: Isolation) -> Callable[[str], Subject]:
    """The loader of subjects by name, which tries each: in its own worker, or in this process."""
    from verify.subjects.device import choose
    from verify.subjects.isolated import TIMEOUT_S, isolated
    from verify.subjects.trial import tried, tried_here, usual_tried

    choose(isolation.device)
    if isolation.is_asked:
        python, timeout_s = isolation.python or sys.executable, isolation.timeout or TIMEOUT_S
        return cache(lambda label: tried(isolated(label, python=python, timeout_s=timeout_s)))
    return cache(tried_here if isolation.isolate is False else usual_tried)


def import_ahead(labels: Iterable[str], isolation: Isolation) -> None:
    """Begin the imports of subjects in workers, if they have any, while this process does other things."""
    if isolation.isolate is not False:
        from verify.subjects.isolated import import_all_ahead

        import_all_ahead(labels, python=isolation.python or sys.executable)


def loaders_of_tests(isolation: Isolation, *, is_debugged: bool) -> dict[str, Callable[[Any], Subject]]:
    """What loads a subject for a gate by its name, and what takes one that is given as a callable."""
    from verify.subjects.device import choose
    from verify.subjects.here import ASKED, DEBUGGED
    from verify.subjects.isolated import TIMEOUT_S
    from verify.subjects.trial import contained_tried, tried_here

    choose(isolation.device)
    if is_debugged or isolation.isolate is False:
        return dict.fromkeys(("load", "place"), partial(tried_here, why=DEBUGGED if is_debugged else ASKED))
    where: dict[str, Any] = {
        "python": isolation.python or sys.executable,
        "timeout_s": isolation.timeout or TIMEOUT_S,
    }
    return {"load": loader_of(isolation), "place": partial(contained_tried, **where)}


class OfTests(NamedTuple):
    """The settings for the gates of a test suite."""

    corpus: Path
    known: Known
    database: str | Path | None
    isolation: Isolation


_of_tests = click.command(corpus_option(database_option(known_options(isolation_options(OfTests)))))


def of_tests(folder: Path, run: click.Command) -> OfTests:
    """The settings for the gates of a test suite in this folder; all that `run` takes are checked.

    Raises ValueError, one sentence that names the file and the key, as the command line does.
    """
    settings = settings_of(folder)
    defaults_of(run, settings, options_of(run))
    defaults = defaults_of(_of_tests, settings)
    with _of_tests.make_context("", [], default_map=defaults, obj=settings) as context:
        options: OfTests = _of_tests.invoke(context)
    return options


@contextmanager
def _naming(file: Path | None) -> Iterator[None]:
    """Name the file in the message of an error about it."""
    try:
        yield
    except OtherGrammar:
        raise
    except FileNotFoundError:
        raise ValueError(f"there is no file {str(file)!r}") from None
    except OSError as error:
        raise ValueError(refusal_of(error)) from None
    except DataError as error:
        raise ValueError(f"{file}, line {error.line}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
