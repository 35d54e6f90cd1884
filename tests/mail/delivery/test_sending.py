"""Sending over real connections: who gets it, by which host, and what is said when they do not."""

from __future__ import annotations

import hashlib
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from stalwart.codec.dns_records import MX, TLSA
from stalwart.mail.delivery.content import HeldContent
from stalwart.mail.delivery.shipment import Connecting, Login, Mx, Relay, Shipment, ShipmentRecipient, TlsDemands
from stalwart.net.dns import LookupFailed
from stalwart.telemetry.events import Level
from tests.mail.delivery.sending_world import (
    IP1,
    IP2,
    IP3,
    LATER_TLS,
    MESSAGE,
    SELF_SIGNED,
    ZONE,
    SendingCase,
    held_back,
    tls,
)
from tests.net.fake_dns import FakeResolver
from tests.net.smtp_sink import falls_silent, hangs_up


class DeliveredTests(SendingCase):
    """Everything works."""

    async def test_a_message_arrives_as_it_is(self) -> None:
        sink = self.host()
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status, outcome.hostname), ("delivered", "2.0.0", "mx.one.test"))
        (taken,) = sink.taken
        self.assertEqual(taken.content, MESSAGE)
        self.assertEqual(taken.rcpts, ["RCPT TO:<bob@one.test>"])
        self.assertEqual(taken.mail, f"MAIL FROM:<jane@here.test> SIZE={len(MESSAGE)}")

    async def test_a_message_in_chunks_arrives_as_it_is(self) -> None:
        sink = self.host(keywords=("PIPELINING", "CHUNKING"))
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual(sink.taken[0].content, MESSAGE)
        self.assertNotIn("DATA", sink.verbs)

    async def test_without_any_extension(self) -> None:
        sink = self.host(keywords=())
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual((sink.taken[0].content, sink.taken[0].mail), (MESSAGE, "MAIL FROM:<jane@here.test>"))

    async def test_over_tls(self) -> None:
        sink = self.host(tls=tls())
        await self.one("one.test")
        self.assertTrue(sink.taken[0].over_tls)
        self.assertEqual([(one.policy_type, one.failure) for one in self.results], [("no-policy-found", None)])

    async def test_reports_about_tls_are_not_reported_about(self) -> None:
        self.host(tls=tls())
        await self.one("one.test", counts_tls=False)
        self.assertEqual(self.results, [])

    async def test_several_recipients_are_one_transaction(self) -> None:
        sink = self.host()
        outcomes = await self.send("one.test", "a@one.test", "b@one.test", "c@one.test")
        self.assertEqual([one.kind for one in outcomes], ["delivered"] * 3)
        self.assertEqual(len(sink.taken), 1)

    async def test_the_implicit_exchange(self) -> None:
        self.host()
        self.assertEqual((await self.one("implicit.test")).hostname, "implicit.test")

    async def test_an_address_literal(self) -> None:
        self.host()
        outcome = await self.one("[192.0.2.1]", "bob@[192.0.2.1]")
        self.assertEqual((outcome.kind, outcome.hostname), ("delivered", IP1))
        self.assertEqual(self.resolver.asked, [])

    async def test_the_connection_is_used_again(self) -> None:
        sink = self.host(tls=tls())
        for _ in range(3):
            self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual((sink.opened, len(sink.taken)), (1, 3))

    async def test_a_connection_that_was_closed_meanwhile_is_replaced(self) -> None:
        sink = self.host()
        await self.one("one.test")
        sink.connections[0].transport.loseConnection()
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual((sink.opened, len(sink.taken)), (2, 2))

    async def test_a_connection_that_closes_at_the_next_message_is_replaced(self) -> None:
        sink = self.host(script={"MAIL": ["250 ok", hangs_up, "250 ok"]})
        await self.one("one.test")
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual((sink.opened, len(sink.taken)), (2, 2))

    async def test_other_demands_open_another_connection(self) -> None:
        sink = self.host()
        await self.one("one.test")
        await self.one("one.test", tls=LATER_TLS)
        self.assertEqual(sink.opened, 2)

    async def test_the_source_address_and_its_name(self) -> None:
        sink = self.host()
        connecting = Connecting("mail.here.test", (("192.0.2.99", "out.here.test"), ("2001:db8::9", None)))
        await self.one("one.test", connecting=connecting)
        self.assertEqual((self.sources, sink.lines[0]), (["192.0.2.99"], "EHLO out.here.test"))


