"""Signs of life, and what is done about alerts while those who should look give none."""

from __future__ import annotations

from datetime import timedelta

from hub import clock
from hub.queries import alert_deliveries as query
from sync.alerting import delivering, looking
from sync.planning import alerting
from sync.runtime import Runtime

PATIENCE = timedelta(seconds=30)
"""How long no worker may have looked before somebody else does"""


def beat(runtime: Runtime, name: str) -> None:
    """`name` is alive: beat, or worker."""
    with runtime.database.unit_of_work(None) as session:
        query.beat(session, name, clock.now())


def expect(runtime: Runtime) -> None:
    """From now on beat is missed, also where it has never run."""
    with runtime.database.unit_of_work(None) as session:
        query.beat(session, "beat", clock.now(), only_first=True)


def stand_in(runtime: Runtime) -> bool:
    """
    Look and deliver where no worker has looked for a while: beat is silent, or the workers are. Whether it
    was so. Any number of processes may stand in: one at a time looks at each organization.
    """
    with runtime.database.unit_of_work(None) as session:
        hearts = query.hearts(session)
    if not alerting.unwatched(hearts, clock.now(), PATIENCE):
        return False
    looking.look(runtime)
    delivering.deliver(runtime)
    return True
