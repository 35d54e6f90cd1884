"""What a message has to show."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.fields import LONGEST_HEAD, pieces_of
from stalwart.codec.dkim.signing import sign
from stalwart.mail.authentication.evidence import Evidence, judged, read_evidence
from tests.codec.dkim.signed_mail import DOMAIN, MESSAGE, NOW, keys, signer
from tests.codec.dkim.test_arc import sealed


def evidence(message: bytes, **options: bool) -> Evidence:
    """All of it."""
    options = {"dkim": True, "arc": True, "strict": True, **options}
    return read_evidence(pieces_of(message), now=NOW, **options)


class Authors(SynchronousTestCase):
    def assert_authors(self, head: bytes, *domains: str, doubt: str = "") -> None:
        found = evidence(head + b"\r\n")
        self.assertEqual(found.authors, domains)
        self.assertEqual(bool(found.doubt), bool(doubt))
        self.assertIn(doubt, found.doubt)

    def test_one(self) -> None:
        self.assert_authors(b"From: =?utf-8?q?a=40evil.test?= <Alice@Example.TEST>\r\n", "example.test")
        self.assert_authors("From: <a@b\u00fccher.test>\r\n".encode(), "xn--bcher-kva.test")

    def test_several(self) -> None:
        self.assert_authors(b'From: a@one.test, "b@x.test" <b@two.test>,\r\n c@one.test\r\n', "one.test", "two.test")

    def test_nobody_or_too_many(self) -> None:
        self.assert_authors(b"To: a@b.test\r\n", doubt="no From")
        self.assert_authors(b"From: a@b.test\r\nfrom: c@d.test\r\n", doubt="several")
        self.assert_authors(b"From: a@b.test\rFrom: c@d.test\r\n", doubt="several")
        self.assert_authors(b"From: nobody\r\n", doubt="domain")
        self.assert_authors(b"From:\r\n", doubt="no domain")
        self.assert_authors(b"From: " + b"a@b.test, " * 2000 + b"\r\n", doubt="too long")


class Signatures(SynchronousTestCase):
    def test_signatures_and_chain_at_once(self) -> None:
        message = sealed(sign([MESSAGE], [signer()], NOW) + MESSAGE, 1, kind="rsa1024")
        found = evidence(message)
        names = (f"ed25519._domainkey.{DOMAIN}", f"rsa1024._domainkey.{DOMAIN}")
        self.assertEqual(found.key_names, names)
        dkim, arc = judged(found, keys("ed25519", "rsa1024"))
        self.assertEqual([each.result for each in dkim], ["pass"])
        self.assertEqual(arc is not None and arc.result, "pass")

    def test_what_is_not_wanted(self) -> None:
        message = sealed(sign([MESSAGE], [signer()], NOW) + MESSAGE, 1)
        found = evidence(message, dkim=False, arc=False)
        self.assertEqual((found.has_signatures, found.authors), (False, (DOMAIN,)))

    def test_endless_head(self) -> None:
        self.assertIn("too long", evidence(b"a: b\r\n" * (LONGEST_HEAD // 5)).doubt)
