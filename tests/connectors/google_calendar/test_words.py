"""Descriptions are HTML at Google: what we write is text there, what people write is left as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.calendars import Draft, Marker
from connectors.contract import AllDay
from connectors.google_calendar import translate
from connectors.google_calendar.translate import LONGEST_DESCRIPTION, LONGEST_SUMMARY, event
from connectors.texts import cut, escaped, unescaped, units

LINK = '<a href="https://evil.example">Pay here</a>'
NIGHTS = AllDay(date(2026, 7, 1), date(2026, 7, 4))
DRAFT = Draft(NIGHTS, "Room 1", "", busy=True, marker=Marker("item", "revision", "signature"))
telling = st.text(st.sampled_from('<>&;"ltgamp#39 \n🏠é'), max_size=60)
"""Texts that are full of what HTML means something by"""


def written(description: str, there: dict[str, Any] | None = None) -> dict[str, Any]:
    draft = replace(DRAFT, description=description)
    return translate.created("e1", draft) if there is None else translate.replaced(there, draft)


@given(telling)
def test_every_text_is_read_as_it_was_written_and_is_never_markup(text: str) -> None:
    body = written(text)

    assert event(body).description == text
    assert not set("<>") & set(body["description"])


@given(telling)
def test_what_was_escaped_is_unescaped_to_itself(text: str) -> None:
    assert unescaped(escaped(text)) == text


def test_a_guests_name_is_no_link_and_the_title_is_plain() -> None:
    body = translate.created("e1", replace(DRAFT, summary=LINK, description=f"Name: {LINK}"))

    assert body["summary"] == LINK
    assert body["description"] == 'Name: &lt;a href="https://evil.example"&gt;Pay here&lt;/a&gt;'


@given(telling, telling)
def test_what_a_person_wrote_on_our_event_stays_as_it_stands_when_it_moves(ours: str, theirs: str) -> None:
    edited = written(ours) | {"description": theirs}

    moved = written(event(edited).description, edited)

    assert moved["description"] == theirs


def test_a_person_who_formats_our_text_changes_it_and_their_markup_is_kept() -> None:
    body = written("Tea & cake")
    edited = body | {"description": "<b>Tea</b> &amp; cake"}

    assert event(edited).description == "<b>Tea</b> & cake"
    assert written("<b>Tea</b> & cake", edited)["description"] == "<b>Tea</b> &amp; cake"
    assert written("Coffee <3", edited)["description"] == "Coffee &lt;3"


def test_what_stood_there_unescaped_is_read_as_it_stands_and_escaped_when_it_is_written_anew() -> None:
    before = written("")
    del before["extendedProperties"]["private"][translate.WORDS]
    before["description"] = LINK

    assert event(before).description == LINK
    assert written(LINK, before)["description"] == escaped(LINK)


def test_descriptions_of_others_are_read_as_they_are() -> None:
    theirs = written("") | {"description": "<b>Tea</b> &amp; cake", "extendedProperties": {}}

    assert event(theirs).description == "<b>Tea</b> &amp; cake"


@pytest.mark.parametrize("sign", ["a", "é", "&", "<", "🏠"])
def test_texts_are_cut_to_what_google_takes(sign: str) -> None:
    body = translate.created("e1", replace(DRAFT, summary=sign * 9000, description=sign * 9000))

    summary, description = body["summary"], body["description"]
    assert LONGEST_SUMMARY - 2 < units(summary) <= LONGEST_SUMMARY
    assert LONGEST_DESCRIPTION - 5 < units(description) <= LONGEST_DESCRIPTION
    assert set(unescaped(description)) == {sign}


@given(telling, st.integers(0, 200))
def test_a_cut_text_is_as_much_of_the_beginning_as_fits(text: str, most: int) -> None:
    kept = cut(text, most, as_html=True)

    assert text.startswith(kept)
    assert units(escaped(kept)) <= most or kept == ""
    assert kept == text or units(escaped(text[: len(kept) + 1])) > most
