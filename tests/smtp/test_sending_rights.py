"""Mail of people who have signed in: in whose name, to whom, what is added, and where it goes."""

from __future__ import annotations

import re

from stalwart.codec.ids import encode_id
from stalwart.config.mail.session_stages import MtaStageAuth, MtaStageRcpt
from stalwart.errors import OverQuota, Unavailable
from stalwart.mail.queue.letter import LetterRecipient
from stalwart.smtp import sending_rights
from stalwart.smtp.role import SUBMISSION
from tests.smtp.inbound_server import InboundCase, KeptLetters
from tests.smtp.twin import Client

SUE = "sue@example.test"
FAR = "x@far.test"
HEAD = f"From: Sue <{SUE}>\r\nTo: <{FAR}>\r\nDate: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@a.test>\r\n"
MESSAGE = HEAD + "Subject: Hello\r\n\r\nText\r\n"
SIGNED = "DKIM-Signature: d=example.test\r\n" + MESSAGE


class SubmissionCase(InboundCase):
    """``submit`` sends as sue."""

    def submit(
        self, *recipients: str, message: str = MESSAGE, sender: str = SUE, client: Client | None = None
    ) -> list[str]:
        return self.send(client or self.signed_in(), *(recipients or (FAR,)), message=message, sender=sender)

    def content(self) -> str:
        (letter,) = self.queue.letters
        assert isinstance(letter.content, bytes)
        return letter.content.decode()


