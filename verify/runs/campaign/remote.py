"""The functions that are sent to workers whole, as their package may be missing there, or another's."""

from __future__ import annotations

from typing import Any


def do(task: dict[str, Any]) -> dict[str, Any]:
    """Do a task in a process of this worker; its records, or why it has none, as `hands.done` says it."""
    import distributed

    try:
        from verify.runs.campaign.hands import done
    except ImportError as missing:
        answer = {"unfit": f"conv-verify is missing there, or has no campaigns: {missing}"}
    else:
        answer = done(task)
    return {**answer, "worker": distributed.get_worker().address}


def rest(campaign: str) -> None:
    """Have a worker begin no further task of a campaign."""
    from verify.runs.campaign.hands import rest

    rest(campaign)


def leave(campaign: str) -> None:
    """Have a worker end the processes of a campaign, those that are at a task too."""
    from verify.runs.campaign.hands import leave

    leave(campaign)
