from __future__ import annotations
from datetime import timedelta, date, datetime, UTC
import pytest
from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from sync import passes
from sync import pull as pulling
from sync import relay
from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.test_zz_review_a import nights, d, google, both

EXTREMES = {
 "far": (date(9999,12,30), date(9999,12,31)),
 "far2": (date(9998,12,30), date(9999,12,31)),
 "long": (d(10), date(9999,12,31)),
 "early": (date(1,1,1), date(1,1,2)),
 "early2": (date(1,1,1), d(12)),
 "timed_far": (datetime(9999,12,31,22,tzinfo=UTC), datetime(9999,12,31,23,59,tzinfo=UTC)),
 "timed_early": (datetime(1,1,1,1,tzinfo=UTC), datetime(1,1,1,2,tzinfo=UTC)),
 "past": (d(-3), d(0)),
 "past2": (d(-3), d(1)),
 "back": (d(5), d(4)),
 "zero": (d(5), d(5)),
}

@pytest.mark.parametrize("name", EXTREMES)
def test_foreign(both, name):
    s, e = EXTREMES[name]
    both.rest()
    try:
        x = both.person.creates("x", s, e, calendar=both.calendar)
    except Exception as err:
        pytest.skip(repr(err))
    both.person.creates("y", d(100), d(101), calendar=both.calendar)
    out = both.rest()
    ends = [(ev.starts_at, ev.ends_at) for ev in both.events()]
    print(out, ends)
    assert both.link().failures == 0
    both.person.deletes(x, both.calendar)
    both.rest()
    assert both.link().failures == 0
    print(both.blocks())

@pytest.mark.parametrize("name", EXTREMES)
def test_ours_moved(both, name):
    s, e = EXTREMES[name]
    b = both.book(nights(30))
    both.rest()
    try:
        both.person.moves(both.only()["id"], s, e, both.calendar)
    except Exception as err:
        pytest.skip(repr(err))
    out = both.rest()
    print(out, both.nights(b), both.shown(), [c.remote for c in both.conflicts("closed")])
    assert both.link().failures == 0
    assert both.nights(b) == [(d(30), d(33))]

@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=SECONDLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;INTERVAL=0", "FREQ=DAILY;UNTIL=00010101"])
@pytest.mark.parametrize("name", ["far", "early", "timed_far", "timed_early"])
def test_series(both, rule, name):
    s, e = EXTREMES[name]
    both.rest()
    try:
        x = both.person.creates("x", s, e, calendar=both.calendar, recurrence=["RRULE:" + rule])
    except Exception as err:
        pytest.skip(repr(err))
    out = both.rest()
    print(out)
    assert both.link().failures == 0

def test_F_skew(both, google):
    b = both.book(nights(30))
    both.rest()
    ev = both.only()["id"]
    both.person.edits(ev, both.calendar, summary="mine")
    # the edit got an `updated` a little older than our write's
    cal = google.world.calendars[both.calendar]
    known = cal.events[ev]
    known.event["updated"] = (hub_clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    both.sync(); 
    print(both.shown())
    both.move(b, nights(40))
    n = len(google.writes())
    for _ in range(3):
        print(both.sync(), both.shown(), len(google.writes()) - n, len(both.ops()))
    assert both.shown()[0][2] == "mine"

def test_J_trickle(both, clock):
    held = both.book(nights(30), status=Status.HELD)
    bs = [both.book(nights(40 + 5*i)) for i in range(8)]
    both.rest()
    for i in range(8):
        ids = [k for k, e in both.there().items() if e["start"]["date"] == d(40+5*i).isoformat()]
        both.person.deletes(ids[0], both.calendar)
        both.sync(); both.sync()
    ids = [k for k, e in both.there().items() if e["start"]["date"] == d(30).isoformat()]
    both.person.deletes(ids[0], both.calendar)
    both.sync(); both.sync()
    print(both.link().state, both.booking(held).status)
    assert both.booking(held).status == Status.HELD

def test_K_hold_confirmed_elsewhere_recurring_mirror(both):
    b = both.book(nights(30))
    both.rest()
    ev = both.only()["id"]
    both.person.edits(ev, both.calendar, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    both.person.moves_one(ev, 1, d(39), calendar=both.calendar)
    both.rest()
    print(both.shown(), both.blocks(), [c.remote for c in both.conflicts("closed")], [(i.origin, i.local_kind, i.remote_state) for i in both.items()])
    assert len(both.shown()) == 1
    assert both.blocks() == []

def test_L_orphans(both, google):
    """Invited to single occurrences."""
    both.rest()
    cal = google.world.calendars[both.calendar]
    m = both.person.creates_series("FREQ=WEEKLY;COUNT=5", "s", calendar=both.calendar, start=d(60))
    both.person.edits_one(m, 1, both.calendar, summary="a")
    both.person.edits_one(m, 2, both.calendar, summary="b")
    cal.events[m].event["status"] = "cancelled"
    both.rest()
    print([(i.remote_id, i.remote_state, i.series) for i in both.items()], [b.starts_at for b in both.blocks()])

def test_M_skew2(both, google, monkeypatch):
    b = both.book(nights(30))
    both.rest()
    ev = both.only()["id"]
    from tests.fakes.google_calendar import world as w
    orig = w.instant
    monkeypatch.setattr(w, "instant", lambda at: orig(at - timedelta(minutes=1)))
    both.person.edits(ev, both.calendar, summary="mine")
    print(both.person.sees(ev, both.calendar)["updated"], both.items()[0].remote_updated)
    both.sync()
    print(both.shown())
    both.move(b, nights(40))
    n = len(google.writes())
    for _ in range(3):
        print(both.sync(), both.shown(), len(google.writes()) - n, len(both.ops()), [i.touched for i in both.items()], both.conflicts("closed"))
    assert both.shown()[0][2] == "mine"
