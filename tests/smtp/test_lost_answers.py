"""A client that has had no answer hands its message over again: what leaves does so once."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.mail.smtp import SMTPDeliveryError
from twisted.python.failure import Failure

from stalwart.errors import OverQuota
from stalwart.mail.queue.repetitions import SETTLED_AFTER, Repetitions
from stalwart.smtp.limits import DEFAULT
from stalwart.smtp.smart_host import SmartHost
from stalwart.smtp.transaction import Receiving
from stalwart.store.seen import UNDELIVERED, of_letter
from stalwart.telemetry.queue_events import QUEUE_TAKEN_BEFORE
from tests.smtp.inbound_server import MESSAGE, InboundCase
from tests.smtp.twin import Client

SUE = "sue@example.test"
OURS = MESSAGE.replace("a@sender.test", SUE)
PLAIN = "From: sue@example.test\r\nSubject: done\r\n\r\ndone\r\n"
FAR = "x@far.test"


class LostAnswerCase(InboundCase):
    def hand_over(self, message: str = OURS, *recipients: str, client: Client | None = None) -> str:
        """The last code of a transaction of Sue's; empty if none came."""
        codes = self.send(client or self.signed_in(), *(recipients or (FAR,)), message=message, sender=SUE)
        return "" if len(codes) < 3 or codes[-1][:3] == "354" else codes[-1][:3]

    def commits_late(self) -> None:
        """The next transaction that writes letters is carried out, and its answer does not come."""
        write = self.store.write

        def late(work: Any) -> Any:
            before = len(self.queue.letters)
            done = write(work)
            if len(self.queue.letters) == before:
                return done
            self.patch(self.store, "write", write)
            return Deferred()

        self.patch(self.store, "write", late)

    def starts_again(self) -> None:
        """The process was killed, and another begins."""
        here = Repetitions(self.store, self.clock)
        self.successResultOf(Deferred.fromCoroutine(here.load()))
        self.inbound._around = evolve(self.inbound._around, repetitions=here)
        self.addCleanup(lambda: self.successResultOf(Deferred.fromCoroutine(here.close())))


