"""What follows a convolution: how far each step lets an error grow, and how exactly TensorFlow works it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify import Case, compare
from verify.cases.dtypes import FORMATS
from verify.cases.operands import NORM_EPSILON, Norm, Operands
from verify.cases.operations import is_exact_step, kind_of, slope_of
from verify.oracle.bounds import judgement
from verify.oracle.epilogue import PRECISIONS, activation, follow
from verify.oracle.problem import Problem, problem_of
from verify.subjects.tensorflow.imported import tf

quick = settings(max_examples=40, deadline=None, database=None)

FLOATS = ("float16", "bfloat16", "float32", "float64")
ACTIVATIONS = ("relu", "relu6", "leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5", "elu", "tanh", "sigmoid")
CURVED = ("leaky0.25", "leaky0.2", "leaky0.01", "leaky1.5", "elu", "tanh", "sigmoid")

values = st.lists(st.floats(-50, 50), min_size=1, max_size=20).map(np.array)
fractions = st.floats(-1, 1)


def problem(step: str, dtype: str = "float32") -> Problem:
    return problem_of(Case.parse(f"conv_i1_k1_same_{dtype}_{step}_reals"))


def followed(step: str, dtype: str, v: Any, error: float, **parts: Any) -> tuple[np.ndarray, np.ndarray]:
    """The values after a step, and the error allowed in them, from values with an error."""
    operands = Operands(input=np.zeros(0), factor=np.zeros(0), **parts)
    v = np.asarray(v, np.float64).reshape(1, -1, 1)
    error_before = np.full(v.shape, error)
    after, allowed = follow(problem(step, dtype), operands, v, allowed=error_before, magnitude=np.abs(v))
    return after.ravel(), np.asarray(allowed).ravel()


def into_the_filters(case: Case, *, terms: int | None = None) -> Any:
    """The answer of one cell with the normalisation worked into the filters, summed in float32."""
    assert case.norm is not None
    factor = case.norm.scale / np.sqrt(case.norm.variance + np.float32(NORM_EPSILON))
    products = case.input.reshape(-1, 1) * (case.filters.reshape(-1, case.filter_count) * factor)
    sums = np.add.accumulate(products[:terms], axis=0, dtype=np.float32)[-1]
    return (sums + (case.norm.offset - case.norm.mean * factor)).reshape(case.output_shape)


def norm_case(dtype: str, seed: int) -> Case:
    return Case.parse(f"conv_n2_i40_c3_k3_f9_same_{dtype}_norm_reals{seed}")


def folded(x: Any, norm: Norm, eps: Any) -> Any:
    """The factor and the offset − mean · factor first, as TensorFlow's inference has it."""
    factor = norm.scale / np.sqrt(norm.variance + eps)
    return x * factor + (norm.offset - norm.mean * factor)


def centred(x: Any, norm: Norm, eps: Any) -> Any:
    """(x − mean) · (scale · 1/√…) + offset."""
    return (x - norm.mean) * (norm.scale * (1 / np.sqrt(norm.variance + eps))) + norm.offset


def standardised(x: Any, norm: Norm, eps: Any) -> Any:
    """The standardised value first, as a textbook writes it."""
    return (x - norm.mean) / np.sqrt(norm.variance + eps) * norm.scale + norm.offset


FORMS = (folded, centred, standardised)


def normalised(form: Callable[..., Any], case: Case, *, epsilon: float = NORM_EPSILON) -> Any:
    """A case's answer where the sums are right and the normalisation is worked in the dtype."""
    kind = case.dtype.type
    sums = judgement(replace(case, epilogue=())).wanted.astype(case.dtype)
    assert case.norm is not None
    return form(sums, case.norm, kind(epsilon)).astype(case.dtype)


def inputs(dtype: str) -> np.ndarray:
    """Every normal number of a narrow dtype; 100,000 of a wide one, half of every size and half below 30."""
    form = FORMATS[dtype]
    if form.token != form.accumulator:
        every = np.arange(2**16, dtype=np.uint16).view(form.dtype)
        with np.errstate(invalid="ignore"):
            size = np.abs(every.astype(np.float64))
        return every[(size == 0) | ((size >= form.least_normal) & np.isfinite(size))]
    random = np.random.default_rng(1)
    spread = np.ldexp(random.uniform(0.5, 1, 50_000), random.integers(form.least_exponent + 2, 12, 50_000))
    near = random.uniform(0, 30, 50_000)
    return (np.concatenate([spread, near]) * random.choice([-1, 1], 100_000)).astype(form.dtype)