class PathTests(SubmissionCase):
    """Where it goes."""

    def test_to_another_server(self) -> None:
        self.assertEqual(self.submit(), ["250 2.1.0", "250 2.1.5", "250 2.0.0"])
        (letter,) = self.queue.letters
        self.assertEqual((letter.return_path, letter.recipients), (SUE, (LetterRecipient(FAR),)))
        self.assertEqual(
            (letter.source, letter.role, letter.account_id), ("authenticated", "submission", self.ids["sue"])
        )
        self.assertEqual((letter.received_ip, letter.body, letter.hold_until), ("198.51.100.7", "7BIT", None))
        self.assertEqual((letter.content, letter.signed_for), (SIGNED.encode(), "example.test"))
        self.assertEqual(self.queue.woken, 1)
        self.assertIn("smtp.relayed", self.events)

    def test_to_people_here_at_once(self) -> None:
        self.assertEqual(self.submit("bob@example.test")[-1], "250 2.0.0")
        ((_, octets),) = self.mail_of("bob")
        self.assertEqual(octets.decode(), f"Return-Path: <{SUE}>\r\n{SIGNED}")
        self.assertEqual(self.queue.letters, [])

    def test_to_both_in_one_transaction(self) -> None:
        self.queue.problem = OverQuota("The queue is full.")
        client = self.signed_in()
        self.assertEqual(self.submit("bob@example.test", FAR, client=client)[-1], "452 4.2.2")
        self.assertEqual(self.mail_of("bob"), [])
        self.queue.problem = Unavailable()
        self.assertEqual(self.submit(FAR, client=client)[-1], "451 4.3.0")
        self.queue.problem = None
        self.assertEqual(self.submit("bob@example.test", FAR, client=client)[-1], "250 2.0.0")
        self.assertEqual((len(self.mail_of("bob")), len(self.queue.letters)), (1, 1))
        self.assertEqual(self.queue.letters[0].recipients, (LetterRecipient(FAR),))

    def test_large_ones_are_files(self) -> None:
        text = MESSAGE + ("y" * 998 + "\r\n") * 200
        self.assertEqual(self.submit("bob@example.test", FAR, message=text)[-1], "250 2.0.0")
        (letter,) = self.queue.letters
        signed = ("DKIM-Signature: d=example.test\r\n" + text).encode()
        assert not isinstance(letter.content, bytes)
        self.assertEqual(self.mail_of("bob")[0][1], f"Return-Path: <{SUE}>\r\n".encode() + signed)
        self.assertEqual(letter.content.size, len(signed))

    def test_a_file_that_nobody_needs_goes(self) -> None:
        text = MESSAGE + ("y" * 998 + "\r\n") * 200
        self.queue.problem = OverQuota("The queue is full.")
        for recipients in ((FAR,), (FAR, "bob@example.test")):
            self.assertEqual(self.submit(*recipients, message=text)[-1], "452 4.2.2")
            self.assertEqual(self.store.blob_files._contents, {}, recipients)  # type: ignore[attr-defined]

    def test_a_file_that_the_queue_does_not_take_goes(self) -> None:
        async def fails(*_given: object) -> None:
            raise Unavailable

        self.patch(KeptLetters, "prepare", fails)
        text = MESSAGE + ("y" * 998 + "\r\n") * 200
        for recipients in ((FAR,), (FAR, "bob@example.test")):
            self.assertEqual(self.submit(*recipients, message=text)[-1], "451 4.3.0")
            self.assertEqual(self.store.blob_files._contents, {}, recipients)  # type: ignore[attr-defined]

    def test_reports_that_were_asked_for(self) -> None:
        """RFC 3461. Success is reported by the queue, so people here get it from there too."""
        client = self.signed_in()
        codes = client.codes(
            f"MAIL FROM:<{SUE}> RET=HDRS ENVID=abc+2B",
            f"RCPT TO:<{FAR}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;y+40far.test",
            "RCPT TO:<z@far.test> NOTIFY=NEVER",
            "RCPT TO:<bob@example.test> NOTIFY=SUCCESS",
            "RCPT TO:<alice@example.test>",
            "DATA",
        )
        self.assertEqual(codes[-1][:3], "354")
        client.send(MESSAGE.encode() + b".\r\n")
        (letter,) = self.queue.letters
        self.assertEqual((letter.ret, letter.env_id), ("HDRS", "abc+"))
        self.assertEqual(
            letter.recipients,
            (
                LetterRecipient(FAR, "rfc822;y@far.test", frozenset(("FAILURE", "DELAY"))),
                LetterRecipient("z@far.test", None, frozenset(("NEVER",))),
                LetterRecipient("bob@example.test", None, frozenset(("SUCCESS",))),
            ),
        )
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob")], [1, 0])

    def test_for_later(self) -> None:
        """RFC 4865."""
        client = self.signed_in()
        now = int(self.clock.seconds())
        for words, until in (("HOLDFOR=60", now + 60), ("HOLDUNTIL=2027-01-15T09:00:00Z", now + 3600)):
            client.codes(f"MAIL FROM:<{SUE}> {words}", "RCPT TO:<bob@example.test>", "DATA")
            client.send(MESSAGE.encode() + b".\r\n")
            letter = self.queue.letters.pop()
            self.assertEqual((letter.hold_until, letter.recipients[0].address), (until, "bob@example.test"))
        self.assertEqual(self.mail_of("bob"), [])
        for words, code in {
            "HOLDFOR=604801": "501 5.5.4",
            "HOLDUNTIL=2027-02-15T09:00:00Z": "501 5.5.4",
            "HOLDFOR=0": "501 5.5.4",
            "HOLDFOR=1 HOLDUNTIL=2027-01-15T09:00:00Z": "501 5.5.4",
            "HOLDUNTIL=tomorrow": "501 5.5.4",
            "HOLDUNTIL=2020-01-15T09:00:00Z": "250 2.1.0",
        }.items():
            self.assertEqual(client.codes(f"MAIL FROM:<{SUE}> {words}", "RSET")[0], code, words)

    def test_priority_and_tls(self) -> None:
        client = self.signed_in()
        client.codes(f"MAIL FROM:<{SUE}> MT-PRIORITY=-3 REQUIRETLS BODY=8BITMIME", f"RCPT TO:<{FAR}>", "DATA")
        client.send(MESSAGE.encode() + "é\r\n.\r\n".encode())
        (letter,) = self.queue.letters
        self.assertEqual((letter.priority, letter.require_tls, letter.body), (3, True, "8BITMIME"))

    def test_nobody_overtakes_others(self) -> None:
        client = self.signed_in()
        client.codes(f"MAIL FROM:<{SUE}> MT-PRIORITY=9", f"RCPT TO:<{FAR}>", "DATA")
        self.assertEqual(client.send(MESSAGE.encode() + b".\r\n")[-1][:3], "250")
        self.assertEqual(self.queue.letters[-1].priority, 0)

    def test_in_pieces(self) -> None:
        client = self.signed_in()
        client.say(f"MAIL FROM:<{SUE}>", f"RCPT TO:<{FAR}>")
        half = MESSAGE.encode()[:50], MESSAGE.encode()[50:]
        client.send(b"BDAT %d\r\n%s" % (len(half[0]), half[0]))
        self.assertEqual(client.send(b"BDAT %d LAST\r\n%s" % (len(half[1]), half[1]))[-1][:9], "250 2.0.0")
        self.assertEqual(self.content(), SIGNED)


