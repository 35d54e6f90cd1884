"""Answers and addresses: small values."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import NO_STORE, json_answer, no_content, redirect, text_answer
from stalwart.web.connection import Listener, ProxiedAddress, connect, peer_ip


class AnswerTests(SynchronousTestCase):
    """Ways to make answers."""

    def test_json_is_compact_and_keeps_its_order(self) -> None:
        answer = json_answer({"b": [1, None], "a": "ä"}, 201, (NO_STORE,))
        self.assertEqual((answer.status, answer.body), (201, '{"b":[1,null],"a":"ä"}'.encode()))
        self.assertEqual(answer.content_type, "application/json; charset=utf-8")

    def test_the_others_say_what_they_are(self) -> None:
        self.assertEqual(text_answer("ä").body, "ä".encode())
        self.assertEqual((redirect("/x", 307).status, redirect("/x").headers), (307, (("Location", "/x"),)))
        self.assertEqual((no_content().status, no_content().content_type), (204, None))


class ConnectionTests(SynchronousTestCase):
    """``stalwart.web.connection``."""

    def test_addresses_are_canonical(self) -> None:
        found = [
            peer_ip(IPv4Address("TCP", "192.0.2.1", 1)),
            peer_ip(IPv6Address("TCP", "::ffff:192.0.2.1", 1)),
            peer_ip(IPv6Address("TCP", "fe80::1%eth0", 1)),
            peer_ip(UNIXAddress("x")),
        ]
        self.assertEqual(found, ["192.0.2.1", "192.0.2.1", "fe80::1", "127.0.0.1"])

    def test_a_proxied_peer_may_have_come_by_tls(self) -> None:
        local = IPv4Address("TCP", "192.0.2.9", 443)
        found = connect(Listener("front"), ProxiedAddress("203.0.113.5", 7, True), local, False)
        self.assertEqual((found.remote_ip, found.remote_port, found.is_tls), ("203.0.113.5", 7, True))
        self.assertEqual((found.local_ip, found.local_port), ("192.0.2.9", 443))
