"""Whether the record of a DKIM key is in DNS as receivers look for it (RFC 6376 3.6), or gone from there.

Looks go round our cache: whether a key signs depends on what others find now.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.codec import dkim_record
from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import Vault
from stalwart.mail.dkim_keys import DKIM_KEY, Kind, public_text
from stalwart.mail.domain_records import DkimKey, ascii_name, key_name, key_text
from stalwart.mail.record_judgement import competes, presented, text_problem
from stalwart.net.dns_answers import LookupFailed, Resolver
from stalwart.net.dns_cache import CachingResolver

LONGEST_LOOKUP = 10.0
"""Seconds."""

_DENIED = ("nxdomain", "nodata")


@frozen
class Sought:
    """The record of a signature with this ``id``: its ``name``, and its ``text``; None is whatever key there is.

    ``problem`` is why there is nothing to look for.
    """

    id: int
    name: str
    text: str | None = None
    problem: str | None = None


@frozen
class Sight:
    """What was seen of it: there as it should be, not there, something else, or nobody can tell, and the sentence."""

    state: Literal["there", "missing", "wrong", "unknown"]
    reason: str = ""


def published_key(vault: Vault, signature: Any) -> DkimKey:
    """What receivers are to find of an instance of x:DkimSignature. Raises UnreadablePem, Unreadable."""
    key = public_text(vault.kept(DKIM_KEY, signature.private_key))
    return DkimKey(signature.selector, Kind.of(signature.tag).algorithm, key, signature.stage)


def sought(vault: Vault, id: int, signature: Any, domain: str) -> Sought:
    """The record of an instance of x:DkimSignature of ``domain``, a name in A-labels; may read a file."""
    name = key_name(signature.selector, domain)
    if ascii_name(name) is None:
        return Sought(id, name, None, f"{name} cannot be a name in DNS; the selector has to be another.")
    try:
        return Sought(id, name, key_text(published_key(vault, signature)))
    except (UnreadablePem, Unreadable) as problem:
        return Sought(id, name, None, f"The key for {name} cannot be read: {problem}.")


async def look_for(record: Sought, resolver: Resolver, clock: Any) -> Sight:
    """Look the record up; takes ``LONGEST_LOOKUP`` at most. Can be cancelled."""
    if record.problem is not None:
        return Sight("unknown", record.problem)
    source = resolver.resolver if isinstance(resolver, CachingResolver) else resolver

    async def lookup() -> Any:
        return await source.lookup(record.name, "TXT")

    looking = Deferred.fromCoroutine(lookup()).addTimeout(LONGEST_LOOKUP, clock)
    try:
        answer = await looking
    except LookupFailed as failed:
        if failed.kind in _DENIED:
            return Sight("missing", f"There is no TXT record {record.name} in DNS; the zone file of the domain has it.")
        return Sight("unknown", f"The TXT record {record.name} cannot be looked up: {failed.reason}")
    except DeferredTimeout:
        return Sight("unknown", f"The TXT record {record.name} cannot be looked up: no answer in time")
    return judged(record, [presented("TXT", value) for value in answer.records])


def judged(record: Sought, texts: list[str]) -> Sight:
    """What the ``texts`` at the name of the record say; pure."""
    keys = [text for text in texts if competes("dkim", "", text)]
    if not keys:
        return Sight("missing", f"The TXT record {record.name} is no DKIM key; the zone file of the domain has it.")
    if len(keys) > 1:  # RFC 6376 3.6.2.2: which one is used is undefined
        return Sight("wrong", f"There are {len(keys)} DKIM keys at {record.name} in DNS; only one may be there.")
    read = dkim_record.read(keys)
    if record.text is None:
        return Sight("missing") if read is None or read.revoked else Sight("there")
    problem = text_problem("dkim", record.text, keys[0])
    if problem is None and (read is None or read.broken):
        problem = "No signature of ours fits it."
    if problem is None:
        return Sight("there")
    return Sight("wrong", f"The TXT record {record.name} in DNS is not the one of the zone file: {problem}")
