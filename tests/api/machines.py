"""Keys that machines of a test's organization send."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from hub.services import api_keys
from hub.services.api_keys import Made, NewKey
from tests.api.houses import V1, House


def a_key(house: House, *scopes: str, **fields: Any) -> Made:
    """Made by the house's member, past the door."""

    def work(session: Session) -> Made:
        return api_keys.create(session, NewKey("A machine", scopes or ("read",), **fields), house.member_id)

    return house.work(work)


def ask(house: House, key: str, method: str, path: str, **more: Any) -> Any:
    return house.client.request(method, V1 + path, headers={"Authorization": f"Bearer {key}"}, **more)
