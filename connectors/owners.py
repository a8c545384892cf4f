"""Capabilities towards the owner of an account: signing in at the channel, choosing and making calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from connectors.calendars import Calendar
from connectors.transport import Network


@runtime_checkable
class KeepsCalendars(Protocol):
    """An account with calendars to choose from; connections alone are asked."""

    def calendars(self, settings: Mapping[str, object], network: Network) -> tuple[Calendar, ...]: ...

    def make_calendar(
        self, settings: Mapping[str, object], name: str, time_zone: str, network: Network
    ) -> Calendar: ...


@runtime_checkable
class OnBehalfOfTheOperator(Protocol):
    """A channel where the hub has an account of its own, the operator's, for all organizations."""

    slug: str
    title: str

    def uses_operator(self, settings: BaseModel | Mapping[str, object], *, complete: bool = True) -> bool:
        """
        Whether these settings lead to that account. While they are not `complete` only what they say counts:
        a connection that says nothing may be signed in yet.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignInBeginning:
    """Where to send the browser, and what to keep until it comes back."""

    url: str
    state: str
    verifier: str


@runtime_checkable
class SignsIn(Protocol):
    """A channel whose account is connected by the owner's consent there (OAuth, with state and PKCE)."""

    @property
    def scopes(self) -> Mapping[str, str]:
        """What is asked for, and in plain words why."""
        ...

    def begin_sign_in(
        self, settings: Mapping[str, object], redirect_uri: str, network: Network
    ) -> SignInBeginning: ...

    def finish_sign_in(
        self,
        settings: Mapping[str, object],
        code: str,
        verifier: str,
        redirect_uri: str,
        network: Network,
    ) -> Mapping[str, object]:
        """The connection's settings from now on, with what the channel gave us. Rejected where it did not."""
        ...
