"""Cases that are rich in what a script must write, for every way into TensorFlow."""

from __future__ import annotations

from verify import Case
from verify.checks.subject import Description
from verify.subjects.tensorflow.ways import WAYS, Way

EVERY_WAY = list(dict.fromkeys(way for ways in WAYS.values() for way in ways if isinstance(way, Way)))

_WORDS = {
    "conv": (
        "conv_n2_i5x4_c2_k3x2_f4_s2x1_z1.0x0.2_same_norm_residual_leaky0.25_reals3",
        "conv_n2_i5x4_c2_k3x2_f4_d1x2_g2_p1.0x0.2_bias_relu6_dyadic1",
        "conv_i5x4_c2_k3x2_f4_valid_bias_elu_reals3",
        "conv_i3x4x5_c2_k1x2x3_f2_s2x1x2_valid_float64_norm_relu_ints3",
        "conv_i9_c2_k3_f2_s2_same_bfloat16_bias_tanh_ints1",
    ),
    "depthwise": (
        "depthwise_n2_i5x4_c3_k3x2_m2_s2x2_z1.0x0.2_same_norm_residual_tanh_reals3",
        "depthwise_i9_c3_k3_m2_s2_same_float16_bias_relu_ints2",
        "depthwise_i5x4_c3_k3x2_m2_p1.0x0.2_bias_leaky0.25_ints3",
    ),
    "separable": (
        "separable_n2_i5x4_c3_k3x2_f2_m2_s2x2_same_norm_residual_elu_reals3",
        "separable_i9_c3_k3_f2_m2_same_bias_relu_ints3",
    ),
    "transpose": (
        "transpose_n2_i5x5_c2_k3x2_f4_s2x2_same_norm_residual_sigmoid_reals3",
        "transpose_n2_i5x5_c4_k3x2_f4_s2x2_g4_same_float16_ints1",
        "transpose_i3x4x5_c2_k1x2x3_f2_s2x1x2_valid_float64_bias_relu_ints",
    ),
    "filtergrad": (
        "filtergrad_n2_i5x5_c2_k3x2_f4_s2x2_same_ints3",
        "filtergrad_n2_i5x5_c4_k3x2_f4_s2x2_g4_same_reals3",
        "filtergrad_n2_i5x5_c2_k3x2_f4_s2x2_same_float64_bias_dyadic1",
        "filtergrad_n2_i5x5_c2_k1x1_f4_s2x2_same_bias_ints3",
    ),
}


def candidates(subject: Description, operation: str) -> list[Case]:
    """The first two cases of an operation in a subject's domain, as they are or in another rank or dtype."""
    domain = subject.routes[0].domain
    words = list(map(Case.parse, _WORDS[operation]))
    inside = [case for case in words if domain.holds(case)]
    carried = (domain.carried(case) for case in words)
    inside = inside or [case for case in carried if case is not None][:1]
    assert inside
    return inside[:2]
