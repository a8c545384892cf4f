"""Where every log line of a process goes, whoever writes it: one format, and nothing secret in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from hub.config import Settings
from hub.redaction import redacted_within

CHATTY = ("celery", "kombu", "httpx", "httpcore", "alembic", "sqlalchemy")
"""Several lines a second of theirs are nothing; only what is wrong is shown"""
OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
"""Who writes past everybody else unless told not to"""


def configure(settings: Settings) -> None:
    """Once per process, before it says anything."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter(json=settings.log_format == "json"))
    root = logging.getLogger()
    for before in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(*, json: bool) -> logging.Formatter:
    """Of standard log records: what `extra` and the request's context say stands beside the message."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    last: Processor = structlog.processors.JSONRenderer() if json else _console
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


class _Handler(logging.StreamHandler[Any]):
    """Ours, among those of others."""


_PLAIN = frozenset({"request_id", "timestamp", "level", "logger", "organization", "caller"})
"""Said by us alone, and no text of anybody's"""


def _redact(_logger: Any, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    private = {name: value for name, value in said.items() if name not in _PLAIN and name[:1] != "_"}
    said.update(redacted_within(private))
    return said


def _console(_logger: Any, _method: str, said: MutableMapping[str, Any]) -> str:
    """One line for a person: when, how bad, who, what, then the rest by name."""
    first = [said.pop(name, "") for name in ("timestamp", "level", "logger", "event")]
    trace = said.pop("exception", None)
    rest = [f"{name}={value}" for name, value in said.items() if value is not None]
    line = " ".join(str(part) for part in (*first, *rest))
    return f"{line}\n{trace}" if trace else line
