"""The model that a command line names: a file, a folder, a function of one's own, or one of Keras's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from verify.cases.spelling import nearest
from verify.subjects.registry import find_modules_of_the_project
from verify.subjects.tensorflow.imported import keras
from verify.subjects.tensorflow.models.keras_model import read_keras
from verify.subjects.tensorflow.models.nodes import Model, NotRead, said_by

USUAL_SIZE = (224, 224)
"""The sizes of a model of `keras.applications` that leaves them open."""


def model_named(name: str, *, size: tuple[int, ...] = ()) -> Model:
    """The steps of the model of a name, read with the sizes of its input where it leaves them open.

    Raises NotRead, one sentence, for a name that is none, and for a model that cannot be read.
    """
    path = Path(name)
    if path.exists() or path.suffix in _READERS:
        return _of_file(path, size)
    if ":" in name:
        return read_keras(_made(name), size=size)
    return read_keras(_of_keras(name), size=size, usual=USUAL_SIZE)


def _of_file(path: Path, size: tuple[int, ...]) -> Model:
    if not path.exists():
        raise NotRead(f"there is no file {str(path)!r}")
    if path.is_dir():
        return _of_folder(path, size)
    if path.suffix not in _READERS:
        forms = ", ".join(_READERS)
        raise NotRead(f"{str(path)!r} is no model that is read here: one ends in {forms}, or is a folder")
    return _READERS[path.suffix](path, size)


def _of_folder(path: Path, size: tuple[int, ...]) -> Model:
    if not any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        raise NotRead(f"{str(path)!r} is no SavedModel: it has no saved_model.pb")
    from verify.subjects.tensorflow.models.saved_model import read_saved_model

    return read_saved_model(path, size)


def _keras_file(path: Path, size: tuple[int, ...]) -> Model:
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # noqa: BLE001 - a file may be wrong in any way, a user's class with it
        why = f"{str(path)!r} cannot be read as a model: {said_by(error)}"
        remedy = "load it in a function of your own, and name that as module:function"
        raise NotRead(f"{why}; {remedy}") from None
    return read_keras(model, size=size)


def _tflite_file(path: Path, size: tuple[int, ...]) -> Model:
    from verify.subjects.tensorflow.models.tflite import read_tflite

    return read_tflite(path, size)


_READERS: Mapping[str, Callable[[Path, tuple[int, ...]], Model]] = {
    ".keras": _keras_file,
    ".h5": _keras_file,
    ".hdf5": _keras_file,
    ".tflite": _tflite_file,
}
"""Suffix of a file → its reader."""


def _of_keras(name: str) -> Any:
    """A model of `keras.applications`, with weights that are drawn and not fetched."""
    known = {each: make for each, make in vars(keras.applications).items() if each[:1].isupper()}
    asked = name.removeprefix("keras.applications.")
    if asked not in known:
        where = "a file, module:function, or a model of keras.applications"
        raise NotRead(f"{name!r} is no model: it is {where}{nearest(asked, known)}")
    return known[asked](weights=None)


def _made(name: str) -> Any:
    """The model that a user's function makes, or that stands under the name itself."""
    module, _, path = name.partition(":")
    find_modules_of_the_project()
    try:
        made: Any = import_module(module)
        for part in path.split("."):
            made = getattr(made, part)
        if not isinstance(made, keras.Model):
            made = made()
    except (Exception, SystemExit) as error:
        raise NotRead(f"{name!r} makes no model: {type(error).__name__}: {said_by(error)}") from error
    if not isinstance(made, keras.Model):
        raise NotRead(f"{name!r} makes what is no Keras model: {type(made).__name__}")
    return made
