"""Makes DKIM-Signature fields: one pass over the body, one over the head for all keys that sign the same (RFC 6376 5).

From, To and Subject are named once more than they are there, so that nobody can add one (RFC 6376 8.15).
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from stalwart.codec.dkim.body import BodyForm, body_hashes
from stalwart.codec.dkim.fields import Field, divided, selected
from stalwart.codec.dkim.keys import SigningKey
from stalwart.codec.dkim.signature import folded, with_value

_SEALED = (b"from", b"to", b"subject")
_ORDER = (b"from", b"to", b"cc", b"subject", b"date", b"message-id")
_MOST_OF_ONE = 50
_NEVER = frozenset((b"dkim-signature", b"return-path", b"received", b"authentication-results"))


@frozen
class Signer:
    """How a domain signs: ``key`` and what the fields say. ``names`` are fields in lower case, sorted; ``lasts`` how
    long signatures are valid, in seconds.
    """

    key: SigningKey
    domain: str
    selector: str
    names: tuple[str, ...] = ("from", "to", "subject", "date", "message-id")
    relaxed_head: bool = True
    relaxed_body: bool = True
    identity: str | None = None
    lasts: int | None = None
    report: bool = False
    third_party: str | None = None
    third_party_hash: str | None = None


def sign(content: Iterable[bytes], signers: Sequence[Signer], now: int) -> bytes:
    """The fields for a message, each with its CRLF, in the order of ``signers``.

    :raises HeadTooLong: the head is longer than signatures look.
    """
    fields, body = divided(content)
    hashes = body_hashes(body, (BodyForm(signer.relaxed_body) for signer in signers))
    present = Counter(field.name for field in fields)
    heads: dict[tuple[tuple[bytes, ...], bool], hashlib._Hash] = {}
    made = b""
    for signer in signers:
        names = signed_names(signer.names, present)
        head = heads.get((names, signer.relaxed_head))
        if head is None:
            head = heads[names, signer.relaxed_head] = _head_hash(fields, names, signer.relaxed_head)
        text = folded(_tags(signer, names, hashes[BodyForm(signer.relaxed_body)].digest, now))
        whole = head.copy()
        whole.update(Field(b"dkim-signature", text.encode()).canonical(signer.relaxed_head))
        made += with_value(text, signer.key.sign(whole.digest()))
    return made


def signed_names(names: Iterable[str], present: Counter[bytes]) -> tuple[bytes, ...]:
    """The list h: each name as often as it is there, From in any case, and what must not be added once more."""
    wanted = {name.strip().lower().encode() for name in names} - _NEVER | {b"from"}
    rank = {name: place for place, name in enumerate(_ORDER)}
    found: list[bytes] = []
    for name in sorted(wanted, key=lambda name: (rank.get(name, len(rank)), name)):
        found += [name] * (min(present[name], _MOST_OF_ONE) + (name in _SEALED))
    return tuple(found)


def _head_hash(fields: Sequence[Field], names: Iterable[bytes], relaxed: bool) -> hashlib._Hash:
    made = hashlib.sha256()
    for field in selected(fields, names):
        made.update(field.canonical(relaxed) + b"\r\n")
    return made


def _tags(signer: Signer, names: Sequence[bytes], body: bytes, now: int) -> list[str]:
    forms = ("simple", "relaxed")
    tags = [
        "v=1",
        f"a={signer.key.algorithm}",
        f"c={forms[signer.relaxed_head]}/{forms[signer.relaxed_body]}",
        f"d={signer.domain}",
        f"s={signer.selector}",
        f"t={now}",
    ]
    if signer.lasts is not None:
        tags.append(f"x={now + max(1, signer.lasts)}")
    if signer.identity is not None:
        tags.append(f"i={signer.identity}")
    if signer.report:  # RFC 6651 3.1
        tags.append("r=y")
    if signer.third_party is not None:  # RFC 6541 4.2
        tags += [f"atps={signer.third_party}", f"atpsh={signer.third_party_hash or 'none'}"]
    return [*tags, f"h={':'.join(name.decode() for name in names)}", f"bh={base64.b64encode(body).decode()}", "b="]