class HostTests(SendingCase):
    """Which host is tried, and when the next."""

    async def test_the_nearest_host_comes_first(self) -> None:
        first, second = self.host(IP1), self.host(IP2)
        await self.one("two.test")
        self.assertEqual((len(first.taken), len(second.taken)), (1, 0))

    async def test_the_next_host_after_one_that_does_not_answer(self) -> None:
        self.host(IP2)
        outcome = await self.one("two.test")
        self.assertEqual((outcome.kind, outcome.hostname, self.connected), ("delivered", "b.two.test", [IP1, IP2]))

    async def test_the_next_host_after_one_that_is_closing(self) -> None:
        self.host(IP1, greeting="421 4.3.2 closing")
        self.host(IP2)
        self.assertEqual((await self.one("two.test")).hostname, "b.two.test")

    async def test_hosts_that_never_take_mail(self) -> None:
        """RFC 7504 3.1: final if there is no other."""
        self.host(IP1, greeting="521 no mail here")
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.3.2"))
        self.host(IP2)
        self.assertEqual((await self.one("two.test")).hostname, "b.two.test")

    async def test_all_hosts_never_take_mail(self) -> None:
        self.host(IP1, greeting="521 no mail here")
        outcome = await self.one("two.test")
        self.assertEqual((outcome.kind, self.connected), ("temporary", [IP1, IP2]), "the other is not there")
        self.host(IP2, greeting="521 no mail here either")
        outcome = await self.one("two.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.3.2"))

    async def test_the_next_host_after_one_that_says_not_now(self) -> None:
        self.host(IP1, script={"RCPT": "451 4.7.1 later"})
        second = self.host(IP2)
        outcomes = await self.send("two.test", "a@two.test", "b@two.test")
        self.assertEqual([one.kind for one in outcomes], ["delivered"] * 2)
        self.assertEqual(len(second.taken[0].rcpts), 2)

    async def test_whom_a_host_has_taken_it_for_is_told_before_the_next_one_is_asked(self) -> None:
        self.host(IP1, script={"b@two.test": "451 4.7.1 later"})
        second = self.host(IP2)
        told: list[tuple[int, str, int]] = []

        async def taken(found: Any) -> None:
            told.extend((place, outcome.address, second.opened) for place, outcome in found)

        outcomes = await self.send("two.test", "b@two.test", "a@two.test", "c@two.test", taken=taken)
        self.assertEqual([one.kind for one in outcomes], ["delivered"] * 3)
        self.assertEqual(told, [(1, "a@two.test", 0), (2, "c@two.test", 0)])
        self.assertEqual(second.opened, 1)

    async def test_nobody_is_told_of_whom_one_host_has_taken_it_for_all(self) -> None:
        self.host()
        await self.send("one.test", "a@one.test", "b@one.test", taken=lambda found: self.fail("told"))

    async def test_no_other_host_is_asked_for_whom_one_refuses(self) -> None:
        self.host(IP1, script={"a@two.test": "550 5.1.1 nobody"})
        second = self.host(IP2)
        outcomes = await self.send("two.test", "a@two.test", "b@two.test")
        self.assertEqual([one.kind for one in outcomes], ["permanent", "delivered"])
        self.assertEqual(second.opened, 0)

    async def test_no_more_hosts_than_allowed(self) -> None:
        self.host(IP2)
        outcome = await self.one(Mx("two.test", max_hosts=1))
        self.assertEqual((outcome.kind, self.connected), ("temporary", [IP1]))

    async def test_no_more_addresses_than_allowed(self) -> None:
        self.host(IP1)
        outcome = await self.one("many.test")
        self.assertEqual((outcome.error_type, self.connected), ("connectionError", [IP3, IP2]))
        self.assertTrue(outcome.unreachable)

    async def test_nobody_answers(self) -> None:
        outcome = await self.one("two.test")
        self.assertEqual((outcome.kind, outcome.status, outcome.error_type), ("temporary", "4.4.1", "connectionError"))

    async def test_null_mx(self) -> None:
        outcome = await self.one("null.test")
        self.assertEqual((outcome.kind, outcome.status, outcome.error_type), ("permanent", "5.1.10", "dnsError"))

    async def test_no_such_domain(self) -> None:
        outcome = await self.one("nothing.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.1.2"))

    async def test_a_host_without_an_address(self) -> None:
        outcome = await self.one("dangling.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.4.4"))

    async def test_a_domain_that_cannot_be_looked_up(self) -> None:
        self.assertEqual((await self.one("a..b")).status, "5.1.2")

    async def test_we_are_the_nearest_host(self) -> None:
        self.host()
        outcome = await self.one("loop.test")
        self.assertEqual((outcome.kind, outcome.status, self.connected), ("permanent", "5.4.6", []))

    async def test_only_nearer_hosts_than_we_are(self) -> None:
        self.host()
        self.assertEqual((await self.one("backup.test")).kind, "delivered")

    async def test_a_host_that_calls_itself_by_our_name(self) -> None:
        self.host(name="mail.here.test")
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.4.6"))

    async def test_an_address_of_this_computer(self) -> None:
        outcome = await self.one("here.test")
        self.assertEqual((outcome.kind, outcome.status, self.connected), ("permanent", "5.4.4", []))

    async def test_a_host_that_is_held_back(self) -> None:
        self.host()
        outcome = await self.one("one.test", admit=held_back)
        self.assertEqual((outcome.kind, outcome.error_type, outcome.unreachable), ("temporary", "rateLimited", False))
        self.assertEqual(self.connected, [])


