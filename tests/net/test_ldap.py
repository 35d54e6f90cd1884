"""The LDAP client against a server that a test plays by hand; TLS is tried against slapd in tests/interop."""

from __future__ import annotations

from typing import Any

from ldaptor.protocols import pureldap
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ldap_filters import parse_filter
from stalwart.net import ldap_dialogue
from stalwart.net.ldap import LdapServer, connect
from stalwart.net.ldap_dialogue import LdapFailed
from stalwart.net.tls import TrustStore
from tests.net.ldap_peers import ADDRESS, SERVER, PlayedLdap, done, entry, message

FILTER = parse_filter("(mail=?)")
STARTTLS = LdapServer("192.0.2.1", 389, "starttls")


class Played(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = PlayedLdap()
        self.client = self.server.connection()

    def begin(self, work: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(work)

    def search(self, size_limit: int = 2) -> Deferred[Any]:
        work = self.client.search(b"dc=test", FILTER, ADDRESS, ("mail",), size_limit=size_limit, timeout=5)
        return self.begin(work)

    def assert_failed(self, waiting: Deferred[Any], kind: str, reason: str) -> None:
        """It failed, and nothing is left behind."""
        failure = self.failureResultOf(waiting, LdapFailed).value
        self.assertEqual(failure.kind, kind)
        self.assertIn(reason, failure.reason)
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])
        if kind != "refused":
            self.assertFalse(self.client.is_open)


class BindTests(Played):
    def test_right_password(self) -> None:
        waiting = self.begin(self.client.bind(b"cn=x", b"secret", 5))
        ((request),) = self.server.heard()
        self.assertEqual((request.id, request.value.dn, request.value.auth), (1, b"cn=x", b"secret"))
        self.server.says(pureldap.LDAPBindResponse(0))
        self.assertEqual(self.successResultOf(waiting).code, 0)
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_refusal_is_a_value(self) -> None:
        waiting = self.begin(self.client.bind(b"cn=x", b"secret", 5))
        self.server.says(pureldap.LDAPBindResponse(49, errorMessage="Go away."))
        result = self.successResultOf(waiting)
        self.assertEqual(ldap_dialogue.told(result), "name or password is wrong (Go away)")
        self.assertTrue(self.client.is_open)

    def test_anonymous_binds_are_never_sent(self) -> None:
        for dn, secret in ((b"cn=x", b""), (b"", b"secret")):
            self.failureResultOf(self.begin(self.client.bind(dn, secret, 5)), ValueError)
        self.assertEqual(self.server.heard(), [])


class SearchTests(Played):
    def test_entries(self) -> None:
        waiting = self.search()
        self.server.says(entry("cn=x", mail=["a@b.test"]), done())
        found = self.successResultOf(waiting)
        self.assertEqual([each.dn for each in found.entries], [b"cn=x"])
        self.assertTrue(found.complete)

    def test_nothing_is_found(self) -> None:
        waiting = self.search()
        self.server.says(done())
        self.assertEqual(self.successResultOf(waiting).entries, ())

    def test_references_are_passed_over(self) -> None:
        waiting = self.search()
        self.server.says(pureldap.LDAPSearchResultReference([pureldap.LDAPString("ldap://other.test")]), done())
        self.assertTrue(self.successResultOf(waiting).complete)

    def test_size_limit_of_the_server(self) -> None:
        waiting = self.search()
        self.server.says(entry("cn=x"), entry("cn=y"), done(4))
        found = self.successResultOf(waiting)
        self.assertEqual((len(found.entries), found.complete), (2, False))

    def test_more_than_was_asked_for(self) -> None:
        waiting = self.search(size_limit=1)
        self.server.says(entry("cn=x"), entry("cn=y"))
        self.assert_failed(waiting, "malformed", "more than was asked for")

    def test_octets_are_bounded(self) -> None:
        self.patch(ldap_dialogue, "MOST_OCTETS", 100)
        waiting = self.search(size_limit=1000)
        self.server.says(entry("cn=x" * 20), entry("cn=x" * 20))
        self.assert_failed(waiting, "malformed", "more than was asked for")

    def test_refusal_leaves_the_connection_usable(self) -> None:
        waiting = self.search()
        self.server.says(done(50, "no access"))
        self.assert_failed(waiting, "refused", "it needs more rights (no access)")
        again = self.search()
        self.server.says(done(), id=2)
        self.assertTrue(self.successResultOf(again).complete)

    def test_entry_by_name(self) -> None:
        waiting = self.begin(self.client.read(b"cn=x", ("mail",), 5))
        (request,) = self.server.heard()
        self.assertEqual((request.value.baseObject, request.value.scope), (b"cn=x", 0))
        self.server.says(entry("cn=x"), done())
        self.assertEqual(self.successResultOf(waiting).dn, b"cn=x")

    def test_entry_that_is_not_there(self) -> None:
        for answer, id in ((done(32), 1), (done(), 2)):
            waiting = self.begin(self.client.read(b"cn=x", ("mail",), 5))
            self.server.says(answer, id=id)
            self.assertIsNone(self.successResultOf(waiting))

    def test_probe_takes_any_answer(self) -> None:
        waiting = self.begin(self.client.probe(5))
        self.server.says(done(50))
        self.assertIsNone(self.successResultOf(waiting))


