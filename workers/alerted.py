"""Whether those who must hear of trouble do, for `hub doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hub import clock
from hub.queries import alert_deliveries as query
from sync.alerting import destinations
from sync.runtime import Runtime

REMEMBERED = timedelta(days=7)
"""For how long it is said that something was given up"""


def alerts(runtime: Runtime) -> Iterator[tuple[str, str, str]]:
    """(state, what was found, what to do)."""
    with runtime.database.unit_of_work(None) as session:
        rows = query.counts(session, clock.now() - REMEMBERED)
    settings = runtime.settings
    told = destinations.wanted(settings)
    if not told:
        words = "nobody is told: neither HUB_MONITORING_WEBHOOK_URL nor HUB_ALERT_EMAIL is set"
        yield "ok", words, "set one of them, then try it: hub alerts test"
        return
    problems = destinations.problems(settings)
    for name, why in problems.items():
        yield "failed", f"nothing is told by {name}: {why}", "set it, then try it: hub alerts test"
    trouble = [row for row in rows if row.state == "given_up" or row.tried]
    for row in trouble:
        what = "were given up within a week" if row.state == "given_up" else "wait"
        reason = f": {row.error}" if row.error else ""
        yield (
            "warning",
            f"{row.number} deliveries by {row.destination} {what}{reason}",
            "mend the receiver or the settings, then try it: hub alerts test",
        )
    if not problems and not trouble:
        yield "ok", f"told by {' and '.join(told)}", ""