def exactly(step: str, x: np.ndarray, slope: Any) -> Any:
    """A step's value in longer arithmetic than float64."""
    v = x.astype(np.float64).astype(np.longdouble)
    match kind_of(step):
        case "leaky":
            return np.where(v > 0, v, slope * v)
        case "elu":
            return np.where(v > 0, v, np.expm1(np.minimum(v, 0)))
        case "tanh":
            return np.tanh(v)
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-v))


OF_TENSORFLOW: dict[str, Callable[..., Any]] = {
    "leaky": tf.nn.leaky_relu,
    "elu": tf.nn.elu,
    "tanh": tf.nn.tanh,
    "sigmoid": tf.nn.sigmoid,
}


def by_tensorflow(step: str, x: np.ndarray, *, compiled: bool) -> np.ndarray:
    kind = kind_of(step)

    def apply(values: Any) -> Any:
        return tf.nn.leaky_relu(values, slope_of(step)) if kind == "leaky" else OF_TENSORFLOW[kind](values)

    with tf.device("/CPU:0"):
        work = tf.function(apply, jit_compile=True) if compiled else apply
        return work(tf.constant(x)).numpy()


def excess(step: str, dtype: str, *, compiled: bool, slope: Any = None, shrunk: int = 1) -> float:
    """The largest error of TensorFlow over what `PRECISIONS` (through `shrunk`) and one rounding allow."""
    form, x = FORMATS[dtype], inputs(dtype)
    wanted = exactly(step, x, slope if slope is not None else np.longdouble(slope_of_or_none(step)))
    rounding = FORMATS[form.accumulator] if kind_of(step) != "leaky" else form
    of_value, of_one, of_one_stored = PRECISIONS[kind_of(step)]
    allowed = 2 * rounding.roundoff * (of_value * np.abs(wanted) + of_one) / shrunk + 2 * form.least_normal
    if form.token != form.accumulator:
        allowed = allowed + 2 * form.roundoff * of_one_stored / shrunk + form.roundoff * np.abs(wanted)
    inside = np.abs(wanted) < form.largest
    error = np.abs(
        by_tensorflow(step, x, compiled=compiled).astype(np.float64).astype(np.longdouble) - wanted
    )
    return float((error[inside] / allowed[inside]).max())


def slope_of_or_none(step: str) -> float:
    return slope_of(step) if kind_of(step) == "leaky" else 0.0


def with_error(step: str, v: np.ndarray, error: float, share: float) -> np.ndarray:
    return activation(step)(v + share * error)


@pytest.mark.parametrize("step", ACTIVATIONS)
@pytest.mark.parametrize("dtype", FLOATS)
@given(v=values, error=st.floats(0, 20), share=fractions)
@quick
def test_value_of_an_input_within_its_error_is_within_what_is_allowed(dtype, step, v, error, share):
    after, allowed = followed(step, dtype, v, error)
    assert (np.abs(with_error(step, v, error, share) - after) <= allowed + 1e-12).all()


@pytest.mark.parametrize("step", ACTIVATIONS)
@given(v=values, error=st.floats(0.5, 20))
@quick
def test_value_of_an_input_beyond_its_error_is_seen_where_the_step_rises(step, v, error):
    after, allowed = followed(step, "float64", v, error)
    above = activation(step)(v + 1.01 * error) - activation(step)(v + error)
    moved = activation(step)(v + 1.01 * error) - after
    below = after - activation(step)(v - error)
    assert ((moved > allowed) | (above < 1e-9) | (below > moved)).all()


@pytest.mark.parametrize("step", ACTIVATIONS)
@given(v=values, w=values)
@quick
def test_no_activation_ever_falls(step, v, w):
    low, high = np.minimum(v[0], w[0]), np.maximum(v[0], w[0])
    assert activation(step)(low) <= activation(step)(high)


