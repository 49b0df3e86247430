"""Regions: data that can be relied on, conditions that hold of what they name, and costs that are bounded."""

from __future__ import annotations

from textwrap import dedent

import pytest

from verify import Case
from verify.cases.regions import (
    EXPENSIVE,
    Draws,
    parse_regions,
    region_names,
    regions,
    regions_of,
    work,
)

INSIDE = {
    "conv_i6x6_c8_k3x3_f16_same_ones": ("plain-3x3-of-8-channels", "winograd-tiles", "work-above-threads"),
    "conv_i4x4_c3_k1x1_f4_same_ones": ("pointwise", "three-input-channels"),
    "conv_n8_i28x3_k4x3_f4_s1x2_valid_ones": (
        "kernel-at-input",
        "kernel-no-multiple-of-stride",
        "one-input-channel",
        "one-output-column",
        "one-output-column-strided",
        "strides-differ",
    ),
    "conv_i20_c2_k2_f2_d2_p2.0_ints1": ("causal", "causal-dilated", "dilated", "padding-of-one-side"),
    "filtergrad_i7x7_c24_k3x3_f24_s2x2_g24_p1.1x1.1_ones": (
        "depthwise-filter-gradient",
        "group-for-each-channel",
        "kernel-no-multiple-of-stride",
        "three-by-three-by-two",
    ),
    "conv_i4_c4_k3_g4_f4_same_ones": ("group-for-each-channel",),
    "depthwise_i5x5_c16_k3x3_same_ones": ("depthwise-at-a-vector", "depthwise-by-winograd"),
    "conv_i2_k3_same_ones": ("kernel-above-input",),
    "conv_i2x2_k3x1_same_ones": ("kernel-above-input", "row-or-column-kernel"),
    "conv_i5_c300_k1_valid_bfloat16_ones": ("one-filter", "pointwise", "sums-above-256"),
    "filtergrad_i9_k3_same_bias_ones": (),
    "conv_i1_k1_s0_same_ones_illegal": (),
}


@pytest.mark.parametrize(("word", "names"), INSIDE.items())
def test_case_lies_in_its_regions(word, names):
    assert sorted(regions_of(Case.parse(word))) == sorted(names)


def test_there_are_more_than_forty_regions_with_names_of_their_own():
    assert [*regions()] == [*region_names()]
    assert len(regions()) > 40


@pytest.mark.parametrize("name", region_names())
class TestEachRegion:
    def test_name_is_written_with_hyphens_and_its_sentence_is_one(self, name):
        sentence = regions()[name].sentence
        assert name == name.lower().replace("_", "-").replace(" ", "-")
        assert sentence[-1] != "."
        assert ". " not in sentence

    def test_every_library_has_a_link_to_where_it_decides(self, name):
        libraries = regions()[name].libraries
        assert libraries
        assert all(link.startswith("https://github.com/") for link in libraries.values())

    def test_float64_draws_no_more_than_other_dtypes(self, name):
        region = regions()[name]
        for operation in region.operations:
            drawn = {dtype: region.drawn(operation, dtype) for dtype in (*EXPENSIVE, "float32")}
            assert drawn["float64"] == drawn["int32"]
            for number in ("size", "channels", "filters"):
                assert len(getattr(drawn["float64"], number)) <= len(getattr(drawn["float32"], number))


@pytest.mark.parametrize(
    ("word", "products"),
    [
        ("conv_n2_i5x4_c3_k3x2_f7_same_ones", 2 * 20 * 6 * 3 * 7),
        ("conv_i5_c4_k3_f8_g2_valid_ones", 3 * 3 * 2 * 8),
        ("depthwise_i5_c4_k3_m2_valid_ones", 3 * 3 * 8),
        ("separable_i5_c4_k3_m2_f5_valid_ones", 3 * 8 * (3 + 5)),
        ("transpose_i5_c4_k3_f8_valid_ones", 3 * 3 * 4 * 8),
        ("filtergrad_i5_c4_k3_f8_valid_ones", 3 * 3 * 4 * 8),
    ],
)
def test_work_counts_products(word, products):
    assert work(Case.parse(word)) == products


ENTRY = """
    grammar = 2
    [source]
    list = ["a library", "https://example.org/list"]
    [[region]]
    name = "small"
    sentence = "little"
    operations = ["conv"]
    when = "max(size) < 3"
    sources = ["list"]
    draws = { size = [1, "kernel"] }
"""


def test_region_is_what_its_entry_says():
    region = parse_regions(dedent(ENTRY))["small"]
    assert region.libraries == {"a library": "https://example.org/list"}
    assert region.holds(Case.parse("conv_i2_k1_same_ones"))
    assert not region.holds(Case.parse("conv_i3_k1_same_ones"))
    assert not region.holds(Case.parse("transpose_i2_k1_same_ones"))
    drawn = region.drawn("conv", "float32")
    assert [drawn.size[0], drawn.size[1]({"kernel": 7})] == [1, 7]
    assert drawn.stride == Draws().stride


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"max(size) < 3"', '"max(sise) < 3"', "the condition 'max(sise) < 3' cannot be evaluated"),
        ('"kernel"', '"colonel"', "'colonel'"),
        ("{ size", "{ sise", "'sise' is nothing that is drawn"),
        ('sources = ["list"]', 'sources = ["map"]', "it has no 'map'"),
        ('["conv"]', '["pool"]', "'pool' is no operation"),
        ('sentence = "little"', 'remark = "little"', "'remark' is none of its keys"),
        ('name = "small"', 'name = "small"\nfloat64 = { ranks = [1] }', "'ranks' is drawn before the dtype"),
    ],
)
def test_wrong_entry_is_refused_in_a_sentence_that_names_it(old, new, sentence):
    with pytest.raises(ValueError, match=r"^the region 'small' cannot be read: ") as refused:
        parse_regions(dedent(ENTRY).replace(old, new))
    assert sentence in str(refused.value)


def test_two_regions_of_one_name_are_refused():
    entry = dedent(ENTRY)
    with pytest.raises(ValueError, match=r"^there are two regions 'small'$"):
        parse_regions(entry + entry[entry.index("[[region]]") :])
