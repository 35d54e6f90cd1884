"""What counts as the same record, and what is wrong with another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.record_judgement import (
    competes,
    is_rival,
    is_same,
    is_usable_key,
    presented,
    surplus,
    text_problem,
)
from tests.mail.zone_table import value

ED = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
KEY = f"v=DKIM1; k=ed25519; h=sha256; p={ED}"
DMARC = "v=DMARC1; p=reject; rua=mailto:postmaster@a.test"
TLS_RPT = "v=TLSRPTv1; rua=mailto:postmaster@a.test"

RIGHT = [
    ("dkim", KEY, f"k=ed25519;p={ED}"),
    ("dkim", KEY, f"v=DKIM1; k=ed25519; n=ours; p={ED[:10]} {ED[10:]}"),
    ("spf", "v=spf1 mx -all", "v=spf1 mx -all"),
    ("spf", "v=spf1 mx -all", "V=SPF1 +MX include:else.test ~all"),
    ("spf", "v=spf1 a -all", "v=spf1 a mx -all"),
    ("dmarc", DMARC, "v=DMARC1;p=reject;rua=mailto:postmaster@a.test;"),
    ("dmarc", DMARC, "v=DMARC1; p=reject; adkim=s; rua=mailto:x@b.test,mailto:postmaster@a.test"),
    ("mtaSts", "v=STSv1; id=1", "v=STSv1;id=1;"),
    ("tlsRpt", TLS_RPT, "v=TLSRPTv1; rua=https://b.test/x,mailto:postmaster@a.test"),
    ("autoConfig", "v=UAAC1; a=sha256; d=x", "v=UAAC1;a=sha256;d=x"),
]
WRONG = [
    ("dkim", KEY, "v=DKIM1; k=ed25519; p=", "The key is revoked."),
    ("dkim", KEY, "v=DKIM1; k=ed25519; p=AAAA", "It holds another key, so signatures fail."),
    ("dkim", KEY, f"v=DKIM1; p={ED}", "It holds another key, so signatures fail."),
    ("dkim", KEY, f"v=DKIM1; k=ed25519; h=sha1; p={ED}", "No signature of ours fits it."),
    ("dkim", KEY, "p=x; p=y", "It is malformed: the tag p is there twice."),
    ("spf", "v=spf1 mx -all", "v=spf1 -all", "It does not name mx, so mail from this server may fail."),
    ("spf", "v=spf1 mx -all", "v=spf1 -mx -all", "It does not name mx, so mail from this server may fail."),
    ("dmarc", DMARC, DMARC.replace("reject", "none"), "It asks for p=none, not for p=reject."),
    ("dmarc", DMARC, "v=DMARC1; p=reject; rua=mailto:x@b.test", "Reports go elsewhere."),
    ("dmarc", DMARC, "v=DMARC1; p=reject", "Reports go elsewhere."),
    ("tlsRpt", TLS_RPT, "v=TLSRPTv1; rua=mailto:x@b.test", "Reports go elsewhere."),
    ("tlsRpt", TLS_RPT, "v=TLSRPTv1", "It has no usable rua."),
    ("mtaSts", "v=STSv1; id=1", "v=STSv1; id=2", "It has the id of another policy, so senders do not see that"),
    ("autoConfig", "v=UAAC1; a=sha256; d=x", "v=UAAC1; a=sha256; d=y", "It says something else."),
]


class TextTests(SynchronousTestCase):
    def test_right_in_other_words(self) -> None:
        for kind, expected, found in RIGHT:
            self.assertTrue(competes(kind, expected, found), found)
            self.assertIsNone(text_problem(kind, expected, found), found)

    def test_what_is_wrong(self) -> None:
        for kind, expected, found, problem in WRONG:
            self.assertTrue((text_problem(kind, expected, found) or "").startswith(problem), found)

    def test_malformed_records_say_why(self) -> None:
        for kind, expected, found in (
            ("spf", "v=spf1 mx -all", "v=spf1 mx nonsense -all"),
            ("dmarc", DMARC, "v=DMARC1; p=reject; p=none"),
        ):
            self.assertIn("malformed, so receivers take no notice of it: ", text_problem(kind, expected, found) or "")

    def test_other_texts_at_the_name_do_not_compete(self) -> None:
        for kind, expected in (("spf", "v=spf1 mx -all"), ("dmarc", DMARC), ("dkim", KEY), ("mtaSts", "v=STSv1; id=1")):
            for found in ("google-site-verification=x", "", "v=spf2.0/pra mx", "hello"):
                self.assertFalse(competes(kind, expected, found), (kind, found))

    def test_persistent_validations_of_other_authorities_do_not_compete(self) -> None:
        expected = "a.test; accounturi=https://a.test/1"
        self.assertFalse(competes("caa", expected, "b.test; accounturi=https://b.test/1"))
        self.assertTrue(competes("caa", expected, "a.test; accounturi=https://a.test/2"))

    def test_usable_keys(self) -> None:
        for text, usable in ((KEY, True), ("v=DKIM1; p=", False), ("hello", False)):
            self.assertEqual(is_usable_key(text), usable)

    @given(st.sampled_from([(kind, expected) for kind, expected, _ in RIGHT]), st.text(max_size=80))
    def test_any_text_is_judged(self, case: tuple[str, str], tail: str) -> None:
        kind, expected = case
        for found in (tail, expected + tail, expected[:12] + tail):
            if competes(kind, expected, found):
                text_problem(kind, expected, found)


class SetTests(SynchronousTestCase):
    def test_presented_as_zone_files_have_it(self) -> None:
        for type, text in {
            "MX": "10 mx.a.test.",
            "SRV": "0 1 443 a.test.",
            "CNAME": "a.test.",
            "TLSA": "3 1 1 " + "ab" * 32,
            "CAA": '0 issue "ca.test;accounturi=https://ca.test/1"',
            "TXT": "über",
            "A": "192.0.2.1",
        }.items():
            self.assertEqual(presented(type, value(type, text)), text)

    def test_same(self) -> None:
        self.assertTrue(is_same("SRV", "0 1 443 a.test.", "5 0 443 a.test."))
        self.assertFalse(is_same("SRV", "0 1 443 a.test.", "0 1 8443 a.test."))
        issue = '0 issue "ca.test;accounturi=u;validationmethods=m"'
        self.assertTrue(is_same("CAA", issue, '0 issue "CA.test; validationmethods=m; accounturi=u"'))
        self.assertFalse(is_same("CAA", issue, '128 issue "ca.test;accounturi=u"'))

    def test_rivals(self) -> None:
        self.assertTrue(is_rival("MX", "10 a.test.", "20 a.test."))
        self.assertFalse(is_rival("MX", "10 a.test.", "10 b.test."))
        self.assertTrue(is_rival("CAA", '0 issue "a.test;accounturi=1"', '0 issue "a.test"'))
        self.assertFalse(is_rival("CAA", '0 issue "a.test"', '0 issue "b.test"'))
        self.assertTrue(is_rival("CAA", '0 iodef "mailto:a@a.test"', '0 iodef "mailto:b@b.test"'))
        self.assertFalse(is_rival("TLSA", "3 1 1 ab", "2 1 1 ab"))

    def test_surplus(self) -> None:
        for type, text, goes in (
            ("MX", "10 b.test.", True),
            ("TLSA", "3 1 1 ab", True),
            ("SRV", "0 1 993 a.test.", True),
            ("SRV", "0 0 0 .", False),
            ("CAA", '0 issuewild "b.test"', True),
            ("CAA", '0 contactemail "a@a.test"', False),
            ("A", "192.0.2.1", False),
        ):
            self.assertEqual(surplus(type, text) is not None, goes, text)
