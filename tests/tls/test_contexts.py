"""TLS by the settings of a listener: what is spoken, which certificate is shown, when a session is resumed."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from stalwart.config.network.listener import TLS_CIPHER_SUITE, NetworkListener
from stalwart.tls.contexts import (
    ACME_TLS,
    HTTP_1_1,
    MOST_CHAINS,
    TICKET_KEYS_LAST,
    ServerCreator,
    TlsSettings,
    openssl_suite,
)
from stalwart.tls.pairs import Pair
from tests.tls.client import TlsClient
from tests.tls.handshakes import NOW, OWN_NAME, TlsCase, authority_pem, is_resumed, leaf_of, names_of, pair

TLS_1_2, TLS_1_3 = SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION
H2 = b"h2"
ALL_OF_TLS_1_2 = {suite: True for suite in TLS_CIPHER_SUITE.names if not suite.startswith("tls13-")}
ALL_OF_TLS_1_3 = {suite: True for suite in TLS_CIPHER_SUITE.names if suite.startswith("tls13-")}
CHACHA_FIRST = b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"


class SettingsTests(SynchronousTestCase):
    """What listeners ask for."""

    def of(self, **settings: Any) -> tuple[TlsSettings, str | None]:
        wire = {"name": "https", "bind": {"[::]:443": True}} | settings
        return TlsSettings.of(NetworkListener.from_wire(wire), (HTTP_1_1,))

    def test_openssl_knows_every_suite_of_the_settings(self) -> None:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        wanted = {openssl_suite(name) for name in TLS_CIPHER_SUITE.names}
        newer = {name for name in wanted if name.startswith("TLS_")}
        context.set_tls13_ciphersuites(":".join(newer).encode())
        context.set_cipher_list(":".join(wanted - newer).encode())
        self.assertLessEqual(wanted, set(SSL.Connection(context, None).get_cipher_list()))
        self.assertEqual(len(wanted), 9)

    def test_everything_by_default(self) -> None:
        settings, problem = self.of()
        self.assertEqual((settings.versions, len(settings.suites), problem), (("tls12", "tls13"), 9, None))

    def test_what_would_leave_no_version_is_not_obeyed(self) -> None:
        settings, problem = self.of(tlsDisableProtocols={"tls12": True, "tls13": True})
        self.assertEqual((settings.versions, problem), (("tls12", "tls13"), None))

    def test_what_would_leave_no_suite_is_not_obeyed_and_told(self) -> None:
        settings, problem = self.of(tlsDisableCipherSuites=ALL_OF_TLS_1_2 | ALL_OF_TLS_1_3)
        self.assertEqual(len(settings.suites), 9)
        self.assertIn("leaves nothing", problem or "")

    def test_a_version_without_suites_is_not_spoken(self) -> None:
        settings, problem = self.of(tlsDisableCipherSuites=ALL_OF_TLS_1_3)
        self.assertEqual((settings.versions, problem), (("tls12",), None))
        settings, problem = self.of(tlsDisableCipherSuites=ALL_OF_TLS_1_2)
        self.assertEqual((settings.versions, problem), (("tls13",), None))

    def test_suites_of_a_version_that_is_not_spoken_do_not_count(self) -> None:
        settings, problem = self.of(tlsDisableProtocols={"tls12": True}, tlsDisableCipherSuites=ALL_OF_TLS_1_3)
        self.assertEqual((settings.versions, set(settings.suites)), (("tls13",), set(ALL_OF_TLS_1_3)))
        self.assertIn("leaves nothing", problem or "")


class VersionTests(TlsCase):
    """Versions and suites on the wire."""

    def test_both_versions_are_spoken(self) -> None:
        creator = self.creator()
        for version in (TLS_1_2, TLS_1_3):
            client = self.shaken(creator, version=version)
            self.assertEqual(client.connection.get_protocol_version(), version)
            self.assertEqual(client.ask(b"hello"), b"hello")
        verifyObject(IOpenSSLServerConnectionCreator, creator)

    def test_no_older_version_is_spoken(self) -> None:
        client = self.connect(self.creator(), version=SSL.TLS1_1_VERSION)
        self.assertRaises(SSL.Error, client.shake)

    def test_a_version_taken_out_is_refused(self) -> None:
        for taken, version in (("tls12", TLS_1_2), ("tls13", TLS_1_3)):
            creator = self.creator(tlsDisableProtocols={taken: True})
            self.assertRaises(SSL.Error, self.connect(creator, version=version).shake)
            self.shaken(creator)

    def test_taking_all_suites_out_is_an_event_and_serves_all(self) -> None:
        creator = self.creator(tlsDisableCipherSuites=ALL_OF_TLS_1_2 | ALL_OF_TLS_1_3)
        self.shaken(creator)
        [(_, values)] = [event for event in self.events if event[0] == "resource.bad-parameters"]
        self.assertEqual(values["listenerId"], "https")
        self.assertIn("tlsDisableCipherSuites", values["reason"])

    def test_a_suite_taken_out_is_not_chosen(self) -> None:
        taken = {"tls13-aes-256-gcm-sha384": True, "tls13-chacha20-poly1305-sha256": True}
        client = self.shaken(self.creator(tlsDisableCipherSuites=taken))
        self.assertEqual(client.connection.get_cipher_name(), "TLS_AES_128_GCM_SHA256")

    def test_no_suite_in_common_is_an_alert(self) -> None:
        client = self.connect(self.creator(), version=TLS_1_2, ciphers=b"AES256-GCM-SHA384")
        self.assertRaises(SSL.Error, client.shake)

    def test_the_servers_order_wins_unless_the_clients_is_to(self) -> None:
        client = self.shaken(self.creator(), version=TLS_1_2, ciphers=CHACHA_FIRST)
        self.assertEqual(client.connection.get_cipher_name(), "ECDHE-ECDSA-AES256-GCM-SHA384")
        creator = self.creator("other", tlsIgnoreClientOrder=False)
        client = self.shaken(creator, version=TLS_1_2, ciphers=CHACHA_FIRST)
        self.assertEqual(client.connection.get_cipher_name(), "ECDHE-ECDSA-CHACHA20-POLY1305")

    def test_rsa_keys_are_served_to_both_versions(self) -> None:
        self.serve(pair("rsa.test", kind="rsa2048"))
        for version in (TLS_1_2, TLS_1_3):
            self.assertEqual(names_of(self.shaken(self.creator(), name="rsa.test", version=version)), {"rsa.test"})

    def test_groups_reach_from_the_newest_to_old_curves(self) -> None:
        self.assertEqual(self.shaken(self.creator()).connection.get_group_name(), "X25519MLKEM768")
        for group in (b"X25519", b"P-256", b"P-384"):
            self.shaken(self.creator(), groups=group)
        self.assertRaises(SSL.Error, self.connect(self.creator(), groups=b"P-521").shake)


class NameTests(TlsCase):
    """The certificate that is shown."""

    def setUp(self) -> None:
        super().setUp()
        self.exact = pair("www.a.test")
        self.star = pair("*.a.test", which=1)
        self.other = pair("b.test", which=2)
        self.serve(self.other, self.exact, self.star, default=0)
        self.https = self.creator()

    def shown(self, name: str | bytes | None, **client: Any) -> set[str]:
        return names_of(self.shaken(self.https, name=name, **client))

    def test_names_choose(self) -> None:
        table: dict[str | bytes | None, Pair] = {
            "www.a.test": self.exact,
            "WWW.A.TEST": self.exact,
            "www.a.test.": self.exact,
            "mail.a.test": self.star,
            "b.test": self.other,
            "sub.b.test": self.other,
            "unknown.test": self.other,
            None: self.other,
        }
        for version in (TLS_1_2, TLS_1_3):
            for name, wanted in table.items():
                self.assertEqual(self.shown(name, version=version), wanted.names, (name, version))

    def test_names_that_are_none_get_the_default(self) -> None:
        long = b"a" * 255
        for name in (
            long,
            "bücher.test".encode(),
            b"\xff\xfe",
            b"..",
            b"192.0.2.1",
            b"-",
            b" ",
            b"*",
            b".",
        ):
            self.assertEqual(self.shown(name), {"b.test"}, name)

    def test_a_name_that_openssl_refuses_ends_in_an_alert_and_does_no_harm(self) -> None:
        for name in (b"a" * 256, b"www.a.test\0.evil.test"):
            protocol, wire = self.accepted(self.https, self.handshakes())
            protocol.dataReceived(client_hello(name))
            self.assertTrue(wire.value().startswith(b"\x15\x03"), (name, wire.value()[:5]))
        self.assertEqual(self.shown("www.a.test"), {"www.a.test"})

    def test_without_certificates_the_server_signs_one_itself(self) -> None:
        self.serve()
        self.assertEqual(self.shown("www.a.test"), {OWN_NAME})
        self.assertEqual(self.shown(None), {OWN_NAME})
        self.assertIn("tls.no-certificates-available", self.ids())

    def test_replaced_certificates_are_shown_at_the_next_handshake(self) -> None:
        before = self.shaken(self.https, name="www.a.test")
        newer = pair("www.a.test", which=3)
        self.serve(newer)
        after = self.shaken(self.https, name="www.a.test")
        self.assertEqual((leaf_of(before), leaf_of(after)), (self.exact.chain[0], newer.chain[0]))
        self.assertEqual(before.ask(b"still here"), b"still here")

    def test_a_pair_that_openssl_refuses_is_an_event_and_the_servers_own_is_shown(self) -> None:
        broken = (
            Pair(self.exact.chain, self.other.key, frozenset(["bad.test"]), 0, NOW + 9),
            Pair(self.exact.chain, b"no key", frozenset(["bad.test"]), 0, NOW + 9),
            Pair((b"no certificate",), self.exact.key, frozenset(["bad.test"]), 0, NOW + 9),
            Pair((*self.exact.chain, b"no issuer"), self.exact.key, frozenset(["bad.test"]), 0, NOW + 9),
        )
        for bad in broken:
            for version in (TLS_1_2, TLS_1_3):
                self.events.clear()
                self.serve(bad)
                client = self.shaken(self.https, name="bad.test", version=version)
                self.assertEqual(names_of(client), {OWN_NAME})
                self.assertEqual(client.ask(b"served"), b"served")
                self.shaken(self.https, name="bad.test", version=version)
                told = [values for id, values in self.events if id == "tls.certificate-unusable"]
                self.assertEqual([each["hostname"] for each in told], ["bad.test"])  # once
                self.assertTrue(told[0]["reason"])

    def test_issuers_are_sent_in_order_and_only_those(self) -> None:
        first, second = authority_pem(0), authority_pem(1)
        long, short = pair("long.test", issuers=(first, second)), pair("short.test", which=1, issuers=(second,))
        self.serve(long, short, pair("alone.test", which=2))
        for version in (TLS_1_2, TLS_1_3):
            for name, length in (("long.test", 3), ("short.test", 2), ("alone.test", 1), ("long.test", 3)):
                client = self.shaken(self.https, name=name, version=version)
                chain: Any = client.connection.get_peer_cert_chain(as_cryptography=True)
                self.assertEqual(len(chain), length, name)
        self.assertIs(long.chain[2], short.chain[1])

    def test_contexts_of_chains_are_bounded(self) -> None:
        pairs = [pair(f"n{n}.test", issuers=(authority_pem(n),)) for n in range(3)]
        self.patch_most(2)
        self.serve(*pairs)
        for n in (0, 1, 2, 0):
            client = self.shaken(self.https, name=f"n{n}.test")
            chain: Any = client.connection.get_peer_cert_chain(as_cryptography=True)
            self.assertEqual(len(chain), 2)
        self.assertEqual(len(self.https._with_issuers), 2)
        self.assertGreater(MOST_CHAINS, 8)

    def patch_most(self, most: int) -> None:
        from stalwart.tls import contexts

        self.patch(contexts, "MOST_CHAINS", most)


class ProtocolTests(TlsCase):
    """ALPN (RFC 7301)."""

    def agreed(self, *offered: bytes, served: tuple[bytes, ...] = (H2, HTTP_1_1)) -> bytes:
        client = self.shaken(self.creator(protocols=served), protocols=offered)
        return bytes(client.connection.get_alpn_proto_negotiated())

    def test_the_servers_preference_wins(self) -> None:
        self.assertEqual(self.agreed(HTTP_1_1, H2), H2)
        self.assertEqual(self.agreed(HTTP_1_1), HTTP_1_1)
        self.assertEqual(self.agreed(b"spdy/3", HTTP_1_1), HTTP_1_1)
        self.assertEqual(self.agreed(H2, HTTP_1_1, served=(HTTP_1_1,)), HTTP_1_1)

    def test_nothing_in_common_is_served_without(self) -> None:
        self.assertEqual(self.agreed(b"spdy/3", b"imap"), b"")
        self.assertEqual(self.agreed(), b"")

    def test_authorities_that_offer_more_are_clients_like_others(self) -> None:
        self.assertEqual(self.agreed(ACME_TLS, HTTP_1_1), HTTP_1_1)
        self.assertEqual(self.challenges.asked, [])


class ChallengeTests(TlsCase):
    """TLS-ALPN-01 (RFC 8737)."""

    def setUp(self) -> None:
        super().setUp()
        self.proof = pair("a.test", which=7)
        self.challenges.pairs["a.test"] = self.proof
        self.serve(pair("a.test", issuers=(authority_pem(),)), pair("b.test", which=1))
        self.https = self.creator()

    def test_authority_gets_the_certificate_of_the_challenge(self) -> None:
        for version in (TLS_1_2, TLS_1_3):
            for name in ("a.test", "A.Test"):
                client = self.shaken(self.https, name=name, protocols=[ACME_TLS], version=version)
                self.assertEqual(leaf_of(client), self.proof.chain[0])
                self.assertEqual(client.connection.get_alpn_proto_negotiated(), ACME_TLS)
        self.assertIn("acme.tls-alpn-received", self.ids())

    def test_the_certificate_comes_alone_to_tls_1_3(self) -> None:
        client = self.shaken(self.https, name="a.test", protocols=[ACME_TLS], version=TLS_1_3)
        chain: Any = client.connection.get_peer_cert_chain(as_cryptography=True)
        self.assertEqual(len(chain), 1)

    def test_without_a_challenge_there_is_an_alert(self) -> None:
        for version in (TLS_1_2, TLS_1_3):
            for name, reason in (("b.test", "no challenge"), (None, "names no server")):
                self.events.clear()
                client = self.connect(self.https, name=name, protocols=[ACME_TLS], version=version)
                self.assertRaises(SSL.Error, client.shake)
                told = [values["reason"] for id, values in self.events if id == "acme.tls-alpn-error"]
                self.assertEqual(len(told), 1)
                self.assertIn(reason, told[0])

    def test_where_no_authority_may_ask_the_protocol_is_not_known(self) -> None:
        self.challenges.is_on = False
        client = self.shaken(self.https, name="a.test", protocols=[ACME_TLS])
        self.assertEqual(client.connection.get_alpn_proto_negotiated(), b"")
        self.assertNotEqual(leaf_of(client), self.proof.chain[0])
        self.assertEqual(self.challenges.asked, [])


class ResumptionTests(TlsCase):
    """Tickets."""

    def setUp(self) -> None:
        super().setUp()
        self.serve(pair("a.test", issuers=(authority_pem(),)), pair("b.test", which=1))
        self.https = self.creator()

    def ticket(self, creator: ServerCreator, name: str, version: int) -> TlsClient:
        client = self.shaken(creator, name=name, version=version)
        self.assertFalse(is_resumed(client))
        client.ask(b"tickets come with the first bytes")
        return client

    def resumes(self, creator: ServerCreator, name: str, former: TlsClient) -> bool:
        client = self.shaken(creator, name=name, former=former)
        self.assertEqual(client.ask(b"served"), b"served")
        return is_resumed(client)

    def test_sessions_are_resumed(self) -> None:
        for version in (TLS_1_2, TLS_1_3):
            for name in ("a.test", "b.test"):
                former = self.ticket(self.https, name, version)
                self.assertTrue(self.resumes(self.https, name, former), (name, version))

    def test_the_same_settings_have_the_same_tickets(self) -> None:
        former = self.ticket(self.https, "a.test", TLS_1_3)
        again = self.creator(maxConnections=5)
        self.assertIs(again, self.https)
        self.assertTrue(self.resumes(again, "a.test", former))

    def test_no_other_listener_resumes(self) -> None:
        for version in (TLS_1_2, TLS_1_3):
            former = self.ticket(self.https, "a.test", version)
            for other in (self.creator("other"), self.creator(tlsIgnoreClientOrder=False)):
                self.assertFalse(self.resumes(other, "a.test", former))

    def test_ticket_keys_do_not_last(self) -> None:
        for version in (TLS_1_2, TLS_1_3):
            former = self.ticket(self.https, "a.test", version)
            self.clock.advance(TICKET_KEYS_LAST)
            self.assertFalse(self.resumes(self.https, "a.test", former))

    def test_connections_live_on_when_ticket_keys_change(self) -> None:
        client = self.shaken(self.https, name="a.test")
        self.clock.advance(TICKET_KEYS_LAST)
        self.shaken(self.https, name="a.test")
        self.assertEqual(client.ask(b"still here"), b"still here")


def client_hello(name: bytes) -> bytes:
    """A ClientHello of TLS 1.2 that asks for ``name``, which need not be one."""
    entry = b"\0" + len(name).to_bytes(2, "big") + name
    listed = len(entry).to_bytes(2, "big") + entry
    extensions = b"\0\0" + len(listed).to_bytes(2, "big") + listed
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\xc0\x2b" + b"\x01\0" + len(extensions).to_bytes(2, "big")
    body += extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message
