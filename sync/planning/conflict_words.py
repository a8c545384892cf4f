"""What a conflict is, in one sentence that whoever stands at the desk understands. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

Side = Mapping[str, Any]

_OF_OURS = {
    "REMOTE_MOVE_REJECTED": "our event of {ours} was moved there to what is not free, and was put back",
    "BOTH_CHANGED": "our event of {ours} was changed there and here at once; here counts",
    "DELETE_VS_EDIT": "our event of {ours} was deleted there while it was changed here; here counts",
    "MIRROR_DELETED": "our event of {ours} was deleted there: is it to be shown again, or to stay away?",
}


def sentence(type_: str, local: Side, remote: Side, unit: str | None = None) -> str:
    """`unit` is the name of the one that both claim, where there is one."""
    channel = str(remote.get("channel") or remote.get("source") or "a channel")
    where = unit or "one unit"
    if type_ == "EXTERNAL_OVERLAP":
        theirs, ours = f"{channel}{_when(remote)}", f"{_ours(local)}{_when(local)}"
        return f"{where} is claimed twice: by {theirs}, and by {ours}"
    if type_ == "UNPLACED":
        return f"{channel} sold{_when(remote)}, and no unit is free for all of it"
    if type_ == "UNPARSEABLE":
        problem = f" ({remote['problem']})" if remote.get("problem") else ""
        told = f"{channel} tells something{_when(remote)} that was understood only in part{problem}"
        return f"{told}; it stays taken"
    if type_ == "GUARD_TRIPPED":
        why = f": {remote['why']}" if remote.get("why") else ""
        return f"{channel} lost much of its calendar at once, and nothing of it is free yet{why}"
    ours = local.get("span") or "a stay"
    return f"{channel}: {_OF_OURS[type_].format(ours=ours)}"


def _ours(local: Side) -> str:
    """Who else claims it."""
    if reference := local.get("reference"):
        return f"{_status(local)}booking {reference}"
    if local.get("source") == "blackout":
        return f"our blackout ({str(local.get('kind', 'closed')).replace('_', ' ')})"
    return str(local.get("channel") or "somebody else")


def _status(local: Side) -> str:
    status = str(local.get("status") or "")
    return f"{status.replace('_', ' ')} " if status else ""


def _when(side: Side) -> str:
    if not side.get("from") or not side.get("to"):
        return ""
    return f" from {_moment(side['from'])} to {_moment(side['to'])}"


def _moment(said: str) -> str:
    """A date as it is; an instant, which is one of the place's, without seconds and offset."""
    if len(said) <= len("2027-07-01"):
        return said
    return f"{datetime.fromisoformat(said):%Y-%m-%d %H:%M}"
