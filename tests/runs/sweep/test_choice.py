"""What a sweep enumerates is what was chosen, as narrowings and the subject's domain leave it."""

from __future__ import annotations

from typing import Any

import pytest

from verify.cases.domain import Domain, Space
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.runs.sweep.choice import enumeration_of


def chosen(
    domain: Domain | None = None, upto: int = 6, cells: int | None = None, **narrowings: Any
) -> Enumeration:
    return enumeration_of(domain or Domain(), upto, narrowings=narrowings, cells=cells)


def test_a_domain_of_everything_leaves_the_usual_enumeration() -> None:
    assert chosen() == enumeration_upto(6)


@pytest.mark.parametrize(
    ("narrowings", "numbers"),
    [
        ({"ranks": (1, 3)}, {"ranks": (1, 3)}),
        ({"data_formats": ("channels_first",)}, {"data_formats": ("channels_first",)}),
        ({"fills": ("ones", "reals")}, {"fills": ("ones", "reals")}),
        ({"around": ("bias",)}, {"around": ("bias",)}),
        ({"steps": ("plain",)}, {"steps": ("plain",)}),
        ({"max_side": 3}, {"size": 3}),
        ({"max_kernel": 2, "max_stride": 1}, {"kernel": 2, "stride": 1}),
        ({"max_kernel": 9, "max_batch": 3}, {}),
    ],
)
def test_a_narrowing_leaves_less_of_an_enumeration(
    narrowings: dict[str, Any], numbers: dict[str, Any]
) -> None:
    usual = {"kernel": 4, "stride": 3, "dilation": 2, "size": 6}
    assert chosen(**narrowings) == Enumeration(**{**usual, **numbers})


def test_a_bound_of_channels_is_one_of_filters_as_well() -> None:
    swept = enumeration_of(Domain(), 2, narrowings={"max_channels": 2}, channels=4, filters=3)
    assert (swept.channels, swept.filters) == (2, 2)


def test_explicit_padding_comes_beside_the_paddings_that_are_left() -> None:
    assert chosen(cells=2, paddings=("valid",)).paddings == ("valid", "explicit")


def test_what_a_domain_lacks_is_replaced_by_its_first() -> None:
    space = Space(
        ranks=(1,), dtypes=("int32",), data_formats=("channels_first",), paddings=("valid",), max_kernel=2
    )
    swept = chosen(Domain(spaces={"transpose": space}))
    assert (swept.operations, swept.ranks, swept.dtypes) == (("transpose",), (1,), ("int32",))
    assert (swept.data_formats, swept.paddings, swept.kernel) == (("channels_first",), ("valid",), 2)


def test_a_domain_bounds_numbers_where_all_its_operations_do() -> None:
    spaces = {"conv": Space(max_kernel=2), "depthwise": Space()}
    assert chosen(Domain(spaces=spaces), operations=("conv",)).kernel == 2
    assert chosen(Domain(spaces=spaces), operations=("conv", "depthwise")).kernel == 4
