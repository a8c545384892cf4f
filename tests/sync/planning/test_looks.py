"""How our things read in a calendar: how much is told, templates, and what nobody may read there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import texts
from connectors.contract import AllDay, Timed
from connectors.mirroring import FIELDS, Appearance, Kind, MirrorOptions, Telling
from sync.planning import looks
from sync.planning.looks import Look, Shown, filled

PERSON = {
    "name": "Canary Wren",
    "phone": "+34600999888",
    "email": "canary@wren.example",
    "note": "feeds the canary",
}
SHOWN = Shown(
    kind=Kind.BOOKING,
    unit="Room 1",
    property="Casa Azul",
    when=AllDay(date(2026, 7, 3), date(2026, 7, 7)),
    zone=ZoneInfo("Europe/Madrid"),
    status="confirmed",
    reference="CANARY77",
    guests=2,
    source="direct",
    **PERSON,
)
HOURS = Timed(datetime(2026, 7, 3, 8, tzinfo=UTC), datetime(2026, 7, 3, 12, tzinfo=UTC))


def _look(shown: Shown = SHOWN, tells: str = "guest", template: str | None = None) -> Look:
    given = {shown.kind: Appearance(description=template)} if template is not None else {}
    return looks.look(shown, MirrorOptions(tells=Telling(tells), looks=given), one_way=False)


@pytest.mark.parametrize(
    ("kind", "tells", "summary"),
    [
        ("booking", "busy", "Busy: Room 1"),
        ("hold", "busy", "Busy: Room 1"),
        ("blackout", "busy", "Busy: Room 1"),
        ("turnaround", "busy", "Busy: Room 1"),
        ("booking", "reference", "Room 1: CANARY77, 2 guests"),
        ("hold", "reference", "Room 1: hold CANARY77, 2 guests"),
        ("turnaround", "reference", "Room 1: turnaround"),
        ("booking", "guest", "Room 1: Canary Wren, 2 guests"),
        ("hold", "guest", "Room 1: hold for Canary Wren, 2 guests"),
    ],
)
def test_a_summary_says_as_much_as_may_be_told(kind: str, tells: str, summary: str) -> None:
    assert _look(replace(SHOWN, kind=Kind(kind)), tells).summary == summary


def test_a_blackout_says_why() -> None:
    blackout = replace(SHOWN, kind=Kind.BLACKOUT, status="owner_stay", reference="", guests=0, name="")
    assert _look(blackout, "reference").summary == "Room 1: owner stay"


def test_the_usual_description_names_the_guest_where_that_may_be_told() -> None:
    lines = _look().description.split("\n")
    assert lines[:5] == [
        "Booking CANARY77, 2 guests",
        "Name: Canary Wren",
        "Telephone: +34600999888",
        "E-mail: canary@wren.example",
        "Note: feeds the canary",
    ]


def test_what_is_not_known_has_no_line() -> None:
    lines = _look(replace(SHOWN, phone="", note="")).description
    assert "Telephone" not in lines
    assert "Note" not in lines


def test_who_was_forgotten_is_a_reference() -> None:
    forgotten = replace(SHOWN, name="", phone="", email="", note="")
    assert _look(forgotten, "guest") == _look(SHOWN, "reference")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("tells", list(Telling))
def test_every_event_says_who_keeps_it_and_what_comes_of_moving_it(kind: Kind, tells: Telling) -> None:
    shown = replace(SHOWN, kind=kind)
    (last,) = _look(shown, tells).description.split("\n")[-1:]
    assert last.startswith(looks.KEPT)
    assert "move" in last
    assert "delete" in last


def test_in_a_calendar_whose_changes_do_not_count_all_are_put_back() -> None:
    said = looks.look(SHOWN, MirrorOptions(), one_way=True).description
    assert said.endswith(looks.NOTICE_ONE_WAY)


def test_one_guest_is_one_guest() -> None:
    assert _look(replace(SHOWN, guests=1), "reference").summary == "Room 1: CANARY77, 1 guest"


def test_a_colour_belongs_to_a_kind() -> None:
    options = MirrorOptions(looks={Kind.HOLD: Appearance(colour="5")})
    assert looks.look(replace(SHOWN, kind=Kind.HOLD), options, one_way=False).colour == "5"
    assert looks.look(SHOWN, options, one_way=False).colour == ""


# Templates


def test_a_template_is_filled_in() -> None:
    told = _look(template="{name} ({guests}) in {unit}, {arrival} to {departure}: {nights} nights")
    assert told.description.startswith("Canary Wren (2) in Room 1, 2026-07-03 to 2026-07-07: 4 nights\n\n")


def test_hours_are_told_by_the_clock_of_the_place() -> None:
    told = _look(replace(SHOWN, when=HOURS), template="{arrival} to {departure}{nights}")
    assert told.description.startswith("2026-07-03 10:00 to 2026-07-03 14:00\n")


def test_braces_in_what_a_guest_is_called_are_braces() -> None:
    told = _look(replace(SHOWN, name="{email} {{x}} {0}", email="secret"), template="For {name}.")
    assert told.description.startswith("For {email} {{x}} {0}.\n")


@pytest.mark.parametrize(
    "template", ["{who}", "{name.__class__}", "{name[0]}", "{}", "{0}", "{who!r:>9}", "{", "}", "{name", "{a"]
)
def test_what_a_template_cannot_name_stays_as_it_is_written(template: str) -> None:
    assert filled(template, {"name": "Canary"}) == template


def test_how_a_field_is_to_be_formatted_is_nobodys_business() -> None:
    """A width of a million, or another field within, must do nothing."""
    fields = {"unit": "Room 1", "name": "Canary"}
    assert filled("{unit:>1000000} {unit!r} {unit:{name}}", fields) == "Room 1 Room 1 Room 1"


def test_a_long_note_leaves_room_for_whose_event_it_is() -> None:
    told = _look(replace(SHOWN, note="x" * 50_000, name="y" * 5_000))
    assert len(told.description) <= looks.LONGEST_DESCRIPTION
    assert looks.KEPT in told.description
    assert len(told.summary) == looks.LONGEST_SUMMARY


def test_a_summary_is_one_line() -> None:
    assert _look(replace(SHOWN, name="Canary\r\n  Wren")).summary == "Room 1: Canary Wren, 2 guests"


@given(st.text(), st.dictionaries(st.sampled_from(sorted(FIELDS[Telling.GUEST])), st.text()))
def test_no_template_can_fail(template: str, fields: dict[str, str]) -> None:
    assert isinstance(filled(template, fields), str)


_TEMPLATES = st.lists(
    st.sampled_from(sorted(FIELDS[Telling.GUEST])).map(lambda name: "{" + name + "}")
    | st.sampled_from(["{unit:{name}}", "{unit!r:{email}}", "{{", "}}", "{party}", " ", "\n"])
).map("".join)


@given(st.sampled_from(list(Kind)), _TEMPLATES, st.booleans())
def test_a_calendar_that_tells_busy_names_nobody_and_no_booking(
    kind: Kind, template: str, one_way: bool
) -> None:
    """A template of more than may be told is refused; one that was stored all the same tells no more."""
    looks_of = {kind: Appearance(description=template)}
    options = MirrorOptions.model_construct(tells=Telling.BUSY, turnaround=True, looks=looks_of)
    for wanted in (options, MirrorOptions(tells=Telling.BUSY)):
        told = looks.look(replace(SHOWN, kind=kind), wanted, one_way=one_way)
        assert "canary" not in f"{told}".lower()
        assert "600999888" not in told.description


@given(st.sampled_from(list(Kind)), _TEMPLATES)
def test_a_calendar_that_tells_references_names_nobody(kind: Kind, template: str) -> None:
    looks_of = {kind: Appearance(description=template)}
    options = MirrorOptions.model_construct(tells=Telling.REFERENCE, turnaround=True, looks=looks_of)
    for wanted in (options, MirrorOptions()):
        told = f"{looks.look(replace(SHOWN, kind=kind), wanted, one_way=False)}"
        for secret in PERSON.values():
            assert secret not in told


def test_the_canaries_would_be_seen() -> None:
    """The control of the two laws before."""
    assert all(secret in f"{_look()}" for secret in PERSON.values())
    assert "CANARY77" in f"{_look(tells='reference')}"


@pytest.mark.parametrize("sign", ["a", "&", "🏠"])
def test_whose_event_it_is_is_said_however_much_a_guest_writes(sign: str) -> None:
    said = looks.look(
        replace(SHOWN, note=sign * 20_000), MirrorOptions(tells=Telling.GUEST), one_way=False
    ).description

    assert said.endswith(looks.NOTICES[Kind.BOOKING])
    assert texts.units(texts.escaped(said)) <= looks.LONGEST_DESCRIPTION
