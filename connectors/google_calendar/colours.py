"""The colours that an event can have, by the names that Google's own pages show. Pure."""

from __future__ import annotations

from collections.abc import Mapping

COLOURS: Mapping[str, str] = {
    "Lavender": "1",
    "Sage": "2",
    "Grape": "3",
    "Flamingo": "4",
    "Banana": "5",
    "Tangerine": "6",
    "Peacock": "7",
    "Graphite": "8",
    "Blueberry": "9",
    "Basil": "10",
    "Tomato": "11",
}
"""Name -> colorId (https://developers.google.com/workspace/calendar/api/v3/reference/colors)"""


def colour_id(name: str) -> str | None:
    """None where Google has no such colour."""
    return COLOURS.get(name.strip().capitalize())
