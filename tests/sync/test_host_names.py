"""Which host a link is of."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from sync import connecting, linking
from sync.runtime import Runtime
from tests.fakes.feed_server import Answer, FeedServer
from tests.sync.beginning import link, pull
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import DOMAIN, Importer

WHOLE = calendar(nights("a", day(20), day(23)))


@pytest.fixture
def ours(named: Runtime, channel: FeedServer) -> Importer:
    return Importer.build(named, channel)


def test_a_link_knows_its_host_from_its_first_moment_and_with_each_new_address(
    ours: Importer, host: str
) -> None:
    one = link(ours, host)
    assert ours.state(one).host == f"{host}:{ours.channel.port}", "behind another port is somebody else"

    other = {"url": f"https://Other.{host.upper()}.:8443/x.ics"}
    ours.do(lambda session: linking.change(session, one, settings=other))

    assert ours.state(one).host == f"other.{host}:8443"


def test_an_address_in_the_connection_is_one_too(ours: Importer, host: str) -> None:
    def made(session: Session) -> tuple[UUID, UUID]:
        connection = connecting.connect(session, "ical", "Seaside", {"url": f"https://{host}/a.ics"})
        scope = linking.Scope(unit_id=ours.units[0])
        row = linking.link(session, connection.id, scope, "import", {}, uid_domain=DOMAIN)
        return connection.id, row.id

    connection_id, one = ours.do(made)
    assert ours.state(one).host == host

    settings = {"url": f"https://new.{host}/a.ics"}
    ours.do(lambda session: connecting.amend(session, connection_id, settings=settings))

    assert ours.state(one).host == f"new.{host}"


def test_a_link_from_before_hosts_were_noted_is_pulled_and_then_knows_its_host(
    ours: Importer, host: str
) -> None:
    ours.answers(Answer(body=WHOLE), feed="/a.ics")
    old = link(ours, host)
    ours.run_sql("UPDATE links SET host = ''")

    assert pull(ours, old).state == "changed"

    assert ours.state(old).host == f"{host}:{ours.channel.port}"


def test_this_machine_and_exports_have_no_host_to_spare(importer: Importer) -> None:
    assert importer.state(importer.link()).host == ""
    assert importer.state(importer.link(direction="export")).host == ""