class LostAnswerTests(LostAnswerCase):
    def test_a_delivery_that_took_too_long(self) -> None:
        self.commits_late()
        client = self.signed_in()
        self.hand_over(client=client)
        self.clock.advance(DEFAULT.delivering)
        self.assertEqual([line[:3] for line in client.lines()], ["451"])
        self.assertEqual((self.hand_over(client=client), self.hand_over()), ("250", "250"))
        self.assertEqual(len(self.queue.letters), 1)

    def test_a_client_that_left_while_it_was_delivered(self) -> None:
        self.commits_late()
        client = self.signed_in()
        self.hand_over(client=client)
        client.lose()
        self.assertEqual(self.hand_over(), "250")
        self.assertEqual(len(self.queue.letters), 1)
        self.clock.advance(DEFAULT.delivering)

    def test_a_connection_that_broke_before_the_answer_was_read(self) -> None:
        client = self.signed_in()
        self.assertEqual(self.hand_over(client=client), "250")
        client.connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 1))

    def test_it_is_told(self) -> None:
        told: list[Any] = []
        self.telemetry.observe(lambda event, keys: told.append(keys) if event is QUEUE_TAKEN_BEFORE else None)
        client = self.signed_in()
        self.hand_over(client=client)
        client.connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(told, [])
        self.hand_over()
        self.assertEqual([(keys["queueId"], keys["from"]) for keys in told], [("b", SUE)])

    def test_the_doubt_ends_with_the_answer(self) -> None:
        client = self.signed_in()
        self.hand_over(client=client)
        client.connection.connectionLost(Failure(ConnectionLost()))
        client = self.signed_in()
        for letters in (1, 2, 3):
            self.assertEqual((self.hand_over(client=client), len(self.queue.letters)), ("250", letters))

    def test_what_was_cancelled_or_came_back_is_taken_as_new(self) -> None:
        client = self.signed_in()
        self.hand_over(client=client)
        client.connection.connectionLost(Failure(ConnectionLost()))
        self.successResultOf(self.store.write(lambda tx: tx.seen.note(0, UNDELIVERED, of_letter(1), 2**40)))
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 2))

    def test_other_parameters_are_another_message(self) -> None:
        for said in ("MAIL FROM:<%s> HOLDFOR=60", "MAIL FROM:<%s> RET=HDRS", "NOTIFY=SUCCESS,FAILURE"):
            client = self.signed_in()
            taken = len(self.queue.letters)
            mail = said % SUE if "%" in said else f"MAIL FROM:<{SUE}>"
            rcpt = f"RCPT TO:<{FAR}>" + (" " + said if "%" not in said else "")
            self.assertEqual([line[:3] for line in client.say(mail, rcpt, "DATA")], ["250", "250", "354"])
            self.assertEqual(client.say(*OURS.split("\r\n")[:-1], ".")[-1][:3], "250")
            client.connection.connectionLost(Failure(ConnectionLost()))
            self.assertEqual(len(self.queue.letters), taken + 1)

    def test_who_has_read_the_answer_may_send_the_same_again(self) -> None:
        client = self.signed_in()
        for _ in range(2):
            self.assertEqual(self.hand_over(client=client), "250")
        client.say("NOOP")
        client.connection.connectionLost(Failure(ConnectionLost()))
        other = self.signed_in()
        self.assertEqual(self.hand_over(client=other), "250")
        other.lose()
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 4))

    def test_only_the_same_is_the_same(self) -> None:
        client = self.signed_in()
        self.hand_over(client=client)
        client.connection.connectionLost(Failure(ConnectionLost()))
        for message, recipient in ((OURS, "y@far.test"), (OURS + "more\r\n", FAR)):
            self.assertEqual(self.hand_over(message, recipient), "250")
        self.assertEqual(self.hand_over(OURS, FAR, client=self.signed_in("sue")), "250")
        self.assertEqual(len(self.queue.letters), 3)

    def test_what_has_no_date_and_no_id_may_be_another(self) -> None:
        client = self.signed_in()
        self.hand_over(PLAIN, client=client)
        client.connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((self.hand_over(PLAIN), len(self.queue.letters)), ("250", 2))

    def test_what_was_refused_was_not_taken(self) -> None:
        self.queue.problem = OverQuota()
        self.assertEqual(self.hand_over(), "452")
        self.queue.problem = None
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 1))

    def test_the_process_ends_between_commit_and_answer(self) -> None:
        self.commits_late()
        self.hand_over()
        self.starts_again()
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 1))
        self.clock.advance(DEFAULT.delivering)

    def test_notes_go_when_the_answer_was_read(self) -> None:
        client = self.signed_in()
        self.hand_over(client=client)
        client.say("QUIT")
        self.clock.advance(SETTLED_AFTER)
        self.starts_again()
        self.assertEqual((self.hand_over(), len(self.queue.letters)), ("250", 2))

    def test_members_of_a_list_elsewhere(self) -> None:
        self.mailing_list("team", "alice@example.test", FAR)
        client = self.client()
        self.commits_late()
        self.send(client, "team@example.test")
        client.lose()
        self.assertEqual(self.send(self.client(), "team@example.test")[-1][:3], "250")
        self.assertEqual((len(self.queue.letters), len(self.mail_of("alice"))), (1, 1))
        self.clock.advance(DEFAULT.delivering)

    def test_a_large_one(self) -> None:
        large = OURS + ("y" * 998 + "\r\n") * 200
        client = self.signed_in()
        self.assertEqual(self.hand_over(large, client=client), "250")
        client.connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((self.hand_over(large), len(self.queue.letters)), ("250", 1))

    def test_what_a_program_in_this_process_sends(self) -> None:
        access = self.settle(self.directory.account_access(self.ids["sue"], ""))
        host = SmartHost(Receiving(self.inbound, self.clock), self.directory, access)
        self.commits_late()
        sending = host.sendmail("localhost", SUE, [FAR], OURS.encode())
        self.clock.advance(DEFAULT.delivering)
        self.assertEqual(self.failureResultOf(sending, SMTPDeliveryError).value.code, 451)
        self.assertEqual(self.successResultOf(host.sendmail("localhost", SUE, [FAR], OURS.encode()))[0], 1)
        self.assertEqual(len(self.queue.letters), 1)
        self.successResultOf(host.sendmail("localhost", SUE, [FAR], OURS.replace("<1@", "<2@").encode()))
        self.successResultOf(host.sendmail("localhost", SUE, [FAR], OURS.replace("<1@", "<2@").encode()))
        self.assertEqual(len(self.queue.letters), 3)
