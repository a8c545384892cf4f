"""One plain sentence for what went wrong; loaded when something does."""

from __future__ import annotations

import errno
import os
import sys

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError

from connectors.errors import ConnectorError
from hub.errors import HubError, Misconfigured
from workers.commands.output import warn
from workers.supervisor import GaveUp

NO_DATABASE = "the database does not answer; is `hub up` running, or is HUB_DATABASE_URL right?"
NO_SCHEMA = "the database has not the schema of this version; run `hub migrate`"

UNKNOWN_TO_IT = ("42P01", "42703", "42883")
"""What PostgreSQL says of tables, columns and functions that are not there"""

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What the system says of a place that takes no more; a reader that has gone is no failure"""


def in_words(error: Exception) -> None:
    """The sentence and exit code 1 for everything that somebody can do something about; raises the others."""
    words = _words(error)
    if words is None:
        raise error
    _give_up_output()
    warn(f"hub: {'; '.join((words, *getattr(error, '__notes__', ())))}")
    raise SystemExit(1) from error


def _give_up_output() -> None:
    """What cannot be written now is not tried again when the process ends."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _words(error: Exception) -> str | None:
    match error:
        case HubError():
            return "; ".join(
                f"{reason.field}: {reason.message}" if reason.field else reason.message
                for reason in error.reasons
            )
        case ValidationError():
            return "; ".join(
                f"HUB_{'_'.join(map(str, fault['loc'])).upper()}: "
                + fault["msg"].removeprefix("Value error, ")
                for fault in error.errors(include_url=False, include_input=False, include_context=False)
            )
        case ConnectorError() | Misconfigured() | GaveUp():
            return str(error)
        case OperationalError():
            return NO_DATABASE
        case ProgrammingError() if getattr(error.orig, "sqlstate", None) in UNKNOWN_TO_IT:
            return NO_SCHEMA
        case OSError(strerror=str(why), filename=None) if error.errno in UNWRITABLE:
            return f"nothing more could be written: {why}"
        case OSError(strerror=str(why), filename=str() as name):
            return f"{name}: {why}"
    return None
