"""What a subject says of itself: its attributes, and one sentence for one of a wrong name or value."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tests.checks.declaring import declaring, refusal
from tests.checks.disagreements import CASE, named
from verify import Case, check
from verify.cases.domain import BOUNDS, Domain, Space
from verify.cases.dtypes import DTYPES as EVERY_DTYPE
from verify.cases.operations import AROUND
from verify.checks.deviations import condition
from verify.checks.limits import Limit
from verify.checks.subject import Declined, describe

WORDS = "not a list of some of conv, depthwise, separable, transpose, filtergrad"
DTYPES = f"not a list of some of {', '.join(EVERY_DTYPE)}"
FORMATS = "not a list of some of channels_last, channels_first"
WAYS = "not a mapping of names, without white space, / and *, to callables"


@pytest.mark.parametrize(
    ("attribute", "value", "due"),
    [
        ("operations", "conv", f"{WORDS}: write ('conv',)"),
        ("operations", ("cnv",), f"{WORDS}; did you mean 'conv'?"),
        ("operations", 3, WORDS),
        ("operations", (), WORDS),
        ("operations", {"conv": 1}, WORDS),
        ("refuses", ["conv", 1], WORDS),
        ("around", ("gelu",), f"not a list of some of {', '.join(AROUND)}; did you mean 'elu'?"),
        ("ranks", (2, 4), "not a list of some of 1, 2, 3"),
        ("ranks", 2, "not a list of some of 1, 2, 3: write (2,)"),
        ("ranks", {"conv": 2}, "not a list of some of 1, 2, 3: write (2,)"),
        ("ranks", ("2",), "not a list of some of 1, 2, 3; did you mean 2?"),
        ("ranks", (True,), "not a list of some of 1, 2, 3"),
        ("dtypes", ("float23",), f"{DTYPES}; did you mean 'float32'?"),
        ("dtypes", (np.complex64,), DTYPES),
        ("dtypes", np.float32, f"{DTYPES}: write (<class 'numpy.float32'>,)"),
        ("dtypes", (), DTYPES),
        ("data_formats", ("NHCW",), f"{FORMATS}; did you mean 'NHWC'?"),
        ("data_formats", ("ndhcw",), f"{FORMATS}; did you mean 'NDHWC'?"),
        ("data_formats", "NCHW", f"{FORMATS}: write ('NCHW',)"),
        (
            "paddings",
            ("SMAE",),
            "not a list of some of same, valid, explicit; did you mean 'same'?",
        ),
        ("ranks", {"cnv": (2,)}, f"not a mapping of {WORDS.partition('list of ')[2]}; did you mean 'conv'?"),
        ("ranks", {"conv": (4,)}, "not a list of some of 1, 2, 3"),
        ("max_side", 0, "not a whole number above 0"),
        ("max_side", True, "not a whole number above 0"),
        ("max_stride", {"conv": "2"}, "not a whole number above 0"),
        ("supports", 3, "not a function of a case, or a condition"),
        ("limits", ("none",), "not a list of limits"),
        ("domain", {}, "not a Domain"),
        ("usual", {"rank": (1,)}, "not a mapping of narrowings: rank is no narrowing; did you mean 'ranks'?"),
        (
            "usual",
            {"fills": ("ones",)},
            "not a mapping of narrowings of a domain, of which fills says nothing",
        ),
        ("ways", ("a",), WAYS),
        ("ways", {"a b": len}, WAYS),
        ("ways", {"a/b": len}, WAYS),
        ("ways", {"": len}, WAYS),
        ("ways", {"a": 1}, "not a mapping of names to callables: 'a' is none"),
        (
            "matrix",
            {"OMP_NUM_THREADS": 1},
            'not a mapping of names to lists of strings, such as {"OMP_NUM_THREADS": ("1", "2")}',
        ),
        ("compiles", 1, "not True or False"),
        ("switches", {"THREADS": 1}, "not a mapping of strings to strings"),
        ("switches", ["A"], "not a mapping of strings to strings"),
        ("version", 1.4, "not a string"),
        ("known", ("what is recorded",), "not a list of deviations"),
        ("condition_names", {"gpu": True}, "not a mapping of some of switches, onednn, way"),
        ("close", "yes", "not a function"),
        ("headline", 3, "not a string"),
    ],
)
def test_wrong_attribute_is_one_sentence(attribute: str, value: object, due: str) -> None:
    assert refusal(**{attribute: value}) == f"the subject 'mine' has {attribute} = {value!r}, {due}"


def test_condition_that_is_none_is_one_sentence() -> None:
    assert refusal(supports="ranks == 1").startswith(
        "the subject 'mine' has supports = 'ranks == 1', not a condition: "
    )


def test_name_that_is_none_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match=r"declaring.<locals>.subject>?' has name = 3, not a string"):
        describe(declaring(name=3))


@pytest.mark.parametrize("name", ["", "my conv", "a\nb"])
def test_name_that_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"has name = '.*', not a string without white space$"):
        describe(declaring(name=name))


@pytest.mark.parametrize("attribute", ["operations", "name", "version"])
def test_attribute_that_raises_is_one_sentence(attribute: str) -> None:
    def raises(self: object) -> None:
        raise RuntimeError("no device")

    subject = type("Broken", (), {attribute: property(raises), "__call__": lambda self, case: None})()
    with pytest.raises(ValueError, match=rf"has {attribute}, which raises RuntimeError: no device$"):
        describe(subject)


@pytest.mark.parametrize(
    ("attributes", "spaces"),
    [
        ({"ranks": (2,)}, {"conv": {"ranks": (2,)}}),
        ({"data_formats": ["NHWC"]}, {"conv": {"data_formats": ("channels_last",)}}),
        ({"data_formats": {"channels_first"}}, {"conv": {"data_formats": ("channels_first",)}}),
        ({"paddings": ("SAME", "valid")}, {"conv": {"paddings": ("same", "valid")}}),
        ({"dtypes": ("float32", "int32")}, {"conv": {"dtypes": ("float32", "int32")}}),
        ({"dtypes": (np.dtype("float32"), np.int32)}, {"conv": {"dtypes": ("float32", "int32")}}),
        ({"dtypes": ("FLOAT16", ml_dtypes.bfloat16)}, {"conv": {"dtypes": ("float16", "bfloat16")}}),
        ({"around": ()}, {"conv": {"around": ()}}),
        *(({bound: 2}, {"conv": {bound: 2}}) for bound in BOUNDS),
        (
            {"operations": ("conv", "transpose"), "ranks": (1,)},
            {"conv": {"ranks": (1,)}, "transpose": {"ranks": (1,)}},
        ),
        (
            {
                "operations": ("conv", "transpose"),
                "dtypes": {"transpose": ("float64",)},
                "max_stride": {"conv": 1},
            },
            {"conv": {"max_stride": 1}, "transpose": {"dtypes": ("float64",)}},
        ),
        ({"operations": ("depthwise",), "ranks": (1, 2, 3)}, {"depthwise": {"ranks": (1, 2)}}),
    ],
    ids=str,
)
def test_attributes_of_a_domain_are_for_all_operations_or_for_one(
    attributes: dict[str, Any], spaces: dict[str, dict[str, Any]]
) -> None:
    described = describe(declaring(**{"operations": ("conv",), **attributes}))
    assert described.domain.spaces == {name: Space(**space) for name, space in spaces.items()}


@pytest.mark.parametrize("said", [{"ranks": (2,)}, {"dtypes": ("float64",)}, {"max_groups": 1}])
def test_subject_that_says_no_operation_says_the_rest_of_all(said: dict[str, Any]) -> None:
    described = describe(declaring(**said))
    assert all(getattr(space, *said) == said[next(iter(said))] for space in described.domain.spaces.values())
    assert described.operations == ("conv",)


SUPPORTS = [
    pytest.param("max(dilations) == 1", "supports = 'max(dilations) == 1'", id="text"),
    pytest.param(lambda case: max(case.dilations) == 1, "`supports`", id="function"),
]


@pytest.mark.parametrize(("supports", "sentence"), SUPPORTS)
def test_what_no_list_can_say_is_a_text_or_a_function(supports: object, sentence: str) -> None:
    domain = describe(declaring(supports=supports)).domain
    words = ("conv_i5_k2_same_ones", "conv_i5_k2_d2_same_ones", "depthwise_i5_k2_d2_same_ones")
    assert [domain.why_not(Case.parse(word)) for word in words] == ["", sentence, sentence]


@pytest.mark.parametrize(("supports", "sentence"), SUPPORTS)
def test_what_is_supported_may_be_said_of_one_operation(supports: object, sentence: str) -> None:
    domain = describe(declaring(supports={"conv": supports})).domain
    words = ("conv_i5_k2_d2_same_ones", "depthwise_i5_k2_d2_same_ones")
    assert [domain.why_not(Case.parse(word)) for word in words] == [sentence, ""]


def test_subject_is_not_asked_what_is_outside() -> None:
    asked: list[Case] = []
    subject = named(lambda case: asked.append(case), "mine")
    vars(subject)["ranks"] = (1, 3)
    verdict = check(CASE, subject)
    assert (verdict.outcome, verdict.sentence) == ("declined", "mine: it answers ranks 1, 3, not 2")
    assert asked == []


def test_description_declines_what_is_outside() -> None:
    with pytest.raises(Declined, match=r"^mine: it answers dtypes float64, not float32$"):
        describe(declaring(name="mine", dtypes=("float64",)))(CASE)


def test_limit_is_the_end_of_a_domain() -> None:
    limit = Limit(condition("max(dilations) > 1"), ("no dilation here",), ("conv_i5_k2_d2_same_ones",))
    described = describe(declaring(limits=[limit]))
    assert described.limits == (limit,)
    assert described.domain.why_not(Case.parse("conv_i5_k2_d2_same_ones")) == "no dilation here"
    assert described.domain.holds(Case.parse("conv_i5_k2_same_ones"))


def test_domain_may_be_said_at_once() -> None:
    domain = Domain(spaces={"transpose": Space(ranks=(3,))})
    described = describe(declaring(domain=domain))
    assert (described.domain.spaces, described.operations) == (domain.spaces, ("transpose",))


@pytest.mark.parametrize(
    ("attribute", "meant"),
    [
        ("rank", "ranks"),
        ("dtype", "dtypes"),
        ("operation", "operations"),
        ("max_strides", "max_stride"),
        ("data_format", "data_formats"),
        ("support", "supports"),
        ("compile", "compiles"),
    ],
)
def test_attribute_of_nearly_a_name_is_refused(attribute: str, meant: str) -> None:
    assert refusal(**{attribute: (1,)}) == (
        f"the subject 'mine' has {attribute}, which says nothing; did you mean {meant!r}?"
    )


@pytest.mark.parametrize("attribute", ["calls", "cache_info", "weights", "device"])
def test_attribute_of_another_name_is_the_subjects_own(attribute: str) -> None:
    assert describe(declaring(**{attribute: 1})).name