class RefusedTests(SendingCase):
    """What hosts say, and who hears it."""

    async def test_a_recipient_is_refused(self) -> None:
        sink = self.host(script={"a@one.test": "550 5.1.1 nobody here"})
        refused, delivered = await self.send("one.test", "a@one.test", "b@one.test")
        self.assertEqual(
            (refused.kind, refused.status, refused.error_type), ("permanent", "5.1.1", "unexpectedResponse")
        )
        assert refused.reply is not None
        self.assertEqual((refused.reply.text, refused.command), ("nobody here", "RCPT TO:<a@one.test>"))
        self.assertEqual((delivered.kind, len(sink.taken)), ("delivered", 1))

    async def test_all_recipients_are_refused_and_the_next_message_goes_through(self) -> None:
        for keywords in (("PIPELINING",), ("PIPELINING", "CHUNKING"), ()):
            sink = self.host(script={"a@one.test": "550 5.1.1 nobody"}, keywords=keywords)
            self.assertEqual((await self.one("one.test", "a@one.test")).kind, "permanent")
            self.assertEqual((await self.one("one.test", "b@one.test")).kind, "delivered", keywords)
            self.assertEqual((sink.opened, len(sink.taken)), (1, 1))
            sink.connections[0].transport.loseConnection()

    async def test_a_host_that_wants_the_message_though_nobody_is_there(self) -> None:
        sink = self.host(script={"RCPT": "550 nobody"}, no_recipients="354 go ahead")
        self.assertEqual((await self.one("one.test")).status, "5.0.0")
        self.assertEqual(sink.taken, [])

    async def test_the_sender_is_refused(self) -> None:
        self.host(script={"MAIL": "553 5.1.8 no"})
        outcomes = await self.send("one.test", "a@one.test", "b@one.test")
        self.assertEqual([(one.kind, one.status) for one in outcomes], [("permanent", "5.1.8")] * 2)

    async def test_the_message_is_refused(self) -> None:
        for keywords in (("PIPELINING",), ("PIPELINING", "CHUNKING"), ()):
            sink = self.host(script={"END": "554 5.7.1 spam"}, keywords=keywords)
            outcome = await self.one("one.test")
            self.assertEqual((outcome.kind, outcome.status, outcome.sure), ("permanent", "5.7.1", True), keywords)
            sink.connections[0].transport.loseConnection()

    async def test_data_is_refused(self) -> None:
        self.host(script={"DATA": "451 4.3.0 disk full"})
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status, outcome.command), ("temporary", "4.3.0", "DATA"))

    async def test_recipients_beyond_what_a_host_takes_at_once(self) -> None:
        sink = self.host(script={"RCPT": ["250 ok", "250 ok", "452 4.5.3 too many", "250 ok"]})
        outcomes = await self.send("one.test", "a@one.test", "b@one.test", "c@one.test")
        self.assertEqual([one.kind for one in outcomes], ["delivered"] * 3)
        self.assertEqual([len(taken.rcpts) for taken in sink.taken], [2, 1])

    async def test_more_recipients_than_a_transaction_has(self) -> None:
        sink = self.host()
        outcomes = await self.send("one.test", *(f"p{number}@one.test" for number in range(250)))
        self.assertEqual({one.kind for one in outcomes}, {"delivered"})
        self.assertEqual([len(taken.rcpts) for taken in sink.taken], [100, 100, 50])

    async def test_a_message_that_is_too_large_is_not_sent(self) -> None:
        sink = self.host(keywords=("SIZE 10",))
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.3.4"))
        self.assertNotIn("MAIL", sink.verbs)

    async def test_an_address_that_would_be_two_commands(self) -> None:
        sink = self.host()
        outcome = await self.one("one.test", "bob@one.test>\r\nDATA")
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.1.3"))
        self.assertNotIn("MAIL", sink.verbs)


