"""What the server is to browsers: host name and origins."""

from twisted.trial.unittest import SynchronousTestCase
from webauthn.helpers.structs import AuthenticatorTransport

from stalwart.errors import Unavailable
from stalwart.provider.relying_party import _TRANSPORTS, RelyingParty, in_base64url, of_base64url


class RelyingPartyTests(SynchronousTestCase):
    def test_host_is_the_id_and_the_pages_of_the_server_the_origins(self) -> None:
        expected = (
            ("https://mail.example.test", ("https://mail.example.test",)),
            ("https://mail.example.test/", ("https://mail.example.test",)),
            ("https://mail.example.test:443/x?y", ("https://mail.example.test",)),
            ("https://mail.example.test:8443", ("https://mail.example.test:8443",)),
            ("https://MAIL.example.test", ("https://mail.example.test",)),
        )
        for url, origins in expected:
            self.assertEqual(RelyingParty.at(url), RelyingParty("mail.example.test", origins), url)

    def test_loopback_names_stand_for_each_other_on_one_port(self) -> None:
        for url in ("http://localhost:8080", "http://127.0.0.1:8080/"):
            found = RelyingParty.at(url)
            self.assertEqual(found.id, "localhost")
            self.assertEqual(found.origins, ("http://localhost:8080", "http://127.0.0.1:8080"))

    def test_what_is_no_place_for_passkeys_is_refused(self) -> None:
        for url in (
            "",
            "mail.example.test",
            "https://",
            "https://192.0.2.1",
            "https://[::1]:8080",
            "http://[",
            "ftp://x",
        ):
            self.assertRaises(Unavailable, RelyingParty.at, url)


class TransportTests(SynchronousTestCase):
    def test_all_that_the_library_knows_are_kept(self) -> None:
        self.assertEqual(set(_TRANSPORTS), {each.value for each in AuthenticatorTransport})

    def test_base64url_has_no_padding(self) -> None:
        for length in range(5):
            content = bytes(range(250, 250 + length))
            self.assertNotIn("=", in_base64url(content))
            self.assertEqual(of_base64url(in_base64url(content)), content)
