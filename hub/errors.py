"""
What can go wrong in the hub, by what the caller should do next. None of them knows HTTP.

* HubError
  - NotFound        it does not exist, or not for you: ask for something else
  - Refused         the input or a rule forbids it: change the request (`field` says where)
  - Conflict        the inventory or the state forbids it: choose other dates, or look again
  - NotAllowed      your role does not cover it: ask somebody who may
  - NotSignedIn     nobody is known to be asking: sign in
  - TooManyTries    wait for so many seconds, then try again
  - Misconfigured   the operator must change a setting
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason against a request: a stable code, a sentence that names the thing, and the field."""

    code: str
    message: str
    field: str | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class HubError(Exception):
    """A refusal with reasons; the first reason is the headline."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__("; ".join(reason.message for reason in reasons))
        self.reasons: Sequence[Reason] = reasons

    @classmethod
    def because(cls, code: str, message: str, field: str | None = None, **facts: Any) -> HubError:
        return cls(Reason(code, message, field, facts))


class NotFound(HubError):
    pass


class Refused(HubError):
    pass


class Conflict(HubError):
    pass


class NotAllowed(HubError):
    pass


class NotSignedIn(HubError):
    pass


class TooManyTries(HubError):
    """The same for whomever it was tried, whether or not there is such a person; `seconds` says how long."""


class Misconfigured(Exception):
    pass
