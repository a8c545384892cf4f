"""
Where a channel knows the operator, as by a service account, one account is all organizations': which of them
may use it. Whoever may use it can name any calendar that it reaches, whoever shared that with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.applications import EVERYBODY
from connectors.errors import NeedsReconnect
from connectors.owners import OnBehalfOfTheOperator
from connectors.transport import Network
from hub.database import organization_of

_ALONE = text("SELECT count(*) = 1 FROM all_organizations()")


def check(
    session: Session,
    network: Network,
    source: object,
    settings: BaseModel | Mapping[str, object],
    *,
    complete: bool = True,
) -> None:
    """
    NeedsReconnect where these settings lead to the operator's account and the organization may not use it.

    `complete`: they say all there is to say, so what is not signed in is the operator's.
    """
    if not isinstance(source, OnBehalfOfTheOperator) or not source.uses_operator(settings, complete=complete):
        return
    application = network.application(source.slug)
    if application.service_account and not _may_use(session, application.organizations):
        raise NeedsReconnect(
            f"the hub's own account at {source.title} is not for this organization: sign in instead, or have "
            "whoever runs this hub allow it",
            code="not_for_you",
        )


def _may_use(session: Session, allowed: frozenset[str]) -> bool:
    """Where nobody is named, who is alone has the hub, and its account, to themselves."""
    if not allowed:
        return bool(session.scalar(_ALONE))
    return EVERYBODY in allowed or str(organization_of(session)) in allowed
