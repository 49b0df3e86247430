"""Where Hypothesis keeps the examples that have failed: a folder, an artefact of CI, or Redis."""

from __future__ import annotations

import warnings
from pathlib import Path

from hypothesis.configuration import storage_directory
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from verify.config.options import GITHUB, REDIS

WAIT_S = 5.0
"""Timeout of a server, in seconds."""


def database_at(place: str | Path) -> ExampleDatabase:
    """The database at a place, after a first request.

    The place is a folder; `github:OWNER/REPO`, the latest artefact `hypothesis-example-db` of that
    repository, read only, beside Hypothesis's usual folder, which is written; or the URL of a
    Redis server. Raises ValueError, one sentence, for a place that does not answer.
    """
    text = str(place)
    if text.startswith(GITHUB):
        owner, repository = text.removeprefix(GITHUB).split("/")
        return _github(owner, repository)
    return _redis(text) if text.startswith(REDIS) else DirectoryBasedExampleDatabase(place)


def _github(owner: str, repository: str) -> ExampleDatabase:
    shared = ReadOnlyDatabase(GitHubArtifactDatabase(owner, repository))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        list(shared.fetch(b""))  # if Hypothesis cannot fetch the artefact it warns and continues
    if warned:
        raise ValueError(f"{GITHUB}{owner}/{repository}: {warned[0].message}")
    local = DirectoryBasedExampleDatabase(storage_directory("examples").path)
    return MultiplexedDatabase(local, shared)


def _redis(url: str) -> ExampleDatabase:
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import Redis, RedisError
    except ModuleNotFoundError:
        raise ValueError(f"{url!r} needs redis: pip install 'conv-verify[redis]'") from None
    try:
        server = Redis.from_url(url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S)
        server.ping()
    except (RedisError, ValueError) as error:
        raise ValueError(f"{url!r} does not answer: {error}") from None
    return RedisExampleDatabase(server)
