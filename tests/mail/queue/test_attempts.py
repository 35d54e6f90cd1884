"""One attempt: routes, transactions, what is lost, what is held up."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from stalwart.codec.smtp_reply import Reply
from stalwart.config.mail.connection_strategy import MtaConnectionStrategy
from stalwart.config.mail.route import MtaRoute
from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.mail.throttle import MtaOutboundThrottle
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.config.network.system import SystemSettings
from stalwart.errors import Unavailable
from stalwart.mail.delivery.handing_over import IN_A_TRANSACTION
from stalwart.mail.delivery.shipment import Login, Mx, RecipientOutcome, Relay, Shipment, TlsDemands
from stalwart.mail.queue.relays import CONNECTIONS, Relays
from stalwart.mail.queue.throttles import MOST_WINDOWS
from stalwart.mail.queue.variables import ERRORS, Subject, domain_of
from stalwart.store.queue_rows import WAITING, Answer
from stalwart.telemetry.measures import DELIVERY_ATTEMPT_DURATION, DELIVERY_TOTAL_DURATION
from tests.mail.queue.world import ALICE, QueueCase, accepted, postponed, row, unreachable

NOW = 1_800_000_000


class RouteTests(QueueCase):
    """x:MtaRoute and x:MtaOutboundStrategy."""

    def strategy(self, **rules: str) -> None:
        """Other rules, each the text of the value that they give."""
        patch = {name: {"match": {}, "else": value} for name, value in rules.items()}
        self.settle(self.settings.change(MtaOutboundStrategy, patch))

    def only(self) -> Shipment:
        """The one shipment that there was."""
        (shipment,) = self.sender.shipments
        return shipment

    def test_without_settings_mail_goes_to_the_exchangers_of_the_domain(self) -> None:
        self.lead()
        self.put("b@remote.test", env_id="e", ret="FULL", body="8BITMIME", smtputf8=True, require_tls=True)
        shipment = self.only()
        self.assertEqual(shipment.destination, Mx("remote.test", max_hosts=2))
        self.assertEqual((shipment.return_path, shipment.env_id, shipment.ret), (ALICE, "e", "FULL"))
        self.assertEqual((shipment.body, shipment.smtputf8, shipment.require_tls), ("8BITMIME", True, True))
        self.assertEqual(self.settle(shipment.strategy("mx.remote.test")).connecting.ehlo_name, "mail.example.test")

    def test_a_relay_takes_it_with_a_login(self) -> None:
        relay = {"@type": "Relay", "name": "smart", "address": "relay.test", "port": 2525, "implicitTls": True}
        secret = {"@type": "Value", "secret": "s3cret"}
        self.create(MtaRoute, {**relay, "authUsername": "u", "authSecret": secret, "protocol": "lmtp"})
        self.strategy(route="'smart'")
        self.lead()
        self.put("b@remote.test")
        self.assertEqual(self.only().destination, Relay("relay.test", 2525, "lmtp", True, Login("u", "s3cret"), False))

    def test_a_password_that_cannot_be_had_postpones_it(self) -> None:
        relay = {"@type": "Relay", "name": "smart", "address": "relay.test", "authUsername": "u"}
        self.create(MtaRoute, {**relay, "authSecret": {"@type": "File", "filePath": "/nonexistent/secret"}})
        self.strategy(route="'smart'")
        self.lead()
        answer = self.recipient(self.put("b@remote.test")).answer
        self.assertIn("smart", answer.message)
        self.assertEqual((self.sender.sent, answer.error), ([], "io"))

    def test_a_route_that_does_not_exist_sends_nothing_anywhere(self) -> None:
        self.strategy(route="'gone'")
        self.lead()
        found = self.recipient(self.put("b@remote.test"))
        self.assertEqual((self.sender.sent, found.state, found.attempts), ([], WAITING, 1))
        self.assertIn("gone", found.answer.message)

    def test_connection_and_tls_are_chosen_for_each_host(self) -> None:
        self.create(MtaConnectionStrategy, {"name": "own", "ehloHostname": "out.example.test", "connectTimeout": 7000})
        self.create(MtaTlsStrategy, {"name": "strict", "startTls": "require", "dane": "disable", "mtaSts": "require"})
        rules = {"match": {"0": {"if": "ends_with(mx, '.strict.test')", "then": "'strict'"}}, "else": "'default'"}
        self.settle(self.settings.change(MtaOutboundStrategy, {"tls": rules}))
        self.strategy(connection="'own'")
        self.lead()
        self.put("b@remote.test")
        strict, other = (self.settle(self.only().strategy(f"mx.{name}.test")) for name in ("strict", "remote"))
        self.assertEqual((strict.connecting.ehlo_name, strict.connecting.connect), ("out.example.test", 7.0))
        self.assertEqual((strict.tls.starttls, strict.tls.dane, strict.tls.mta_sts), ("require", "disable", "require"))
        self.assertEqual((other.tls.starttls, other.tls.allow_invalid_certs), ("optional", False))

    def test_what_tls_has_failed_is_tried_again_at_once_with_any_certificate(self) -> None:
        self.sender.by_domain["selfsigned.test"] = self.any_certificate
        for n in range(40):
            self.put(f"b{n}@selfsigned.test")
        self.lead()
        self.assertEqual(self.waiting(), 0)
        self.assertNotIn("queue.destination-rests", self.names())
        first, second = self.sender.shipments[:2]
        self.assertEqual([first.recipients, first.counts_tls], [second.recipients, not second.counts_tls])
        self.assertEqual(self.settle(second.strategy("mx")).tls, TlsDemands(allow_invalid_certs=True))
        self.assertEqual(len(self.sender.shipments), 80)

    def test_only_those_whom_tls_has_failed_are_tried_again(self) -> None:
        self.sender.answering = lambda shipment, address: (
            postponed(shipment, address) if address[0] == "c" else self.any_certificate(shipment, address)
        )
        self.lead()
        id = self.put("b@remote.test", "c@remote.test")
        self.assertEqual(self.sender.sent, ["b@remote.test", "c@remote.test", "b@remote.test"])
        self.assertEqual([self.recipient(id, n).attempts for n in (0, 1)], [1, 1])

    def test_the_next_attempt_after_a_failure_of_tls_takes_any_certificate_too(self) -> None:
        self.sender.answering = _tls_failure
        self.lead()
        id = self.put("b@remote.test")
        self.assertEqual((len(self.sender.shipments), self.recipient(id).attempts), (2, 1))
        self.restart()
        self.later(121)
        self.assertEqual(len(self.sender.shipments), 3, "the rules say the same as the time before")
        self.assertTrue(self.settle(self.sender.shipments[2].strategy("mx")).tls.allow_invalid_certs)

    def test_what_requires_tls_waits(self) -> None:
        self.sender.answering = self.any_certificate
        self.lead()
        id = self.put("b@remote.test", require_tls=True)
        self.assertEqual((len(self.sender.shipments), self.recipient(id).answer.error), (1, "tlsError"))

    def any_certificate(self, shipment: Shipment, address: str) -> RecipientOutcome:
        """A host whose certificate nobody vouches for."""
        is_lax = self.settle(shipment.strategy("mx.remote.test")).tls.allow_invalid_certs
        return (accepted if is_lax else _tls_failure)(shipment, address)

    def test_a_rule_that_gives_nothing_leaves_what_is_usual(self) -> None:
        async def fails(store: str, key: str) -> object:
            raise Unavailable("The store does not answer.")

        self.patch(self.io, "key_get", fails)
        self.strategy(connection="key_get('', 'who knows')")
        self.lead()
        self.put("b@remote.test")
        self.assertEqual(self.settle(self.only().strategy("mx")).connecting.ehlo_name, "mail.example.test")
        self.assertIn("queue.rule-error", self.names())

    def test_who_finds_no_connection_to_spare_waits_and_it_is_told(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        self.strategy(route="'smart'")
        self.sender.gate = Deferred()
        self.lead()
        for n in range(CONNECTIONS + 1):
            self.put(f"b@r{n}.test")
        self.later(32, 4)
        self.assertEqual(self.names().count("queue.concurrency-limit-exceeded"), 1)
        self.assertNotIn("queue.destination-rests", self.names())

    def test_attempts_are_measured_and_counted(self) -> None:
        self.lead()
        self.put("b@remote.test", "c@remote.test")
        self.put(*(f"a{n}@other.test" for n in range(IN_A_TRANSACTION + 1)))
        found = self.telemetry.book.read((DELIVERY_ATTEMPT_DURATION, DELIVERY_TOTAL_DURATION))
        for measure in (DELIVERY_ATTEMPT_DURATION, DELIVERY_TOTAL_DURATION):
            self.assertEqual(sum(found[measure][()][1:]), 2)
        for event in ("delivery.attempt-start", "delivery.attempt-end"):
            self.assertEqual(self.names().count(event), 2)

    def test_a_server_without_a_name_says_so_once(self) -> None:
        self.settle(self.settings.change(SystemSettings, {"defaultHostname": "localhost"}))
        for _ in range(2):
            self.settle(self.strategies.host(_subject().variables(NOW)))
        self.assertEqual(self.names().count("delivery.missing-outbound-hostname"), 1)

    def test_a_rule_for_hosts_may_ask_and_asks_once(self) -> None:
        self.create(MtaConnectionStrategy, {"name": "own", "ehloHostname": "own.example.test"})
        asked: list[str] = []

        async def key_get(store: str, key: str) -> object:
            asked.append(key)
            return "own"

        self.patch(self.io, "key_get", key_get)
        self.strategy(connection="key_get('', 'names')")
        self.lead()
        self.put("b@remote.test")
        for host in ("mx1.remote.test", "mx2.remote.test"):
            self.assertEqual(self.settle(self.only().strategy(host)).connecting.ehlo_name, "own.example.test")
        self.assertEqual(asked, ["names"])

    def test_a_relay_that_is_not_there_rests_for_all_domains(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        self.strategy(route="'smart'")
        self.sender.answering = unreachable
        self.lead()
        for n in range(9):
            self.put(f"b@r{n}.test")
        self.assertEqual(self.sender.sent, ["b@r0.test"])
        hurried = self.put("b@r5.test")
        self.successResultOf(self.store.write(lambda tx: tx.queue.hurry(hurried, NOW)))
        self.queue.wake()
        self.assertEqual(self.sender.sent, ["b@r0.test", "b@r5.test"])
        self.sender.answering = accepted
        self.later(330, 5)
        self.assertEqual(self.waiting(), 0)

    def test_a_relay_that_takes_leave_rests_for_that_domain(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        self.strategy(route="'smart'")
        leaving = Reply(421, "4.3.2", ("Good-bye",))
        self.sender.by_domain["r0.test"] = lambda shipment, address: evolve(
            unreachable(shipment, address), reply=leaving
        )
        self.lead()
        for n in range(3):
            self.put(f"b@r{n}.test")
        self.put("c@r0.test")
        self.assertEqual(self.sender.sent, ["b@r0.test", "b@r1.test", "b@r2.test"])

    def test_a_message_that_ends_its_connection_stops_no_others(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        self.strategy(route="'smart'")
        bad = ("x@r0.test", "y@r0.test")
        self.sender.answering = lambda shipment, address: (
            evolve(unreachable(shipment, address), in_transaction=True)
            if address in bad
            else accepted(shipment, address)
        )
        for address in ("x@r0.test", "b@r0.test", "c@r1.test"):
            self.put(address)
        self.lead()
        self.assertEqual(self.waiting(), 1)
        self.later(121, 2)
        self.put("d@r0.test")
        self.assertEqual((self.sender.sent.count("x@r0.test"), self.waiting()), (2, 1))

    def test_a_host_that_bears_no_message_rests(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        self.strategy(route="'smart'")
        self.sender.answering = lambda shipment, address: evolve(unreachable(shipment, address), in_transaction=True)
        for n in range(4):
            self.put(f"b{n}@r0.test")
        self.lead()
        self.assertEqual(self.sender.sent, ["b0@r0.test", "b1@r0.test"])
        for n in range(1, 4):
            self.put(f"b@r{n}.test")
        self.assertEqual(self.sender.sent, ["b0@r0.test", "b1@r0.test", "b@r1.test"])

    def test_very_many_recipients_are_sent_in_several_transactions(self) -> None:
        self.lead()
        most = IN_A_TRANSACTION
        self.put(*(f"a{n}@remote.test" for n in range(most * 2 + 5)))
        self.assertEqual([len(each.recipients) for each in self.sender.shipments], [most, most, 5])
        self.assertEqual(self.waiting(), 0)

    def test_lost_content_is_told_of(self) -> None:
        id = self.put("b@remote.test")
        found = self.found(id)
        assert found is not None
        self.successResultOf(self.store.write(lambda tx: _forget(tx, found)))
        self.lead()
        self.assertIsNone(self.found(id))
        self.assertIn("queue.blob-not-found", self.names())
        self.assertEqual(self.reported, [("bounce", ["b@remote.test"])])


def _forget(tx: Any, letter: Any) -> None:
    tx.blobs.unlink(0, letter.id, 0)
    tx.blobs.sweep(10**9, 0)


def _tls_failure(shipment: Shipment, address: str) -> Any:
    from attrs import evolve

    return evolve(postponed(shipment, address), error_type="tlsError", reply=None, unreachable=True)


class ThrottleTests(QueueCase):
    """x:MtaOutboundThrottle."""

    def throttle(self, *key: str, count: int = 2, **members: Any) -> None:
        rate = {"count": count, "period": 60_000}
        self.create(MtaOutboundThrottle, {"description": "t", "key": dict.fromkeys(key, True), "rate": rate, **members})
        self.sender.answering = self.admitted

    def admitted(self, shipment: Shipment, address: str) -> Any:
        held = self.settle(shipment.admit("mx.remote.test", "192.0.2.7", ""))
        again = self.settle(shipment.admit("mx2.remote.test", "192.0.2.8", ""))
        if held is None:
            assert again is None or "mx" in str(self.settings.all(MtaOutboundThrottle))
            return accepted(shipment, address)
        from stalwart.mail.delivery.shipment import RecipientOutcome

        return RecipientOutcome(address, "temporary", "4.3.2", error_type=held.error_type, message=held.message)

    def test_what_is_over_the_rate_waits_for_the_next_window_and_no_attempt_is_counted(self) -> None:
        self.throttle("rcptDomain")
        self.lead()
        ids = [self.put("b@remote.test") for _ in range(5)]
        self.put("b@other.test")
        self.assertEqual(self.waiting(), 3)
        self.assertEqual([self.recipient(id).attempts for id in ids[2:]], [0, 0, 0])
        self.assertEqual(len(self.sender.sent), 4, "the lane rests after the first that was held up")
        self.assertIn("queue.rate-limit-exceeded", self.names())
        self.later(62, 2)
        self.assertEqual(self.waiting(), 1)
        self.later(62, 2)
        self.assertEqual(self.waiting(), 0)

    def test_a_rate_of_one_sender_does_not_hold_up_others(self) -> None:
        self.throttle("sender", count=1)
        self.lead()
        self.put("b@remote.test")
        self.put("c@remote.test")
        self.put("d@remote.test", return_path="bob@example.test")
        self.assertEqual(self.waiting(), 1)

    def test_a_rule_says_what_it_applies_to(self) -> None:
        rule = {"match": {"0": {"if": "mx == 'mx.other.test'", "then": "true"}}, "else": "false"}
        self.throttle(count=1, match=rule)
        self.lead()
        for _ in range(3):
            self.put("b@remote.test")
        self.assertEqual(self.waiting(), 0)

    def test_each_address_of_ours_has_its_rate(self) -> None:
        self.throttle("localIp", count=1)
        found = [
            self.settle(self.throttles.admission(_subject()).admit("mx", "192.0.2.1", local_ip)) is None
            for local_ip in ("192.0.2.9", "192.0.2.9", "192.0.2.8", "", "")
        ]
        self.assertEqual(found, [True, False, True, True, False])

    def test_a_rule_that_has_to_ask(self) -> None:
        self.throttle(count=1, match={"else": "dns_query(mx, 'txt') == 'slow'"})

        async def query(name: str, rtype: str) -> object:
            return "slow" if name == "mx" else ""

        self.patch(self.io, "dns_query", query)
        found = [
            self.settle(self.throttles.admission(_subject()).admit(host, "192.0.2.1", ""))
            for host in ("mx", "mx", "fast")
        ]
        self.assertEqual([each is None for each in found], [True, False, True])

    def test_windows_are_bounded(self) -> None:
        self.throttle("sender", count=1)
        for n in range(50):
            admission = self.throttles.admission(_subject(sender=f"a{n}@x.test"))
            self.assertIsNone(self.settle(admission.admit("mx", "192.0.2.1", "")))
        self.assertLessEqual(len(self.throttles._windows), MOST_WINDOWS)


def _subject(**members: Any) -> Subject:
    given: dict[str, Any] = {
        "rcpt": "B@Remote.test",
        "recipients": ("B@Remote.test",),
        "sender": ALICE,
        "source": "dsn",
    }
    given |= {"role": "mx", "priority": -3, "size": 10, "received_ip": "192.0.2.1", "received_port": 25}
    return Subject(created_at=NOW - 60, **(given | members))


class VariableTests(QueueCase):
    """settings B.1."""

    def test_every_variable_has_a_value(self) -> None:
        from stalwart.config.mail.variables import QUEUE_HOST_VARIABLES

        answer = Answer(error="mtaStsError", text="no")
        subject = _subject(expires_at=NOW + 5, retries=2, notices=1, queue="remote", answer=answer)
        variable = subject.variables(NOW, mx="mx.test", remote_ip="192.0.2.9", local_ip="192.0.2.8")
        found = {name: variable(name) for name in QUEUE_HOST_VARIABLES}
        self.assertEqual(
            found,
            {"role": "mx", "rcpt": "B@Remote.test", "rcpt_domain": "remote.test", "recipients": ["B@Remote.test"]}
            | {"sender": ALICE, "sender_domain": "example.test", "priority": 3, "source": "dsn", "size": 10}
            | {"retry_num": 2, "notify_num": 1, "expires_in": 5, "last_status": "no", "last_error": "mta-sts"}
            | {"queue_name": "remote", "queue_age": 60, "received_from_ip": "192.0.2.1", "received_via_port": 25}
            | {"mx": "mx.test", "remote_ip": "192.0.2.9", "local_ip": "192.0.2.8"},
        )
        self.assertEqual(variable("nonsense"), "")
        self.assertEqual(_subject().variables(NOW)("last_error"), "none")

    def test_every_error_has_a_name_for_rules(self) -> None:
        from stalwart.config.mail.queued_message import DELIVERY_ERROR

        self.assertEqual(set(ERRORS), set(DELIVERY_ERROR.names))

    def test_a_recipient_in_the_queue_is_a_subject(self) -> None:
        id = self.put("b@remote.test", source="unauthenticated", dmarc_pass=True)
        letter = self.found(id)
        assert letter is not None
        subject = Subject.of(letter, letter.recipients[0])
        self.assertEqual((subject.source, subject.queue, subject.rcpt), ("dmarc_pass", "remote", "b@remote.test"))
        self.assertEqual((domain_of("a@B.test"), domain_of("nobody")), ("b.test", ""))
        self.assertEqual(row().destination, "remote.test")


class RelayTests(QueueCase):
    """A relay gets few connections."""

    def test_no_more_than_some_at_once(self) -> None:
        clock = Clock()
        relays, relay, gate = Relays(clock), Relay("relay.test"), Deferred()  # type: ignore[var-annotated]
        begun: list[int] = []

        async def work(n: int) -> None:
            begun.append(n)
            waiting: Deferred[None] = Deferred()
            gate.addCallback(lambda _: waiting.callback(None))
            await waiting

        for n in range(CONNECTIONS + 3):
            Deferred.fromCoroutine(relays.one_of_few(relay, lambda n=n: work(n)))
        self.assertEqual(len(begun), CONNECTIONS)
        gate.callback(None)
        self.assertEqual(len(begun), CONNECTIONS + 3)

    def test_who_waits_for_a_slow_one_gives_way(self) -> None:
        self.create(MtaRoute, {"@type": "Relay", "name": "smart", "address": "relay.test"})
        rule = {"match": {"0": {"if": "rcpt_domain == 'fine.test'", "then": "'mx'"}}, "else": "'smart'"}
        self.settle(self.settings.change(MtaOutboundStrategy, {"route": rule}))
        (part,) = [id for id, queue in self.settings.all(MtaVirtualQueue) if queue.name == "remote"]
        self.settle(self.settings.change(MtaVirtualQueue, {"threadsPerNode": CONNECTIONS + 2}, part))
        gate = self.sender.gate = Deferred()
        self.lead()
        for n in range(CONNECTIONS + 8):
            self.put(f"b@r{n}.test")
        self.assertEqual(len(self.sender.sent), CONNECTIONS)
        self.put("c@fine.test")
        self.later(31, 31)
        self.assertEqual(self.sender.sent[CONNECTIONS:], ["c@fine.test"])
        gate.callback(None)
        self.later(65, 65)
        self.assertEqual((self.waiting(), len(self.sender.sent)), (0, CONNECTIONS + 9))

    def test_a_rest_has_an_end(self) -> None:
        clock = Clock()
        relays, relay = Relays(clock), Relay("relay.test", 2525)
        self.assertIsNone(relays.resting(relay))
        relays.rest(relay, 10, Answer(message="no"))
        self.assertEqual(relays.resting(relay), (10, Answer(message="no")))
        self.assertIsNone(relays.resting(Relay("relay.test")))
        clock.advance(10)
        self.assertIsNone(relays.resting(relay))
        relays.rest(relay, 90, Answer())
        relays.reached(relay)
        self.assertIsNone(relays.resting(relay))