@pytest.mark.parametrize("dtype", FLOATS)
@given(v=values, error=st.floats(0, 20), share=fractions, seed=st.integers(0, 99))
@quick
def test_residual_carries_an_error_and_rounds_once(dtype, v, error, share, seed):
    added = np.random.default_rng(seed).uniform(-9, 9, v.size).astype(FORMATS[dtype].dtype)
    after, allowed = followed("residual", dtype, v, error, residual=added.reshape(1, -1, 1))
    near = (v + share * error + added.astype(np.float64)).astype(FORMATS[dtype].dtype).astype(np.float64)
    assert (np.abs(near - after) <= allowed).all()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("seed", range(6))
def test_every_form_of_a_normalisation_is_within_the_bound(dtype, seed, form):
    case = norm_case(dtype, seed)
    assert compare(case, normalised(form, case)).holds


@pytest.mark.parametrize("fill", ["ones", "iota", "ints3", "dyadic2", "reals3"])
def test_a_normalisation_that_is_worked_into_the_filters_is_within_the_bound(fill):
    case = Case.parse(f"conv_i1_c2057_k1_f9_same_norm_{fill}")
    assert compare(case, into_the_filters(case)).holds


@pytest.mark.parametrize("fill", ["ones", "iota"])
def test_a_product_that_is_lost_before_a_normalisation_is_caught(fill):
    case = Case.parse(f"conv_i1_c2057_k1_f9_same_norm_{fill}")
    assert not compare(case, into_the_filters(case, terms=-1)).holds


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("form", FORMS)
def test_normalisation_with_another_epsilon_is_caught(dtype, form):
    case = norm_case(dtype, 0)
    assert not compare(case, normalised(form, case, epsilon=0.05)).holds


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon", [0.0, 1e-3])
def test_normalisation_with_a_nearly_right_epsilon_is_caught_in_wide_dtypes(dtype, epsilon):
    case = norm_case(dtype, 0)
    assert not compare(case, normalised(folded, case, epsilon=epsilon)).holds


@pytest.mark.parametrize("dtype", FLOATS)
def test_normalisation_has_numbers_for_each_channel_in_the_dtype(dtype):
    parts = norm_case(dtype, 0).norm
    assert parts is not None
    assert {(part.shape, part.dtype) for part in parts} == {((9,), FORMATS[dtype].dtype)}
    assert (parts.variance.astype(float) > 0).all()
    assert (parts.scale.astype(float) != 0).all()


@pytest.mark.parametrize("step", ["norm", "residual", "relu6", "leaky0.2", "elu", "tanh", "sigmoid"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_reason_names_the_steps_that_round(dtype, step):
    rule = judgement(Case.parse(f"conv_i3_k2_same_{dtype}_{step}_reals"))
    assert rule.why((0, 0, 0)).endswith(f", then {step}") == (step != "relu6")


@pytest.mark.parametrize(
    ("step", "exact"),
    [
        *(
            (step, True)
            for step in ("bias", "residual", "relu", "relu6", "leaky0.25", "leaky2", "leaky1", "leaky0.0625")
        ),
        *(
            (step, False)
            for step in (
                "leaky0.2",
                "leaky1.5",
                "leaky0.01",
                "leaky0",
                "leaky0.03125",
                "norm",
                "elu",
                "tanh",
                "sigmoid",
            )
        ),
    ],
)
def test_steps_that_round_nothing_are_exact(step, exact):
    assert is_exact_step(step) is exact


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("step", CURVED)
def test_tensorflow_works_within_the_stated_units(step, dtype, compiled):
    # TensorFlow's slope is a float32, whatever the dtype.
    slope = np.longdouble(np.float32(slope_of_or_none(step))) if dtype == "float64" else None
    assert excess(step, dtype, compiled=compiled, slope=slope) <= 1


@pytest.mark.parametrize(
    ("step", "dtype", "shrunk"),
    [
        ("leaky0.2", "float32", 4),
        ("elu", "float16", 16),
        ("elu", "bfloat16", 8),
        ("elu", "float32", 10),
        ("tanh", "float32", 8),
        ("tanh", "float64", 4),
        ("sigmoid", "float16", 8),
        ("sigmoid", "bfloat16", 8),
        ("sigmoid", "float32", 10),
    ],
)
def test_stated_units_are_not_far_from_what_tensorflow_needs(step, dtype, shrunk):
    assert excess(step, dtype, compiled=False, shrunk=shrunk) > 1


def test_tensorflow_takes_a_slope_as_float32_in_float64():
    assert excess("leaky0.2", "float64", compiled=False) > 1e6
    assert excess("leaky0.25", "float64", compiled=False) <= 1
