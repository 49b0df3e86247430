"""A real scheduler and four workers: what they find is what one process finds, and losses cost nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.places import ROOT
from tests.runs.campaign.asking import RIGHT, WRONG, cases_of, plan_of, records_here
from tests.waiting import comes
from verify.__main__ import main
from verify.checks.interrupts import Interrupted
from verify.reports.terminal import Terminal
from verify.runs.campaign.campaign import Request, campaign
from verify.runs.campaign.link import Link, Unreachable
from verify.runs.campaign.merging import Merging
from verify.runs.campaign.store import Store, Unkept
from verify.runs.campaign.tasks import Plan

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

WORKERS = 4


class Cluster:
    """A cluster on this machine, whose workers can be killed."""

    def __init__(self) -> None:
        self._cluster = distributed.LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            dashboard_address=":0",
            memory_limit=0,
            silence_logs=50,
        )
        self.killed = 0

    @property
    def address(self) -> str:
        return str(self._cluster.scheduler_address)

    @cached_property
    def client(self) -> Any:
        return distributed.Client(self._cluster, set_as_default=False)

    def kill(self) -> None:
        """Kill the worker whose turn it is."""
        pids = sorted(self.client.run(os.getpid, on_error="ignore").items())
        if pids:
            with suppress(ProcessLookupError):
                os.kill(pids[self.killed % len(pids)][1], signal.SIGKILL)
                self.killed += 1
        self._cluster.scale(WORKERS)  # where one took so long to come back that it was given up

    def close(self) -> None:
        self.client.close()
        self._cluster.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster()
    yield cluster
    cluster.close()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ended(cluster: Cluster, plan: Plan, state: Path, *, seeds: int, **changes: Any) -> int:
    """The exit code of a campaign of so many seeds."""
    request = Request(
        plan=plan,
        hours=1,
        address=cluster.address,
        workers=1,
        state=state,
        seeds=seeds,
        limit_s=600,
        **changes,
    )
    return campaign(Terminal(), request)


def kept(state: Path) -> dict[str, list[dict[str, Any]]]:
    """The records of each task that a state has."""
    return {file.name.removesuffix(".jsonl.gz"): cases_of(file.read_bytes()) for file in state.glob("*.gz")}


def in_one_process(plan: Plan, *, seeds: int) -> dict[str, list[dict[str, Any]]]:
    tasks = [task for seed in range(seeds) for task in plan.of_seed(seed)]
    return {task.name: records_here(plan, task) for task in tasks}


def with_kills(cluster: Cluster, state: Path, work: Callable[[], int], *, kills: int, every: int) -> int:
    """The result of work while workers are killed, each time that `every` more tasks are done."""
    already = cluster.killed

    def kill() -> None:
        for number in range(kills):
            done, killed = number * every, already + number
            comes(lambda done=done: len([*state.glob("*.gz")]) >= done)
            while cluster.killed == killed:
                cluster.kill()

    killing = Thread(target=kill)
    killing.start()
    code = work()
    killing.join()
    assert cluster.killed == already + kills
    return code


def test_four_workers_find_what_one_process_finds(cluster: Cluster, folder: Path) -> None:
    plan = plan_of(RIGHT, WRONG)
    assert ended(cluster, plan, folder / "state", seeds=2) == 1
    assert kept(folder / "state") == in_one_process(plan, seeds=2)


def test_each_worker_is_killed_in_turn_and_nothing_is_lost_or_doubled(cluster: Cluster, folder: Path) -> None:
    plan, state = plan_of(RIGHT, shares=3), folder / "state"
    state.mkdir()
    with_kills(cluster, state, lambda: ended(cluster, plan, state, seeds=3), kills=WORKERS, every=2)
    assert kept(state) == in_one_process(plan, seeds=3)


def test_a_campaign_goes_on_where_it_was(
    cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, state = plan_of(RIGHT), folder / "state"
    ended(cluster, plan, state, seeds=1)
    times = {file: file.stat().st_mtime_ns for file in state.glob("*.gz")}
    ended(cluster, plan, state, seeds=2)
    assert "where 2 tasks are done" in capsys.readouterr().out
    assert times.items() <= {file: file.stat().st_mtime_ns for file in state.glob("*.gz")}.items()
    assert len(kept(state)) == 4


def test_what_is_found_is_pinned_and_asked_first_by_the_next(cluster: Cluster, folder: Path) -> None:
    state, pins = folder / "state", folder / "conv-verify-pins"
    narrow = ("--operations", "conv", "--ranks", "1", "--dtypes", "float32", "--max-side", "2")
    small = (*narrow, "--examples", "2", "--shares", "1", "--seeds", "1", "--hours", "1")
    typed = ["campaign", WRONG, "--cluster", cluster.address, *small, "--state"]
    assert main([*typed, str(state)]) == 1
    assert "# grammar 2" in (pins / "pins.txt").read_text("utf-8")
    assert main([*typed, str(folder / "next"), "--html", "page.html"]) == 1
    first = min((folder / "next").glob("*.gz"), key=lambda file: file.stat().st_mtime_ns)
    asked = {record["word"] for record in cases_of(first.read_bytes()) if record["type"] == "case"}
    pinned = {
        line for line in (pins / "pins.txt").read_text("utf-8").splitlines() if line.startswith("conv_")
    }
    assert first.name.startswith("pins-")
    assert pinned <= asked
    assert WRONG in (folder / "page.html").read_text("utf-8")


def test_the_scheduler_keeps_the_examples_of_all_workers(cluster: Cluster, folder: Path) -> None:
    kept = "__import__('distributed').__dict__.pop('_conv_verify_examples', {})"
    plan = plan_of(WRONG, database="scheduler")
    assert ended(cluster, plan, folder / "state", seeds=1) == 1
    found = cluster.client.run_on_scheduler(eval, kept, {})
    assert any(found.values())


def test_a_subject_that_ends_its_process_is_one_finding_and_ends_its_task_alone(
    cluster: Cluster, folder: Path
) -> None:
    killed = "tests.planted.fragile:is_killed"
    plan = plan_of(RIGHT, killed, shares=1, isolation=[False, None, None])
    assert ended(cluster, plan, folder / "state", seeds=1) == 1
    of_killed, of_right = (
        next(records for name, records in kept(folder / "state").items() if each in name)
        for each in ("is-killed", "right")
    )
    assert [record["type"] for record in of_killed] == ["run", "failure", "end"]
    assert of_killed[1]["message"].startswith(f"{killed} ends the process that asks it at ")
    assert "case" in {record["type"] for record in of_right}


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("no_such_module:conv", "importing no_such_module raised"),
        ("openvin", "did you mean 'openvino'?"),
    ],
)
def test_a_worker_without_the_subject_is_one_sentence_and_exit_2(
    cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str], label: str, why: str
) -> None:
    assert ended(cluster, plan_of(label), folder / "state", seeds=1) == 2
    said = capsys.readouterr().out
    assert f"Could not run: the worker {cluster.address.rpartition(':')[0]}" in said
    assert why in said


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:9", "nowhere", "smtp://127.0.0.1:9", "tcp://127.0.0.1:port"]
)
def test_an_address_that_does_not_answer_is_one_sentence(
    address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.runs.campaign.link.CONNECT_S", 0.5)
    with pytest.raises(Unreachable, match=f"no Dask scheduler answers at '{address}'") as raised:
        Link(address, workers=1)
    assert "\n" not in str(raised.value)


def test_another_version_of_dask_is_one_sentence(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "__version__", "2020.1.0")
    with pytest.raises(Unreachable, match=r"is of Dask .*, and this process of 2020.1.0: install the same"):
        Link(cluster.address, workers=1)


def test_a_worker_of_another_dask_is_to_be_mended_there(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = ({"packages": {"distributed": number}} for number in (distributed.__version__, "2020.1.0"))
    versions = {"scheduler": here, "workers": {"tcp://10.0.0.7:1": there}}
    monkeypatch.setattr(distributed.Client, "get_versions", lambda self, check: versions)
    said = r"the worker tcp://10.0.0.7:1 .* is of Dask 2020.1.0, and .*: install the same there, "
    with pytest.raises(Unreachable, match=f"{said}pip install 'distributed=={distributed.__version__}'"):
        Link(cluster.address, workers=1)


def test_a_full_store_ends_the_campaign_with_what_was_kept(
    cluster: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put = Store._put

    def full(store: Store, file: str, data: bytes) -> None:
        if len([*(folder / "state").glob("*.gz")]) == 1:
            raise OSError(28, "No space left on device")
        put(store, file, data)

    monkeypatch.setattr(Store, "_put", full)
    assert ended(cluster, plan_of(RIGHT), folder / "state", seeds=2) == 2
    assert len(kept(folder / "state")) == 1
    assert "as the system says 'no space left on device': make room" in capsys.readouterr().out


def test_what_failed_is_recorded_though_its_records_cannot_be_kept(
    cluster: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, recorded = folder / "failures.jsonl", list[str]()

    def full(store: Store, name: str, data: bytes) -> None:
        recorded.append(failures.read_text("utf-8"))
        raise Unkept("the store is full")

    monkeypatch.setattr(Store, "keep", full)
    assert ended(cluster, plan_of(WRONG), folder / "state", seeds=1, failures=failures) == 2
    assert kept(folder / "state") == {}
    assert WRONG in recorded[0]


def test_ctrl_c_ends_the_campaign_with_the_summary_so_far(
    cluster: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    count = Merging.count

    def interrupted(merging: Merging) -> None:
        count(merging)
        if merging.done:
            raise Interrupted

    monkeypatch.setattr(Merging, "count", interrupted)
    monkeypatch.setattr(Merging, "count_the_rest", count)
    assert ended(cluster, plan_of(RIGHT), folder / "state", seeds=2) == 3
    assert len(kept(folder / "state")) == 1
    assert "Interrupted: " in capsys.readouterr().out


def test_records_of_a_state_are_those_that_report_reads(
    cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = folder / "state"
    code = ended(cluster, plan_of(RIGHT), state, seeds=1)
    said = capsys.readouterr().out
    assert main(["report", *map(str, sorted(state.glob("*.gz")))]) == code
    sentences = [line for line in said.splitlines() if line.startswith(("Holds", "Proves"))]
    assert sentences == [
        line for line in capsys.readouterr().out.splitlines() if line.startswith(("Holds", "Proves"))
    ]


def test_nothing_is_begun_when_the_time_is_up(cluster: Cluster, folder: Path) -> None:
    request = Request(
        plan=plan_of(RIGHT),
        hours=1e-9,
        address=cluster.address,
        workers=1,
        state=folder / "state",
        limit_s=60,
    )
    assert campaign(Terminal(), request) == 3
    assert kept(folder / "state") == {}


@pytest.mark.long
def test_100_000_cases_and_20_killed_workers(
    cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every task is there once, all cases are counted once, and every fourth task is as in one process."""
    plan, state = (
        plan_of(RIGHT, shares=4, examples=200, narrowings={"operations": ["conv"]}),
        folder / "state",
    )
    state.mkdir()
    with_kills(cluster, state, lambda: ended(cluster, plan, state, seeds=16), kills=20, every=3)
    tasks = [task for seed in range(16) for task in plan.of_seed(seed)]
    records = kept(state)
    assert sorted(records) == sorted(task.name for task in tasks)
    cases = {
        (record["name"], record["way"], record["word"])
        for each in records.values()
        for record in each
        if record["type"] == "case"
    }
    assert len(cases) >= 100_000
    assert f" of {len(cases):,} cases graded and none disagrees." in capsys.readouterr().out
    assert [task.name for task in tasks[::4] if records[task.name] != records_here(plan, task)] == []
