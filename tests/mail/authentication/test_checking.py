"""All checks of a message together."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.signing import sign
from stalwart.mail.authentication.checking import LONGEST, Checked, Checking, Modes, SenderChecked
from stalwart.net.dns import LookupFailed
from stalwart.store import MemoryStore
from stalwart.store.blob_files import Stored
from stalwart.telemetry import Telemetry
from stalwart.telemetry.verdict_events import SMTP_DKIM_PASS, SMTP_DMARC_FAIL, SMTP_SPF_FROM_PASS
from tests.codec.dkim.signed_mail import MESSAGE, NOW, key_record, signer
from tests.codec.dkim.test_arc import sealed
from tests.net.fake_dns import FakeResolver

ALL = Modes(arc="relaxed")
NOTHING = Modes(*["disable"] * 6)
PEER = {"ip": "192.0.2.1", "helo": "mail.example.test", "mail_from": "alice@example.test"}


class CheckingCase(SynchronousTestCase):
    """``zone`` is one in which everything passes."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.telemetry = Telemetry()
        self.zone: dict[tuple[str, str], Any] = {
            ("example.test", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
            ("mail.example.test", "TXT"): ["v=spf1 a -all"],
            ("mail.example.test", "A"): ["192.0.2.1"],
            ("1.2.0.192.in-addr.arpa", "PTR"): ["mail.example.test."],
            ("ed25519._domainkey.example.test", "TXT"): [key_record("ed25519")],
            ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=reject"],
        }
        self.checking = Checking(
            self.store, self.resolver, self.clock, self.telemetry, receiver="mx.test", draw=lambda: 0.0
        )
        self.signed = sign([MESSAGE], [signer()], NOW) + MESSAGE

    def resolver(self) -> FakeResolver:
        """The name service."""
        return FakeResolver(self.zone)

    def start(self, message: bytes | Stored | None = None, modes: Modes = ALL, **peer: Any) -> Deferred[Checked]:
        """Checks under way."""
        content = self.signed if message is None else message
        work = self.checking.check(content, modes=modes, **{**PEER, **peer})
        return Deferred.fromCoroutine(work)

    def check(self, message: bytes | Stored | None = None, modes: Modes = ALL, **peer: Any) -> Checked:
        """What is found."""
        return self.successResultOf(self.start(message, modes, **peer))

    def summary(self, found: Checked) -> dict[str, str]:
        """The results by method."""
        sender = found.sender
        named = {
            "helo": sender.spf_ehlo,
            "spf": sender.spf_from,
            "arc": found.arc,
            "dmarc": found.dmarc,
            "iprev": sender.iprev,
        }
        return {
            **{name: verdict.result for name, verdict in named.items() if verdict is not None},
            **({"dkim": " ".join(each.result for each in found.dkim)} if found.dkim else {}),
        }


class Results(CheckingCase):
    def test_everything_passes(self) -> None:
        found = self.check(sealed(self.signed, 1))
        wanted = dict.fromkeys(("helo", "spf", "dkim", "arc", "dmarc", "iprev"), "pass")
        self.assertEqual(self.summary(found), wanted)
        self.assertTrue(found.may_be_answered)
        self.assertIsNone(found.refusal(Modes(*["strict"] * 6)))
        self.assertEqual(self.telemetry.counters[SMTP_DKIM_PASS.id], 1)
        self.assertEqual(self.telemetry.counters[SMTP_SPF_FROM_PASS.id], 1)
        names = ("dkim.pass", "spf.pass", "dmarc.pass", "iprev.pass")
        self.assertEqual([self.telemetry.counters[name] for name in names], [1, 2, 1, 1])

    def test_forgery(self) -> None:
        found = self.check(MESSAGE, ip="203.0.113.9", helo="evil.test")
        wanted = {"helo": "none", "spf": "fail", "dkim": "none", "dmarc": "fail", "iprev": "permerror", "arc": "none"}
        self.assertEqual(self.summary(found), wanted)
        self.assertFalse(found.may_be_answered)
        self.assertEqual(self.telemetry.counters[SMTP_DMARC_FAIL.id], 1)
        strict = Modes(dmarc="strict", spf_from="strict")
        refusals = [one and one.code for one in (found.refusal(strict), found.sender.refusal(strict))]
        self.assertEqual(refusals, [550, 550])
        self.assertIsNone(found.refusal(ALL))

    def test_fields(self) -> None:
        found = self.check()
        results = found.authentication_results("mx.test").decode()
        self.assertTrue(
            results.startswith("Authentication-Results: mx.test;\r\n\tspf=pass smtp.helo=mail.example.test")
        )
        for method in (
            "spf=pass smtp.mailfrom=alice@example.test",
            "dkim=pass",
            "arc=none",
            "dmarc=pass",
            "iprev=pass",
        ):
            self.assertIn(f"\r\n\t{method}", results)
        self.assertIn(b'receiver="mx.test"', found.received_spf("mx.test"))

    def test_nothing_is_asked_for(self) -> None:
        found = self.check(modes=NOTHING)
        self.assertEqual(self.summary(found), {})
        self.assertTrue(found.may_be_answered)
        self.assertIn(b"none", found.authentication_results("mx.test"))
        self.assertEqual(found.received_spf("mx.test"), b"")

    def test_fields_of_ours_do_no_harm(self) -> None:
        found = self.check(b"Return-Path: <a@b.test>\r\nReceived: from x\r\n\tby y; date\r\n" + self.signed)
        self.assertEqual(self.summary(found)["dkim"], "pass")

    def test_large_message_in_a_file(self) -> None:
        message = MESSAGE + b"line after line\r\n" * 10_000
        message = sign([message], [signer()], NOW) + message

        def store(files: Any) -> Stored:
            with files.begin() as writer:
                writer.write(message)
                stored: Stored = writer.commit()
                return stored

        stored = self.successResultOf(self.store.blob_work(store, writes=True))
        self.assertEqual(self.summary(self.check(stored))["dkim"], "pass")

    def test_author_that_cannot_be_told(self) -> None:
        found = self.check(b"From: somebody@else.test\r\n" + self.signed)
        self.assertEqual(self.summary(found)["dmarc"], "permerror")
        self.assertFalse(found.may_be_answered)

    def test_policy_without_consequence(self) -> None:
        self.zone["_dmarc.example.test", "TXT"] = ["v=DMARC1; p=none"]
        found = self.check(MESSAGE, ip="203.0.113.9")
        self.assertEqual((self.summary(found)["spf"], self.summary(found)["dmarc"]), ("fail", "fail"))
        self.assertFalse(found.may_be_answered, "the return path is disowned by SPF")
        self.zone["example.test", "TXT"] = ["v=spf1 ~all"]
        found = self.check(MESSAGE, ip="203.0.113.9")
        self.assertEqual((self.summary(found)["dmarc"], found.may_be_answered), ("fail", True))

    def test_return_path_that_is_disowned_though_nothing_is_known_of_the_author(self) -> None:
        """RFC 7208 8.4: a bounce would go to whoever says that the client is none of his."""
        message = MESSAGE.replace(b"From: ", b"From: a@plain.test\r\nX-From: ", 1)
        found = self.check(message, ip="203.0.113.9")
        self.assertEqual((self.summary(found)["spf"], self.summary(found)["dmarc"]), ("fail", "none"))
        self.assertFalse(found.may_be_answered)
        self.assertTrue(self.check(message).may_be_answered)

    def test_what_is_sent_on_with_its_signature_may_be_answered(self) -> None:
        found = self.check(self.signed, ip="203.0.113.9")
        self.assertEqual((self.summary(found)["spf"], self.summary(found)["dkim"]), ("fail", "pass"))
        self.assertTrue(found.may_be_answered)

    def test_address_that_is_none(self) -> None:
        self.assertEqual(set(self.summary(self.check(ip=""))), {"dkim", "arc", "dmarc"})

    def test_sender_that_was_checked_before(self) -> None:
        work = self.checking.check_sender(**PEER, modes=ALL)
        sender = self.successResultOf(Deferred.fromCoroutine(work))
        self.zone.pop(("example.test", "TXT"))
        found = self.check(MESSAGE, sender=sender)
        self.assertIs(found.sender, sender)
        self.assertEqual(self.summary(found)["dmarc"], "pass")

    def test_null_sender(self) -> None:
        found = self.check(MESSAGE, mail_from="")
        self.assertEqual(self.summary(found)["dmarc"], "pass")


class Troubles(CheckingCase):
    def test_keys_that_cannot_be_had(self) -> None:
        name = ("ed25519._domainkey.example.test", "TXT")
        for problem, result in (
            (LookupFailed("servfail", "x"), "temperror"),
            (LookupFailed("malformed", "x"), "permerror"),
            (LookupFailed("nxdomain", "x"), "permerror"),
        ):
            self.zone[name] = problem
            self.assertEqual(self.summary(self.check())["dkim"], result)

    def test_name_service_that_is_silent(self) -> None:
        for name in self.zone:
            self.zone[name] = Deferred()
        checked = self.start(sealed(self.signed, 1))
        self.assertNoResult(checked)
        self.clock.pump([LONGEST / 20] * 21)
        found = self.summary(self.successResultOf(checked))
        wanted = dict.fromkeys(("helo", "spf", "dkim", "dmarc", "iprev"), "temperror")
        self.assertEqual(found, {**wanted, "arc": "fail"})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_disk_that_is_silent(self) -> None:
        self.patch(self.store, "blob_work", lambda work, writes=False: Deferred())
        checked = self.start()
        self.clock.pump([LONGEST / 20] * 21)
        found = self.summary(self.successResultOf(checked))
        self.assertEqual((found["dkim"], found["spf"]), ("temperror", "pass"))

    def test_file_that_is_gone(self) -> None:
        found = self.check(Stored(b"?" * 32, 10))
        self.assertEqual(self.summary(found)["dkim"], "temperror")

    def test_fault_of_ours_costs_no_message(self) -> None:
        class Broken:
            async def lookup(self, name: str, rtype: str) -> Any:
                raise ZeroDivisionError

        self.patch(self.checking, "_resolver", Broken)
        self.assertEqual(self.summary(self.check())["dkim"], "temperror")

    def test_client_that_goes_away(self) -> None:
        self.zone["ed25519._domainkey.example.test", "TXT"] = Deferred()
        checked = self.start()
        checked.cancel()
        self.failureResultOf(checked, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_end_of_the_server(self) -> None:
        self.zone["example.test", "TXT"] = Deferred()
        checked = self.start()
        self.successResultOf(Deferred.fromCoroutine(self.checking.close()))
        self.failureResultOf(checked, CancelledError)

    def test_very_many_signatures_cost_little(self) -> None:
        asked: list[str] = []

        class Counting(FakeResolver):
            async def lookup(self, name: str, rtype: str) -> Any:
                asked.append(name)
                return await super().lookup(name, rtype)

        self.patch(self.checking, "_resolver", lambda: Counting(self.zone))
        one = sign([MESSAGE], [signer()], NOW)
        fields = b"".join(one.replace(b"s=ed25519", b"s=k%d" % number) for number in range(100))
        found = self.check(fields + MESSAGE)
        self.assertEqual(len(found.dkim), 10)
        self.assertEqual(len([name for name in asked if "_domainkey" in name]), 10)


class Senders(SynchronousTestCase):
    def test_nothing_known(self) -> None:
        self.assertIsNone(SenderChecked("192.0.2.1", "h.test", "").refusal(Modes(*["strict"] * 6)))
