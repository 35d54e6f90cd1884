"""Chains of earlier results."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import ArcVerdict
from stalwart.codec.dkim.arc import MOST_SETS, read_chain, verify_chain
from stalwart.codec.dkim.body import BodyForm, body_hashes
from stalwart.codec.dkim.fields import Field, divided
from stalwart.codec.dkim.verifying import KeyRecords, signed_digest
from tests.codec.dkim.signed_mail import DOMAIN, MESSAGE, b64, keys, signing_key

NAMES = (b"from", b"to", b"subject")


def sealed(message: bytes, instance: int, *, validation: str | None = None, kind: str = "ed25519") -> bytes:
    """The message with one more set before it, as a server on the way adds it."""
    fields, body = divided([message])
    form = BodyForm(True)
    key = signing_key(kind)
    algorithm = key.algorithm
    results = f"ARC-Authentication-Results: i={instance}; lists.test; spf=pass".encode()
    hashed = b64(body_hashes(body, [form])[form].digest)
    tags = f"a={algorithm}; c=relaxed/relaxed; d={DOMAIN}; s={kind}; h=from:to:subject; bh={hashed}; b="
    text = f"ARC-Message-Signature: i={instance}; {tags}".encode()
    signed = signed_digest(Field(b"arc-message-signature", text), NAMES, fields, True)
    signature = text + b64(key.sign(signed)).encode()
    says = validation or ("none" if instance == 1 else "pass")
    seal = f"ARC-Seal: i={instance}; a={algorithm}; cv={says}; d={DOMAIN}; s={kind}; b=".encode()
    made = hashlib.sha256()
    for each in _sets(fields):
        made.update(each.relaxed() + b"\r\n")
    for name, raw in ((b"arc-authentication-results", results), (b"arc-message-signature", signature)):
        made.update(Field(name, raw).relaxed() + b"\r\n")
    made.update(Field(b"arc-seal", seal).relaxed())
    seal += b64(key.sign(made.digest())).encode()
    return b"\r\n".join((seal, signature, results, message))


def _sets(fields: tuple[Field, ...]) -> list[Field]:
    """The fields of the sets so far, the oldest set first, in the order in which they are sealed."""
    order = [b"arc-authentication-results", b"arc-message-signature", b"arc-seal"]
    found = [field for field in fields if field.name in order]
    return sorted(found, key=lambda field: (int(field.value.partition(b"i=")[2][:1]), order.index(field.name)))


def verdict(message: bytes, records: dict[str, KeyRecords] | None = None) -> ArcVerdict:
    """What becomes of the chain."""
    fields, body = divided([message])
    chain = read_chain(fields)
    bodies = body_hashes(body, [chain.form] if chain.form is not None else [])
    return verify_chain(chain, fields, bodies, keys("ed25519", "rsa1024") if records is None else records)


class Chains(SynchronousTestCase):
    def setUp(self) -> None:
        self.one = sealed(MESSAGE, 1)
        self.two = sealed(self.one, 2, kind="rsa1024")

    def assert_broken(self, reason: str, message: bytes, records: dict[str, KeyRecords] | None = None) -> ArcVerdict:
        found = verdict(message, records)
        self.assertEqual(found.result, "fail")
        self.assertIn(reason, found.reason)
        return found

    def test_no_chain(self) -> None:
        self.assertEqual(verdict(MESSAGE), ArcVerdict("none"))

    def test_whole_chains(self) -> None:
        self.assertEqual(verdict(self.one), ArcVerdict("pass", 1, DOMAIN))
        self.assertEqual(verdict(self.two), ArcVerdict("pass", 2, DOMAIN))

    def test_list_that_changes_the_message_signs_it_anew(self) -> None:
        changed = sealed(self.one + b"-- \r\nThe list\r\n", 2)
        self.assertEqual(verdict(changed).result, "pass")

    def test_message_changed_after_all(self) -> None:
        self.assert_broken("body", self.two + b"more")
        self.assert_broken("does not fit", self.two.replace(b"bob@", b"rob@"))

    def test_results_changed(self) -> None:
        self.assert_broken("does not fit", self.two.replace(b"i=1; lists.test; spf=pass", b"i=1; lists.test; spf=fail"))

    def test_earlier_server_found_it_broken(self) -> None:
        self.assert_broken("earlier server", sealed(self.one, 2, validation="fail"))
        self.assert_broken("earlier server", sealed(MESSAGE, 1, validation="pass"))

    def test_incomplete_sets(self) -> None:
        self.assert_broken("not complete", self.one.partition(b"\r\n")[2])
        self.assert_broken("not complete", sealed(MESSAGE, 2))
        self.assert_broken("twice", self.one.partition(b"\r\n")[0] + b"\r\n" + self.one)

    def test_numbers(self) -> None:
        for number in (b"0", b"51", b"x", b"-1"):
            self.assert_broken("number", b"ARC-Seal: i=" + number + b"\r\n" + MESSAGE)
        self.assert_broken("number", b"ARC-Authentication-Results: lists.test; i=1\r\n" + MESSAGE)

    def test_seal_that_names_fields(self) -> None:
        self.assert_broken("names fields", self.one.replace(b"cv=none;", b"cv=none; h=from;"))

    def test_too_long_chain(self) -> None:
        fields = b"".join(b"ARC-Seal: i=%d\r\n" % number for number in range(1, MOST_SETS + 2))
        self.assert_broken("too many", fields + MESSAGE)

    def test_keys_that_cannot_be_had(self) -> None:
        self.assertTrue(self.assert_broken("not looked up", self.one, {}).temporary)
        name = f"ed25519._domainkey.{DOMAIN}"
        found = self.assert_broken("revoked", self.one, {name: KeyRecords(("v=DKIM1; p=",))})
        self.assertFalse(found.temporary)

    @hypothesis_settings(max_examples=50)
    @given(st.binary(max_size=60), st.sampled_from([b"ARC-Seal", b"ARC-Message-Signature"]))
    def test_anything_is_judged(self, value: bytes, name: bytes) -> None:
        message = name + b": i=1; " + value.replace(b"\n", b"").replace(b"\r", b"") + b"\r\n" + MESSAGE
        self.assertEqual(verdict(message).result, "fail")
