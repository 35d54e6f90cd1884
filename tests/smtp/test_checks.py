"""Messages of other servers are checked before anybody gets them."""

from __future__ import annotations

from stalwart.codec.authentication_results import SpfVerdict
from stalwart.config.mail.sender_auth import SenderAuth
from stalwart.config.mail.session_stages import MtaStageData
from stalwart.mail.authentication.checking import Modes, Refusal, SenderChecked
from stalwart.smtp.checks import modes_of, refusal_of
from tests.smtp.inbound_server import MESSAGE, InboundCase, Judged


class ModeTests(InboundCase):
    """What the rules say."""

    def modes(self, role: str) -> Modes | None:
        known = {"role": role}
        return self.settle(modes_of(self.rules, self.settings.of(SenderAuth), lambda name: known.get(name, "")))

    def test_defaults(self) -> None:
        self.assertEqual(self.modes("mx"), Modes())
        off = dict.fromkeys(("spf_ehlo", "spf_from", "dmarc", "iprev"), "disable")
        self.assertEqual(self.modes("submission"), Modes(**off))  # type: ignore[arg-type]  # all are words

    def test_off(self) -> None:
        names = ("dkim", "spfEhlo", "spfFrom", "dmarc", "reverseIp")
        self.set(SenderAuth, **{f"{name}Verify": {"else": "disable"} for name in names})
        self.assertEqual(self.modes("mx"), None)
        self.send(self.client(), "alice@example.test")
        self.assertEqual(self.judge.asked, [])

    def test_strict(self) -> None:
        self.set(SenderAuth, dmarcVerify={"else": "strict"}, dkimVerify={"else": "false"})
        found = self.modes("mx")
        assert found is not None
        self.assertEqual((found.dmarc, found.dkim), ("strict", "disable"))

    def test_refusals_become_replies(self) -> None:
        found = refusal_of(Judged(SenderChecked("", "", ""), refused=Refusal(451, "4.7.24", "Later")), Modes())
        assert found is not None
        self.assertEqual((found.code, found.enhanced, found.text), (451, "4.7.24", "Later"))


class CheckTests(InboundCase):
    """What is found out about a message before anybody gets it."""

    def test_what_is_asked(self) -> None:
        self.send(self.client(), "alice@example.test")
        (asked,) = self.judge.asked
        self.assertEqual((asked["ip"], asked["helo"], asked["mail_from"]), ("198.51.100.7", "a.test", "a@sender.test"))
        self.assertEqual((asked["modes"].dmarc, asked["modes"].arc), ("relaxed", "disable"))
        self.assertEqual(asked["content"], MESSAGE.encode())

    def test_refused(self) -> None:
        self.mailing_list("some", "alice@example.test", "x@far.test")
        self.judge.found = Judged(SenderChecked("", "", ""), refused=Refusal(550, "5.7.1", "DMARC says no"))
        self.assertEqual(self.send(self.client(), "some@example.test")[-1], "550 5.7.1")
        self.assertEqual((self.mail_of("alice"), self.queue.letters), ([], []))

    def test_senders_are_refused_at_once_where_they_may_be(self) -> None:
        self.send(self.client(), "alice@example.test")
        self.assertEqual(self.judge.senders, [])
        self.set(SenderAuth, spfFromVerify={"else": "strict"})
        failed = SpfVerdict("fail", "sender.test", "mailfrom", "a@sender.test")
        self.judge.found = Judged(SenderChecked("", "", "", spf_from=failed))
        self.assertEqual(self.client().codes("MAIL FROM:<a@sender.test>")[0][0], "5")
        self.judge.found = Judged(SenderChecked("", "", ""))
        self.assertEqual(self.send(self.client(), "bob@example.test")[-1], "250 2.0.0")
        self.assertEqual((len(self.judge.senders), self.judge.asked[-1]["sender"]), (2, self.judge.found.sender))

    def test_no_bounces_to_forged_senders(self) -> None:
        self.mailing_list("some", "x@far.test")
        self.judge.found = Judged(SenderChecked("", "", ""), is_genuine=False)
        self.send(self.client(), "some@example.test")
        self.assertEqual([letter.reports_failure for letter in self.queue.letters], [False])

    def test_forged_results_are_taken_out(self) -> None:
        """RFC 8601 5."""
        forged = (
            "Authentication-Results: mail.example.test; dkim=pass\r\n"
            "Authentication-Results: (x (y)) MAIL.EXAMPLE.TEST 1;\r\n dkim=pass\r\n"
            'authentication-results: "mail.example.test"; dkim=pass\r\n'
            "Authentication-Results: ((((((((((((x)))))))))))) mail.example.test; dkim=pass\r\n"
        )
        others = "Authentication-Results: mx.sender.test; dkim=pass\r\n"
        self.send(self.client(), "alice@example.test", message=forged + others + MESSAGE)
        ((_, octets),) = self.mail_of("alice")
        self.assertNotIn(b"dkim=pass", octets.replace(others.encode(), b""))
        self.assertTrue(octets.endswith((others + MESSAGE).encode()))

    def test_also_far_down_in_a_long_head(self) -> None:
        head = "X-Long: y\r\n" * 9000
        forged = "Authentication-Results: mail.example.test; dkim=pass\r\n"
        self.send(self.client(), "alice@example.test", message=head + forged + MESSAGE + "z" * 70_000 + "\r\n")
        self.assertNotIn(b"dkim=pass", self.mail_of("alice")[0][1])

    def test_a_head_without_end_is_refused(self) -> None:
        client = self.client()
        client.say("MAIL FROM:<a@sender.test>", "RCPT TO:<bob@example.test>", "DATA")
        for _ in range(200):
            client.connection.dataReceived(b"X-Long: y\r\n" * 200)
        client.connection.dataReceived(MESSAGE.encode() + b".\r\n")
        self.assertEqual((client.lines()[-1][:9], self.mail_of("bob")), ("552 5.3.4", []))

    def test_not_of_a_server_next_door_nor_of_people_here(self) -> None:
        self.send(self.client(lmtp=True), "alice@example.test")
        message = MESSAGE.replace("a@sender.test", "sue@example.test")
        self.send(self.signed_in(), "alice@example.test", sender="sue@example.test", message=message)
        self.assertEqual((len(self.mail_of("alice")), self.judge.asked), (2, []))

    def test_what_is_not_wanted_is_not_added(self) -> None:
        self.set(MtaStageData, addAuthResultsHeader={"else": "false"}, addReceivedSpfHeader={"else": "false"})
        self.send(self.client(), "alice@example.test")
        self.assertNotIn(b"Authentication-Results", self.mail_of("alice")[0][1])
        self.assertNotIn(b"Received-SPF", self.mail_of("alice")[0][1])
