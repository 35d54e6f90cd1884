"""What can go wrong between the command line and a server, in sentences that name the field and the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


Rule = Callable[[str], str | None]
"""What a value at a path can be, or None."""


def refusal(error: Mapping[str, Any], rule: Rule = lambda path: None) -> str:
    """A SetError (settings A.8) as one sentence; ``rule`` says what the schema allows where a value is not valid."""
    kind = str(error.get("type"))
    sentences = [_entry(entry, rule) for entry in error.get("validationErrors") or ()]
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
        sentences[-1] += _allowed(where, rule) if kind in ("invalidPatch", "invalidProperties") else ""
        description = None
    if description and description not in sentences:
        sentences.append(str(description))
    if error.get("canConfirm") is True:
        sentences[-1] = f"{sentences[-1]} To do it all the same, add --confirm."
    return f"{kind}: {'; '.join(map(str, sentences))}"


def _entry(entry: Mapping[str, Any], rule: Rule) -> str:
    kind = str(entry.get("type"))
    fault = _RULES.get(kind, kind).format(required=entry.get("required"))
    value = f": {entry['value']}" if entry.get("value") else ""
    allowed = _allowed(str(entry.get("property")), rule) if kind in ("Required", "Invalid") else ""
    return f"{entry.get('property')} {fault}{value}{allowed}"


def _allowed(path: str, rule: Rule) -> str:
    told = rule(path) if path else None
    return f" (it is {told})" if told else ""


def _named(target: Any) -> str:
    return f"{target.get('object')} {target.get('id')}" if isinstance(target, Mapping) else "the object"


def _by(target: Any) -> str:
    return f" by {_named(target)}" if isinstance(target, Mapping) else ""
