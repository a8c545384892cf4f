"""Which units may be sold together as one: a whole and its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.domain.periods import LetBy
from hub.errors import Reason


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of a unit that is proposed as a part."""

    name: str
    property_id: UUID
    let_by: LetBy
    composite: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """The unit that is to have parts; `id` is None while it is being created."""

    id: UUID | None
    property_id: UUID
    let_by: LetBy
    part_of: str | None = None
    """The name of a whole that this unit is itself a part of"""


Objection = tuple[str, str]
"""A code and a sentence."""

PartRule = Callable[[Whole, Part], Objection | None]


def _has_no_parts(whole: Whole, part: Part) -> Objection | None:  # noqa: ARG001 - one signature
    # Every allocation is of leaves; a whole among the parts would hide which ones.
    message = f"{part.name} has parts itself; parts must be units that have no parts"
    return ("part_is_composite", message) if part.composite else None


def _same_property(whole: Whole, part: Part) -> Objection | None:
    message = f"{part.name} belongs to another property"
    return ("part_elsewhere", message) if part.property_id != whole.property_id else None


def _same_letting(whole: Whole, part: Part) -> Objection | None:
    message = f"{part.name} is let by the {part.let_by}, the whole by the {whole.let_by}"
    return ("part_let_otherwise", message) if part.let_by != whole.let_by else None


PART_RULES: tuple[PartRule, ...] = (_has_no_parts, _same_property, _same_letting)


def refusals(whole: Whole, parts: Sequence[UUID], known: Mapping[UUID, Part]) -> tuple[Reason, ...]:
    """Every reason against these parts, with `parts` or `parts[n]` as its field; empty if they will do.

    `known` holds the units that the caller may see; any other part does not exist for them. Two wholes
    may share a leaf: each is free only when all its leaves are, so they can never be sold twice.
    """
    reasons = []
    if whole.part_of is not None:
        message = f"this unit is a part of {whole.part_of}, so it cannot have parts itself"
        reasons.append(Reason("whole_is_part", message, "parts"))
    if len(parts) < 2:
        message = "a unit made of others needs at least two parts"
        reasons.append(Reason("too_few_parts", message, "parts"))
    for position, part_id in enumerate(parts):
        objections = _against(whole, part_id, parts[:position], known)
        reasons += [Reason(code, message, f"parts[{position}]") for code, message in objections]
    return tuple(reasons)


def _against(
    whole: Whole, part_id: UUID, earlier: Sequence[UUID], known: Mapping[UUID, Part]
) -> list[Objection]:
    if part_id == whole.id:
        return [("part_is_whole", "a unit cannot be a part of itself")]
    part = known.get(part_id)
    if part is None:
        return [("unknown_part", f"there is no unit {part_id}")]
    if part_id in earlier:
        return [("duplicate_part", f"{part.name} is named twice")]
    return [objection for rule in PART_RULES if (objection := rule(whole, part))]
