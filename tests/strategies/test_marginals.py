"""A case for each way, operation and dtype: the same ones in every process."""

from __future__ import annotations

from itertools import product

from strategies.marginals import marginals
from verify.cases.domain import EVERY_CASE


def test_ways_and_operations_are_in_their_order_and_the_first_has_the_dtypes() -> None:
    domains = {"one": EVERY_CASE, "two": EVERY_CASE}
    pairs = [(way, case.operation) for way, case in marginals(domains)]
    assert [*dict.fromkeys(pairs)] == [*product(domains, EVERY_CASE.spaces)]
    dtypes = {case.format.token for way, case in marginals(domains)}
    assert pairs.count(("one", next(iter(EVERY_CASE.spaces)))) == len(dtypes) > 1
