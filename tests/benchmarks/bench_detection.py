"""How many drawn cases it takes to see each fault, against naive uniform drawing.

python -m tests.benchmarks.bench_detection [SEEDS] prints a table; medians are over the seeds. The test holds
the strategy to what it promises, on fewer seeds.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from strategies.cases import DTYPES
from strategies.sample import sample
from verify import Case
from verify.cases.dtypes import FORMATS
from verify.cases.operations import OPERATIONS
from verify.cases.word import InvalidCase
from verify.faults import FAULTS
from verify.faults.visibility import visibility

EXAMPLES = 200
"""Examples within which every fault must be seen."""
NEVER = EXAMPLES + 1


def naive(seed: int) -> Iterator[Case]:
    """Each size on its own from a small range, SAME or VALID, normal values, a bias and a relu or none."""
    chance = random.Random(seed)
    while True:
        rank = chance.randint(1, 3)
        operation, dtype = chance.choice(tuple(OPERATIONS)), chance.choice(DTYPES)
        is_depthwise = operation in ("depthwise", "separable")

        def sizes(largest: int, rank: int = rank) -> tuple[int, ...]:
            return tuple(chance.randint(1, largest) for _ in range(rank))

        groups = 1 if is_depthwise else chance.randint(1, 2)
        with suppress(InvalidCase):
            yield Case(
                operation=operation,
                batch=chance.randint(1, 4),
                size=sizes(12),
                channels=groups * chance.randint(1, 8),
                kernel=sizes(5),
                filter_count=1 if operation == "depthwise" else groups * chance.randint(1, 8),
                multiplier=chance.randint(1, 3) if is_depthwise else 1,
                strides=sizes(3),
                dilations=sizes(3),
                groups=groups,
                padding=chance.choice(("SAME", "VALID")),
                dtype=FORMATS[dtype].dtype,
                channels_first=chance.random() < 0.5,
                epilogue=chance.choice(((), ("bias",), ("bias", "relu")))
                if operation != "filtergrad"
                else (),
                fill="ints" if dtype == "int32" else "reals",
                seed=3 * chance.randrange(1000),
            )


def first_seen(cases: Iterable[Case]) -> Counter[str]:
    """For each fault the number of the first case that shows it, from 1; none where no case does."""
    numbers: Counter[str] = Counter()
    for number, case in enumerate(cases, start=1):
        left = [fault for fault in FAULTS if fault.name not in numbers]
        if not left:
            break
        numbers.update(dict.fromkeys(visibility(case, faults=left).visible, number))
    return numbers


def detections(draw: Callable[[int], Iterable[Case]], seeds: Sequence[int]) -> dict[str, list[int]]:
    """For each fault the examples that each seed took; NEVER for a seed that did not see it."""
    draws = [first_seen(draw(seed)) for seed in seeds]
    return {fault.name: [seen.get(fault.name, NEVER) for seen in draws] for fault in FAULTS}


def aimed(seed: int) -> list[Case]:
    return sample(EXAMPLES, seed)


def test_every_fault_is_seen_within_200_examples_and_half_of_them_within_10() -> None:
    counts = detections(aimed, range(3))
    drawn = {fault.name for fault in FAULTS if not fault.is_narrow}
    assert {name: took for name, took in counts.items() if name in drawn and max(took) == NEVER} == {}
    assert statistics.median(statistics.median(took) for took in counts.values()) <= 10


def main(count: int = 20) -> None:
    seeds = range(count)
    ours = detections(aimed, seeds)
    theirs = detections(lambda seed: islice(naive(seed), EXAMPLES), seeds)
    print(f"{'fault':<30}{'median':>8}{'worst':>7}{'naive':>8}{'worst':>7}   of {count} seeds")
    for name, took in ours.items():
        numbers = (statistics.median(took), max(took), statistics.median(theirs[name]), max(theirs[name]))
        print(
            f"{name:<30}" + "".join(f"{_number(n):>{w}}" for n, w in zip(numbers, (8, 7, 8, 7), strict=True))
        )
    for label, counts in (("ours", ours), ("naive", theirs)):
        medians = [statistics.median(took) for took in counts.values()]
        never = sum(NEVER in took for took in counts.values())
        print(f"{label}: median of medians {_number(statistics.median(medians))}; "
              f"{never} of {len(FAULTS)} faults missed by some seed")  # fmt: skip


def _number(examples: float) -> str:
    return f">{EXAMPLES}" if examples >= NEVER else f"{examples:g}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