class BrokenTests(SendingCase):
    """Connections that end where they should not."""

    async def test_silence_after_the_message_is_not_followed_by_another_host(self) -> None:
        self.host(IP1, script={"END": falls_silent})
        second = self.host(IP2)
        outcome = await self.one("two.test", connecting=Connecting("mail.here.test", data=0.2))
        self.assertEqual((outcome.kind, outcome.sure, second.opened), ("temporary", False, 0))

    async def test_hanging_up_after_the_message(self) -> None:
        self.host(script={"END": hangs_up})
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.status, outcome.sure), ("temporary", "4.4.2", False))

    async def test_hanging_up_before_the_message(self) -> None:
        self.host(IP1, script={"MAIL": hangs_up})
        self.host(IP2)
        self.assertEqual((await self.one("two.test")).hostname, "b.two.test")

    async def test_leaving_with_421_in_the_middle(self) -> None:
        self.host(IP1, script={"RCPT": ["250 ok", "421 4.3.2 bye"]})
        second = self.host(IP2)
        outcomes = await self.send("two.test", "a@two.test", "b@two.test")
        self.assertEqual([one.kind for one in outcomes], ["delivered"] * 2)
        self.assertEqual(len(second.taken[0].rcpts), 2)

    async def test_more_replies_than_commands(self) -> None:
        sink = self.host(script={"MAIL": ["250 ok\n250 ok\n250 ok"]})
        self.assertEqual((await self.one("one.test")).kind, "temporary")
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual((sink.opened, len(sink.taken)), (2, 1))

    async def test_nonsense(self) -> None:
        self.host(greeting="HTTP/1.1 400 Bad Request")
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.error_type), ("temporary", "unexpectedResponse"))

    async def test_cancelling_drops_the_connection(self) -> None:
        sink = self.host(script={"MAIL": falls_silent})
        sending = Deferred.fromCoroutine(self.one("one.test"))
        self.reactor.callLater(0.1, sending.cancel)
        with self.assertRaises(CancelledError):
            await sending
        while sink.connections:
            pause: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, pause.callback, None)
            await pause
        self.assertEqual(sink.aborted, 1)


