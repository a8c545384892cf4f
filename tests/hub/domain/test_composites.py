"""Which units may be parts of a whole."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hub.domain.composites import Part, Whole, refusals
from hub.domain.periods import LetBy
from tests.hub.domain.inventory import uid

VILLA = UUID(int=1)
ELSEWHERE = UUID(int=2)
HOUSE = Whole(uid(9), VILLA, LetBy.NIGHT)
ROOM = Part("Room 1", VILLA, LetBy.NIGHT, composite=False)
KNOWN = {
    uid(1): ROOM,
    uid(2): replace(ROOM, name="Room 2"),
    uid(3): replace(ROOM, name="Upper floor", composite=True),
    uid(4): replace(ROOM, name="Cottage", property_id=ELSEWHERE),
    uid(5): replace(ROOM, name="Sauna", let_by=LetBy.HOUR),
    uid(9): replace(ROOM, name="House"),
}


def against(*parts: int, whole: Whole = HOUSE) -> list[tuple[str, str | None, str]]:
    found = refusals(whole, [uid(part) for part in parts], KNOWN)
    return [(reason.code, reason.field, reason.message) for reason in found]


def test_two_rooms_make_a_house() -> None:
    assert against(1, 2) == []
    assert against(1, 2, whole=replace(HOUSE, id=None)) == []


def test_none_or_one_is_too_few() -> None:
    for parts in ((), (1,)):
        assert against(*parts) == [
            ("too_few_parts", "parts", "a unit made of others needs at least two parts")
        ]


def test_a_part_that_has_parts_is_refused_by_name() -> None:
    assert against(1, 3) == [
        (
            "part_is_composite",
            "parts[1]",
            "Upper floor has parts itself; parts must be units that have no parts",
        )
    ]


def test_a_part_named_twice_is_refused_where_it_comes_again() -> None:
    assert against(1, 2, 1) == [("duplicate_part", "parts[2]", "Room 1 is named twice")]


def test_a_unit_is_no_part_of_itself() -> None:
    assert against(9, 1) == [("part_is_whole", "parts[0]", "a unit cannot be a part of itself")]


def test_an_unknown_unit_is_refused() -> None:
    assert against(1, 77) == [("unknown_part", "parts[1]", f"there is no unit {uid(77)}")]


def test_a_part_belongs_to_the_same_property_and_is_let_the_same_way() -> None:
    assert against(1, 4, 5) == [
        ("part_elsewhere", "parts[1]", "Cottage belongs to another property"),
        ("part_let_otherwise", "parts[2]", "Sauna is let by the hour, the whole by the night"),
    ]


def test_a_part_of_another_whole_cannot_have_parts() -> None:
    (reason,) = against(1, 2, whole=replace(HOUSE, part_of="Estate"))

    assert reason == (
        "whole_is_part",
        "parts",
        "this unit is a part of Estate, so it cannot have parts itself",
    )
