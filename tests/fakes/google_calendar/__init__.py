"""
A stateful double of the Google Calendar API v3: one world, in the process or on loopback.

    google = GoogleCalendar()
    ada = google.person("ada@example.com")
    client = httpx.Client(transport=InProcess(google))          # or: with Serving(google) as server
    headers = {"Authorization": f"Bearer {google.oauth.token(ada.email)}"}

`google.faults` orders what goes wrong, `google.world` how the calendars behave, `google.watching` how
notices travel, `google.quota` how much is allowed; `google.log` and `google.violations` say what came in.
"""

from tests.fakes.google_calendar.asked import Asked, Ending, Entry
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.people import Person
from tests.fakes.google_calendar.server import Serving
from tests.fakes.google_calendar.transport import InProcess
from tests.fakes.google_calendar.watching import Delivery, Notice
from tests.fakes.google_calendar.world import Calendar, Resource, Tombstones, World

__all__ = [
    "Asked",
    "Calendar",
    "Delivery",
    "Ending",
    "Entry",
    "GoogleCalendar",
    "InProcess",
    "Notice",
    "Person",
    "Refusal",
    "Resource",
    "Serving",
    "Tombstones",
    "World",
]
