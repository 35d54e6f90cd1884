"""Passwords in changes of accounts: found where a client may put them, hashed before the transaction (settings A.7).

Values that are hashes already are stored verbatim and cost nothing here. Nobody's clear text reaches the store: a
password that the rules refuse is replaced by a value that fits nothing, and the refusal is raised once the rest of the
object has been found good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, gatherResults

from stalwart.directory import hashes
from stalwart.directory.account_records import date_text
from stalwart.directory.accounts import Accounts
from stalwart.errors import StalwartError
from stalwart.jmap.registry.handler import Change
from stalwart.schema import MASK

_AT_ONCE = 2  # as many as there are threads for it
_FITS_NOTHING = "{SHA256}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@frozen
class Place:
    """A new password: ``members[key]``; ``expiry`` is the key of its end, which may be missing."""

    change: Change
    members: dict[str, Any]
    key: str
    expiry: str

    @property
    def secret(self) -> str:
        """What is there."""
        found: str = self.members[self.key]
        return found


def places(changes: Iterable[Change]) -> Iterator[Place]:
    """Every new password in ``changes``."""
    for change in changes:
        if change.kind == "create":
            yield from _in_list(change, change.data.get("credentials"))
        elif change.kind == "update":
            for path in tuple(change.data):
                yield from _at(change, path)


def clear(found: Iterable[Place]) -> list[Place]:
    """Those that are not hashes."""
    return [place for place in found if not hashes.is_hash(place.secret)]


def set_expiry(found: Iterable[Place], expires_at: int | None) -> None:
    """Let new passwords end when the rules say, unless the client says when."""
    if expires_at is not None:
        for place in found:
            place.members.setdefault(place.expiry, date_text(expires_at))


async def hash_all(found: Sequence[Place], accounts: Accounts, known: Mapping[str, Sequence[str]]) -> None:
    """Replace clear text by hashes; ``known`` has, by the key of a change, words that make a password weak.

    A refusal is left in ``prepared`` of the change.
    """
    waiting = iter(found)

    async def work() -> None:
        for place in waiting:
            words = known.get(place.change.key, ())
            try:
                place.members[place.key] = await accounts.stored_password(place.secret, words)
            except StalwartError as problem:
                place.members[place.key] = _FITS_NOTHING
                place.change.prepared = problem

    works = [Deferred.fromCoroutine(work()) for _ in range(min(_AT_ONCE, len(found)))]
    await gatherResults(works, consumeErrors=True)


def _at(change: Change, path: str) -> Iterator[Place]:
    """The passwords that one member of a patch brings."""
    name, *steps = path.split("/")
    if name != "credentials":
        return
    value = change.data[path]
    if not steps:
        yield from _in_list(change, value)
    elif len(steps) == 1:
        yield from _in_list(change, {"": value})
    elif steps[1:] == ["secret"] and _is_new(value):
        yield Place(change, change.data, path, f"credentials/{steps[0]}/expiresAt")


def _in_list(change: Change, credentials: Any) -> Iterator[Place]:
    if not isinstance(credentials, dict):
        return
    for each in credentials.values():
        if isinstance(each, dict) and each.get("@type") == "Password" and _is_new(each.get("secret")):
            yield Place(change, each, "secret", "expiresAt")


def _is_new(secret: Any) -> bool:
    return isinstance(secret, str) and secret != MASK and bool(secret.strip())
