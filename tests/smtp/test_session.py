"""The dialogue: what follows what, with which replies and events (RFC 5321, RFC 2033, RFC 3030)."""

from __future__ import annotations

import errno

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.replies import reply
from stalwart.errors import OverQuota, Unavailable
from stalwart.smtp.reception import Refusal, Refused
from stalwart.smtp.role import LMTP, MX, SUBMISSION
from tests.smtp.twin import Client, SmtpServer

MAIL, RCPT = "MAIL FROM:<jane@a.test>", "RCPT TO:<john@b.test>"
BEGUN = ["250 2.1.0", "250 2.1.5"]
TEXT = b"Subject: x\r\n\r\nHello\r\n"


class DialogueCase(SynchronousTestCase):
    def begun(self, client: Client) -> Client:
        self.assertEqual(client.codes(MAIL, RCPT), BEGUN)
        return client


class HelloTests(DialogueCase):
    def test_what_is_announced(self) -> None:
        server = SmtpServer(tls=object(), message_size=1000)
        self.assertEqual(
            server.connect().say("EHLO a.test")[1:],
            [
                *("250-mx.example.test", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES"),
                *("250-CHUNKING", "250-SIZE 1000", "250 STARTTLS"),
            ],
        )

    def test_helo_announces_nothing(self) -> None:
        client = SmtpServer().greeted("HELO a.test")
        self.assertFalse(client.connection.session.peer.is_extended)
        self.begun(client)

    def test_the_verb_of_the_protocol(self) -> None:
        client = SmtpServer(LMTP).connect()
        self.assertEqual(client.codes("EHLO a.test", "HELO a.test", MAIL)[1:], ["500 5.5.1", "500 5.5.1", "503 5.5.1"])
        self.assertEqual(SmtpServer().greeted().codes("LHLO a.test"), ["500 5.5.1"])

    def test_a_full_name_where_it_is_demanded(self) -> None:
        server = SmtpServer()
        self.assertEqual(server.connect().codes("EHLO localhost")[1:], ["550 5.5.4"])
        self.assertIn("smtp.invalid-ehlo", server.events)
        self.assertEqual(
            SmtpServer(evolve(MX, demands_full_name=False)).connect().codes("HELO x")[1:], ["250 mx.example.test"]
        )

    def test_it_begins_anew(self) -> None:
        client = self.begun(SmtpServer().greeted())
        client.say("EHLO b.test")
        self.assertEqual(client.codes("DATA", MAIL), ["503 5.5.1", "250 2.1.0"])


class OrderTests(DialogueCase):
    def test_nothing_without_ehlo(self) -> None:
        server = SmtpServer()
        self.assertEqual(server.connect().codes(MAIL)[1:], ["503 5.5.1"])
        self.assertIn("smtp.did-not-say-ehlo", server.events)
        lax = SmtpServer(evolve(MX, demands_hello=False))
        self.assertEqual(lax.connect().codes(MAIL)[1:], ["250 2.1.0"])

    def test_one_after_the_other(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        self.assertEqual(
            client.codes(RCPT, "DATA", MAIL, MAIL, "DATA"), [*["503 5.5.1"] * 2, "250 2.1.0", *["503 5.5.1"] * 2]
        )
        for event in ("smtp.mail-from-missing", "smtp.multiple-mail-from", "smtp.rcpt-to-missing"):
            self.assertIn(event, server.events)

    def test_rset(self) -> None:
        client = self.begun(SmtpServer().greeted())
        self.assertEqual(client.codes("RSET", "DATA", MAIL), ["250 2.0.0", "503 5.5.1", "250 2.1.0"])

    def test_the_small_ones(self) -> None:
        server = SmtpServer()
        found = server.greeted().codes("NOOP", "VRFY jane", "EXPN x", "HELP", "AUTH PLAIN", "STARTTLS", "FOO", "QUIT")
        codes = ["250 2.0.0", "252 2.1.5", "502 5.5.1", "214 2.0.0", "502 5.5.1", "502 5.5.1", "500 5.5.1", "221 2.0.0"]
        self.assertEqual(found, codes)
        self.assertEqual(server.events.count("smtp.command-not-implemented"), 3)
        self.assertIn("smtp.invalid-command", server.events)

    def test_what_a_role_demands(self) -> None:
        client = SmtpServer(SUBMISSION).greeted()
        self.assertEqual(client.codes(MAIL), ["530 5.7.0"])
        client.connection.session.peer.login = "jane"
        self.assertEqual(client.codes(MAIL + " RET=HDRS ENVID=x"), ["250 2.1.0"])
        self.assertEqual(SmtpServer(evolve(MX, demands_tls=True)).greeted().codes(MAIL), ["530 5.7.0"])

    def test_parameters_of_what_is_not_announced(self) -> None:
        server = SmtpServer()
        self.assertEqual(server.greeted().codes(MAIL + " RET=FULL"), ["555 5.5.4"])
        self.assertIn("smtp.unsupported-parameter", server.events)


class AddressTests(DialogueCase):
    def test_refusals_are_handed_on(self) -> None:
        server = SmtpServer()
        client = server.greeted()
        self.assertEqual(client.say("MAIL FROM:<nobody@a.test>"), ["550 5.7.1 Not from them"])
        self.assertEqual(client.codes(MAIL, "RCPT TO:<unknown@b.test>"), ["250 2.1.0", "550 5.1.1"])
        told = [values for id, values in server.told if id == "smtp.refused"]
        self.assertEqual([(each.get("from"), each.get("to")) for each in told][1], ("jane@a.test", "unknown@b.test"))
        self.assertEqual(told[1]["remoteIp"], "198.51.100.7")

    def test_a_message_for_nobody(self) -> None:
        for role, code in ((MX, "554 5.5.1"), (LMTP, "503 5.5.1")):
            client = SmtpServer(role).greeted()
            self.assertEqual(client.codes(MAIL, "RCPT TO:<unknown@b.test>", "DATA")[-1], code)

    def test_a_recipient_named_twice_gets_it_once(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        self.assertEqual(client.codes("RCPT TO:<john@B.test>"), ["250 2.1.5"])
        self.assertEqual(len(client.connection.session.envelope.recipients), 1)
        self.assertIn("smtp.rcpt-to-duplicate", server.events)

    def test_lmtp_answers_for_each_time(self) -> None:
        """RFC 2033 4.2."""
        client = self.begun(SmtpServer(LMTP).greeted())
        client.say(RCPT, "DATA")
        self.assertEqual(client.send(b".\r\n"), ["250 2.0.0 Message accepted"] * 2)

    def test_smtputf8_must_be_said(self) -> None:
        client = SmtpServer().greeted()
        self.assertEqual(client.codes("MAIL FROM:<jané@a.test>"), ["550 5.6.7"])
        self.assertEqual(client.codes(MAIL, "RCPT TO:<jörg@b.test>", "RSET")[:2], ["250 2.1.0", "553 5.6.7"])
        self.assertEqual(client.codes("MAIL FROM:<jané@a.test> SMTPUTF8", "RCPT TO:<jörg@ä.test>"), BEGUN)

    def test_too_many_recipients(self) -> None:
        server = SmtpServer(recipients=2)
        client = self.begun(server.greeted())
        codes = client.codes("RCPT TO:<b@b.test>", *(f"RCPT TO:<c{number}@b.test>" for number in range(50)))
        self.assertEqual(codes, ["250 2.1.5", *["452 4.5.3"] * 50])
        self.assertFalse(client.has_ended)
        self.assertIn("smtp.too-many-recipients", server.events)

    def test_guessing_recipients_ends_the_session(self) -> None:
        server = SmtpServer(failed_recipients=2)
        client = server.greeted()
        client.say(MAIL)
        codes = client.codes(*(f"RCPT TO:<unknown@b{number}.test>" for number in range(5)))
        self.assertEqual(codes, ["550 5.1.1", "550 5.1.1", "421 4.7.0"])
        self.assertTrue(client.has_ended)
        self.assertIn("smtp.too-many-invalid-rcpt", server.events)

    def test_a_refused_recipient_may_have_to_wait(self) -> None:
        server = SmtpServer(failure_delay=5)
        client = server.greeted()
        client.say(MAIL)
        self.assertEqual(client.codes("RCPT TO:<unknown@b.test>", RCPT), [])
        server.clock.advance(5)
        self.assertEqual([line[:9] for line in client.lines()], ["550 5.1.1", "250 2.1.5"])


class MessageTests(DialogueCase):
    def test_it_arrives(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        self.assertEqual(client.codes("DATA"), ["354 Send"])
        self.assertEqual(client.send(b".." + TEXT + b".\r\n"), ["250 2.0.0 Message accepted"])
        (envelope, octets) = server.reception.messages[0]
        self.assertEqual((octets, envelope.sender.text), (b"." + TEXT, "jane@a.test"))
        self.assertTrue(server.reception.spools[0].committed)
        told = dict(server.told)["smtp.message-taken"]
        self.assertEqual((told["size"], told["total"], told["code"]), (len(TEXT) + 1, 1, 250))
        self.assertEqual(self.begun(client).codes("NOOP"), ["250 2.0.0"])

    def test_all_events_share_the_span(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        client.lose()
        self.assertEqual(len({values["spanId"] for _, values in server.told}), 1)

    def test_it_is_not_acknowledged_before_it_is_delivered(self) -> None:
        for step in ("commit", "deliver"):
            server = SmtpServer()
            client = self.begun(server.greeted())
            client.say("DATA")
            waiting: Deferred[None] = Deferred()
            server.reception.waits[step] = waiting
            self.assertEqual(client.send(TEXT + b".\r\nNOOP\r\n"), [])
            waiting.callback(None)
            self.assertEqual([line[:3] for line in client.lines()], ["250", "250"])

    def test_lmtp_has_an_answer_for_each_recipient(self) -> None:
        server = SmtpServer(LMTP)
        server.reception.answers["b"] = reply(452, "4.2.2", "Mailbox full")
        client = server.greeted()
        client.say(MAIL, *(f"RCPT TO:<{name}@x.test>" for name in ("a", "b", "unknown", "c")), "DATA")
        self.assertEqual([line[:9] for line in client.send(TEXT + b".\r\n")], ["250 2.0.0", "452 4.2.2", "250 2.0.0"])

    def test_smuggled_messages_are_refused(self) -> None:
        for end in (b"\n.\r\n", b"\r\n.\n", b"\n.\n", b"\r.\r", b"\r.\r\n"):
            server = SmtpServer()
            client = self.begun(server.greeted())
            client.say("DATA")
            smuggled = TEXT + end + b"MAIL FROM:<evil@a.test>\r\nRCPT TO:<john@b.test>\r\nDATA\r\nx\r\n.\r\n"
            self.assertEqual([line[:9] for line in client.send(smuggled)], ["550 5.6.0"], end)
            self.assertEqual(server.reception.messages, [])
            self.assertTrue(server.reception.spools[0].aborted)
            self.assertIn("smtp.bare-line-end", server.events)
            self.begun(client)

    def test_bare_line_ends_are_kept_where_a_role_takes_them(self) -> None:
        server = SmtpServer(evolve(LMTP, refuses_bare_line_ends=False))
        client = self.begun(server.greeted())
        client.say("DATA")
        self.assertEqual(client.send(b"a\rb\nc\r\n.\r\n"), ["250 2.0.0 Message accepted"])
        self.assertEqual(server.reception.octets, [b"a\rb\nc\r\n"])

    def test_size_is_checked_when_it_is_announced(self) -> None:
        server = SmtpServer(message_size=100)
        self.assertEqual(server.greeted().codes(MAIL + " SIZE=101", MAIL + " SIZE=100"), ["552 5.3.4", "250 2.1.0"])
        self.assertIn("smtp.message-too-large", server.events)

    def test_size_is_checked_when_it_comes(self) -> None:
        server = SmtpServer(message_size=100)
        client = self.begun(server.greeted())
        client.say("DATA")
        for _ in range(50):
            client.send(b"a" * 50 + b"\r\n")
        self.assertEqual(server.reception.spools[0].aborted, True)
        self.assertLessEqual(len(server.reception.spools[0].octets), 104)
        self.assertEqual([line[:9] for line in client.send(b".\r\n")], ["552 5.3.4"])
        client.say(MAIL, RCPT, "DATA")
        self.assertEqual([line[:9] for line in client.send(b"a" * 98 + b"\r\n.\r\n")], ["250 2.0.0"])

    def test_enough_messages(self) -> None:
        server = SmtpServer(messages=1)
        client = self.begun(server.greeted())
        client.say("DATA")
        client.send(b".\r\n")
        self.assertEqual(client.codes(MAIL, RCPT), ["421 4.3.2"])
        self.assertTrue(client.has_ended)
        self.assertIn("smtp.too-many-messages", server.events)


class ChunkingTests(DialogueCase):
    def test_a_message_in_chunks(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        sent = b"BDAT 5\r\n.a\r\n." + b"BDAT 4\r\n\r\n.\r" + b"BDAT 1\r\n\n" + b"BDAT 0 LAST\r\n" + b"NOOP\r\n"
        for octet in sent:
            client.connection.dataReceived(bytes([octet]))
        self.assertEqual([line[:3] for line in client.lines()], ["250"] * 5)
        self.assertEqual(server.reception.octets, [b".a\r\n.\r\n.\r\n"])

    def test_what_may_not_come_between(self) -> None:
        client = self.begun(SmtpServer().greeted())
        client.send(b"BDAT 1\r\na")
        self.assertEqual(client.codes("DATA", RCPT, MAIL, "RSET", MAIL), [*["503 5.5.1"] * 3, "250 2.0.0", "250 2.1.0"])

    def test_a_chunk_out_of_place_is_passed_over(self) -> None:
        client = SmtpServer().greeted()
        self.assertEqual([line[:9] for line in client.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n")], ["503 5.5.1", "250 2.0.0"])
        said = client.send(b"BDAT 99999999999999999999 LAST\r\nQUIT\r\n")
        self.assertEqual([line[:9] for line in said], ["552 5.3.4"])

    def test_a_malformed_one_ends_the_session(self) -> None:
        client = self.begun(SmtpServer().greeted())
        self.assertEqual([line[:9] for line in client.send(b"BDAT many\r\nQUIT\r\n")], ["501 5.5.4"])
        self.assertTrue(client.has_ended)
        client = SmtpServer(evolve(MX, announces=())).greeted()
        self.assertEqual([line[:9] for line in client.send(b"BDAT 5\r\nQUIT\r\n")], ["502 5.5.1"])
        self.assertTrue(client.has_ended)

    def test_a_bare_line_end_is_refused_here_too(self) -> None:
        server = SmtpServer(LMTP)
        client = self.begun(server.greeted())
        self.assertEqual([line[:9] for line in client.send(b"BDAT 3 LAST\r\na\nb")], ["550 5.6.0"])
        self.assertEqual([line[:3] for line in self.begun(client).send(b"BDAT 2 LAST\r\na\r")], ["550"])

    def test_too_large(self) -> None:
        server = SmtpServer(message_size=3)
        client = self.begun(server.greeted())
        self.assertEqual([line[:9] for line in client.send(b"BDAT 4\r\nabcd")], ["552 5.3.4"])
        self.assertEqual(client.codes("DATA", MAIL), ["503 5.5.1", "250 2.1.0"])


class FaultTests(DialogueCase):
    FAULTS = (
        (Unavailable("The store is away."), "451 4.3.0", False),
        (OverQuota(), "452 4.2.2", False),
        (OSError(errno.ENOSPC, "full"), "452 4.3.1", False),
        (Refused(Refusal(554, "5.7.1", "Spam")), "554 5.7.1", False),
        (RuntimeError("secret"), "451 4.3.0", True),
    )

    def test_each_step_may_fail(self) -> None:
        for step in ("connect", "sender", "recipient", "spool", "write", "commit", "deliver"):
            for problem, expected, is_fault in self.FAULTS:
                server = SmtpServer()
                server.reception.problems[step] = problem
                client = server.connect()
                said = client.lines() + client.say("EHLO a.test", MAIL, RCPT, "DATA") + client.send(TEXT + b".\r\n")
                self.assertIn(expected, [line[:9] for line in said], (step, problem))
                self.assertNotIn("secret", " ".join(said))
                self.assertEqual("smtp.error" in server.events, is_fault, (step, problem))
                self.assertEqual(server.reception.messages, [])
                if step in ("write", "commit", "deliver"):
                    self.assertTrue(server.reception.spools[0].aborted)

    def test_a_temporary_fault_leaves_the_session_usable(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        server.reception.problems["deliver"] = OSError(errno.ENOSPC, "full")
        client.say("DATA")
        self.assertEqual([line[:9] for line in client.send(TEXT + b".\r\n")], ["452 4.3.1"])
        server.reception.problems.clear()
        self.begun(client).say("DATA")
        self.assertEqual([line[:9] for line in client.send(TEXT + b".\r\n")], ["250 2.0.0"])

    def test_a_reception_that_miscounts(self) -> None:
        server = SmtpServer(LMTP)
        client = server.greeted()
        client.say(MAIL, RCPT, "RCPT TO:<b@b.test>", "DATA")
        server.reception.answers_less = True
        self.assertEqual([line[:9] for line in client.send(b".\r\n")], ["451 4.3.0"] * 2)
        self.assertIn("smtp.error", server.events)

    def test_a_421_ends_the_session(self) -> None:
        server = SmtpServer()
        client = self.begun(server.greeted())
        server.reception.problems["deliver"] = Refused(Refusal(421, "4.7.0", "Go away"))
        client.say("DATA")
        self.assertEqual(client.send(b".\r\nNOOP\r\n"), ["421 4.7.0 Go away"])
        self.assertTrue(client.has_ended)

    def test_who_is_not_welcome(self) -> None:
        client = SmtpServer().connect("203.0.113.66")
        self.assertEqual(client.lines(), ["554 5.7.1 Not you"])
        self.assertTrue(client.has_ended)

    def test_too_many_errors(self) -> None:
        server = SmtpServer(errors=3)
        client = server.greeted()
        self.assertEqual(client.codes(*["FOO"] * 9), [*["500 5.5.1"] * 3, "421 4.7.0"])
        self.assertTrue(client.has_ended)
        self.assertIn("smtp.too-many-errors", server.events)

    def test_refusals_count_where_they_could_go_on_for_ever(self) -> None:
        server = SmtpServer(errors=3, message_size=100)
        client = server.greeted()
        codes = client.codes(*["MAIL FROM:<a@b.test> SIZE=101"] * 2, *["MAIL FROM:<nobody@b.test>"] * 9)
        self.assertEqual(codes, ["552 5.3.4", "552 5.3.4", "550 5.7.1", "421 4.7.0"])
        self.assertTrue(client.has_ended)

    def test_a_browser_is_sent_away(self) -> None:
        client = SmtpServer().connect()
        client.lines()
        self.assertEqual(
            [line[:9] for line in client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<>\r\n")], ["421 4.7.0"]
        )


class IdleTests(DialogueCase):
    def test_commands_that_lead_to_nothing_are_counted(self) -> None:
        client = SmtpServer(idle_commands=3, errors=2).greeted()
        codes = client.codes("NOOP", "RSET", "VRFY x", "HELP", "NOOP", "NOOP")
        self.assertEqual(codes[3:], ["450 4.7.0", "450 4.7.0", "421 4.7.0"])

    def test_a_message_begins_the_count_anew(self) -> None:
        client = self.begun(SmtpServer(idle_commands=2).greeted())
        for _ in range(4):
            client.say("NOOP", "NOOP", "DATA")
            self.assertEqual(client.send(b".\r\n"), ["250 2.0.0 Message accepted"])
            self.begun(client)
