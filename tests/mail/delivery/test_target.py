"""What a diagnosis may be asked about."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.mail.delivery.target import Target, parse_target

REFUSED = {
    "empty": "",
    "only_spaces": "   ",
    "spaces_inside": "exa mple.org",
    "300_characters": "a" * 300,
    "label_of_64_octets": "a" * 64 + ".org",
    "ipv4_literal": "192.0.2.1",
    "ipv6_literal": "2001:db8::1",
    "bracketed_literal": "postmaster@[192.0.2.1]",
    "ipv6_domain_literal": "postmaster@[IPv6:2001:db8::1]",
    "no_domain": "user@",
    "no_local_part": "@example.org",
    "only_a_dot": ".",
    "empty_label": "a..example.org",
    "invalid_idn": "xn--a\u0308-.example",
    "a_label_that_encodes_nothing": "xn--a",
    "a_label_that_does_not_decode": "xn--999999b.test",
    "control_character": "exam\x00ple.org",
    "line_break_in_the_local_part": "a\r\nDATA@example.org",
    "angle_bracket_in_the_local_part": "a>b@example.org",
    "local_part_of_65_octets": "a" * 65 + "@example.org",
    "hyphen_first": "-a.example.org",
    "lone_surrogate": "\udc80.example.org",
}


class RefusedTests(SynchronousTestCase):
    """Each is 400 with a sentence."""


for _name, _text in REFUSED.items():

    def _test(self: RefusedTests, text: str = _text) -> None:
        refusal = self.assertRaises(Invalid, parse_target, text)
        self.assertTrue(refusal.detail)

    setattr(RefusedTests, f"test_{_name}", _test)


class AcceptedTests(SynchronousTestCase):
    """Domains and mailboxes."""

    def test_a_domain_is_lower_cased(self) -> None:
        self.assertEqual(parse_target("Example.ORG"), Target("example.org", "example.org", None))

    def test_a_trailing_dot_is_dropped(self) -> None:
        self.assertEqual(parse_target("example.org.").domain, "example.org")

    def test_a_mailbox_keeps_the_case_of_its_local_part(self) -> None:
        found = parse_target("John.Doe@Example.ORG")
        self.assertEqual((found.domain, found.recipient), ("example.org", "John.Doe@example.org"))

    def test_the_last_at_divides(self) -> None:
        self.assertEqual(parse_target('"a@b"@example.org').domain, "example.org")

    def test_an_international_domain_is_looked_up_as_a_labels(self) -> None:
        found = parse_target("postmaster@B\u00fccher.example")
        self.assertEqual((found.shown, found.domain), ("b\u00fccher.example", "xn--bcher-kva.example"))

    def test_a_single_label_is_a_domain(self) -> None:
        self.assertEqual(parse_target("insecure").domain, "insecure")
