"""The error family in JMAP's words: method errors (RFC 8620 3.6.2) and SetErrors (RFC 8620 5.3, settings A.8).

Errors of whole requests are problem bodies, see ``request``. ``objectId`` and ``linkedObjects`` are the reference's
shape: an object with the type's name and the id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.settings import SettingsBroken
from stalwart.errors import (
    Conflict,
    DanglingReference,
    Forbidden,
    Invalid,
    LimitExceeded,
    Linked,
    NotFound,
    OverQuota,
    SecondFactorRequired,
    StalwartError,
    TimedOut,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from stalwart.jmap.call import UnresolvedReference
from stalwart.schema import ValidationFailed
from stalwart.schema.violations import Violation

NOT_AUTHORIZED = "You are not authorized to perform this action"
BOOTSTRAP_ONLY = (
    "The server is in bootstrap mode. Only the 'Bootstrap' object type can be accessed until the bootstrap process is"
    " complete."
)

Target = tuple[str, int]


class MethodError(Exception):
    """A call failed: ``["error", {"type", "description", ...}, callId]``; ``members`` are further ones."""

    def __init__(self, type: str, description: str | None = None, **members: Any) -> None:
        super().__init__(type, description)
        self.type = type
        self.description = description
        self.members = members

    def wire(self) -> dict[str, Any]:
        """The arguments of the error response."""
        return _members(self.type, self.description, self.members)


class SetRefused(StalwartError):
    """One object of a ``/set`` is refused with exactly this SetError; ``members`` are further ones, in wire form."""

    status = 400
    title = "Refused"

    def __init__(
        self, type: str, description: str | None = None, properties: Iterable[str] = (), **members: Any
    ) -> None:
        super().__init__(description)
        self.type = type
        self.description = description
        self.properties = tuple(properties)
        self.members = members

    def wire(self) -> dict[str, Any]:
        """The SetError."""
        listed = {"properties": list(self.properties)} if self.properties else {}
        return _members(self.type, self.description, listed | self.members)


class Untimely(SetRefused):
    """Refused as things stand: it may be fine once other changes of the same ``/set`` are carried out."""


# The nearest class in the order of inheritance counts.
_METHOD_TYPES: dict[type[StalwartError], str] = {
    UnresolvedReference: "invalidResultReference",
    Invalid: "invalidArguments",
    SetRefused: "invalidArguments",
    NotFound: "invalidArguments",
    Unauthenticated: "forbidden",
    SecondFactorRequired: "forbidden",
    Forbidden: "forbidden",
    OverQuota: "forbidden",
    TooLarge: "requestTooLarge",
    LimitExceeded: "requestTooLarge",
    TooMany: "serverUnavailable",
    Conflict: "serverUnavailable",  # design.md 8
    TimedOut: "serverUnavailable",
    Unavailable: "serverUnavailable",
    StalwartError: "serverFail",
}

_SET_TYPES: dict[type[StalwartError], str] = {
    Invalid: "invalidProperties",
    NotFound: "notFound",
    Unauthenticated: "forbidden",
    SecondFactorRequired: "forbidden",
    Forbidden: "forbidden",
    OverQuota: "overQuota",
    TooLarge: "tooLarge",
    LimitExceeded: "tooLarge",
    TooMany: "rateLimit",
    Conflict: "serverUnavailable",
    TimedOut: "serverUnavailable",
    Unavailable: "serverUnavailable",
    StalwartError: "serverFail",
}


def method_error(problem: StalwartError) -> MethodError:
    """The error response for a failed call."""
    return MethodError(_nearest(_METHOD_TYPES, problem), problem.detail)


def set_error(problem: StalwartError, target: Target | None = None) -> dict[str, Any]:
    """The SetError for one object; ``target`` is its (type, id), which ``objectIsLinked`` repeats."""
    if isinstance(problem, SetRefused):
        return problem.wire()
    if isinstance(problem, ValidationFailed):
        return _violations(problem.violations)
    if isinstance(problem, SettingsBroken):
        return _members("validationFailed", problem.detail, {"objectId": object_id(problem.object)})
    if isinstance(problem, DanglingReference):
        return _members("invalidForeignKey", None, _named(problem.properties) | {"objectId": object_id(problem.target)})
    if isinstance(problem, Linked):
        own = {"objectId": object_id(target)} if target is not None else {}
        return _members("objectIsLinked", None, own | {"linkedObjects": [object_id(one) for one in problem.linked]})
    if isinstance(problem, Conflict) and problem.property is not None:
        held = {"objectId": object_id(problem.holder)} if problem.holder is not None else {}
        return _members("primaryKeyViolation", None, _named((problem.property,)) | held)
    described = None if problem.detail == NotFound.default_detail else problem.detail
    return _members(_nearest(_SET_TYPES, problem), described, _named(getattr(problem, "properties", ())))


def object_id(target: Target) -> dict[str, str]:
    """A (type, id) as ``objectId`` and ``linkedObjects`` show it: the type without ``x:``."""
    return {"object": target[0], "id": encode_id(target[1])}


def _violations(violations: Sequence[Violation]) -> dict[str, Any]:
    """The gravest kind counts: what cannot be read, then what is out of bounds, then what means nothing."""
    for kind in ("invalidPatch", "validation", "invalidProperties"):
        found = [violation for violation in violations if violation.kind == kind]
        if not found:
            continue
        if kind == "validation":
            invalid = [violation.path for violation in found if violation.fault == "Invalid"]
            entries = {"validationErrors": [violation.entry() for violation in found]}
            return _members("validationFailed", None, _named(invalid) | entries)
        alike = [violation.path for violation in found if violation.description == found[0].description]
        return _members(kind, found[0].description, {"properties": list(dict.fromkeys(alike))})
    return _members("invalidProperties", None, {})


def _named(properties: Iterable[str]) -> dict[str, Any]:
    names = list(dict.fromkeys(properties))
    return {"properties": names} if names else {}


def _members(type: str, description: str | None, further: dict[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"type": type}
    if description is not None:
        members["description"] = description
    return members | further


def _nearest(types: dict[type[StalwartError], str], problem: StalwartError) -> str:
    return next(types[kind] for kind in type(problem).__mro__ if kind in types)