class NameTests(SubmissionCase):
    """In whose name."""

    def test_senders(self) -> None:
        team = encode_id(self.person("team", "Group"))
        self.mailing_list("all", SUE)
        self.patch_account(self.ids["sue"], {f"memberGroupIds/{team}": True})
        client = self.signed_in()
        for sender, code in {
            SUE: "250 2.1.0",
            "SUE@EXAMPLE.TEST": "250 2.1.0",
            "susan@example.test": "250 2.1.0",
            "sue+shop@example.test": "250 2.1.0",
            "team@example.test": "250 2.1.0",
            "": "250 2.1.0",
            "bob@example.test": "550 5.7.1",
            "all@example.test": "550 5.7.1",
            "whoever@example.test": "550 5.7.1",
            "sue@far.test": "550 5.7.1",
            "sue%far.test@example.test": "550 5.7.1",
            '"sue@example.test"@far.test': "550 5.7.1",
        }.items():
            self.assertEqual(client.codes(f"MAIL FROM:<{sender}>", "RSET")[0], code, sender)
        self.assertIn("smtp.mail-from-unauthorized", self.events)

    def test_authors(self) -> None:
        """RFC 6409 6.1, 8.1: the fields that people read are no less than the envelope."""
        body = "\r\nText\r\n"
        client = self.signed_in()
        for fields, code in {
            f"From: {SUE}\r\n": "250 2.0.0",
            "From: Susan <susan@example.test>\r\n": "250 2.0.0",
            f"From: {SUE}, susan@example.test\r\nSender: {SUE}\r\n": "250 2.0.0",
            "From: Boss <bob@example.test>\r\n": "550 5.7.1",
            f"From: {SUE}\r\nSender: bob@example.test\r\n": "550 5.7.1",
            f"From: {SUE}, bob@example.test\r\n": "550 5.7.1",
            f"From: {SUE}\r\nFrom: bob@example.test\r\n": "550 5.6.0",
            "From: Sue\r\n": "550 5.6.0",
            "From: undisclosed:;\r\n": "550 5.6.0",
            f"Subject: x\r\nTo: {SUE}\r\n": "550 5.6.0",
            "From : bob@example.test\r\n": "550 5.7.1",
            "fROM:\r\n bob@example.test\r\n": "550 5.7.1",
        }.items():
            self.assertEqual(self.submit(client=client, message=fields + body)[-1], code, fields)
            client = self.signed_in()

    def test_reports_keep_the_null_sender(self) -> None:
        self.assertEqual(self.submit(sender="")[-1], "250 2.0.0")
        self.assertEqual(self.queue.letters[0].return_path, "")
        self.assertTrue(self.content().startswith("DKIM-Signature: d=example.test\r\n"))
        self.assertEqual(self.submit(sender="", message=MESSAGE.replace(SUE, "bob@example.test"))[-1], "550 5.7.1")

    def test_rule_that_lets_everything_pass(self) -> None:
        self.set(MtaStageAuth, mustMatchSender={"else": "false"})
        code = self.submit(sender="bob@example.test", message=MESSAGE.replace(SUE, "y@far.test"))[-1]
        self.assertEqual(code, "250 2.0.0")

    def test_who_may_not_send(self) -> None:
        permissions = {"@type": "Merge", "disabledPermissions": {"emailSend": True}, "enabledPermissions": {}}
        self.patch_account(self.ids["sue"], {"permissions": permissions})
        self.assertEqual(self.signed_in().codes(f"MAIL FROM:<{SUE}>"), ["550 5.7.1"])
        self.assertTrue(sending_rights.MAY_NOT_SEND.text)

    def test_a_sign_in_ends_with_what_it_rests_on(self) -> None:
        nothing = {"@type": "Replace", "enabledPermissions": {}, "disabledPermissions": {}}
        less = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"emailSend": True}}
        for patch, code in (
            ({"permissions": less}, "550 5.7.1"),
            ({"permissions": nothing}, "421 4.7.0"),
            ({"permissions": {"@type": "Inherit"}}, "250 2.1.0"),
            ({"credentials/0/secret": "$plain$another"}, "421 4.7.0"),
        ):
            self.patch_account(self.ids["sue"], {"permissions": {"@type": "Inherit"}})
            client = self.signed_in()
            self.assertEqual(client.codes(f"MAIL FROM:<{SUE}>", "RSET")[0], "250 2.1.0")
            self.patch_account(self.ids["sue"], patch)
            self.assertEqual(client.codes("EHLO again.test", f"MAIL FROM:<{SUE}>")[-1], code, patch)

    def test_nobody_sends_without_signing_in(self) -> None:
        client = self.secure()
        self.assertEqual(
            client.codes(f"MAIL FROM:<{SUE}>", f"RCPT TO:<{FAR}>", "DATA"), ["530 5.7.0", *["503 5.5.1"] * 2]
        )

    def test_tls_begins_anew(self) -> None:
        """What was said before, a sign-in too, counts for nothing (RFC 3207 4.2)."""
        client = self.signed_in()
        client.connection.session.tls_started()
        self.assertEqual(client.codes("EHLO a.test", f"MAIL FROM:<{SUE}>")[-1], "530 5.7.0")


