"""`words`: the convolutions of a model as a file of words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.checks.replacing import replace_file
from verify.commands.cli import command_named
from verify.config.options import PLACE, Misuse, OptionKind, listed, output_option

if TYPE_CHECKING:
    from verify.cases.case import Case
    from verify.subjects.tensorflow.models.nodes import Layer


def _size(text: str) -> tuple[int, ...]:
    parts = text.split("x")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise ValueError(f"{text!r} is no size such as 224x224: 1 to 3 numbers above 0")
    return tuple(map(int, parts))


SIZE = OptionKind("SIZE", _size)
MODEL = OptionKind("MODEL")


@command_named("words")
@click.argument("model", type=MODEL, help="a file, a folder, module:function or ResNet50")
@click.option("--size", type=SIZE, help="of the input, where it is open, such as 224x224")
@click.option("--fills", type=listed("fills"), default=(), help="a word for each (default: dyadic, levels)")
@click.option("--known/--no-known", help="say which layers meet known deviations; run nothing")
@output_option("--output", kind=PLACE, help="where to write (default: standard output)")
def command(
    *, model: str, size: tuple[int, ...] | None, fills: tuple[str, ...], known: bool, output: Path | None
) -> int:
    from verify.corpus.layers import corpus_of, words_of

    if known and output:
        raise Misuse("--known writes no words, and takes no --output")
    title, layers = _read(model, size or (), fills[0] if fills else "")
    words = words_of(title, layers)
    if not words.by_case and not words.without:
        raise ValueError(f"{title} has no convolution")
    if known:
        print(words.sentence, end="\n\n")
        print("\n".join(_known(words.by_case)))
        return 0 if words.by_case else 3
    text = corpus_of(words, fills)
    if output is None:
        sys.stdout.write(text)
        print(words.sentence, file=sys.stderr)
    else:
        replace_file(output, text.encode())
        print(f"wrote {output}: {words.sentence}")
    if words.without:
        print(_unread(words.without), file=sys.stderr)
    return 0 if words.by_case else 3


def _read(model: str, size: tuple[int, ...], fill: str) -> tuple[str, list[Layer]]:
    """What the model is, and its convolutions; ValueError, one sentence, where its framework is missing."""
    try:
        from verify.subjects.tensorflow.models.asked import model_named
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        needed = f"{model!r} needs {package}, which is not installed"
        raise ValueError(f"{needed}: pip install 'conv-verify[tensorflow]'") from None
    from verify.subjects.tensorflow.models.joining import layers_of

    read = model_named(model, size=size)
    return read.title, layers_of(read, fill=fill)


def _known(layers: dict[Case, list[Layer]]) -> Iterator[str]:
    """The lines on the known deviations that words meet."""
    from verify.reports.meetings import meeting_lines
    from verify.subjects.tensorflow.models.meetings import meetings_of

    names = {case: [layer.name for layer in each] for case, each in layers.items()}
    return meeting_lines(names, meetings_of(names))


def _unread(layers: list[Layer]) -> str:
    """A line for each reason why layers have no word, with how many they are and the first of them."""
    reasons: dict[str, list[str]] = {}
    for layer in layers:
        reasons.setdefault(layer.reason, []).append(layer.name)
    more = {reason: f" and {len(names) - 1} more" if names[1:] else "" for reason, names in reasons.items()}
    return "\n".join(f"no word  {names[0]}{more[reason]}: {reason}" for reason, names in reasons.items())
