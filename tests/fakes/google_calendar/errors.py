"""
What Google's Calendar API says when it refuses, as it writes it.

https://developers.google.com/workspace/calendar/api/guides/errors
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer other than success; `reason` is what a program reads, `message` what a person does."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "global", at: str = "") -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.at = at
        """The parameter or header that is to blame"""

    def content(self) -> dict[str, Any]:
        told = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.at:
            told |= {"locationType": "header" if self.at[0].isupper() else "parameter", "location": self.at}
        return {"error": {"errors": [told], "code": self.status, "message": self.message}}


def invalid(message: str, at: str = "") -> Refusal:
    return Refusal(400, "invalid", message, at=at)


def required(message: str) -> Refusal:
    return Refusal(400, "required", message)


def not_found() -> Refusal:
    return Refusal(404, "notFound", "Not Found")


def deleted() -> Refusal:
    return Refusal(410, "deleted", "Resource has been deleted")


def duplicate() -> Refusal:
    return Refusal(409, "duplicate", "The requested identifier already exists.")


def other_version() -> Refusal:
    return Refusal(412, "conditionNotMet", "Precondition Failed", at="If-Match")


def full_sync_required() -> Refusal:
    message = "Sync token is no longer valid, a full sync is required."
    return Refusal(410, "fullSyncRequired", message, domain="calendar", at="syncToken")


def not_signed_in() -> Refusal:
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential."
    )
    return Refusal(401, "authError", message, at="Authorization")


def forbidden() -> Refusal:
    return Refusal(403, "forbidden", "Forbidden")


def lacks_role(role: str) -> Refusal:
    return Refusal(
        403, "requiredAccessLevel", f"You need to have {role} access to this calendar.", domain="calendar"
    )


def lacks_scope() -> Refusal:
    return Refusal(
        403, "insufficientPermissions", "Insufficient Permission: Request had insufficient scopes."
    )


def too_fast(status: int = 403, reason: str = "rateLimitExceeded") -> Refusal:
    """403 rateLimitExceeded, 403 userRateLimitExceeded and 429 rateLimitExceeded mean the same."""
    message = "User Rate Limit Exceeded" if reason == "userRateLimitExceeded" else "Rate Limit Exceeded"
    return Refusal(status, reason, message, domain="usageLimits")


def too_many_calendars() -> Refusal:
    return Refusal(403, "quotaExceeded", "Calendar usage limits exceeded.", domain="usageLimits")


def backend(status: int) -> Refusal:
    return Refusal(status, "backendError", "Backend Error")


def wrong_type(message: str) -> Refusal:
    return Refusal(400, "eventTypeRestriction", message, domain="calendar")
