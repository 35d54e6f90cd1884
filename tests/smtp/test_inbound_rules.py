"""What the settings say of sessions."""

from __future__ import annotations

from stalwart.config.mail.session_stages import (
    MtaInboundSession,
    MtaStageConnect,
    MtaStageData,
    MtaStageEhlo,
    MtaStageRcpt,
)
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.inbound_rules import is_loopback, variables_of
from stalwart.smtp.limits import DEFAULT
from stalwart.smtp.role import MX
from tests.mail.post_office import path_of
from tests.smtp.inbound_server import MESSAGE, InboundCase


def rule(otherwise: str, *cases: tuple[str, str]) -> dict[str, object]:
    match = {str(number): {"if": condition, "then": result} for number, (condition, result) in enumerate(cases)}
    return {"match": match, "else": otherwise}


class ConnectTests(InboundCase):
    """Before the first command."""

    def test_names(self) -> None:
        client = self.client()
        self.assertEqual(client.greeting, ["220 mail.example.test Stalwart ESMTP at your service"])
        self.assertEqual(client.offers[0], "250-mail.example.test")

    def test_names_by_rule(self) -> None:
        self.set(MtaStageConnect, hostname=rule("'in.example.test'"), smtpGreeting=rule("'hello ' + remote_ip"))
        client = self.client()
        self.assertEqual(client.greeting, ["220 in.example.test hello 198.51.100.7"])
        self.assertEqual(client.offers[0], "250-in.example.test")

    def test_silence(self) -> None:
        self.set(MtaInboundSession, timeout=rule("20s"))
        client = self.client()
        self.clock.advance(21)
        self.assertEqual(client.lines()[0][:9], "421 4.4.2")

    def test_duration_and_octets(self) -> None:
        self.set(MtaInboundSession, maxDuration=rule("2m"), transferLimit=rule("5000"))
        client = self.client()
        for _ in range(3):
            self.clock.advance(30)
            client.say("NOOP")
        self.clock.advance(31)
        self.assertEqual(client.lines()[0][:9], "421 4.3.2")
        client = self.client()
        self.assertEqual(client.send(b"NOOP " + b"x" * 5000)[0][:9], "421 4.3.2")

    def test_bare_names(self) -> None:
        self.assertEqual(self.client(hello="bare").offers[-1][:9], "550 5.5.4")
        self.assertEqual(self.client(hello="bare", host="127.0.0.1").offers[0][:4], "250-")
        self.set(MtaStageEhlo, rejectNonFqdn=rule("false"))
        self.assertEqual(self.client(hello="bare").offers[0][:4], "250-")

    def test_hello_need_not_be_said(self) -> None:
        self.assertEqual(self.client(hello="").codes("MAIL FROM:<a@b.test>")[-1], "503 5.5.1")
        self.set(MtaStageEhlo, require=rule("false"))
        self.assertEqual(self.client(hello="").codes("MAIL FROM:<a@b.test>")[-1], "250 2.1.0")

    def test_a_rule_that_fails_leaves_what_is_usual(self) -> None:
        self.set(MtaStageRcpt, maxRecipients=rule("sql_query('', 'x', [])[5]"), maxFailures=rule("'many'"))
        self.set(MtaStageConnect, hostname=rule("split(remote_ip, ':')[5]"))
        self.assertEqual(self.client().offers[0], "250-mail.example.test")

    def test_nought_is_no_limit(self) -> None:
        self.set(MtaStageData, maxMessages=rule("0"))
        client = self.client()
        for number in range(12):
            message = MESSAGE.replace("<1@", f"<{number}@")
            self.assertEqual(self.send(client, "alice@example.test", message=message)[-1], "250 2.0.0")


