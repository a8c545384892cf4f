"""Commands that bring the hub to where it can run, and fill it."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.config import Settings
from hub.embedded import Postgres
from hub.errors import Refused
from workers import choosing, demo, schema
from workers.children import claimed
from workers.commands.output import Organization, opened, say


def migrate() -> None:
    """Bring the database to the schema of this version. A second time does nothing."""
    settings = Settings()
    if not settings.embedded_database or claimed(settings.data_dir):
        schema.migrate(settings)
    else:
        with Postgres(settings.data_dir):
            schema.migrate(settings)
    say("The schema is up to date.")


def seed(
    demo_property: Annotated[bool, typer.Option("--demo", help="The demo's properties.")] = False,
    organization: Organization = None,
) -> None:
    """Fill the hub with something to try things on."""
    if not demo_property:
        raise Refused.because("required", "say what to seed; there is --demo", "--demo")
    with opened() as runtime:
        made = demo.seed(runtime, choosing.organization(runtime.database, organization))
    names = " and ".join(made)
    say(f"Made: {names}; the channels play from the next `hub up` on." if made else "It was there before.")
