"""What can go wrong between the command line and a server, in sentences that name the field and the rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USAGE = 2
REFUSED = 1

_RULES = {
    "Required": "must be given",
    "Invalid": "is not valid",
    "MinLength": "needs at least {required}",
    "MaxLength": "can have at most {required}",
    "MinValue": "must be at least {required}",
    "MaxValue": "must be at most {required}",
}

_PLAIN = {
    "notFound": "does not exist",
    "singleton": "is a singleton: it can only be updated",
    "forbidden": "is not allowed",
    "overQuota": "would exceed a quota",
    "tooLarge": "is too large",
    "rateLimit": "was asked for too often; try again later",
    "willDestroy": "is destroyed by the same request",
    "blobNotFound": "names a blob that does not exist",
}


class Problem(Exception):
    """Ends the command with ``code``: 2 for usage, connection and login, 1 for what the server refused."""

    def __init__(self, text: str, code: int = USAGE) -> None:
        super().__init__(text)
        self.code = code


class CallFailed(Problem):
    """A JMAP method answered with an error."""

    def __init__(self, method: str, arguments: Mapping[str, Any]) -> None:
        self.type = str(arguments.get("type"))
        reason = arguments.get("description") or _PLAIN.get(self.type, "")
        super().__init__(f"{method.removeprefix('x:')}: {self.type}{': ' + reason if reason else ''}", REFUSED)


def refusal(error: Mapping[str, Any]) -> str:
    """A SetError (settings A.8) as one sentence."""
    kind = str(error.get("type"))
    sentences = [_entry(entry) for entry in error.get("validationErrors") or ()]
    description = error.get("description")
    where = ", ".join(map(str, error.get("properties") or ()))
    if kind == "primaryKeyViolation":
        sentences.append(f"{where or 'a value'} is already used{_by(error.get('objectId'))}")
    elif kind == "invalidForeignKey":
        sentences.append(f"{_named(error.get('objectId'))} does not exist or is of the wrong kind")
    elif kind == "objectIsLinked":
        users = ", ".join(_named(one) for one in error.get("linkedObjects") or ())
        sentences.append(f"it is still used by {users}")
    elif not sentences:
        sentences.append(f"{where}: {description}" if where and description else description or _PLAIN.get(kind, kind))
        description = None
    if description and description not in sentences:
        sentences.append(str(description))
    return f"{kind}: {'; '.join(map(str, sentences))}"


def _entry(entry: Mapping[str, Any]) -> str:
    rule = _RULES.get(str(entry.get("type")), str(entry.get("type"))).format(required=entry.get("required"))
    value = f": {entry['value']}" if entry.get("value") else ""
    return f"{entry.get('property')} {rule}{value}"


def _named(target: Any) -> str:
    return f"{target.get('object')} {target.get('id')}" if isinstance(target, Mapping) else "the object"


def _by(target: Any) -> str:
    return f" by {_named(target)}" if isinstance(target, Mapping) else ""
