"""The options of a link: what they may be, and what each does to the events of its feed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.contract import AllDay, RemoteEvent, Timed
from connectors.ical import notes
from connectors.ical.connector import IcalSettings
from connectors.ical.options import FeedOptions
from connectors.ical.profiles import GOOGLE, PROFILES, SAMBOAT
from connectors.ical.understand import understand
from tests.connectors.ical.meant import meant, only_meant, saying
from tests.connectors.ical.reading import LISBON, WINDOW, days, event, parsed, times

ONE_NIGHT = days("2026-07-01", "2026-07-02")


# What they may be


def test_without_options_nothing_is_asked() -> None:
    options = FeedOptions()

    assert options.model_dump(exclude_defaults=True) == {}
    assert FeedOptions.model_validate_json(options.model_dump_json()) == options


def test_options_go_through_json() -> None:
    options = FeedOptions(
        checkout_offset=-1, only=("Réservé",), busy_words=("painters",), whole_days=True, returns_ours=False
    )

    assert FeedOptions.model_validate(json.loads(json.dumps(options.model_dump(mode="json")))) == options


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"checkout_offset": 3}, ("checkout_offset",), "less than or equal to 2"),
        ({"checkout_offset": -3}, ("checkout_offset",), "greater than or equal to -2"),
        ({"only": "Reserved"}, ("only",), "phrases are a list, even if there is only one"),
        ({"only": ["Reserved", " - "]}, ("only", 1), "a phrase needs two letters or figures"),
        ({"ignore": ["a"]}, ("ignore", 0), "a phrase needs two letters or figures"),
        ({"ignore": ["x" * 101]}, ("ignore", 0), "at most 100 characters"),
        ({"free_words": ["option"] * 51}, ("free_words",), "at most 50 items"),
        ({"only": ["Réserve"], "ignore": ["RESERVE"]}, (), "the same phrase is in both only and ignore"),
        ({"busy_words": ["hold"], "free_words": ["Hold"]}, (), "in both busy_words and free_words"),
        ({"whole_days": "perhaps"}, ("whole_days",), "valid boolean"),
        ({"returns_our": True}, ("returns_our",), "not permitted"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], field: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        FeedOptions.model_validate(given)

    (fault,) = refused.value.errors()
    assert fault["loc"] == field
    assert message in fault["msg"]


def test_every_option_explains_itself_to_a_form() -> None:
    schema = IcalSettings.model_json_schema()

    assert next(iter(schema["properties"])) == "url"
    assert schema["required"] == ["url"]
    for name in FeedOptions.model_fields:
        field = schema["properties"][name]
        assert field["title"]
        assert field["description"].endswith(".")
        FeedOptions.model_validate({name: field["examples"][0]})


def test_the_options_are_a_part_of_the_settings_without_the_address() -> None:
    settings = IcalSettings(url="https://example.com/s3cr3t.ics", ignore=("cleaning",))

    assert FeedOptions.of(settings) == FeedOptions(ignore=("cleaning",))
    assert "s3cr3t" not in repr(settings)


def test_the_digest_tells_options_apart_and_no_addresses() -> None:
    one = IcalSettings(url="https://example.com/1.ics", whole_days=True)
    other = IcalSettings(url="https://example.com/2.ics", whole_days=True)

    assert one.digest() == other.digest() == FeedOptions(whole_days=True).digest()
    assert len({FeedOptions(whole_days=chosen).digest() for chosen in (None, True, False)}) == 3


# checkout_offset


@pytest.mark.parametrize(
    ("offset", "when"),
    [
        (2, days("2026-07-01", "2026-07-07")),
        (1, days("2026-07-01", "2026-07-06")),
        (0, days("2026-07-01", "2026-07-05")),
        (-1, days("2026-07-01", "2026-07-04")),
        (-2, days("2026-07-01", "2026-07-03")),
    ],
)
def test_the_end_of_all_day_events_moves(offset: int, when: AllDay) -> None:
    found = meant(saying("Reserved"), options=FeedOptions(checkout_offset=offset))

    assert [event.when for event in found.events] == [when]
    assert found.problems == ()


@pytest.mark.parametrize("offset", [-1, -2])
def test_one_night_is_kept_and_said_so(offset: int) -> None:
    found = meant(saying("Reserved", when=ONE_NIGHT), options=FeedOptions(checkout_offset=offset))

    assert [event.when for event in found.events] == [ONE_NIGHT]
    assert found.events[0].problem == "its checkout offset would leave it no night: one is kept"
    assert found.problems == ("the checkout offset would leave no night to 1 of the events: they keep one",)


def test_times_have_no_checkout_offset() -> None:
    when = times("2026-07-01 10:00", "2026-07-01 18:00")

    assert only_meant(saying("Booked", when=when), options=FeedOptions(checkout_offset=2)).when == when


def test_an_end_at_the_end_of_the_calendar_stays_there() -> None:
    event = saying("Closed", when=AllDay(date(2026, 7, 1), date.max))

    assert only_meant(event, options=FeedOptions(checkout_offset=2)).when == event.when


def test_what_ended_yesterday_reaches_into_the_window_with_a_later_checkout() -> None:
    event = saying("Reserved", when=days("2025-12-28", "2026-01-01"))

    assert meant(event).events == ()
    assert len(meant(event, options=FeedOptions(checkout_offset=1)).events) == 1


# Phrases


def test_only_events_with_a_phrase_count() -> None:
    options = FeedOptions(only=("RESERVÉ", "Anna"))
    stays = [
        saying("Réservée - X", uid="a"),
        saying("X", "Guest: anna", uid="b"),
        saying("Cleaning", uid="c"),
    ]

    found = meant(*stays, options=options).events

    assert [(event.busy, event.note) for event in found] == [
        (True, ""),
        (True, ""),
        (False, notes.NOT_ASKED_FOR),
    ]


def test_events_with_an_ignored_phrase_do_not_count_but_are_listed() -> None:
    found = only_meant(saying("Deep  CLEANING, kitchen"), options=FeedOptions(ignore=("Deep cleaning",)))

    assert (found.busy, found.note) == (False, "ignored by the phrase 'Deep cleaning'")


def test_a_stay_is_not_ignored_for_what_its_description_mentions() -> None:
    event = saying("Reserved", "Cleaning fee: 50")

    assert only_meant(event, options=FeedOptions(ignore=("cleaning",), free_words=("fee",))).busy


def test_ignoring_goes_before_busy_words_and_busy_before_free() -> None:
    options = FeedOptions(ignore=("birthday",), busy_words=("painters",), free_words=("option",))

    assert not only_meant(saying("birthday of the painters"), options=options).busy
    assert only_meant(saying("Painters, option"), options=options).busy
    free = only_meant(saying("Option Muster"), options=options)
    assert (free.busy, free.note) == (False, "free by the phrase 'option'")
    assert only_meant(saying("Muster"), options=options).busy


def transparent(summary: str) -> RemoteEvent:
    event = saying(summary, busy=False)
    return RemoteEvent(event.uid, None, event.when, False, summary=summary, note=notes.SHOWN_AS_FREE)


def test_a_busy_word_decides_over_what_the_calendar_shows() -> None:
    options = FeedOptions(busy_words=("painters",))

    assert only_meant(transparent("Painters"), options=options).busy
    left = only_meant(transparent("Concert"), options=options)
    assert (left.busy, left.note) == (False, notes.SHOWN_AS_FREE)
    assert not only_meant(transparent("Painters")).busy


def test_a_busy_word_does_not_bring_back_what_is_cancelled_or_has_no_length() -> None:
    day = ("DTSTART;VALUE=DATE:20260701", "SUMMARY:Painters")
    feed = parsed(
        event(*day, "TRANSP:TRANSPARENT", uid="shown as free"),
        event(*day, "STATUS:CANCELLED", uid="cancelled"),
        event(*day, "STATUS:CANCELLED", "TRANSP:TRANSPARENT", uid="both"),
        event("DTSTART:20260701T100000Z", "SUMMARY:Painters", "TRANSP:TRANSPARENT", uid="a moment"),
    )

    found = understand(feed, "", FeedOptions(busy_words=("painters",)), LISBON, WINDOW).events

    assert [event.uid for event in found if event.busy] == ["shown as free"]
    assert not any(event.busy for event in feed.events)


def test_a_filter_never_makes_anything_busy() -> None:
    for options in (
        FeedOptions(only=("painters",)),
        FeedOptions(ignore=("x1",)),
        FeedOptions(free_words=("x1",)),
    ):
        assert not only_meant(saying("Painters", busy=False), options=options).busy


# whole_days


def test_hours_take_whole_local_days_where_the_settings_say_so() -> None:
    event = saying("Booked", when=times("2026-07-01 10:00", "2026-07-02 22:30"))

    found = only_meant(event, options=FeedOptions(whole_days=True))

    assert found.when == times("2026-06-30 23:00", "2026-07-02 23:00")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        # To midnight is not into the next day, and a minute after it is.
        (times("2026-07-01 10:00", "2026-07-01 23:00"), times("2026-06-30 23:00", "2026-07-01 23:00")),
        (times("2026-07-01 10:00", "2026-07-01 23:01"), times("2026-06-30 23:00", "2026-07-02 23:00")),
        # The day on which summer begins has 23 hours.
        (times("2026-03-29 10:00", "2026-03-29 11:00"), times("2026-03-29 00:00", "2026-03-29 23:00")),
    ],
)
def test_days_begin_and_end_at_the_midnights_of_the_property(when: Timed, expected: Timed) -> None:
    assert only_meant(saying("Booked", when=when), options=FeedOptions(whole_days=True)).when == expected


def test_a_zone_without_a_midnight_still_has_the_day() -> None:
    event = saying("Booked", when=times("2026-09-06 12:00", "2026-09-06 13:00"))

    (found,) = meant(event, options=FeedOptions(whole_days=True), zone=ZoneInfo("America/Santiago")).events

    assert found.when == times("2026-09-06 04:00", "2026-09-07 03:00")


def test_the_settings_decide_over_the_channel() -> None:
    event = saying("Booked", when=times("2026-07-01 10:00", "2026-07-01 11:00"), uid="1@samboat.com")

    assert SAMBOAT.whole_days
    assert only_meant(event).when == times("2026-06-30 23:00", "2026-07-01 23:00")
    assert only_meant(event, options=FeedOptions(whole_days=False)).when == event.when


def test_what_has_no_length_or_does_not_count_keeps_its_times() -> None:
    moment = saying("Booked", when=times("2026-07-01 10:00", "2026-07-01 10:00"), busy=False)
    ignored = saying("Tennis", when=times("2026-07-01 10:00", "2026-07-01 11:00"))
    options = FeedOptions(whole_days=True, ignore=("tennis",))

    assert only_meant(moment, options=options).when == moment.when
    assert only_meant(ignored, options=options).when == ignored.when


# returns_ours


def test_channels_show_our_dates_again_unless_they_are_known_not_to() -> None:
    assert meant(saying("x")).returns_ours
    assert not meant(saying("x"), producer="-//Google Inc//Google Calendar 70.9054//EN").returns_ours
    assert not GOOGLE.echoes
    assert [profile.slug for profile in PROFILES if not profile.echoes] == ["google", "outlook", "apple"]


def test_the_settings_say_whether_a_channel_shows_our_dates_again() -> None:
    assert not meant(saying("x"), options=FeedOptions(returns_ours=False)).returns_ours
    google = meant(saying("x", uid="1@google.com"), options=FeedOptions(returns_ours=True))
    assert (google.source, google.returns_ours) == ("google", True)
