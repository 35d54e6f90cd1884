"""DNS messages that are signed with a shared key (TSIG, RFC 8945): keys, queries and answers that are verified.

An answer without a signature is believed where it says no: servers that do not know the key cannot sign (RFC 8945
5.3.2). MD5 is broken and GSS needs Kerberos; both are refused with words. The wall clock is used, as signatures want.
"""

from __future__ import annotations

import base64
import binascii
import re
import time

import dns.exception
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
from attrs import field, frozen

from stalwart.codec.dns_names import InvalidName, absolute, name_to_wire
from stalwart.net.dns_message import Match

ALGORITHMS = (
    *("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha256-128"),
    *("hmac-sha384", "hmac-sha384-192", "hmac-sha512", "hmac-sha512-256"),
)
"""What can be used, as x:DnsServer spells it and as it is on the wire (RFC 8945 6)."""

UNUSABLE = {
    "hmac-md5": "MD5 is not safe any more: make a new key for hmac-sha256, or another of that family.",
    "gss": "Keys that Kerberos negotiates (GSS-TSIG) are not supported: make a key for hmac-sha256 or stronger.",
}
BAD_TIME = "BADTIME: the clocks of this server and of the name server differ{by}; set them right"
_TSIG_ERRORS = {
    dns.rcode.BADSIG: "BADSIG: the key is known by its name, but its secret or algorithm is another one there",
    dns.rcode.BADKEY: "BADKEY: the name server knows no key of this name and algorithm, or not for this zone",
    dns.rcode.BADTRUNC: "BADTRUNC: the name server wants longer signatures: use an algorithm that is not truncated",
}
UNSIGNED = "its answer is not signed, so it may be from anybody; the key may not be set up for this zone there"
FORGED = "the signature of its answer does not fit the key"

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_LONGEST_KEY = 4096  # characters
_RESPONSE, _OPCODE = 0x8000, 0x7800


class UnusableKey(ValueError):
    """The key cannot be used; ``part`` is the member of x:DnsServer that is wrong, the message a sentence."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(reason)
        self.part = part


class BadAnswer(Exception):
    """The answer is refused, or says that the question was; the message says why. ``temporary``: not for ever."""

    def __init__(self, reason: str, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


@frozen
class SharedKey:
    """A key that is never shown. ``strength`` is its length in octets."""

    name: str
    algorithm: str
    secret: dns.tsig.Key = field(repr=False)

    @property
    def strength(self) -> int:
        """Octets of the secret."""
        return len(self.secret.secret)

    @property
    def is_short(self) -> bool:
        """Whether it is weaker than its algorithm (RFC 2104 3)."""
        whole = self.algorithm.split("-")[1]
        return self.strength < dns.tsig.mac_sizes[dns.name.from_text(f"hmac-{whole}")]


def read_key(name: str, secret: str, algorithm: str) -> SharedKey:
    """The key with this name, secret in base64 and algorithm.

    :raises UnusableKey: one of them cannot be.
    """
    if algorithm in UNUSABLE:
        raise UnusableKey("tsigAlgorithm", UNUSABLE[algorithm])
    if algorithm not in ALGORITHMS:
        raise UnusableKey("tsigAlgorithm", "The algorithm is not known.")
    try:
        owner = dns.name.from_wire(name_to_wire(absolute(name.strip())), 0)[0]
    except (InvalidName, dns.exception.DNSException) as problem:
        raise UnusableKey("keyName", f"The name of a key has the form of a domain name. {problem}") from None
    if owner == dns.name.root:
        raise UnusableKey("keyName", "The name of the key is empty.")
    octets = _octets("".join(secret.split()))
    return SharedKey(owner.to_text(), algorithm, dns.tsig.Key(owner, octets, algorithm))


def _octets(text: str) -> bytes:
    if not text:
        raise UnusableKey("key", "The key is empty.")
    if len(text) > _LONGEST_KEY:
        raise UnusableKey("key", "The key is too long.")
    try:
        if _BASE64.match(text):
            return base64.b64decode(text, validate=True)
    except binascii.Error:
        pass  # the same sentence for both
    raise UnusableKey("key", "The key is not in base64 (RFC 4648 4): give the secret alone, as the name server has it.")


@frozen(eq=False)
class SignedQuery:
    """A query or update as it is sent; for ``dns_transport``."""

    wire: bytes
    mac: bytes

    def match(self, reply: bytes) -> Match:
        """Whether ``reply`` is for this message; what it says is verified by `read_signed`."""
        if len(reply) < 12 or reply[:2] != self.wire[:2]:
            return Match.NO
        asked, flags = int.from_bytes(self.wire[2:4], "big"), int.from_bytes(reply[2:4], "big")
        fits = flags & _RESPONSE and flags & _OPCODE == asked & _OPCODE
        return Match.FULL if fits else Match.NO


def signed(message: dns.message.Message, key: SharedKey) -> SignedQuery:
    """``message`` with its signature.

    :raises dns.exception.TooBig: it has more than 65,535 octets.
    """
    message.use_tsig(key.secret)
    wire = message.to_wire(max_size=65535)
    assert message.tsig is not None
    return SignedQuery(wire, message.tsig[0].mac)


def read_signed(wire: bytes, query: SignedQuery, key: SharedKey, *, lenient: bool = False) -> dns.message.Message:
    """The verified answer to ``query``; ``lenient`` takes one without a signature, whatever it says.

    :raises BadAnswer: it cannot be read or believed, or the server did not believe the query.
    """
    try:
        message = dns.message.from_wire(wire, keyring=False, ignore_trailing=True)
        if message.tsig is None:
            if not lenient and message.rcode() == dns.rcode.NOERROR:
                raise BadAnswer(UNSIGNED)
            return message
        _check_error(message.tsig[0])
        return dns.message.from_wire(wire, keyring=key.secret, request_mac=query.mac, ignore_trailing=True)
    except dns.tsig.BadTime:
        raise BadAnswer(BAD_TIME.format(by="")) from None
    except (dns.tsig.BadSignature, dns.tsig.BadKey, dns.tsig.BadAlgorithm):
        raise BadAnswer(FORGED) from None
    except (dns.exception.DNSException, ValueError, NotImplementedError) as problem:
        raise BadAnswer(f"its answer cannot be read ({type(problem).__name__})", temporary=True) from problem


def _check_error(signature: dns.rdata.Rdata) -> None:
    """What the server says of the signature that it got (RFC 8945 5.3.2)."""
    error = signature.error  # type: ignore[attr-defined]
    if error == dns.rcode.NOERROR:
        return
    if error == dns.rcode.BADTIME:
        raise BadAnswer(BAD_TIME.format(by=_difference(signature.other)))  # type: ignore[attr-defined]
    raise BadAnswer(_TSIG_ERRORS.get(error, f"the signature was refused with error {int(error)}"))


def _difference(other: bytes) -> str:
    """RFC 8945 5.2.3: the server's time, in six octets."""
    if len(other) != 6:
        return ""
    ahead = int.from_bytes(other, "big") - int(time.time())
    if not ahead:
        return ""
    return f": that one is {abs(ahead)} seconds {'ahead' if ahead > 0 else 'behind'}"