class ExtensionTests(SendingCase):
    """What a message needs and a host offers."""

    async def test_what_the_sender_wants_to_hear_is_passed_on(self) -> None:
        sink = self.host(keywords=("DSN", "PIPELINING"))
        bob = ShipmentRecipient("bob@one.test", "rfc822;Bob+x@one.test", frozenset(("SUCCESS", "DELAY")))
        outcome = await self.one("one.test", bob, env_id="a b", ret="HDRS")
        self.assertFalse(outcome.relayed_without_dsn)
        self.assertEqual(sink.taken[0].mail, "MAIL FROM:<jane@here.test> RET=HDRS ENVID=a+20b")
        self.assertEqual(
            sink.taken[0].rcpts, ["RCPT TO:<bob@one.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2Bx@one.test"]
        )

    async def test_success_reports_end_at_a_host_that_gives_none(self) -> None:
        sink = self.host()
        bob = ShipmentRecipient("bob@one.test", None, frozenset(("SUCCESS",)))
        outcomes = await self.send("one.test", bob, "eve@one.test")
        self.assertEqual([one.relayed_without_dsn for one in outcomes], [True, False])
        self.assertEqual(sink.taken[0].rcpts[0], "RCPT TO:<bob@one.test>")

    async def test_eight_bits(self) -> None:
        content = HeldContent("Subject: x\r\n\r\nGrüße\r\n".encode())
        sink = self.host()
        await self.one("one.test", content=content)
        self.assertIn("BODY=8BITMIME", sink.taken[0].mail)

    async def test_eight_bits_to_a_host_of_seven(self) -> None:
        self.host(keywords=())
        outcome = await self.one("one.test", content=HeldContent("\r\nGrüße\r\n".encode()))
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.6.3"))

    async def test_a_mailbox_beyond_ascii(self) -> None:
        sink = self.host(keywords=("SMTPUTF8", "8BITMIME", "PIPELINING"))
        outcome = await self.one("one.test", "jörg@one.test")
        self.assertEqual(outcome.kind, "delivered")
        self.assertIn("SMTPUTF8", sink.taken[0].mail)
        self.assertEqual(sink.taken[0].rcpts, ["RCPT TO:<jörg@one.test>"])

    async def test_a_mailbox_beyond_ascii_without_smtputf8(self) -> None:
        self.host()
        outcomes = await self.send("one.test", "jörg@one.test", "bob@one.test")
        self.assertEqual([(one.kind, one.status) for one in outcomes], [("permanent", "5.6.7"), ("delivered", "2.0.0")])

    async def test_the_next_host_after_one_that_cannot_take_it(self) -> None:
        first, second = self.host(IP1, keywords=("SIZE 5",)), self.host(IP2)
        self.assertEqual((await self.one("two.test")).hostname, "b.two.test")
        self.assertEqual((len(first.taken), len(second.taken)), (0, 1))

    async def test_the_next_host_after_one_that_cannot_be_told_the_address(self) -> None:
        self.host(IP1)
        second = self.host(IP2, keywords=("SMTPUTF8", "8BITMIME"))
        outcomes = await self.send("two.test", "jörg@two.test", "bob@two.test")
        self.assertEqual([one.hostname for one in outcomes], ["b.two.test", "a.two.test"])
        self.assertEqual(len(second.taken), 1)

    async def test_what_no_host_can_take_while_one_does_not_answer(self) -> None:
        self.host(IP1, keywords=("SIZE 5",))
        self.assertEqual((await self.one("two.test")).kind, "temporary")

    async def test_nobody_to_send_to(self) -> None:
        shipment = Shipment(Mx("one.test"), "", (), HeldContent(MESSAGE))
        self.assertEqual((await self.sender.send(shipment), self.connected), ([], []))

    async def test_a_domain_beyond_ascii_needs_nothing(self) -> None:
        sink = self.host()
        outcome = await self.one("one.test", "bob@müller.test", return_path="jane@grüße.test")
        self.assertEqual(outcome.kind, "delivered")
        self.assertEqual(sink.taken[0].rcpts, ["RCPT TO:<bob@xn--mller-kva.test>"])

    async def test_fields_beyond_ascii_without_smtputf8(self) -> None:
        self.host()
        content = HeldContent("Subject: Grüße\r\n\r\nx\r\n".encode())
        outcome = await self.one("one.test", content=content, smtputf8=True)
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.6.9"))

    async def test_tls_that_is_required_all_the_way(self) -> None:
        sink = self.host(tls=tls(), keywords=("STARTTLS", "REQUIRETLS", "PIPELINING"))
        outcome = await self.one("policy.test", require_tls=True)
        self.assertEqual(outcome.kind, "delivered")
        self.assertIn("REQUIRETLS", sink.taken[0].mail)

    async def test_tls_that_is_required_and_not_offered(self) -> None:
        self.host(tls=tls())
        outcome = await self.one("policy.test", require_tls=True)
        self.assertEqual((outcome.kind, outcome.status), ("permanent", "5.7.30"))

    async def test_tls_that_is_required_of_a_domain_that_nobody_vouches_for(self) -> None:
        self.host(tls=tls(), keywords=("STARTTLS", "REQUIRETLS"))
        self.assertEqual((await self.one("one.test", require_tls=True)).status, "5.7.30")

    async def test_tls_that_is_required_while_the_policy_cannot_be_read(self) -> None:
        self.policy = b"nonsense"
        sink = self.host(tls=tls(), keywords=("STARTTLS", "REQUIRETLS"))
        outcome = await self.one("policy.test", require_tls=True)
        self.assertEqual((outcome.kind, outcome.status, outcome.error_type), ("temporary", "4.7.5", "mtaStsError"))
        self.assertEqual(sink.taken, [])


