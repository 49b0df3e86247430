"""The link to a Dask cluster: connecting, what it must be, and coming back to a scheduler that was lost."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

from verify.checks.importable import is_importable
from verify.runs.campaign import remote
from verify.runs.campaign.sending import CALL, sent
from verify.runs.campaign.store import NEEDED

LOCAL = "local"
"""The address that starts a cluster on this machine."""

CONNECT_S = 10.0
"""Seconds that a scheduler has to answer."""

RETURN_S = 120.0
"""Seconds for which a scheduler that was lost is waited for."""

COUNT_S = 1.0
"""Seconds for which the count of workers is taken to hold."""

_DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""What a worker of ours runs first: Ctrl-C is for the campaign, which ends it."""

_HAS_DASHBOARD = "__import__('importlib.util').util.find_spec('bokeh') is not None"
"""What is evaluated on a scheduler, which shows its dashboard by Bokeh."""


class Unreachable(ValueError):
    """A cluster that cannot be used, in one sentence."""


def require_dask() -> None:
    """Raise ValueError, one sentence with the remedy, where Dask is not installed."""
    for package in ("distributed", "fsspec"):
        if not is_importable(package):
            raise ValueError(f"a campaign needs {package}: {NEEDED}")


class Link:
    """A client of the scheduler at an address, or of a cluster that is started for the address `local`."""

    def __init__(self, address: str, *, workers: int, return_s: float = RETURN_S) -> None:
        _silence()
        self._return_s, self._wanted = return_s, workers
        self._cluster = _local(workers) if address == LOCAL else None
        self.address = self._cluster.scheduler_address if self._cluster else address
        self._counted, self.seen = float("-inf"), (0, 0)
        try:
            self._client = self._connected()
            self._require_same_dask()
        except BaseException:
            self.close()
            raise

    _client: Any = None

    def _connected(self) -> Any:
        from distributed import Client

        try:
            _require_address(self.address)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # other versions are said in one sentence
                return Client(self.address, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:  # noqa: BLE001 - of an address, a name, another protocol
            said = " ".join(str(error).split())[:200] or type(error).__name__
            raise Unreachable(
                f"no Dask scheduler answers at {self.address!r} within {CONNECT_S:g} s: {said}; `--cluster "
                f"{LOCAL}` starts one here"
            ) from None

    def _require_same_dask(self) -> None:
        """Raise Unreachable for a scheduler or a worker of another version of Dask."""
        import distributed

        try:
            said = self._client.get_versions(check=False)
        except Exception as error:  # noqa: BLE001 - of another protocol
            why = f"does not say its versions, as one of another Dask may not: {error}"
            raise Unreachable(f"the scheduler at {self.address!r} {why}") from None
        others = {"the scheduler": said["scheduler"], **said["workers"]}
        for name, has in others.items():
            number = has["packages"].get("distributed")
            if number != distributed.__version__:
                is_scheduler = name == "the scheduler"
                whose, where = (name, "here") if is_scheduler else (f"the worker {name}", "there")
                wanted = number if is_scheduler else distributed.__version__
                raise Unreachable(
                    f"{whose} at {self.address!r} is of Dask {number}, and this process of "
                    f"{distributed.__version__}: install the same {where}, "
                    f"pip install 'distributed=={wanted}'"
                )

    @property
    def dashboard(self) -> str:
        """The address of Dask's dashboard, or nothing where the scheduler shows none."""
        with suppress(Exception):
            if self._client.run_on_scheduler(eval, _HAS_DASHBOARD, {}):
                return str(self._client.dashboard_link)
        return ""

    def submit(self, task: Mapping[str, Any], *, key: str) -> Any:
        """The future of a task."""
        asked = sent(remote, "do", dict(task))
        return self._client.submit(eval, CALL, asked, key=key, pure=False, priority=-task["place"])

    def count(self) -> tuple[int, int]:
        """The workers and their threads, as they were a moment ago."""
        if time.monotonic() - self._counted > COUNT_S:
            with suppress(Exception):  # it is lost, which `is_there` sees
                threads = self._client.nthreads()
                self.seen = len(threads), sum(threads.values())
                self._replace_lost()
            self._counted = time.monotonic()
        return self.seen

    def _replace_lost(self) -> None:
        """Start workers anew that this process has started, and whose own keepers have given them up."""
        if self._cluster is not None and self.seen[0] < self._wanted:
            self._cluster.scale(self._wanted)

    def tell(self, function: Literal["rest", "leave"], campaign: str) -> None:
        """Call a function of `remote` on all workers that are there."""
        with suppress(Exception):  # workers come and go
            self._client.run(eval, CALL, sent(remote, function, campaign), on_error="ignore")

    @property
    def is_there(self) -> bool:
        return bool(self._client.status == "running")

    def come_back(self, say: Callable[[str], None]) -> None:
        """Wait for a scheduler that was lost; Unreachable where it does not return."""
        say(f"the scheduler at {self.address} is lost, and waited for")
        until = time.monotonic() + self._return_s
        while time.monotonic() < until:
            if self._client.status not in ("running", "connecting"):
                with suppress(Unreachable):
                    lost, self._client = self._client, self._connected()
                    lost.close(timeout=2)
            if self.is_there:
                say("the scheduler is back")
                return
            time.sleep(0.1)
        raise Unreachable(
            f"the scheduler at {self.address!r} was lost and has not returned in {self._return_s:g} s: start "
            "it and the same command, which goes on from what was kept"
        )

    def close(self) -> None:
        """Leave the cluster, and end it if it is of this process."""
        for each in (self._client, self._cluster):
            if each is not None:
                with suppress(Exception):
                    each.close(timeout=2)


def _silence() -> None:
    """Have Dask log nothing on its own, which sets its levels when it is imported."""
    import distributed.client

    for name in ("distributed", distributed.client.__name__):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _require_address(address: str) -> None:
    """Raise ValueError for what is no address of a scheduler, before a client waits for it."""
    from distributed.comm import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    scheme, place = parse_address(address)
    get_backend(scheme)
    if scheme in ("tcp", "tls"):
        parse_host_port(place)


def _local(workers: int) -> Any:
    """A cluster on this machine, of workers of one thread."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
        memory_limit=0,  # a worker holds the records of a task
        preload=[_DEAF],
    )
