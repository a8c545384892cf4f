"""Connections and links: what is accepted, what each step does, and what goes with a link."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.database import vault_of
from hub.domain.periods import Nights
from hub.errors import Conflict, HubError, NotFound, Refused
from hub.ids import new_id
from hub.models.links import Connection, Link
from hub.models.records import Change
from hub.queries import links as query
from sync import connecting, feeds, linking
from sync.linking import Scope
from sync.relay import relay
from tests import factories
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import DOMAIN, Importer

URL = "https://calendar.example.com/s3cret.ics"


def _connect(importer: Importer, **settings: Any) -> UUID:
    return importer.do(lambda session: connecting.connect(session, "ical", "Seaside", settings)).id


def _link(importer: Importer, connection: UUID, scope: Scope, direction: str = "import", **more: Any) -> Link:
    settings = more.pop("settings", {"url": URL})
    return importer.do(
        lambda session: linking.link(
            session, connection, scope, direction, settings, uid_domain=DOMAIN, **more
        )
    )


def _refused(work: Callable[[], Any], kind: type[HubError] = Refused) -> tuple[str, str | None]:
    """Code and field."""
    with pytest.raises(kind) as refused:
        work()
    reason = refused.value.reasons[0]
    return reason.code, reason.field


def _told(importer: Importer, entity_id: UUID) -> list[Change]:
    statement = select(Change).where(Change.entity_id == entity_id).order_by(Change.id)
    return list(importer.do(lambda session: session.scalars(statement).all()))


# Connections


def test_a_connection_of_an_unknown_connector_is_refused(importer: Importer) -> None:
    assert _refused(
        lambda: importer.do(lambda session: connecting.connect(session, "pigeon", "Post", {}))
    ) == ("unknown_connector", "connector")


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"colour": "red"}, "unknown_setting", "settings.colour"),
        ({"url": "ftp://calendar.example.com/a.ics"}, "invalid_setting", "settings.url"),
        ({"url": 7}, "invalid_setting", "settings.url"),
    ],
)
def test_a_connections_settings_must_be_right_though_not_complete(
    importer: Importer, settings: dict[str, Any], code: str, field: str
) -> None:
    assert _refused(lambda: _connect(importer, **settings)) == (code, field)
    assert importer.do(lambda session: query.connections(session, limit=9)) == ()


def test_a_connection_with_links_cannot_be_removed(importer: Importer) -> None:
    connection = _connect(importer)
    link = _link(importer, connection, Scope(unit_id=importer.units[0]))

    assert _refused(
        lambda: importer.do(lambda session: connecting.disconnect(session, connection)), Conflict
    ) == ("has_links", None)

    importer.do(lambda session: linking.unlink(session, link.id))
    importer.do(lambda session: connecting.disconnect(session, connection))
    assert importer.do(lambda session: session.scalars(select(Connection)).all()) == []


def test_settings_are_sealed(importer: Importer) -> None:
    link = _link(importer, _connect(importer, url=URL), Scope(unit_id=importer.units[0]))

    for table in ("connections", "links"):
        (sealed,) = importer.run_sql(f"SELECT settings_sealed FROM {table}").one()
        assert b"s3cret" not in bytes(sealed)
    assert "s3cret" not in str([change.after for change in _told(importer, link.id)])


def test_new_settings_of_a_connection_are_those_of_its_links(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    connection = _connect(importer, url=importer.channel.url("/gone.ics"))
    link = _link(importer, connection, Scope(unit_id=importer.units[0]), settings={}).id
    assert importer.pull(link).state == "failed"

    there = {"url": importer.channel.url("/room.ics")}
    importer.do(lambda session: connecting.amend(session, connection, settings=there))

    state = importer.state(link)
    assert (state.next_pull_at, state.failures, state.cursor) == (clock.instant, 0, None)
    assert importer.pull(link).state == "changed"


def test_a_connections_settings_must_suit_each_of_its_links(importer: Importer) -> None:
    connection = _connect(importer, url=URL)
    _link(importer, connection, Scope(unit_id=importer.units[0]), settings={})

    assert _refused(
        lambda: importer.do(lambda session: connecting.amend(session, connection, settings={}))
    ) == ("invalid_setting", "settings.url")


def test_the_hint_that_is_shown_changes_nothing_when_it_comes_back(importer: Importer) -> None:
    link = _link(importer, _connect(importer), Scope(unit_id=importer.units[0]))
    hint = {"url": "https://calendar.example.com/…"}

    importer.do(lambda session: linking.change(session, link.id, settings=hint))

    sealed = importer.state(link.id).settings_sealed
    assert importer.do(lambda session: vault_of(session).open(sealed)) == {"url": URL}


# Links


def _scopes(importer: Importer) -> dict[str, tuple[Scope, str, str | None]]:
    other = importer.do(lambda session: factories.a_property(session, name="Casa Verde")).id
    unit = importer.units[0]
    return {
        "nothing": (Scope(), "required", "property_id"),
        "a category without its property": (Scope(category="room"), "required", "property_id"),
        "an unknown unit": (Scope(unit_id=new_id()), "unknown", "unit_id"),
        "an unknown type": (Scope(unit_type_id=new_id()), "unknown", "unit_type_id"),
        "a unit elsewhere": (Scope(unit_id=unit, property_id=other), "elsewhere", "unit_id"),
        "two at once": (Scope(unit_id=unit, category="room"), "one_scope", "unit_id"),
        "no category": (
            Scope(property_id=importer.property_id, category="igloo"),
            "invalid_category",
            "category",
        ),
    }


def test_a_scope_that_names_nothing_several_or_unknown_things_is_refused(importer: Importer) -> None:
    connection = _connect(importer)
    for name, (scope, code, field) in _scopes(importer).items():
        assert _refused(partial(_link, importer, connection, scope)) == (code, field), name
    assert importer.do(lambda session: session.scalars(select(Link)).all()) == []


def test_another_organizations_units_are_unknown(importer: Importer) -> None:
    other = Importer.build(importer.runtime, importer.channel)
    connection = _connect(importer)

    for scope in (
        Scope(unit_id=other.units[0]),
        Scope(unit_type_id=other.unit_type_id),
        Scope(property_id=other.property_id),
    ):
        assert _refused(partial(_link, importer, connection, scope))[0] == "unknown"
    assert _refused(lambda: _link(other, connection, Scope(unit_id=other.units[0]))) == (
        "unknown",
        "connection_id",
    )


@pytest.mark.parametrize(
    ("settings", "field"),
    [({}, "settings.url"), ({"url": "calendar"}, "settings.url"), ({"key": "k"}, "settings.key")],
)
def test_an_import_needs_a_proper_address(importer: Importer, settings: dict[str, str], field: str) -> None:
    connection = _connect(importer)
    scope = Scope(unit_id=importer.units[0])

    assert _refused(lambda: _link(importer, connection, scope, settings=settings))[1] == field
    assert _link(importer, connection, scope, "export", settings={}).feed_token_hash is not None


@pytest.mark.parametrize("seconds", [0, 59, 604_801])
def test_an_interval_is_a_minute_to_a_week(importer: Importer, seconds: int) -> None:
    connection = _connect(importer)
    scope = Scope(unit_id=importer.units[0])

    assert _refused(lambda: _link(importer, connection, scope, interval_seconds=seconds)) == (
        "invalid_interval",
        "interval_seconds",
    )


@pytest.mark.parametrize(("direction", "has_feed"), [("import", False), ("export", True), ("two_way", True)])
def test_a_link_has_a_feed_of_ours_where_it_exports(
    importer: Importer, direction: str, has_feed: bool
) -> None:
    link = _link(importer, _connect(importer), Scope(unit_id=importer.units[0]), direction)

    url = importer.do(lambda session: feeds.feed_url(importer.runtime.settings, vault_of(session), link))

    assert (url is not None) == has_feed


def test_a_rotated_feed_has_another_address_and_an_import_has_none(importer: Importer) -> None:
    connection, scope = _connect(importer), Scope(unit_id=importer.units[0])
    exporting = _link(importer, connection, scope, "export")
    importing = _link(importer, connection, scope)
    before = bytes(exporting.feed_token_hash or b"")

    after = importer.do(lambda session: linking.rotate_feed(session, exporting.id))

    assert bytes(after.feed_token_hash or b"") != before
    with pytest.raises(Conflict):
        importer.do(lambda session: linking.rotate_feed(session, importing.id))


def test_steps_are_in_the_change_log(importer: Importer) -> None:
    link = _link(importer, _connect(importer), Scope(unit_id=importer.units[0])).id
    for step in (linking.pause, linking.resume):
        importer.do(partial(step, link_id=link))

    assert [change.action for change in _told(importer, link)] == ["added", "paused", "resumed"]


@pytest.mark.parametrize("state", ["needs_auth", "lost"])
def test_a_new_address_wakes_a_link_that_was_given_up(
    importer: Importer, clock: FrozenClock, state: str
) -> None:
    link = _link(importer, _connect(importer), Scope(unit_id=importer.units[0])).id
    importer.run_sql("UPDATE links SET state = :state, state_reason = 'gone', failures = 5", state=state)

    importer.do(lambda session: linking.change(session, link, settings={"url": URL + "?v=2"}))

    woken = importer.state(link)
    assert (woken.state, woken.state_reason, woken.failures) == ("active", None, 0)
    assert woken.next_pull_at == clock.instant


def test_pausing_keeps_what_is_held(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    held = importer.held(link)

    importer.do(lambda session: linking.pause(session, link))

    assert importer.held(link) == held
    with pytest.raises(Conflict):
        importer.book(Nights(day(20), day(22)), importer.units[0])


def test_a_link_goes_with_all_that_it_imported(importer: Importer) -> None:
    booked = importer.book(Nights(day(40), day(42)), importer.units[0])
    importer.says(nights("a", day(20), day(23)), nights("b", day(41), day(43)))
    link, other = importer.link(), importer.link(unit_id=importer.units[1])
    importer.pull(link)
    importer.pull(other)
    assert len(importer.conflicts()) == 1

    importer.do(lambda session: linking.unlink(session, link))
    relay(importer.runtime)

    assert importer.events(link) == ()
    assert importer.conflicts() == []
    assert len(importer.events(other)) == 2, "another link's are not touched"
    importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.cancel(booked)
    with pytest.raises(NotFound):
        importer.state(link)


def test_the_nights_of_a_removed_link_place_what_found_no_unit(importer: Importer) -> None:
    importer.book(Nights(day(20), day(23)), importer.units[1])
    importer.says(nights("a", day(20), day(23)), feed="/first.ics")
    importer.says(nights("b", day(20), day(23)))
    first = importer.link("/first.ics")
    importer.pull(first)
    of_type = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(of_type)
    assert [block.unit_id for block in importer.blocks(of_type)] == [None]

    importer.do(lambda session: linking.unlink(session, first))
    relay(importer.runtime)

    assert [block.unit_id for block in importer.blocks(of_type)] == [importer.units[0]]
