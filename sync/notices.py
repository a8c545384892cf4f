"""
Notices by watches: a nudge to look at a calendar, never a word on what is in it.

Each costs one small statement: it counts on its link, and brings the link's next pass forward to a second
from now, or to five seconds behind the last one. It starts nothing itself. So 500 at once count to 500 and
bring the same one moment forward; whoever then takes the link lists what changed once, and notes how far it
had counted when it began. What came meanwhile is more than that, and makes one more pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from connectors.contract import WatchesChanges
from hub import clock
from hub.errors import Refused
from hub.queries import watches as query
from hub.vault import token_hash
from sync import remote
from sync.runtime import Runtime

GATHERED = timedelta(seconds=1)
"""For which what comes together is heard together"""


def take(runtime: Runtime, slug: str, headers: Mapping[str, str]) -> bool:
    """
    Hear a notice, by its headers' lower-case names; False for whatever is none of an open watch of that
    connector's, and then nothing is written.
    """
    try:
        source = remote.known(slug)
    except Refused:
        return False
    notice = source.read_notice(headers) if isinstance(source, WatchesChanges) else None
    watch_id = _id(notice.watch_id) if notice else None
    if notice is None or watch_id is None:
        return False
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        return query.take_notice(
            session, watch_id, token_hash(notice.token), slug, now, now + GATHERED, begins=notice.begins
        )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
