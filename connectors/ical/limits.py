"""
What the reading of one feed may cost, all of it in one place.

What is refused whole raises NotACalendar, and what costs too much ends the reader: both become
`Unavailable`, so nothing that is held is ever freed by either. What concerns one event alone leaves that
event busy on its own dates, with a problem. README.md tells which is which.
"""

from __future__ import annotations

# The bytes and what they hold: beyond these the feed is refused whole.

MOST_BYTES = 8 * 1024 * 1024
"""Of a body, decompressed; the network stops there as well"""
MOST_LINES = 500_000
MOST_COMPONENTS = 150_000
"""Of every kind, nested ones too"""
DEEPEST = 20
"""Components within one another; the standard needs three"""
MOST_EVENTS = 30_000
"""In the feed, and again once its series are expanded"""

# One line: what is longer is cut.

LONGEST_LINE = 131_072
"""Characters of a list of dates: more than MOST_DATES of them"""
LONGEST_TEXT_LINE = 65_536
LONGEST_DATE_LINE = 1_000
LONGEST_RULE = 1_000
"""Characters of an RRULE: what is longer is not followed"""

# One event: beyond these it stays busy on its own dates, with a problem.

MOST_RULES = 10
"""RRULEs of one event"""
MOST_RULE_VALUES = 400
"""Of all parts of one RRULE"""
MOST_TIMES_A_DAY = 1_440
"""BYHOUR times BYMINUTE times BYSECOND"""
MOST_STEPS = 400_000
"""Of one series from its first date up to the end of the window; a day looked at is one, an occurrence
another: an hourly rule that is 22 years old"""
MOST_DATES = 5_000
"""RDATEs, and again EXDATEs, of one event"""
MOST_OCCURRENCES = 5_000
"""Of one series within the window; the earliest are kept"""
MOST_EXCEPTIONS = 2_000
"""Events of one UID in a series"""
MOST_LASTING_EXCEPTIONS = 100
"""Exceptions of one series that change what follows (RANGE=THISANDFUTURE)"""
MOST_ZONES = 100
MOST_ZONE_LINES = 10_000
MOST_ZONE_BYTES = 512 * 1024
"""Of all time zones (VTIMEZONE) that only the feed knows; those beyond stay unknown, which is a problem"""
MOST_ZONE_RULES = 30
"""Of one such zone"""

# What is kept of an event.

LONGEST_UID = 400
LONGEST_SUMMARY = 1_000
LONGEST_DESCRIPTION = 10_000
MOST_HOPS = 64
"""Of hubs that relayed it"""
MOST_PROBLEMS = 100
"""Listed by name; of the rest only the number"""

# The process that reads (reader.py) and the one that waits for it (reading.py).

PATIENCE = 5.0
"""Seconds of CPU time after which the reader gives up on a feed by itself, keeping what it has read so far"""
CPU_SECONDS = 7
"""Seconds of CPU time for one feed, after which the kernel ends the reader"""
WALL_SECONDS = 10.0
"""Seconds for one feed, after which the reader is killed, whatever it is doing"""
START_SECONDS = 5.0
"""Seconds in which a reader must have started"""
MEMORY_BYTES = 92 * 1024 * 1024
"""Of the reader, its program included, beyond which it gives up on a feed"""
KEPT_BYTES = 78 * 1024 * 1024
"""Of the reader between two feeds, beyond which it is replaced"""
MOST_DATA_BYTES = 86 * 1024 * 1024
"""Of what it has asked for, about 14 MiB less than it takes; beyond it the kernel refuses (RLIMIT_DATA)"""
MEMO_BYTES = 22 * 1024 * 1024
"""Of what it remembers of events between two feeds"""
LEXICON_BYTES = 6 * 1024 * 1024
"""Of what it remembers of their texts"""
MOST_ANSWER_BYTES = 48 * 1024 * 1024

# The two lanes of one process (lanes.py): a feed that takes long holds up no other.

QUICK_READERS = 2
QUICK_SECONDS = 0.6
"""Seconds for one feed in the quick lane. What takes longer is repeated in the slow one: behind 14 hostile
feeds the next one waits for seven turns of this and of a reader that starts"""
QUICK_EVENTS = 10_000
"""In a feed; with more of them it takes longer than that unless all but a few are known, and is not tried"""
QUICK_WAIT_SECONDS = 12.0
"""Seconds for which a feed waits for the quick lane: as many turns as a puller's 24 threads can cause"""
SLOW_READERS = 1
"""The slow lane's limit for one feed is WALL_SECONDS"""
SLOW_WAIT_SECONDS = 20.0
"""Seconds for which a feed waits for the slow lane, less if it waited for the quick one: see MOST_SECONDS"""
MOST_WAITING_SLOW = 11
"""Feeds, with the one that is read half of a puller's threads: the other half is for feeds that are quick"""
MOST_SECONDS = 38.0
"""For all of one reading: waiting and a reader's start in either lane, QUICK_SECONDS and WALL_SECONDS. With
the network's 20 s that is less than the 60 s for which a pull holds its link (HUB_LEASE_SECONDS)"""
MOST_VERDICTS = 2_000
"""Feeds remembered for having taken too long, by their SHA-256"""
REFUSED_SECONDS = 3_600.0
"""For which a feed that took too long in the slow lane as well is refused unread"""
