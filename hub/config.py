"""Every setting of the hub: read once at a door, handed down, never read on import."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hub.errors import Misconfigured

GENERATED = "hub.env"
"""The file in the data dir that holds what the hub generated for itself (mode 0600)."""


class Settings(BaseSettings):
    """HUB_… from the environment, else from the file that HUB_…_FILE names, else from the data dir."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore", frozen=True)

    data_dir: Path = Path(".hub")
    database_url: str | None = None
    owner_database_url: str | None = None
    redis_url: str | None = None
    broker_url: str | None = None
    base_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr | None = None
    encryption_keys: SecretStr | None = None
    admin_email: str | None = None
    admin_password: SecretStr | None = None
    allowed_private_hosts: str = ""
    demo_feeds_url: str | None = None
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_service_account_file: Path | None = None
    google_service_account_organizations: str = ""
    google_api_root: str | None = None
    import_horizon_days: int = Field(default=548, ge=31, le=1100)
    lease_seconds: int = Field(default=60, ge=5, le=600)
    worker_concurrency: int = Field(default=2, ge=1, le=64)
    pull_concurrency: int = Field(default=24, ge=1, le=256)
    check_waiting: int = Field(default=128, ge=1, le=10_000)
    check_lanes: int = Field(default=8, ge=1, le=64)
    host_concurrency: int = Field(default=4, ge=1, le=64)
    host_interval_ms: int = Field(default=0, ge=0, le=600_000)
    database_pool: int = Field(default=12, ge=1, le=200)
    trusted_proxies: str = ""
    cors_origins: str = ""
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    request_seconds: int = Field(default=60, ge=1, le=600)
    rate_auth_address: int = Field(default=30, ge=0)
    rate_auth_account: int = Field(default=10, ge=0)
    rate_public: int = Field(default=120, ge=0)
    rate_caller: int = Field(default=1200, ge=0)
    rate_webhook: int = Field(default=6000, ge=0)
    log_format: Literal["console", "json"] = "console"
    sentry_dsn: SecretStr | None = None
    otel_endpoint: str | None = None
    metrics_token: SecretStr | None = None
    monitoring_webhook_url: str | None = None
    monitoring_webhook_secret: SecretStr | None = None
    alert_email: str = ""
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    retention_guest_days: int = Field(default=0, ge=0)
    retention_event_text_days: int = Field(default=90, ge=0)
    retention_mail_days: int = Field(default=90, ge=0)
    retention_run_days: int = Field(default=90, ge=0)
    retention_payload_days: int = Field(default=30, ge=0)
    payload_bytes: int = Field(default=512 * 1024 * 1024, ge=16 * 1024 * 1024)
    retention_way_in_days: int = Field(default=30, ge=0)
    retention_idempotency_hours: int = Field(default=168, ge=0)
    backup_dir: Path | None = None
    backup_days: int = Field(default=30, ge=1)
    backup_every_hours: int = Field(default=24, ge=0)
    backup_key: SecretStr | None = None
    test_clock: bool = False

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in _listed(value):
            ip_network(part, strict=False)
        return value

    @field_validator("google_service_account_organizations")
    @classmethod
    def _organizations(cls, value: str) -> str:
        return ",".join(part if part == "*" else str(UUID(part)) for part in _listed(value))

    @field_validator(
        "backup_dir",
        "google_service_account_file",
        "monitoring_webhook_url",
        "monitoring_webhook_secret",
        "smtp_url",
        "mail_from",
        mode="before",
    )
    @classmethod
    def _none_is_none(cls, value: Any) -> Any:
        return value or None

    @field_validator("base_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _NamedFiles(settings_cls), _DataDir(settings_cls)

    @property
    def embedded_database(self) -> bool:
        return self.database_url is None

    @property
    def embedded_redis(self) -> bool:
        return self.redis_url is None

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Hosts, host:port pairs or networks to which outgoing calls may go although they are private."""
        return _listed(self.allowed_private_hosts)

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """To whom alerts are mailed."""
        return _listed(self.alert_email)

    @property
    def operated_for(self) -> frozenset[str]:
        """Ids of organizations that may use the hub's service account; "*" is all of them."""
        return frozenset(_listed(self.google_service_account_organizations))

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses and networks whose word on where a request comes from is believed."""
        return _listed(self.trusted_proxies)

    @property
    def origins(self) -> tuple[str, ...]:
        """Whose pages may ask the API from a browser."""
        return tuple(origin.rstrip("/") for origin in _listed(self.cors_origins))

    def signing_key(self) -> bytes:
        return self._required(self.secret_key, "HUB_SECRET_KEY").encode()

    def vault_keys(self) -> tuple[str, ...]:
        """Fernet keys; the first encrypts, all decrypt."""
        keys = self._required(self.encryption_keys, "HUB_ENCRYPTION_KEYS")
        return tuple(key.strip() for key in keys.split(",") if key.strip())

    def _required(self, secret: SecretStr | None, name: str) -> str:
        if secret is None or not secret.get_secret_value():
            raise Misconfigured(
                f"{name} is not set, and {self.data_dir.resolve() / GENERATED} does not have it; `hub up` "
                "generates it there, HUB_DATA_DIR says where it is, a production set-up must supply it"
            )
        return secret.get_secret_value()


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class _NamedFiles(PydanticBaseSettingsSource):
    """HUB_STRIPE_SECRET_KEY_FILE=/run/secrets/stripe: the value is what the file holds."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        import os

        values: dict[str, Any] = {}
        for name in self.settings_cls.model_fields:
            variable = f"HUB_{name.upper()}_FILE"
            if path := os.environ.get(variable):
                try:
                    values[name] = Path(path).read_text(encoding="utf-8").strip()
                except OSError as error:
                    raise Misconfigured(f"{variable}: cannot read {path}: {error.strerror}") from error
        return values


class _DataDir(PydanticBaseSettingsSource):
    """What an earlier `hub up` generated into its data dir, so that every command finds the same hub."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        import os

        folder = self.current_state.get("data_dir") or os.environ.get("HUB_DATA_DIR") or ".hub"
        return read_generated(Path(str(folder)))


def read_generated(data_dir: Path) -> dict[str, str]:
    """The data dir's generated settings, by field name; empty where there is no such file."""
    try:
        lines = (data_dir / GENERATED).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Misconfigured(f"cannot read {data_dir / GENERATED}: {error.strerror}") from error
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.removeprefix("HUB_").lower(): value for name, value in pairs}
