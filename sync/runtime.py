"""What every door hands down: settings, database and network, built once per process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from connectors.applications import Application
from connectors.transport import Network
from hub import clock
from hub.config import Settings
from hub.database import Database
from hub.embedded import database_url
from hub.errors import Misconfigured
from hub.vault import Vault


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    database: Database
    network: Network

    @classmethod
    def open(cls, settings: Settings) -> Runtime:
        """Nothing is connected yet; the first use of the database connects."""
        if settings.test_clock:
            clock.let_tests_move(settings.data_dir)
        vault = Vault(settings.vault_keys(), settings.signing_key())
        url = settings.database_url or database_url(settings.data_dir, "app")
        database = Database(url, vault, pool_size=settings.database_pool)
        network = Network(settings.private_hosts, applications=applications(settings))
        return cls(settings, database, network)

    @property
    def uid_domain(self) -> str:
        """The host in the UIDs of what is made from now on; what exists keeps the one it has."""
        return urlsplit(self.settings.base_url).hostname or "localhost"

    @property
    def import_horizon(self) -> timedelta:
        """How far ahead recurring events are expanded."""
        return timedelta(days=self.settings.import_horizon_days)

    def close(self) -> None:
        self.database.dispose()


def applications(settings: Settings) -> Mapping[str, Application]:
    """Who the operator is at the channels that know their callers."""
    secret, path = settings.google_client_secret, settings.google_service_account_file
    try:
        key = path.read_text(encoding="utf-8") if path else ""
    except OSError as error:
        raise Misconfigured(f"HUB_GOOGLE_SERVICE_ACCOUNT_FILE: cannot read it: {error.strerror}") from error
    google = Application(
        settings.google_api_root,
        settings.google_client_id or "",
        secret.get_secret_value() if secret else "",
        key,
        settings.operated_for,
    )
    return {"google_calendar": google}
