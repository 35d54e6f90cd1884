"""Result references: arguments taken from the responses of earlier calls of the request (RFC 8620 3.7).

Every argument may be one and every path is followed, where the reference knows five of the one and six of the other
(jmap.md 5.1). ``*`` also goes over the values of objects, as there. The bytes that references bring into one request
are bounded, because each could double the one before it; so are those of the responses that they are looked up in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from stalwart.jmap.errors import MethodError

Response = tuple[str, Any, str]
"""Name, arguments, call id."""

LEAST_READ = 1 << 24
"""Octets of responses that references of one request may be looked up in, in any case; else twice the budget."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")  # RFC 6901 4
_BAD_ESCAPE = re.compile(r"~(?![01])")
_SHOWN = 100


class PointerFailed(Exception):
    """A pointer leads nowhere; the text says where it ends."""


class References:
    """What the calls of one request may refer to: ``responses``, which grows as they are carried out.

    ``budget`` is how many bytes of JSON all references together may bring in.
    """

    def __init__(self, responses: Sequence[Response], budget: int) -> None:
        self._responses = responses
        self._budget = budget
        self._readable = max(2 * budget, LEAST_READ)
        self._plain: dict[int, Any] = {}
        self._too_large: set[int] = set()

    def resolved(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """``arguments`` with a value for each ``#name``.

        :raises MethodError: ``invalidArguments`` where an argument is there in both forms, ``invalidResultReference``
            where one cannot be resolved.
        """
        for name in arguments:
            if name.startswith("#"):
                break
        else:
            return arguments
        found: dict[str, Any] = {}
        for name, value in arguments.items():
            if not name.startswith("#"):
                found[name] = value
                continue
            if name[1:] in arguments:
                shown = _shown(name[1:])
                raise MethodError(
                    "invalidArguments", f"The argument {shown} is there both as a value and by reference."
                )
            found[name[1:]] = self._value(name, value)
        return found

    def _value(self, name: str, reference: Any) -> Any:
        call_id, method, path = _read(name, reference)
        index = self._index(call_id, method)
        if index is None:
            raise _failed(f"Result reference to {_shown(call_id)} {_shown(method)} not found among the earlier calls.")
        try:
            value = follow(self._answer(index), path)
        except PointerFailed as problem:
            raise _failed(f"The path of the result reference {_shown(name)} leads nowhere: {problem}") from None
        encoded = msgspec.json.encode(value)
        self._budget -= len(encoded)
        if self._budget < 0:
            raise MethodError("requestTooLarge", "The result references bring in more than a request may hold.")
        return msgspec.json.decode(encoded)  # a copy: handlers change their arguments

    def _answer(self, index: int) -> Any:
        """A response as plain JSON: a handler may have answered with more than that, and with a lot."""
        if index not in self._plain:
            encoded = b"" if index in self._too_large else msgspec.json.encode(self._responses[index][1])
            if not encoded or len(encoded) > self._readable:
                self._too_large.add(index)
                raise MethodError("requestTooLarge", "The responses that are referred to are too large for that.")
            self._readable -= len(encoded)
            self._plain[index] = msgspec.json.decode(encoded)
        return self._plain[index]

    def _index(self, call_id: str, method: str) -> int | None:
        for index, (name, _, id) in enumerate(self._responses):
            if id == call_id and name == method:
                return index
        return None


def follow(value: Any, pointer: str) -> Any:
    """What ``pointer`` finds in ``value``: RFC 6901 with ``*`` (RFC 8620 3.7).

    :raises PointerFailed: it is no pointer, or there is nothing.
    """
    if not pointer:
        return value
    if not pointer.startswith("/"):
        raise PointerFailed("it does not begin with a slash.")
    if _BAD_ESCAPE.search(pointer):
        raise PointerFailed('"~" must be followed by 0 or 1.')
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]
    return _follow(value, tokens, 0)


def _follow(value: Any, tokens: Sequence[str], position: int) -> Any:
    while position < len(tokens):
        token = tokens[position]
        if token == "*" and isinstance(value, list):
            return _mapped(value, tokens, position + 1)
        if token == "*" and isinstance(value, dict) and token not in value:
            return _mapped(list(value.values()), tokens, position + 1)
        value = _member(value, token)
        position += 1
    return value


def _mapped(items: list[Any], tokens: Sequence[str], position: int) -> list[Any]:
    results: list[Any] = []
    for item in items:
        result = _follow(item, tokens, position)
        if isinstance(result, list):
            results.extend(result)
        else:
            results.append(result)
    return results


def _member(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        if token in value:
            return value[token]
        raise PointerFailed(f"there is no member {_shown(token)}.")
    if isinstance(value, list):
        if not _INDEX.fullmatch(token):
            raise PointerFailed(f"{_shown(token)} is no index of an array.")
        if int(token) < len(value):
            return value[int(token)]
        raise PointerFailed(f"the array has no item {_shown(token)}.")
    raise PointerFailed(f"{_shown(token)} is asked of what is neither an object nor an array.")


def _read(name: str, reference: Any) -> tuple[str, str, str]:
    if isinstance(reference, dict):
        call_id, method, path = (reference.get(member) for member in ("resultOf", "name", "path"))
        if isinstance(call_id, str) and isinstance(method, str) and isinstance(path, str):
            return call_id, method, path
    raise _failed(f"The argument {_shown(name)} must be an object with the strings resultOf, name and path.")


def _failed(description: str) -> MethodError:
    return MethodError("invalidResultReference", description)


def _shown(text: str) -> str:
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}..."'
