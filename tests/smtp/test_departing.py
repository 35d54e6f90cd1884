"""Mail of other servers that goes on to other servers: lists and catch-alls, and nothing else, whatever is tried."""

from __future__ import annotations

from stalwart.config.mail.session_stages import MtaStageRcpt
from stalwart.mail.queue.letter import LetterRecipient
from stalwart.mail.recipients import Forward, Resolved
from stalwart.smtp.departing import split
from stalwart.smtp.envelope import Envelope, Peer, Recipient
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import MX
from tests.mail.post_office import path_of
from tests.smtp.inbound_server import MESSAGE, InboundCase

RELAY_TRICKS = (
    "x@far.test",
    "x%far.test@example.test",
    "x%far.test@[198.51.100.1]",
    "far.test!x@example.test",
    '"x@far.test"@example.test',
    '"x%far.test"@example.test',
    '"far.test!x"@example.test',
    "@example.test:x@far.test",
    "@example.test,@far.test:x@far.test",
    "alice%example.test@far.test",
    "x@far.test@example.test",
    "<x@far.test>@example.test",
    "x@far.test%example.test",
    "x@far.test(alice@example.test)",
    "x@far.test, alice@example.test",
    "x@[127.0.0.1]",
    "x@[IPv6:::1]",
    "x@localhost",
    "x@mail.example.test",
    "x@example.test.far.test",
    "x@far.test.",
    "alice@example.test\\@far.test",
    "x=far.test@example.test",
    "alice@sub.example.test",
    '""@far.test',
    "postmaster@far.test",
    "abuse@",
    "@far.test",
)


class TrickTests(InboundCase):
    """Every known way to have mail passed on by a server that is not meant to."""

    def setUp(self) -> None:
        super().setUp()
        self.set(MtaStageRcpt, waitOnFail={"else": "0"}, maxFailures={"else": "1000"})

    def test_nothing_is_passed_on(self) -> None:
        for sender in ("a@sender.test", "alice@example.test", ""):
            client = self.client()
            client.connection.session.peer.limits = Limits(errors=None, failed_recipients=None)
            self.assertEqual(client.codes(f"MAIL FROM:<{sender}>"), ["250 2.1.0"])
            for address in RELAY_TRICKS:
                (code,) = client.codes(f"RCPT TO:<{address}>")
                self.assertIn(code[:3], ("550", "501", "555"), address)
            self.assertEqual(client.codes("DATA"), ["554 5.5.1"])
        self.assertEqual(self.queue.letters, [])

    def test_by_lmtp_neither(self) -> None:
        self.set(MtaStageRcpt, allowRelaying={"else": "true"})
        client = self.client(lmtp=True)
        client.say("MAIL FROM:<a@sender.test>")
        self.assertEqual(client.codes("RCPT TO:<x@far.test>"), ["550 5.7.1"])

    def test_what_is_after_the_at_sign_of_a_rule_is_no_way_out(self) -> None:
        rule = {"@type": "Custom", "customRule": {"match": {}, "else": "'x@far.test'"}}
        self.change_domain(subAddressing=rule)
        client = self.client()
        client.say("MAIL FROM:<a@sender.test>")
        self.assertEqual(client.codes("RCPT TO:<whoever@example.test>"), ["550 5.1.1"])


class ForwardTests(InboundCase):
    """Addresses here that lead elsewhere."""

    def test_list(self) -> None:
        self.mailing_list("some", "alice@example.test", "x@far.test", "y@far.test")
        self.assertEqual(self.send(self.client(), "some@example.test")[-1], "250 2.0.0")
        (letter,) = self.queue.letters
        self.assertEqual(letter.return_path, "owner-some@example.test")
        self.assertEqual(letter.recipients, (LetterRecipient("x@far.test"), LetterRecipient("y@far.test")))
        self.assertEqual((letter.source, letter.role, letter.account_id), ("unauthenticated", "mx", None))
        assert isinstance(letter.content, bytes)
        self.assertTrue(letter.content.startswith(b"Authentication-Results: mail.example.test; none\r\nReceived-SPF: "))
        self.assertNotIn(b"Return-Path", letter.content)
        self.assertIn(b"\r\nReceived: from a.test", letter.content)
        self.assertTrue(letter.content.endswith(MESSAGE.encode()))
        self.assertTrue(
            self.mail_of("alice")[0][1].startswith(b"Return-Path: <a@sender.test>\r\nAuthentication-Results:")
        )

    def test_catch_all_keeps_the_sender(self) -> None:
        self.change_domain(catchAllAddress="x@far.test")
        self.assertEqual(self.send(self.client(), "whoever@example.test")[-1], "250 2.0.0")
        self.assertEqual(self.queue.letters[0].return_path, "a@sender.test")

    def test_nobody_hears_of_what_becomes_of_a_report(self) -> None:
        self.mailing_list("some", "x@far.test")
        self.assertEqual(self.send(self.client(), "some@example.test", sender="")[-1], "250 2.0.0")
        self.assertEqual(self.queue.letters[0].return_path, "")

    def test_several_ways_to_one_address(self) -> None:
        self.mailing_list("some", "x@far.test", "more@example.test")
        self.mailing_list("more", "x@far.test", "y@far.test")
        self.assertEqual(self.send(self.client(), "some@example.test", "more@example.test")[-1], "250 2.0.0")
        found = {letter.return_path: [each.address for each in letter.recipients] for letter in self.queue.letters}
        self.assertEqual(found["owner-more@example.test"], ["x@far.test", "y@far.test"])

    def test_circle(self) -> None:
        self.mailing_list("some", "x@far.test")
        message = "Received: from x by y; Fri, 15 Jan 2027 08:00:00 +0000\r\n" * 51 + MESSAGE
        self.assertEqual(self.send(self.client(), "some@example.test", message=message)[-1], "554 5.4.6")
        self.assertEqual(self.queue.letters, [])

    def test_large_ones(self) -> None:
        self.mailing_list("some", "alice@example.test", "x@far.test")
        text = MESSAGE + ("y" * 998 + "\r\n") * 100
        for lmtp in (False, True):
            self.assertEqual(self.send(self.client(lmtp=lmtp), "some@example.test", message=text)[-1], "250 2.0.0")
            letter = self.queue.letters.pop()
            assert not isinstance(letter.content, bytes)
            octets = self.store.blob_files.read(letter.content.hash)
            self.assertTrue(octets.startswith(b"Received: from" if lmtp else b"Authentication-Results:"), octets[:80])
            self.assertTrue(octets.endswith(text.encode()))
            self.assertEqual(octets.count(b"Received: from"), 1)
            self.assertTrue(self.store.blob_files.exists(self.mail_of("alice")[-1][0].blob))

    def test_who_may_relay_by_rule(self) -> None:
        """A host of the house, for example."""
        self.set(MtaStageRcpt, allowRelaying={"else": "remote_ip == '198.51.100.7'"})
        self.assertEqual(self.send(self.client(), "x@far.test")[-1], "250 2.0.0")
        self.assertEqual(self.queue.letters[0].return_path, "a@sender.test")

    def test_what_is_split(self) -> None:
        envelope = Envelope(Peer(MX, Limits()), path_of("a@sender.test"))
        envelope.recipients.append(Recipient(path_of("some@example.test")))
        found = Resolved((1,), None, True, (Forward("x@far.test", "o@example.test"),))
        self.assertTrue(split(envelope, [found], is_held=False).leaves)
        self.assertEqual(split(envelope, [found], is_held=True).at_once, ())
