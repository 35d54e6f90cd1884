"""What a message has to show: its signatures, its chain of earlier results, and who its author is. For file threads.

The body is read once, whatever signatures want of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from stalwart.codec.authentication_results import ArcVerdict, DkimVerdict
from stalwart.codec.dkim.arc import Chain, read_chain, verify_chain
from stalwart.codec.dkim.body import body_hashes
from stalwart.codec.dkim.fields import Field, HeadTooLong, divided
from stalwart.codec.dkim.verifying import Bodies, Claim, KeyRecords, claims, verified
from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.mime.addresses import mailboxes, parse

_LONGEST_FROM = 10_000


@frozen
class Evidence:
    """``authors`` are the domains of From in A-labels; none if they cannot be told, for the reason in ``doubt``."""

    fields: Sequence[Field] = ()
    claims: tuple[Claim, ...] = ()
    chain: Chain | None = None
    bodies: Bodies = field(factory=dict)
    authors: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of all keys that it takes."""
        names = [claim.signature.key_name for claim in self.claims if claim.signature is not None]
        return tuple(dict.fromkeys((*names, *(self.chain.key_names if self.chain is not None else ()))))

    @property
    def has_signatures(self) -> bool:
        """Whether there is anything to judge."""
        return bool(self.claims) or self.chain is not None


def read_evidence(content: Iterable[bytes], *, dkim: bool, arc: bool, strict: bool, now: float) -> Evidence:
    """What a message has to show of what is asked for."""
    try:
        fields, body = divided(content)
    except HeadTooLong:
        return Evidence(doubt="the head of the message is too long")
    found = claims(fields, strict=strict, now=now) if dkim else ()
    chain = read_chain(fields) if arc else None
    forms = [claim.form for claim in found] + [chain.form if chain is not None else None]
    wanted = [form for form in forms if form is not None]
    bodies = body_hashes(body, wanted) if wanted else {}
    authors, doubt = authors_of(fields)
    return Evidence(fields, found, chain, bodies, authors, doubt)


def judged(evidence: Evidence, keys: Mapping[str, KeyRecords]) -> tuple[tuple[DkimVerdict, ...], ArcVerdict | None]:
    """What became of the signatures and of the chain."""
    dkim = tuple(verified(claim, evidence.fields, evidence.bodies, keys) for claim in evidence.claims)
    if evidence.chain is None:
        return dkim, None
    return dkim, verify_chain(evidence.chain, evidence.fields, evidence.bodies, keys)


def authors_of(fields: Sequence[Field]) -> tuple[tuple[str, ...], str]:
    """The domains that From names, or why they cannot be told: a message has one From (RFC 5322 3.6)."""
    found = [each for each in fields if each.name == b"from"]
    if len(found) != 1:
        return (), "there is no From" if not found else "there are several From"
    value = found[0].value.replace(b"\r\n", b"")
    if len(value) > _LONGEST_FROM:
        return (), "From is too long"
    domains = []
    for address in mailboxes(parse(value.decode("utf-8", "replace"))):
        local, _, domain = address.email.rpartition("@")
        try:
            domains.append(to_ascii(domain.strip() if local else ""))
        except InvalidName:
            return (), "From names a domain that cannot be"
    return tuple(dict.fromkeys(domains)), "" if domains else "From names no domain"