class RelayTests(SendingCase):
    """Routes over one host."""

    async def test_a_relay_by_name(self) -> None:
        sink = self.host()
        self.assertEqual((await self.one(Relay("relay.test", 2525))).hostname, "relay.test")
        self.assertEqual(len(sink.taken), 1)
        self.assertEqual(self.results, [])

    async def test_a_relay_by_address(self) -> None:
        self.host("127.0.0.1")
        self.assertEqual((await self.one(Relay("127.0.0.1"))).kind, "delivered")

    async def test_a_relay_on_this_computer(self) -> None:
        self.host("127.0.0.1")
        self.assertEqual((await self.one(Relay("localhost"))).kind, "delivered")

    async def test_implicit_tls_and_a_login(self) -> None:
        sink = self.host(tls=tls(), implicit=True, keywords=("AUTH PLAIN LOGIN", "PIPELINING"))
        relay = Relay("relay.test", 465, implicit_tls=True, login=Login("jane", "secret"))
        self.assertEqual((await self.one(relay)).kind, "delivered")
        self.assertIn("AUTH PLAIN AGphbmUAc2VjcmV0", sink.lines)

    async def test_a_login_by_the_other_mechanism(self) -> None:
        sink = self.host(tls=tls(), keywords=("AUTH LOGIN", "STARTTLS"))
        self.assertEqual((await self.one(Relay("relay.test", login=Login("jane", "secret")))).kind, "delivered")
        self.assertEqual(sink.lines[3:6], ["AUTH LOGIN", "amFuZQ==", "c2VjcmV0"])

    async def test_a_password_is_not_sent_in_the_clear(self) -> None:
        sink = self.host(keywords=("AUTH PLAIN",))
        outcome = await self.one(Relay("relay.test", login=Login("jane", "secret")))
        self.assertEqual((outcome.kind, outcome.error_type), ("temporary", "tlsError"))
        self.assertNotIn("AUTH", sink.verbs)

    async def test_a_login_that_is_refused(self) -> None:
        self.host(tls=tls(), keywords=("AUTH PLAIN", "STARTTLS"), script={"AUTH": "535 5.7.8 who?"})
        outcome = await self.one(Relay("relay.test", login=Login("jane", "secret")))
        self.assertEqual((outcome.kind, outcome.status, outcome.command), ("temporary", "4.7.8", "AUTH"))
        self.assertNotIn("secret", repr(outcome))

    async def test_a_certificate_that_is_not_checked(self) -> None:
        self.host(tls=tls(SELF_SIGNED))
        self.assertEqual((await self.one(Relay("relay.test"))).error_type, "tlsError")
        self.assertEqual((await self.one(Relay("relay.test", allow_invalid_certs=True))).kind, "delivered")

    async def test_lmtp_answers_for_each_recipient(self) -> None:
        script = {"END": ["250 2.0.0 ok", "452 4.2.2 full", "550 5.2.1 disabled"], "b@x.test": "550 5.1.1 no"}
        sink = self.host(lmtp=True, script=script, keywords=("PIPELINING", "CHUNKING"))
        outcomes = await self.send(Relay("relay.test", 24, "lmtp"), "a@x.test", "b@x.test", "c@x.test", "d@x.test")
        self.assertEqual([one.kind for one in outcomes], ["delivered", "permanent", "temporary", "permanent"])
        self.assertEqual([one.status for one in outcomes], ["2.0.0", "5.1.1", "4.2.2", "5.2.1"])
        self.assertEqual(sink.verbs[0], "LHLO")


