"""Mozilla's autoconfiguration over HTTP: three places, one document, an answer to every question."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

from stalwart.discovery import autoconfig
from tests.codec.test_autoconfig import read_as_thunderbird
from tests.discovery.server import CORS, DiscoveryCase

OWN, DOMAIN, NEWER = "/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/mail-v1.xml"
JANE = "?emailaddress=Jane@Example.test"


class AutoconfigTests(DiscoveryCase):
    def names(self, address: str) -> set[str | None]:
        """The login names in the document for what is given as an address."""
        self.announce("imap", "smtp")
        answer = self.ask(f"{OWN}?emailaddress={quote(address)}")
        self.assertEqual(answer.status, 200)
        return {each.text for each in ElementTree.fromstring(answer.body).iter("username")}

    def test_same_document_at_three_places_and_one_is_for_scripts(self) -> None:
        answers = [self.ask(path + JANE) for path in (OWN, DOMAIN, NEWER)]
        self.assertEqual([each.status for each in answers], [200] * 3)
        self.assertEqual(len({each.body for each in answers}), 1)
        self.assertEqual({each.headers["content-type"] for each in answers}, {autoconfig.XML})
        self.assertEqual([self.cors(each) for each in answers], [{}, CORS, {}])
        self.assertNotIn("cache-control", answers[0].headers)

    def test_thunderbird_takes_it(self) -> None:
        self.announce()
        found = read_as_thunderbird(self.ask(DOMAIN + JANE).body)
        host, name = "mail.example.test", ("jane@example.test", "password-cleartext")
        expected = [("imap", 993), ("pop3", 995), ("smtp", 465)]
        self.assertEqual(found, [(kind, host, port, "SSL", *name) for kind, port in expected])

    def test_unknown_domain_is_answered_as_a_known_one(self) -> None:
        known, unknown = (
            self.ask(f"{OWN}?emailaddress=a@{domain}").body for domain in ("example.test", "nowhere.test")
        )
        self.assertEqual(
            known.replace(b"example.test", b"x"), unknown.replace(b"nowhere.test", b"x").replace(b"example.test", b"x")
        )

    def test_no_address_is_any_address(self) -> None:
        self.announce("imap", "smtp")
        for query in ("", "?emailaddress=", "?emailaddress=jane", "?EmailAddress=jane@example.test"):
            root = ElementTree.fromstring(self.ask(OWN + query).body)
            self.assertEqual({each.text for each in root.iter("username")}, {"%EMAILADDRESS%"}, query)
            self.assertEqual(root.findtext("emailProvider/domain"), "mail.example.test")

    def test_host_of_the_request_does_not_matter(self) -> None:
        self.assertEqual(self.ask(OWN, Host="evil.test").body, self.ask(OWN).body)

    def test_addresses_of_all_kinds(self) -> None:
        self.assertEqual(self.names('"O\'Neil & <Co>"@example.test'), {'"o\'neil & <co>"@example.test'})
        self.assertEqual(self.names("jürgen@bücher.example"), {"jürgen@bücher.example"})
        for bad in (
            "<x>@y",
            "a\x00@example.test",
            "a\r\nb@example.test",
            "a@b@",
            "x" * 5000 + "@example.test",
            "a@[::1]",
        ):
            self.assertEqual(self.names(bad), {"%EMAILADDRESS%"}, bad[:40])
        self.assertEqual(self.ask(f"{OWN}?emailaddress=%ff@example.test").status, 200)

    def test_methods(self) -> None:
        for path in (OWN, DOMAIN, NEWER):
            self.assert_problem(self.ask(path, "POST"), 405)
            answer = self.ask(path, "HEAD")
            self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual((self.ask(DOMAIN, "OPTIONS").status, self.cors(self.ask(DOMAIN, "OPTIONS"))), (204, CORS))
        self.assert_problem(self.ask("/mail/Config-v1.1.xml"), 404)
