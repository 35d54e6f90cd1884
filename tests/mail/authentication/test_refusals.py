"""When mail is refused for who it is from."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import ArcVerdict, DkimVerdict, DmarcVerdict, NameVerdict, SpfVerdict
from stalwart.mail.authentication.refusals import Modes, Refusal, message_refusal, sender_refusal

STRICT = Modes(*["strict"] * 6)
DKIM = (DkimVerdict("fail"), DkimVerdict("pass"))


def codes(found: Refusal | None) -> tuple[int, str] | None:
    """The numbers alone."""
    return (found.code, found.enhanced) if found is not None else None


class Senders(SynchronousTestCase):
    def codes(self, spf: str = "pass", name: str = "pass", modes: Modes = STRICT) -> tuple[int, str] | None:
        """For results."""
        return codes(sender_refusal(None, SpfVerdict(spf, "a.test"), NameVerdict(name, "192.0.2.1"), modes))

    def test_results(self) -> None:
        for spf in ("pass", "none", "neutral", "softfail"):
            self.assertIsNone(self.codes(spf))
        self.assertEqual(self.codes("fail"), (550, "5.7.23"))
        self.assertEqual(self.codes("permerror"), (550, "5.7.24"))
        self.assertEqual(self.codes("temperror"), (451, "4.7.24"))
        self.assertEqual(self.codes(name="fail"), (550, "5.7.25"))
        self.assertEqual(self.codes(name="temperror"), (451, "4.7.25"))

    def test_only_where_it_is_strict(self) -> None:
        self.assertIsNone(self.codes("fail", "fail", Modes()))

    def test_client_itself(self) -> None:
        found = sender_refusal(SpfVerdict("fail", "h.test"), None, None, STRICT)
        self.assertEqual(codes(found), (550, "5.7.23"))

    def test_what_the_domain_has_to_say(self) -> None:
        spf = SpfVerdict("fail", "a.test\r\n250 ok", explanation="go away")
        found = sender_refusal(None, spf, None, STRICT)
        assert found is not None
        self.assertTrue(found.text.isprintable())
        self.assertTrue(found.text.endswith("go away"))


class Messages(SynchronousTestCase):
    def test_signatures(self) -> None:
        self.assertIsNone(message_refusal(DKIM, None, None, STRICT))
        self.assertEqual(codes(message_refusal(DKIM[:1], None, None, STRICT)), (550, "5.7.20"))
        self.assertEqual(codes(message_refusal((DkimVerdict("temperror"),), None, None, STRICT)), (451, "4.7.20"))
        self.assertIsNone(message_refusal(DKIM[:1], None, None, Modes()))

    def test_chain(self) -> None:
        broken = ArcVerdict("fail", 1)
        self.assertEqual(codes(message_refusal(DKIM, broken, None, STRICT)), (550, "5.7.29"))
        later = ArcVerdict("fail", 1, temporary=True)
        self.assertEqual(codes(message_refusal(DKIM, later, None, STRICT)), (451, "4.7.29"))
        self.assertIsNone(message_refusal(DKIM, broken, None, Modes(arc="relaxed")))

    def test_policy(self) -> None:
        for result, policy, wanted in (
            ("fail", "reject", (550, "5.7.1")),
            ("temperror", "reject", (451, "4.7.1")),
            ("permerror", "none", (550, "5.7.1")),
            ("fail", "quarantine", None),
            ("pass", "reject", None),
            ("none", "none", None),
        ):
            verdict = DmarcVerdict(result, "a.test", policy)
            self.assertEqual(codes(message_refusal(DKIM, None, verdict, STRICT)), wanted, result)
            self.assertIsNone(message_refusal(DKIM, None, verdict, Modes()))