class PolicyTests(SendingCase):
    """What is asked of TLS: by the settings, by the domain, by DANE."""

    secure = ("policy.test", "dane.test", "mx.dane.test", "_25._tcp.mx.dane.test", "other.test", "bogus.test")
    zone = {
        **ZONE,
        ("dane.test", "MX"): [MX(10, "mx.dane.test.")],
        ("mx.dane.test", "A"): [IP1],
        ("_25._tcp.mx.dane.test", "TLSA"): [TLSA(3, 1, 1, hashlib.sha256(SELF_SIGNED.public_key_info).digest())],
        ("bogus.test", "MX"): [MX(10, "mx.bogus.test.")],
        ("mx.bogus.test", "A"): [IP1],
        ("_25._tcp.mx.bogus.test", "TLSA"): LookupFailed("servfail", "Server Failure"),
    }

    def result(self) -> tuple[Any, ...]:
        """The only TLS result."""
        (one,) = self.results
        return one.domain, one.policy_type, one.failure, one.hostname

    async def test_a_certificate_that_nobody_vouches_for(self) -> None:
        self.host(tls=tls(SELF_SIGNED))
        outcome = await self.one("one.test")
        self.assertEqual((outcome.kind, outcome.error_type, outcome.status), ("temporary", "tlsError", "4.7.5"))
        self.assertFalse(outcome.unreachable, "of others less may be asked")
        self.assertEqual(self.result(), ("one.test", "no-policy-found", "certificate-not-trusted", "mx.one.test"))
        self.assertEqual((await self.one("one.test", tls=LATER_TLS)).kind, "delivered")

    async def test_no_tls_where_it_is_optional(self) -> None:
        self.host()
        self.assertEqual((await self.one("one.test")).kind, "delivered")
        self.assertEqual(self.result()[2], "starttls-not-supported")

    async def test_no_tls_where_it_is_required(self) -> None:
        sink = self.host()
        outcome = await self.one("one.test", tls=TlsDemands(starttls="require"))
        self.assertEqual((outcome.kind, outcome.error_type), ("temporary", "tlsError"))
        self.assertFalse(outcome.unreachable)
        self.assertNotIn("MAIL", sink.verbs)

    async def test_what_only_this_message_asks_for_says_nothing_about_the_host(self) -> None:
        self.host()
        for demands in (TlsDemands(mta_sts="require"), TlsDemands(dane="require")):
            outcome = await self.one("one.test", tls=demands)
            self.assertEqual((outcome.kind, outcome.unreachable), ("temporary", False), demands)
        outcome = await self.one("bogus.test")
        self.assertEqual((outcome.error_type, outcome.unreachable), ("daneError", True), "nobody gets through")

    async def test_tls_that_is_not_wanted(self) -> None:
        sink = self.host(tls=tls(SELF_SIGNED))
        await self.one("one.test", tls=TlsDemands(starttls="disable"))
        self.assertFalse(sink.taken[0].over_tls)

    async def test_a_policy_that_is_met(self) -> None:
        self.host(tls=tls())
        self.assertEqual((await self.one("policy.test")).kind, "delivered")
        self.assertEqual(self.result(), ("policy.test", "sts", None, "mx.one.test"))
        self.assertEqual(self.results[0].policy[1:3], ("mode: enforce", "mx: mx.one.test"))
        self.assertEqual((self.results[0].helo, self.results[0].source_ip), ("mx.example.test", "127.0.0.1"))

    async def test_a_policy_forbids_what_the_settings_allow(self) -> None:
        sink = self.host(tls=tls(SELF_SIGNED))
        outcome = await self.one("policy.test", tls=LATER_TLS)
        self.assertEqual((outcome.kind, outcome.error_type, sink.taken), ("temporary", "mtaStsError", []))
        self.assertEqual(self.result()[1:3], ("sts", "certificate-not-trusted"))

    async def test_a_policy_forbids_the_clear(self) -> None:
        sink = self.host()
        self.assertEqual((await self.one("policy.test", tls=LATER_TLS)).error_type, "mtaStsError")
        self.assertEqual(sink.taken, [])

    async def test_a_host_that_the_policy_does_not_list(self) -> None:
        self.policy = self.policy.replace(b"mx.one.test", b"mx.else.test")
        self.host(tls=tls())
        outcome = await self.one("policy.test")
        self.assertEqual((outcome.kind, outcome.error_type, self.connected), ("temporary", "mtaStsError", []))
        self.assertEqual(self.result()[1:3], ("sts", "validation-failure"))

    async def test_a_host_that_a_policy_in_testing_does_not_list_counts_once(self) -> None:
        """RFC 8460 4.2: a session is a success or a failure."""
        self.policy = self.policy.replace(b"enforce", b"testing").replace(b"mx.one.test", b"mx.else.test")
        self.host(tls=tls())
        self.assertEqual((await self.one("policy.test")).kind, "delivered")
        self.assertEqual((self.result()[1:3], self.results[0].ip), (("sts", "validation-failure"), IP1))

    async def test_a_policy_in_testing_only_counts(self) -> None:
        self.policy = self.policy.replace(b"enforce", b"testing")
        self.host(tls=tls(SELF_SIGNED))
        self.assertEqual((await self.one("policy.test", tls=LATER_TLS)).kind, "delivered")
        self.assertEqual(self.result()[1:3], ("sts", "certificate-not-trusted"))

    async def test_a_policy_that_cannot_be_read(self) -> None:
        self.policy = b"nonsense"
        self.host(tls=tls())
        self.assertEqual((await self.one("policy.test")).kind, "delivered")
        self.assertEqual((self.results[0].policy_type, self.results[0].failure), ("sts", "sts-policy-invalid"))
        outcome = await self.one("policy.test", tls=TlsDemands(mta_sts="require"))
        self.assertEqual((outcome.kind, outcome.error_type), ("temporary", "mtaStsError"))

    async def test_a_policy_that_is_not_asked_for(self) -> None:
        self.host()
        self.assertEqual((await self.one("policy.test", tls=TlsDemands(mta_sts="disable"))).kind, "delivered")

    async def test_a_policy_that_must_be_there(self) -> None:
        outcome = await self.one("one.test", tls=TlsDemands(mta_sts="require"))
        self.assertEqual((outcome.kind, outcome.error_type, self.connected), ("temporary", "mtaStsError", []))

    async def test_a_policy_that_is_withdrawn_is_none(self) -> None:
        self.policy = self.policy.replace(b"enforce", b"none")
        outcome = await self.one("policy.test", tls=TlsDemands(mta_sts="require"))
        self.assertEqual((outcome.kind, outcome.error_type, self.connected), ("temporary", "mtaStsError", []))

    async def test_dane_vouches_for_what_no_authority_does(self) -> None:
        self.host(tls=tls(SELF_SIGNED))
        self.assertEqual((await self.one("dane.test")).kind, "delivered")
        self.assertEqual(self.result()[:2], ("dane.test", "tlsa"))
        self.assertTrue(self.results[0].policy[0].startswith("3 1 1 "))

    async def test_dane_forbids_another_certificate(self) -> None:
        sink = self.host(tls=tls())
        outcome = await self.one("dane.test", tls=LATER_TLS)
        self.assertEqual((outcome.kind, outcome.error_type, sink.taken), ("temporary", "daneError", []))
        self.assertEqual(self.result()[1:3], ("tlsa", "tlsa-invalid"))

    async def test_dane_forbids_the_clear(self) -> None:
        self.host()
        self.assertEqual((await self.one("dane.test")).error_type, "daneError")

    async def test_records_that_cannot_be_had_safely(self) -> None:
        outcome = await self.one("bogus.test")
        self.assertEqual((outcome.kind, outcome.error_type, self.connected), ("temporary", "daneError", []))
        self.assertEqual(self.result()[1:3], ("tlsa", "dnssec-invalid"))

    async def test_dane_that_must_be_there(self) -> None:
        outcome = await self.one("one.test", tls=TlsDemands(dane="require"))
        self.assertEqual((outcome.kind, outcome.error_type, self.connected), ("temporary", "daneError", []))

    async def test_dane_that_is_not_asked_for(self) -> None:
        self.host()
        self.assertEqual((await self.one("bogus.test", tls=TlsDemands(dane="disable"))).kind, "delivered")

    async def test_tls_counts_before_a_connection_that_fails(self) -> None:
        self.zone = {**ZONE, ("one.test", "MX"): [MX(10, "mx.one.test."), MX(20, "b.two.test.")]}
        self.resolver.zone.update(FakeResolver(self.zone).zone)
        self.host(tls=tls(SELF_SIGNED))
        outcome = await self.one("one.test")
        self.assertEqual((outcome.error_type, self.connected), ("tlsError", [IP1, IP2]))


