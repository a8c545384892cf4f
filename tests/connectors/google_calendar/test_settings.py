"""What may be set, and what is refused in words that help."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import Rejected
from connectors.google_calendar.colours import COLOURS, colour_id
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.settings import account_of
from connectors.mirroring import MirrorOptions, Telling
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import settings


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"calendar_id": "primary"}, "choose the calendar by its id"),
        ({"calendar_id": " Primary "}, "choose the calendar by its id"),
        ({"calendar_id": ""}, "at least 1 character"),
        ({"calendar_id": "a b"}, "no id of a calendar"),
        ({"subject": "ada@example.com"}, "two accounts"),
        ({"refresh_token": "", "subject": "ada"}, "e-mail address"),
        ({"looks": {"booking": {"colour": "mauve"}}}, "no colour 'mauve' for a booking; it has Lavender"),
        ({"access": "free_busy", "reach": "created"}, "needs the reach all"),
        ({"access": "everything"}, "free_busy"),
        ({"calendar": "c"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_in_words(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        settings(**more)

    assert "1//refresh" not in str(refused.value)


def test_a_secret_is_never_shown() -> None:
    assert "1//refresh" not in repr(settings())
    assert GoogleCalendarConnector().secret_fields == {"refresh_token"}


@pytest.mark.parametrize("colour", ["Tomato", "tomato", "LAVENDER", "Sage"])
def test_colours_are_named_as_google_names_them(colour: str) -> None:
    assert settings(looks={"hold": {"colour": colour}}).looks
    assert colour_id(colour) == COLOURS[colour.capitalize()]


def test_the_options_of_mirrors_are_among_the_settings() -> None:
    options = MirrorOptions.of(settings(tells="busy", turnaround=True))

    assert (options.tells, options.turnaround) == (Telling.BUSY, True)


def test_links_of_one_calendar_have_one_key() -> None:
    key = GoogleCalendarConnector().calendar_key

    assert key(settings(calendar_id="Ada@Example.com")) == key(
        settings(calendar_id="ada@example.com", refresh_token="", subject="bob@example.com")
    )


def test_a_connection_with_wrong_settings_is_rejected_without_its_secret() -> None:
    with pytest.raises(Rejected, match="two accounts") as refused:
        account_of({"refresh_token": "1//refresh", "subject": "ada@example.com"})

    assert "1//refresh" not in str(refused.value)


def test_another_connectors_settings_are_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="MirrorOptions"):
        GoogleCalendarConnector().changes(MirrorOptions(), None, None, Network())
