"""The table of rights as people read it: `python -m api.matrix > docs/rights.md`."""

from __future__ import annotations

import sys

from api.rights import RIGHTS, SCOPES, V1, Right
from hub.models.organizations import ROLES

TITLE = """\
# Rights

Who may do what: one line for every operation, made by `python -m api.matrix` from the table in
`api/rights.py`, which decides every request. A test compares the two.

A person needs the role that is named or one above it: {roles}.

An API key needs the scope that is named; where it is a dash, keys may not at all. {scopes}.

Staff who are limited to properties meet nothing of others where the last column says so: it is as if it did
not exist. Managers and above are never limited.

| operation | least role | scope of a key | limits to properties |
|---|---|---|---|
"""


def text() -> str:
    roles = " < ".join(ROLES)
    scopes = "; ".join(
        f"`{scope}` also covers {', '.join(sorted(covers - {scope}))}"
        for scope, covers in SCOPES.items()
        if covers != {scope}
    )
    lines = (_line(operation, right) for operation, right in sorted(RIGHTS.items(), key=_by_path))
    return TITLE.format(roles=roles, scopes=scopes) + "".join(lines)


def _by_path(row: tuple[str, Right]) -> tuple[str, str]:
    method, _, path = row[0].partition(" ")
    return path, method


def _line(operation: str, right: Right) -> str:
    scope = "anyone" if right.public else " and ".join(right.scopes) or "–"
    limited = "yes" if right.limited and right.role == "staff" else ""
    return f"| `{operation.replace(V1, '')}` | {right.role} | {scope} | {limited} |\n"


if __name__ == "__main__":
    sys.stdout.write(text())