class TransactionTests(InboundCase):
    """Limits of messages and recipients."""

    def test_messages_of_a_session(self) -> None:
        self.set(MtaStageData, maxMessages=rule("1"))
        client = self.client()
        self.send(client, "alice@example.test")
        self.assertEqual(client.codes("MAIL FROM:<a@b.test>"), ["421 4.3.2"])

    def test_recipients_by_sender(self) -> None:
        self.set(MtaStageRcpt, maxRecipients=rule("100", ("sender_domain == 'few.test'", "1")))
        client = self.client()
        recipients = [f"RCPT TO:<{name}@example.test>" for name in ("alice", "bob")]
        self.assertEqual(client.codes("MAIL FROM:<a@few.test>", *recipients)[-1], "452 4.5.3")
        self.assertEqual(client.codes("RSET", "MAIL FROM:<a@many.test>", *recipients)[-1], "250 2.1.5")

    def test_refused_recipients_end_the_session(self) -> None:
        self.set(MtaStageRcpt, maxFailures=rule("1"), waitOnFail=rule("0s"))
        client = self.client()
        codes = client.codes("MAIL FROM:<a@b.test>", "RCPT TO:<x@example.test>", "RCPT TO:<y@example.test>")
        self.assertEqual(codes, ["250 2.1.0", "550 5.1.1", "421 4.7.0"])

    def test_size_by_listener(self) -> None:
        self.set(MtaStageData, maxMessageSize=rule("1000", ("listener == 'other'", "5")))
        self.assertEqual(self.client().offers[-1], "250 SIZE 1000")

    def test_what_is_remembered_of_a_rule_is_what_cannot_change(self) -> None:
        for text, expected in (("metric('smtp.ehlo') && role == 'mx'", [0, 0, 1]), ("role == 'mx'", [1, 1, 1])):
            self.telemetry.counters["smtp.ehlo"] = 0
            self.set(MtaStageData, maxReceivedHeaders=rule(text))
            stage = self.settings.of(MtaStageData)
            found = []
            for number in (0, 0, 1):
                self.telemetry.counters["smtp.ehlo"] = number
                known = self.rules.number(stage.max_received_headers, lambda name: "mx", 50, "x")
                found.append(self.settle(known))
            self.assertEqual(found, expected)

    def test_fields_by_rule(self) -> None:
        names = ("Received", "ReturnPath", "AuthResults", "ReceivedSpf", "Date", "MessageId")
        self.set(MtaStageData, **{f"add{name}Header": rule("false") for name in names})
        self.send(self.client(), "alice@example.test")
        self.assertEqual(self.mail_of("alice")[0][1], MESSAGE.encode())
        self.send(self.client(), "alice@example.test", message="text\r\n")
        self.assertTrue(self.mail_of("alice")[1][1].startswith(b"Received: "))
        self.send(self.client(lmtp=True), "bob@example.test")
        self.assertTrue(self.mail_of("bob")[0][1].startswith(b"Return-Path: <a@sender.test>\r\nReceived: "))

    def test_lmtp_has_no_limits_but_size_and_silence(self) -> None:
        self.set(MtaStageRcpt, maxRecipients=rule("1"), maxFailures=rule("0"))
        self.set(MtaInboundSession, maxDuration=rule("1s"), timeout=rule("20s"))
        client = self.client(lmtp=True)
        self.clock.advance(10)
        recipients = [f"RCPT TO:<{name}@example.test>" for name in ("alice", "x", "y", "bob")]
        codes = client.codes("MAIL FROM:<a@b.test>", *recipients)
        self.assertEqual(codes, ["250 2.1.0", "250 2.1.5", "550 5.1.1", "550 5.1.1", "250 2.1.5"])
        self.clock.advance(21)
        self.assertEqual(client.lines()[0][:9], "421 4.4.2")


class VariableTests(InboundCase):
    """What rules may ask."""

    def test_all_names_have_a_value(self) -> None:
        peer = Peer(MX, DEFAULT, "smtp", "192.0.2.1", 1234, "192.0.2.2", 25, hello="a.test", is_tls=True)
        envelope = Envelope(peer, path_of("s@sender.test"), recipients=[Recipient(path_of("r@example.test"))])
        variable = variables_of(peer, envelope, "q@example.test")
        found = {name: variable(name) for name in ["role", "listener", "remote_ip", "local_port", "protocol", "is_tls"]}
        self.assertEqual(
            found,
            {
                "role": "mx",
                "listener": "smtp",
                "remote_ip": "192.0.2.1",
                "local_port": 25,
                "protocol": "smtp",
                "is_tls": 1,
            },
        )
        self.assertEqual([variable(name) for name in ("sender_domain", "rcpt_domain")], ["sender.test", "example.test"])
        self.assertEqual([variable(name) for name in ("recipients", "helo_domain")], [["r@example.test"], "a.test"])
        self.assertEqual([variables_of(peer)(name) for name in ("sender", "rcpt", "asn", "priority")], ["", "", "", 0])

    def test_loopback(self) -> None:
        for ip, expected in (("127.0.0.9", True), ("::1", True), ("192.0.2.1", False), ("", False)):
            self.assertEqual(is_loopback(ip), expected)
