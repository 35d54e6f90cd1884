"""Shared keys and what is signed with them: every algorithm, both ways, and answers that are not to be believed."""

from __future__ import annotations

import base64
import time
from typing import Any

import dns.message
import dns.rcode
import dns.tsig
import dns.update
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.tls.dns_server import TSIG_ALGORITHM
from stalwart.net import dns_tsig
from stalwart.net.dns_message import Match
from stalwart.net.dns_tsig import ALGORITHMS, UNUSABLE, BadAnswer, SharedKey, SignedQuery, UnusableKey, read_key, signed

SECRET = base64.b64encode(b"a shared secret of the tests, 40 octets.").decode()


def key(algorithm: str = "hmac-sha256", secret: str = SECRET, name: str = "update.example.test") -> SharedKey:
    return read_key(name, secret, algorithm)


def asked(with_key: SharedKey) -> SignedQuery:
    """A signed update."""
    update = dns.update.UpdateMessage("example.test.")
    update.delete("a.example.test.", "TXT")
    return signed(update, with_key)


def answer_to(
    query: SignedQuery, with_key: SharedKey | None, rcode: str = "NOERROR", error: int = 0, other: bytes = b""
) -> bytes:
    """What a server says, signed or not."""
    reply = dns.update.UpdateMessage("example.test.", id=int.from_bytes(query.wire[:2], "big"))
    reply.flags |= 0x8000
    reply.set_rcode(dns.rcode.from_text(rcode))
    if with_key is not None:
        reply.use_tsig(with_key.secret, tsig_error=error, other_data=other)
        reply.request_mac = query.mac
    return reply.to_wire()


class KeyTests(SynchronousTestCase):
    """What x:DnsServer says of a key."""

    def refused(self, part: str, name: str = "k.test", secret: str = SECRET, algorithm: str = "hmac-sha256") -> str:
        with self.assertRaises(UnusableKey) as caught:
            read_key(name, secret, algorithm)
        self.assertEqual(caught.exception.part, part)
        self.assertNotIn(SECRET, str(caught.exception))
        return str(caught.exception)

    def test_every_algorithm_of_the_settings_is_usable_or_refused_with_words(self) -> None:
        self.assertEqual({*ALGORITHMS, *UNUSABLE}, set(TSIG_ALGORITHM.names))
        self.assertIn("MD5 is not safe", self.refused("tsigAlgorithm", algorithm="hmac-md5"))
        self.assertIn("Kerberos", self.refused("tsigAlgorithm", algorithm="gss"))
        self.refused("tsigAlgorithm", algorithm="hmac-sha3")

    def test_name_is_a_domain_name(self) -> None:
        self.assertEqual(key(name=" Update.Example.TEST ").name, "update.example.test.")
        for name in ("", ".", "a..b", "x" * 64, "a." * 130, "böse..test"):
            self.refused("keyName", name=name)

    def test_secret_is_base64(self) -> None:
        self.assertEqual(key(secret=f" {SECRET[:10]}\n{SECRET[10:]} ").secret.secret, base64.b64decode(SECRET))
        self.assertIn("empty", self.refused("key", secret="  "))
        for secret in ("hello!", "abc", "abcde", "-_8=", "é", "A" * 5000, f'key "x" {{ secret "{SECRET}"; }};'):
            self.refused("key", secret=secret)

    def test_secret_is_not_shown(self) -> None:
        self.assertNotIn(SECRET, repr(key()))
        self.assertNotIn("secret=", repr(key()))

    def test_short_secrets_are_known_as_such(self) -> None:
        self.assertEqual((key("hmac-sha256").is_short, key("hmac-sha512").is_short), (False, True))
        self.assertEqual((key("hmac-sha256-128").is_short, key("hmac-sha512-256").is_short), (False, True))

    @settings(max_examples=200)
    @given(st.text(), st.text(), st.sampled_from(ALGORITHMS))
    def test_anything_is_a_key_or_refused(self, name: str, secret: str, algorithm: str) -> None:
        try:
            read_key(name, secret, algorithm)
        except UnusableKey as problem:
            self.assertIn(problem.part, ("key", "keyName"))


