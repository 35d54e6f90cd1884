"""Signatures are verified."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.signing import sign
from stalwart.codec.dkim.verifying import MOST_SIGNATURES, KeyRecords
from tests.codec.dkim.signed_mail import DOMAIN, MESSAGE, NOW, keys, results, signer, verify

FOOTBALL = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
FOOTBALL_KEYS = {
    "brisbane._domainkey.football.example.com": KeyRecords(
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",)
    ),
    "test._domainkey.football.example.com": KeyRecords(
        (
            "v=DKIM1; k=rsa; p="
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J"
            "16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTI"
            "KT+l/K4w3QIDAQAB",
        )
    ),
}


class Examples(SynchronousTestCase):
    def test_message_of_the_standard(self) -> None:
        """RFC 8463 A.3."""
        message = FOOTBALL.replace(b"\n", b"\r\n")
        self.assertEqual(results(verify(message, FOOTBALL_KEYS)), ["pass", "pass"])

    def test_changed_message_of_the_standard(self) -> None:
        message = FOOTBALL.replace(b"\n", b"\r\n")
        for what, other in ((b"dinner", b"supper"), (b"hungry", b"angry ")):
            self.assertEqual(results(verify(message.replace(what, other), FOOTBALL_KEYS)), ["fail", "fail"])


class Verifying(SynchronousTestCase):
    def setUp(self) -> None:
        self.signed = sign([MESSAGE], [signer()], NOW) + MESSAGE

    def assert_verdict(self, result: str, reason: str, message: bytes, **options: object) -> None:
        (verdict,) = verify(message, **options)  # type: ignore[arg-type]
        self.assertEqual(verdict.result, result)
        self.assertIn(reason, verdict.reason)

    def test_who_signed(self) -> None:
        (verdict,) = verify(self.signed)
        said = verdict.result, verdict.domain, verdict.selector, verdict.algorithm, verdict.identity
        self.assertEqual(said, ("pass", DOMAIN, "ed25519", "ed25519-sha256", "@example.test"))
        self.assertEqual(len(verdict.signature), 8)

    def test_white_space_may_change_on_the_way(self) -> None:
        self.assert_verdict("pass", "", self.signed.replace(b"subject\r\n that", b"subject that"))

    def test_body_changed(self) -> None:
        self.assert_verdict("fail", "body has been changed", self.signed + b"more")

    def test_head_changed(self) -> None:
        self.assert_verdict("fail", "does not fit", self.signed.replace(b"bob@", b"rob@"))

    def test_signature_of_others(self) -> None:
        self.assert_verdict("fail", "does not fit", self.signed.replace(b"t=18", b"t=17"))

    def test_no_key(self) -> None:
        name = f"ed25519._domainkey.{DOMAIN}"
        self.assert_verdict("permerror", "no key", self.signed, records={name: KeyRecords(problem="no key")})
        lost = KeyRecords(problem="late", temporary=True)
        self.assert_verdict("temperror", "late", self.signed, records={name: lost})
        self.assert_verdict("temperror", "not looked up", self.signed, records={})
        self.assert_verdict("permerror", "revoked", self.signed, records={name: KeyRecords(("v=DKIM1; p=",))})

    def test_key_of_another_kind(self) -> None:
        other = {f"ed25519._domainkey.{DOMAIN}": keys("rsa1024")[f"rsa1024._domainkey.{DOMAIN}"]}
        self.assert_verdict("permerror", "another algorithm", self.signed, records=other)

    def test_key_that_is_tried_out(self) -> None:
        known = keys("ed25519", t="y")
        self.assert_verdict("pass", "", self.signed, records=known)
        self.assert_verdict("neutral", "body has been changed", self.signed + b"more", records=known)

    def test_key_for_the_very_domain(self) -> None:
        known = keys("ed25519", t="s")
        self.assert_verdict("pass", "", self.signed, records=known)
        below = sign([MESSAGE], [signer(identity="a@sub.example.test")], NOW) + MESSAGE
        self.assert_verdict("permerror", "below the domain", below, records=known)
        self.assert_verdict("pass", "", below)

    def test_expired(self) -> None:
        message = sign([MESSAGE], [signer(lasts=60)], NOW) + MESSAGE
        self.assert_verdict("pass", "", message, now=NOW + 59)
        self.assert_verdict("fail", "expired", message, now=NOW + 61)

    def test_part_of_the_body(self) -> None:
        message = self.signed.replace(b" bh=", b" l=3; bh=")
        self.assert_verdict("policy", "a part of the body", message)
        self.assert_verdict("fail", "body has been changed", message, strict=False)
        self.assert_verdict("fail", "shorter", message.replace(b"l=3", b"l=300000"), strict=False)

    def test_malformed(self) -> None:
        (verdict,) = verify(b"DKIM-Signature: v=1; a=rsa-sha1; d=example.test; s=x\r\n" + MESSAGE)
        said = verdict.result, verdict.domain, verdict.selector
        self.assertEqual(said, ("permerror", "example.test", "x"))
        self.assert_verdict("permerror", "twice", b"DKIM-Signature: v=1; v=1\r\n" + MESSAGE)

    def test_no_signature(self) -> None:
        self.assertEqual(verify(MESSAGE), [])

    def test_very_many_signatures(self) -> None:
        one = sign([MESSAGE], [signer()], NOW)
        self.assertEqual(results(verify(one * (MOST_SIGNATURES + 5) + MESSAGE)), ["pass"] * MOST_SIGNATURES)
