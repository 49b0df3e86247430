"""Which known deviations a word meets: those whose condition holds of it, in the subjects that take it."""

from __future__ import annotations

from importlib import metadata

import pytest

from verify import Case
from verify.reports.meetings import meeting_lines
from verify.subjects.tensorflow.models.meetings import Meeting, meetings_of

CLAMPED = "conv_i1x1x3_k1x1x1_s1x1x3_same_float64_dyadic"
"""A layer of which tf.nn.conv3d cuts off cells."""


def meetings(word: str) -> dict[str, Meeting]:
    return {each.deviation.name: each for each in meetings_of([Case.parse(word)]) if not each.where}


def test_a_layer_meets_a_deviation_whose_condition_holds() -> None:
    met = meetings(CLAMPED)["conv3d-same-without-clamp"]
    assert "tensorflow" in met.subjects
    assert met.switches == {}


def test_a_plain_layer_meets_none_in_its_own_answer() -> None:
    assert meetings("conv_i8x8_c3_k3x3_f4_same_bias_relu_dyadic") == {}


@pytest.mark.parametrize(
    ("word", "name", "switches"),
    [
        (
            "conv_i8x8_c3_k3x3_f4_same_relu_dyadic",
            "onednn-graph-fused-relu-drops-nan",
            {"TF_ENABLE_ONEDNN_OPTS": "1"},
        ),
        ("conv_i8x8_c3_k3x3_f4_same_dyadic", "lite-clamps-infinity", {}),
    ],
)
def test_switches_and_data_under_which_it_happens_are_said(
    word: str, name: str, switches: dict[str, str]
) -> None:
    (met,) = [
        each
        for each in meetings_of([Case.parse(word)])
        if each.deviation.name == name and each.case.operation == "conv"
    ]
    assert (met.switches, met.where) == (switches, "where the input has NaN or infinity")


def test_lines_name_the_layers_the_place_and_what_is_wrong() -> None:
    case = Case.parse(CLAMPED)
    lines = [*meeting_lines({case: ["first", "second"]}, meetings_of([case]))]
    place = next(
        number for number, line in enumerate(lines) if line.startswith("conv3d-same-without-clamp: ")
    )
    assert lines[place + 1].startswith("  where    tensorflow, ")
    assert lines[place + 2] == "  layers   2: first, second"
    assert lines[-1].startswith("1 of 1 word meets ")


def test_none_is_one_sentence() -> None:
    case = Case.parse("conv_i8_k1_valid_ones")
    assert [*meeting_lines({case: ["only"]}, [])] == [
        "None of 1 word meets a known deviation; nothing was run."
    ]


def test_tensorflow_may_be_installed_under_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `tensorflow-cpu` is."""

    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert "conv3d-same-without-clamp" in meetings(CLAMPED)
