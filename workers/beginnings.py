"""What a hub needs before it can be used, beside a schema: somebody who may sign in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from hub.database import Actor
from hub.services import organizations
from hub.services.accounts import Person
from hub.services.organizations import NewMember
from sync.runtime import Runtime
from workers.choosing import all_organizations

COMMAND = Actor("command")

DEFAULT_EMAIL = "admin@example.com"
FIRST_ORGANIZATION = "My organization"
FIRST_ADMIN = "Admin"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    organization_id: UUID
    email: str
    generated_password: str | None
    """Shown once and kept nowhere; None where HUB_ADMIN_PASSWORD said what it is"""


def first_admin(runtime: Runtime) -> FirstAdmin | None:
    """Create the first organization and its admin; None where there is one already."""
    if all_organizations(runtime.database):
        return None
    settings = runtime.settings
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    password = given or new_password()
    person = Person(settings.admin_email or DEFAULT_EMAIL, FIRST_ADMIN)
    member = organizations.create(
        runtime.database, FIRST_ORGANIZATION, NewMember(person, "admin", password), COMMAND
    )
    return FirstAdmin(member.organization_id, person.email, None if given else password)


def new_password() -> str:
    """96 bits that a person can type."""
    return "-".join(secrets.token_hex(3) for _ in range(4))