class AnswerTests(SynchronousTestCase):
    """RFC 8945 5.3, 5.4."""

    def read(self, wire: bytes, query: SignedQuery, **how: Any) -> dns.message.Message:
        return dns_tsig.read_signed(wire, query, key(), **how)

    def refused(self, wire: bytes, query: SignedQuery, **how: Any) -> BadAnswer:
        with self.assertRaises(BadAnswer) as caught:
            self.read(wire, query, **how)
        problem: BadAnswer = caught.exception
        return problem

    def test_every_algorithm_signs_and_verifies(self) -> None:
        for algorithm in ALGORITHMS:
            with_key = key(algorithm)
            query = asked(with_key)
            known = {with_key.secret.name: with_key.secret}
            self.assertTrue(dns.message.from_wire(query.wire, keyring=known).had_tsig, algorithm)
            read = dns_tsig.read_signed(answer_to(query, with_key), query, with_key)
            self.assertEqual(read.rcode(), dns.rcode.NOERROR, algorithm)

    def test_signature_of_another_question_does_not_fit(self) -> None:
        query, other = asked(key()), asked(key())
        self.assertEqual(str(self.refused(answer_to(other, key()), query)), dns_tsig.FORGED)

    def test_signature_of_another_key_does_not_fit(self) -> None:
        query = asked(key())
        for with_key in (key(secret="AAAA" * 10), key(name="other.test"), key("hmac-sha512")):
            self.assertEqual(str(self.refused(answer_to(query, with_key), query)), dns_tsig.FORGED)

    def test_changed_answer_does_not_fit(self) -> None:
        query = asked(key())
        wire = bytearray(answer_to(query, key(), "REFUSED"))
        wire[3] &= 0xF0  # NOERROR
        self.assertEqual(str(self.refused(bytes(wire), query)), dns_tsig.FORGED)

    def test_yes_without_a_signature_is_not_believed(self) -> None:
        query = asked(key())
        self.assertEqual(str(self.refused(answer_to(query, None), query)), dns_tsig.UNSIGNED)
        self.assertEqual(self.read(answer_to(query, None), query, lenient=True).rcode(), dns.rcode.NOERROR)

    def test_no_without_a_signature_is(self) -> None:
        query = asked(key())
        self.assertEqual(self.read(answer_to(query, None, "REFUSED"), query).rcode(), dns.rcode.REFUSED)

    def test_errors_of_the_signature_are_told_in_words(self) -> None:
        query = asked(key())
        for error, words in ((16, "BADSIG: the key is known"), (17, "BADKEY: the name server knows no key")):
            self.assertIn(words, str(self.refused(answer_to(query, key(), "NOTAUTH", error), query)))
        self.assertIn("BADTRUNC", str(self.refused(answer_to(query, key(), "NOTAUTH", 22), query)))
        self.assertIn("error 99", str(self.refused(answer_to(query, key(), "NOTAUTH", 99), query)))

    def test_clocks_that_differ(self) -> None:
        query = asked(key())
        now = int(time.time())
        for ahead, words in ((4000, "seconds ahead"), (-4000, "seconds behind")):
            other = (now + ahead).to_bytes(6, "big")
            problem = str(self.refused(answer_to(query, key(), "NOTAUTH", 18, other), query))
            self.assertIn(words, problem)
            self.assertIn("BADTIME: the clocks", problem)
        problem = str(self.refused(answer_to(query, key(), "NOTAUTH", 18, b"odd"), query))
        self.assertIn("name server differ; set", problem)

    def test_late_answer(self) -> None:
        query = asked(key())
        wire = answer_to(query, key())
        self.patch(dns.message, "time", _Moved(400))
        self.assertIn("BADTIME", str(self.refused(wire, query)))

    def test_octets_that_are_no_answer(self) -> None:
        query = asked(key())
        wire = answer_to(query, key())
        for broken in (wire[:12], wire[:-5], wire[:20], b"\0" * 12):
            self.refused(broken, query)

    @settings(max_examples=200)
    @given(st.binary(max_size=300))
    def test_any_octets_are_read_or_refused(self, octets: bytes) -> None:
        query = asked(key())
        try:
            self.read(octets, query, lenient=True)
        except BadAnswer:
            return

    def test_only_answers_to_the_same_message_match(self) -> None:
        query = asked(key())
        wire = answer_to(query, key())
        self.assertEqual(query.match(wire), Match.FULL)
        opcode = bytes([wire[0], wire[1], wire[2] & 0x87]) + wire[3:]
        for other in (b"", wire[:11], query.wire, bytes([wire[0] ^ 1]) + wire[1:], opcode):
            self.assertEqual(query.match(other), Match.NO)


class _Moved:
    """The module ``time``, so many seconds later."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time(self) -> float:
        return time.time() + self._seconds
