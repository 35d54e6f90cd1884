"""What a handshake shows, the verdict of the public authorities, and the store of trusted roots."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from unittest import mock

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.tls import TlsReport, TrustStore, describe_chain, name_problem, report_of
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions

CA = make_ca("Root")
MIDDLE = make_ca("Middle", ca=CA)
NOW = datetime.now(UTC)


def shake_hands(client: SSL.Connection, server: SSL.Connection) -> None:
    """Carry the handshake between two connections in memory."""
    client.set_connect_state()
    server.set_accept_state()
    finished: set[SSL.Connection] = set()
    for _ in range(10):
        for side, other in ((client, server), (server, client)):
            try:
                side.do_handshake()
                finished.add(side)
            except SSL.WantReadError:
                pass
            try:
                while True:
                    other.bio_write(side.bio_read(1 << 16))
            except SSL.WantReadError:
                pass
        if len(finished) == 2:
            return
    raise AssertionError("no end of the handshake")


class WithRoots(SynchronousTestCase):
    def setUp(self) -> None:
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(CA.certificate_pem)
        self.trust = TrustStore(path)

    def report(self, issued: Issued, hostname: str = "mx.test") -> TlsReport:
        options = ServerOptions(issued)
        connection = self.trust.client_options(hostname).clientConnectionForTLS(None)
        shake_hands(connection, options.serverConnectionForTLS(None))
        self.asked_for = options.names
        return report_of(connection, hostname)


class Reports(WithRoots):
    def assert_kind(self, report: TlsReport, kind: str, words: str) -> None:
        self.assertFalse(report.webpki_ok)
        self.assertEqual(report.webpki_kind, kind)
        assert report.webpki_reason is not None
        self.assertIn(words, report.webpki_reason)

    def test_trusted(self) -> None:
        issued = issue(["mx.test"], ca=MIDDLE)
        report = self.report(issued)
        self.assertEqual((report.webpki_ok, report.webpki_reason, report.webpki_kind), (True, None, None))
        self.assertEqual(report.protocol, "TLSv1.3")
        self.assertTrue(report.cipher.startswith("TLS_"))
        self.assertTrue(report.group)
        self.assertEqual(report.chain, (issued.der, MIDDLE.der))

    def test_server_name_is_sent(self) -> None:
        self.report(issue(["mx.test"], ca=CA), "mx.test.")
        self.assertEqual(self.asked_for, [b"mx.test"])

    def test_no_server_name_for_an_address(self) -> None:
        report = self.report(issue(["192.0.2.1"], ca=CA), "192.0.2.1")
        self.assertTrue(report.webpki_ok)
        self.assertEqual(self.asked_for, [None])

    def test_self_signed(self) -> None:
        self.assert_kind(self.report(issue(["mx.test"])), "not-trusted", "self-signed")

    def test_authority_as_server(self) -> None:
        self.assert_kind(self.report(make_ca("mx.test")), "not-trusted", "self-signed")

    def test_unknown_authority(self) -> None:
        report = self.report(issue(["mx.test"], ca=make_ca("Else")))
        self.assert_kind(report, "not-trusted", "issuer is unknown")

    def test_missing_intermediate(self) -> None:
        issued = issue(["mx.test"], ca=MIDDLE)
        report = self.report(Issued(issued.certificate, issued.key))
        self.assert_kind(report, "not-trusted", "issuer is unknown")

    def test_expired(self) -> None:
        self.assert_kind(self.report(issue(["mx.test"], -5, CA)), "expired", "expired")

    def test_expired_and_untrusted_counts_as_untrusted(self) -> None:
        report = self.report(issue(["mx.test"], -5))
        self.assert_kind(report, "not-trusted", "expired")

    def test_other_name(self) -> None:
        report = self.report(issue(["mx.else.test"], ca=CA))
        words = 'certificate not valid for name "mx.test"; certificate is only valid for mx.else.test'
        self.assert_kind(report, "host-mismatch", words)

    def test_not_for_servers(self) -> None:
        self.assert_kind(self.report(issue(["mx.test"], ca=CA, client_only=True)), "not-trusted", "not for servers")

    def test_records_of_two_connections_are_apart(self) -> None:
        bad = self.report(issue(["mx.test"]))
        good = self.report(issue(["mx.test"], ca=CA))
        self.assertEqual((bad.webpki_ok, good.webpki_ok), (False, True))


class Refusing(WithRoots):
    def refused(self, issued: Issued, hostname: str = "host.test") -> str | None:
        options = self.trust.verifying_options(hostname)
        connection = options.clientConnectionForTLS(None)
        with self.assertRaises(SSL.Error):
            shake_hands(connection, ServerOptions(issued).serverConnectionForTLS(None))
        return options.problem()

    def test_wildcard_right_below_the_top(self) -> None:
        self.assertIn("not valid for name", self.refused(issue(["*.test"], ca=CA)) or "")

    def test_wildcard_is_taken(self) -> None:
        options = self.trust.verifying_options("host.example.test")
        connection = options.clientConnectionForTLS(None)
        shake_hands(connection, ServerOptions(issue(["*.example.test"], ca=CA)).serverConnectionForTLS(None))
        self.assertIsNone(options.problem())

    def test_untrusted(self) -> None:
        self.assertIn("self-signed", self.refused(issue(["host.test"])) or "")

    def test_expired(self) -> None:
        self.assertIn("expired", self.refused(issue(["host.test"], -1, CA)) or "")

    def test_other_name(self) -> None:
        self.assertIn("not valid for name", self.refused(issue(["else.test"], ca=CA)) or "")


class Names(SynchronousTestCase):
    def test_exact(self) -> None:
        self.assertIsNone(name_problem(issue(["mx.test"]).der, "MX.test."))

    def test_common_name_does_not_count(self) -> None:
        problem = name_problem(issue([], common_name="mx.test").der, "mx.test")
        self.assertIn("has no names", problem or "")

    def test_wildcard_is_one_label(self) -> None:
        self.assertIsNotNone(name_problem(issue(["*.example.test"]).der, "a.b.example.test"))

    def test_address(self) -> None:
        self.assertIsNone(name_problem(issue(["2001:db8::1"]).der, "2001:db8::1"))

    def test_something_that_is_no_certificate(self) -> None:
        self.assertEqual(name_problem(b"junk", "mx.test"), "certificate cannot be read")

    def test_something_that_is_no_name(self) -> None:
        self.assertIsNotNone(name_problem(issue(["mx.test"]).der, "not a name"))


class Descriptions(SynchronousTestCase):
    def test_chain(self) -> None:
        issued = issue(["mx.test", "192.0.2.1"], 30, MIDDLE)
        first, second = describe_chain([issued.der, MIDDLE.der], NOW)
        self.assertEqual(first["subject"], "CN=mx.test")
        self.assertEqual(first["issuer"], "CN=Middle")
        self.assertEqual(first["sans"], ["mx.test", "192.0.2.1"])
        self.assertEqual(first["sha256"], hashlib.sha256(issued.der).hexdigest())
        self.assertIn(first["daysLeft"], (29, 30))
        self.assertRegex(first["notAfter"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        self.assertEqual(second["subject"], "CN=Middle")

    def test_days_left_only_where_asked_for(self) -> None:
        self.assertNotIn("daysLeft", describe_chain([CA.der])[0])

    def test_junk_has_its_digest(self) -> None:
        described = describe_chain([b"junk"])[0]
        self.assertEqual((described["sha256"], described["subject"]), (hashlib.sha256(b"junk").hexdigest(), ""))


class Roots(SynchronousTestCase):
    def test_roots_are_loaded_once(self) -> None:
        trust = TrustStore()
        one, two = trust.client_options("a.test"), trust.client_options("b.test")
        self.assertIs(one.clientConnectionForTLS(None).get_context(), two.clientConnectionForTLS(None).get_context())

    def test_reload_reads_them_again(self) -> None:
        trust = TrustStore()
        before = trust.client_options("a.test").clientConnectionForTLS(None).get_context()
        trust.reload()
        self.assertIsNot(trust.client_options("a.test").clientConnectionForTLS(None).get_context(), before)

    def test_ssl_cert_file_is_honoured(self) -> None:
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(CA.certificate_pem)
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": path}):
            trust = TrustStore()
            connection = trust.client_options("mx.test").clientConnectionForTLS(None)
            self.assertEqual(trust.problems(), ())
        server = ServerOptions(issue(["mx.test"], ca=CA)).serverConnectionForTLS(None)
        shake_hands(connection, server)
        self.assertTrue(report_of(connection, "mx.test").webpki_ok)

    def test_missing_ssl_cert_file_is_told(self) -> None:
        with mock.patch.dict(os.environ, {"SSL_CERT_FILE": "/nowhere/roots.pem"}):
            self.assertIn("SSL_CERT_FILE", TrustStore().problems()[0])

    def test_tls_before_1_2_is_not_spoken(self) -> None:
        self.assertRaises(ValueError, TrustStore().client_options, "mx.test", min_version=SSL.TLS1_1_VERSION)
