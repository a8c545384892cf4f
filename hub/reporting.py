"""Errors to Sentry and times to OpenTelemetry: only where a setting asks for it, and never with a person."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

from hub.config import Settings
from hub.errors import Misconfigured
from hub.redaction import redacted_within

_tracers: list[Any] = []


def begin(settings: Settings) -> None:
    """Once per process; Misconfigured where a setting asks for what is not installed."""
    dsn = settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else ""
    if dsn:
        sentry(dsn)
    if settings.otel_endpoint:
        _trace(settings.otel_endpoint)


def sentry(dsn: str, **more: Any) -> None:
    """`more` goes to the SDK as it is."""
    _needed("sentry_sdk", "HUB_SENTRY_DSN", "sentry").init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=before_send,
        before_send_transaction=before_send,
        before_breadcrumb=before_send,
        **more,
    )


def before_send(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """What leaves the house: of the request its method alone, and no text with a secret or a person."""
    request = event.pop("request", None)
    if isinstance(request, dict) and "method" in request:
        event["request"] = {"method": request["method"]}
    event.pop("user", None)
    found: dict[str, Any] = redacted_within(event)
    return found


def request(told: dict[str, Any], seconds: float) -> None:
    """A request that has ended, as the log tells it: by its route, without its address."""
    for tracer in _tracers:
        ended = time.time_ns()
        span = tracer.start_span(str(told["route"] or told["method"]), start_time=ended - int(seconds * 1e9))
        for name in ("method", "route", "status", "organization"):
            if told[name] is not None:
                span.set_attribute(name, told[name])
        span.end(ended)


def _trace(endpoint: str) -> None:
    setting, extra = "HUB_OTEL_ENDPOINT", "otel"
    trace = _needed("opentelemetry.sdk.trace", setting, extra)
    export = _needed("opentelemetry.sdk.trace.export", setting, extra)
    otlp = _needed("opentelemetry.exporter.otlp.proto.http.trace_exporter", setting, extra)
    provider = trace.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint)))
    _tracers[:] = [provider.get_tracer("channel-hub")]


def _needed(module: str, setting: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise Misconfigured(
            f"{setting} is set, but {module} is not installed: channel-hub[{extra}]"
        ) from None
