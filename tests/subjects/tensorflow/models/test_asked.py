"""A model by its name: a file, a function of one's own, or one of Keras's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.places import PLANTED
from tests.planted import models
from verify.subjects.tensorflow.imported import keras
from verify.subjects.tensorflow.models.asked import model_named
from verify.subjects.tensorflow.models.joining import layers_of
from verify.subjects.tensorflow.models.nodes import NotRead

APPLICATIONS = {
    "VGG16": 13, "VGG19": 16, "ResNet50": 53, "ResNet101": 104, "ResNet152": 155, "ResNet50V2": 53,
    "Xception": 40, "InceptionV3": 94, "InceptionResNetV2": 244, "MobileNet": 28, "MobileNetV2": 52,
    "MobileNetV3Small": 54, "MobileNetV3Large": 64, "DenseNet121": 120, "DenseNet201": 200,
    "NASNetMobile": 196, "EfficientNetB0": 81, "EfficientNetB7": 273, "EfficientNetV2B0": 91,
    "ConvNeXtTiny": 22,
}  # fmt: skip
"""Architecture → its convolutions."""


def test_an_architecture_of_keras_is_read_in_full() -> None:
    layers = layers_of(model_named("MobileNetV3Small"), fill="dyadic")
    assert [layer.case is None for layer in layers] == [False] * APPLICATIONS["MobileNetV3Small"]


@pytest.mark.long
@pytest.mark.parametrize(("name", "count"), APPLICATIONS.items())
def test_architectures_of_keras_are_read_in_full(name: str, count: int) -> None:
    layers = layers_of(model_named(name), fill="dyadic")
    assert ([layer.reason for layer in layers if not layer.case], len(layers)) == ([], count)
    keras.backend.clear_session()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, by h5py
def test_a_file_of_keras_is_read(tmp_path: Path, suffix: str) -> None:
    models.block().save(tmp_path / f"block{suffix}")
    (layer,) = layers_of(model_named(str(tmp_path / f"block{suffix}")), fill="ones")
    assert layer.line == "pad + conv + norm + add + leaky"


def test_a_function_makes_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLANTED)
    assert [layer.name for layer in layers_of(model_named("models:block"), fill="ones")] == ["conv"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ResNet5", "^'ResNet5' is no model: it is a file, .*; did you mean 'ResNet50'?"),
        ("nothing.keras", "^there is no file 'nothing.keras'$"),
        ("models:blok", "^'models:blok' makes no model: AttributeError: "),
        ("nowhere:block", "^'nowhere:block' makes no model: ModuleNotFoundError: "),
        ("models:number", "^'models:number' makes what is no Keras model: int$"),
        ("models.py", "^'models.py' is no model that is read here: one ends in .keras, "),
        ("torn.keras", "^'torn.keras' cannot be read as a model: .*; load it in a function of your own"),
    ],
)
def test_what_is_no_model_is_one_sentence(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLANTED)
    (tmp_path / "models.py").write_text((PLANTED / "models.py").read_text("utf-8"), "utf-8")
    (tmp_path / "torn.keras").write_bytes(b"PK")
    with pytest.raises(NotRead, match=sentence):
        model_named(name)