class EndTests(Played):
    def test_silence(self) -> None:
        waiting = self.search()
        self.server.reactor.advance(5)
        self.assert_failed(waiting, "timeout", "no answer in time")
        self.assertTrue(self.server.transport.aborted)

    def test_server_closes(self) -> None:
        waiting = self.search()
        self.server.hangs_up()
        self.assert_failed(waiting, "closed", "has closed")

    def test_connection_is_lost(self) -> None:
        waiting = self.search()
        self.server.hangs_up(ConnectionLost())
        self.assert_failed(waiting, "io", "lost")

    def test_notice_of_disconnection(self) -> None:
        waiting = self.search()
        self.server.says(pureldap.LDAPExtendedResponse(resultCode=52, errorMessage="maintenance"), id=0)
        self.assert_failed(waiting, "closed", "(maintenance)")

    def test_nonsense(self) -> None:
        waiting = self.search()
        self.server.sends(b"HTTP/1.1 400 Bad Request\r\n")
        self.assert_failed(waiting, "malformed", "not understood")

    def test_answer_to_another_request(self) -> None:
        waiting = self.search()
        self.server.says(done(), id=2)
        self.assert_failed(waiting, "malformed", "out of turn")

    def test_answer_of_another_kind(self) -> None:
        waiting = self.search()
        self.server.says(pureldap.LDAPBindResponse(0))
        self.assert_failed(waiting, "malformed", "out of turn")

    def test_entry_that_nobody_asked_for(self) -> None:
        self.server.says(entry("cn=x"))
        self.assertFalse(self.client.is_open)
        self.assert_failed(self.search(), "malformed", "out of turn")

    def test_cancelling_drops_the_connection(self) -> None:
        waiting = self.search()
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertTrue(self.server.transport.aborted)
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_two_requests_at_once_are_a_fault(self) -> None:
        waiting = self.search()
        self.failureResultOf(self.search(), RuntimeError)
        self.server.reactor.advance(5)
        self.failureResultOf(waiting, LdapFailed)

    def test_leave_is_taken(self) -> None:
        self.client.close()
        (request,) = self.server.heard()
        self.assertIsInstance(request.value, pureldap.LDAPUnbindRequest)
        self.assertTrue(self.server.transport.closed)
        self.server.hangs_up()
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_server_that_does_not_close_is_cut_off(self) -> None:
        self.client.close()
        self.server.reactor.advance(1)
        self.assertTrue(self.server.transport.aborted)


class StartTlsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = PlayedLdap(STARTTLS)

    def agree(self, more: bytes = b"") -> None:
        self.server.sends(message(1, pureldap.LDAPStartTLSResponse(resultCode=0)) + more)

    def assert_failed(self, kind: str, reason: str) -> None:
        failure = self.failureResultOf(self.server.connecting, LdapFailed).value
        self.assertEqual(failure.kind, kind)
        self.assertIn(reason, failure.reason)
        self.assertTrue(self.server.transport.aborted)
        self.assertEqual(self.server.reactor.getDelayedCalls(), [])

    def test_connection_is_there_after_the_handshake(self) -> None:
        self.agree()
        self.assertEqual(self.server.transport.secured.hostname, "192.0.2.1")
        self.assertNoResult(self.server.connecting)
        self.server.protocol.handshakeCompleted()
        self.assertTrue(self.successResultOf(self.server.connecting).is_open)

    def test_refusal_is_never_answered_in_clear(self) -> None:
        self.server.says(pureldap.LDAPStartTLSResponse(resultCode=2, errorMessage="no TLS here"))
        self.assert_failed("refused", "StartTLS is refused")

    def test_half_a_message_before_the_handshake(self) -> None:
        self.agree(b"\x30")
        self.assert_failed("tls", "data before the TLS handshake")

    def test_message_before_the_handshake(self) -> None:
        self.agree(message(2, done()))
        self.assert_failed("malformed", "out of turn")

    def test_server_ends_the_handshake(self) -> None:
        self.agree()
        self.server.hangs_up()
        failure = self.failureResultOf(self.server.connecting, LdapFailed).value
        self.assertEqual((failure.kind, failure.reason), ("tls", "the server ends the TLS handshake"))

    def test_handshake_that_does_not_end(self) -> None:
        self.agree()
        self.server.reactor.advance(5)
        self.assert_failed("timeout", "handshake")


class ConnectTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.connecting = Deferred.fromCoroutine(connect(self.reactor, SERVER, TrustStore(), timeout=5))

    def test_nobody_listens(self) -> None:
        self.reactor.tcpClients[0][2].clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        self.assertEqual(self.failureResultOf(self.connecting, LdapFailed).value.kind, "io")

    def test_time_is_bounded(self) -> None:
        self.reactor.advance(5)
        self.assertEqual(self.failureResultOf(self.connecting, LdapFailed).value.kind, "timeout")

    def test_cancelled(self) -> None:
        self.connecting.cancel()
        self.failureResultOf(self.connecting, CancelledError)


class ServerTests(SynchronousTestCase):
    def test_urls(self) -> None:
        for url, use_tls, wanted in (
            ("ldap://ldap.test", False, LdapServer("ldap.test", 389, "none")),
            ("LDAP://ldap.test/", True, LdapServer("ldap.test", 389, "starttls")),
            ("ldaps://[2001:db8::1]:1636", True, LdapServer("2001:db8::1", 1636, "tls")),
        ):
            self.assertEqual(LdapServer.of(url, use_tls), wanted)

    def test_what_is_no_address_of_a_server(self) -> None:
        for url in (
            "https://ldap.test",
            "ldapi:///run/slapd",
            "ldap://",
            "ldap://ldap.test/dc=test",
            "ldap://cn:secret@ldap.test",
            "ldap://ldap.test:port",
            "ldap://ldap.test:99999",
            "ldap://[::1",
        ):
            with self.assertRaises(ValueError, msg=url):
                LdapServer.of(url, False)