class ObservedTests(SendingCase):
    """What the world hears of it."""

    async def test_the_dialogue_is_told_to_those_who_ask(self) -> None:
        told: list[Any] = []
        self.telemetry.observe(lambda event, keys: told.append((event.id, keys)), Level.TRACE)
        self.host()
        await self.send("one.test", "bob@one.test", "eve@one.test")
        said = [keys["contents"] for name, keys in told if name == "delivery.raw-output"]
        self.assertEqual([line.split(" ")[0] for line in said], ["EHLO", "MAIL", "RCPT", "RCPT", "DATA"])
        self.assertIn("delivery.rcpt-to", [name for name, _ in told])

    async def test_what_became_of_messages(self) -> None:
        told: list[Any] = []
        self.telemetry.observe(lambda event, keys: told.append((event.id, keys)), Level.INFO)
        self.host(script={"END": ["250 2.0.0 queued as 1", "554 5.7.1 spam"]})
        await self.one("one.test")
        await self.one("one.test")
        found = dict(told)
        delivered, rejected = found["delivery.delivered"], found["delivery.message-rejected"]
        self.assertEqual(
            (delivered["to"], delivered["hostname"], delivered["remoteIp"]), ("bob@one.test", "mx.one.test", IP1)
        )
        self.assertEqual(
            (delivered["code"], delivered["details"], delivered["size"]), (250, "queued as 1", len(MESSAGE))
        )
        self.assertEqual((rejected["code"], rejected["from"]), (554, "jane@here.test"))

    async def test_logins(self) -> None:
        told: list[Any] = []
        self.telemetry.observe(lambda event, keys: told.append((event.id, keys)), Level.DEBUG)
        self.host(tls=tls(), keywords=("AUTH PLAIN", "STARTTLS"), script={"AUTH": ["535 5.7.8 no", "235 yes"]})
        for _ in range(2):
            await self.one(Relay("relay.test", login=Login("jane", "secret")))
        found = [keys for name, keys in told if name.startswith("delivery.auth")]
        self.assertEqual([keys.get("code") for keys in found], [535, None])
        self.assertNotIn("secret", repr(told))

    async def test_nobody_asks(self) -> None:
        self.host()
        told: list[Any] = []
        self.telemetry.observe(lambda event, keys: told.append(event.id), Level.INFO)
        await self.one("one.test")
        self.assertNotIn("delivery.raw-output", told)
        self.assertIn("delivery.connect", told)