class RelayTests(SubmissionCase):
    """Who may send to other servers."""

    def test_rule(self) -> None:
        self.set(
            MtaStageRcpt,
            allowRelaying={"match": {"0": {"if": "rcpt_domain == 'far.test'", "then": "true"}}, "else": "false"},
        )
        client = self.signed_in()
        self.assertEqual(client.codes(f"MAIL FROM:<{SUE}>", f"RCPT TO:<{FAR}>")[-1], "250 2.1.5")
        self.assertEqual(client.codes("RCPT TO:<x@other.test>"), [])
        self.clock.advance(5)
        self.assertEqual(client.lines()[-1][:9], "550 5.7.1")

    def test_unknown_people_here_are_refused_at_once(self) -> None:
        client = self.signed_in()
        client.say(f"MAIL FROM:<{SUE}>", "RCPT TO:<nobody@example.test>")
        self.clock.advance(5)
        self.assertEqual(client.lines()[-1][:9], "550 5.1.1")

    def test_lists_and_their_members_elsewhere(self) -> None:
        self.mailing_list("some", "bob@example.test", FAR)
        self.assertEqual(self.submit("some@example.test")[-1], "250 2.0.0")
        (letter,) = self.queue.letters
        self.assertEqual((letter.return_path, len(self.mail_of("bob"))), ("owner-some@example.test", 1))


class FieldTests(SubmissionCase):
    """What is added, and what is taken out."""

    def test_what_is_lacking(self) -> None:
        """RFC 6409 8.2, 8.3; signed together with the rest."""
        self.assertEqual(self.submit(message=f"From: {SUE}\r\n\r\nText\r\n")[-1], "250 2.0.0")
        expected = (
            r"DKIM-Signature: d=example\.test\r\nDate: Fri, 15 Jan 2027 08:00:00 \+0000\r\n"
            rf"Message-ID: <[0-9a-f]{{32}}@mail\.example\.test>\r\nFrom: {SUE}\r\n\r\nText\r\n"
        )
        self.assertRegex(self.content(), re.compile(f"^{expected}$"))

    def test_blind_copies_stay_blind(self) -> None:
        hidden = "Bcc: <secret@far.test>,\r\n <other@far.test>\r\nX-A: b\r\nbcc:\r\n"
        self.assertEqual(self.submit(message=hidden + MESSAGE)[-1], "250 2.0.0")
        self.assertEqual(self.content(), SIGNED.replace("From: Sue", "X-A: b\r\nFrom: Sue"))

    def test_circle(self) -> None:
        self.assertEqual(self.submit(message="Received: x\r\n" * 51 + MESSAGE)[-1], "554 5.4.6")

    def test_offers(self) -> None:
        offers = " ".join(self.secure().offers)  # type: ignore[attr-defined]
        for keyword in ("DSN", "MT-PRIORITY MIXER", "REQUIRETLS", "FUTURERELEASE 604800 2027-01-22T08:00:00Z"):
            self.assertIn(f"250-{keyword} ", offers)
        offers = " ".join(self.client(tls=object()).offers)  # type: ignore[attr-defined]
        for keyword in ("DSN", "MT-PRIORITY", "REQUIRETLS", "FUTURERELEASE", "AUTH"):
            self.assertNotIn(keyword, offers)
        self.assertEqual(SUBMISSION.name, "submission")
