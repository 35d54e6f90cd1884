"""Messages, envelopes and name servers of people who want to be taken for somebody else, or to cost a lot.

`bank.test` is who they want to be: it wants forgeries to be rejected. `evil.test` is theirs.
"""

from __future__ import annotations

import time
from email import policy
from email.parser import BytesParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.codec.dkim.fields import divided
from stalwart.codec.dkim.signing import Signer, sign
from stalwart.codec.mime import headers
from stalwart.codec.smtp.message_head import read_head
from stalwart.mail.authentication.checking import Checked, Modes
from stalwart.mail.authentication.evidence import authors_of
from stalwart.net.dns import Answer, LookupFailed
from stalwart.telemetry.events import Event
from tests.codec.dkim.signed_mail import NOW, key_record, signing_key
from tests.mail.authentication.test_checking import CheckingCase
from tests.net.fake_dns import FakeResolver

BODY = b"\r\n\r\nPay here.\r\n"
STRICT = Modes(dmarc="strict")
EVIL = {"ip": "192.0.2.66", "helo": "mail.evil.test", "mail_from": "a@evil.test"}


def tags(**given: str) -> bytes:
    """A DKIM-Signature that says so."""
    usual = {"v": "1", "a": "ed25519-sha256", "d": "evil.test", "s": "x", "h": "from", "bh": "QUJD", "b": "QUJD"}
    return f"DKIM-Signature: {'; '.join(f'{name}={value}' for name, value in {**usual, **given}.items())}\r\n".encode()


class Resolver(FakeResolver):
    """As DNS is: no name has more than 253 characters."""

    async def lookup(self, name: str, rtype: str) -> Answer:
        if len(name) > 253:
            raise LookupFailed("malformed", "too long")
        return await super().lookup(name, rtype)


class HostileCase(CheckingCase):
    def setUp(self) -> None:
        super().setUp()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self.note)
        self.zone |= {
            ("_dmarc.bank.test", "TXT"): ["v=DMARC1; p=reject"],
            ("evil.test", "TXT"): ["v=spf1 ip4:192.0.2.66 -all"],
            ("mail.evil.test", "A"): ["192.0.2.66"],
            ("x._domainkey.evil.test", "TXT"): [key_record("ed25519")],
            ("_dmarc.evil.test", "TXT"): ["v=DMARC1; p=none"],
        }

    def resolver(self) -> Resolver:
        return Resolver(self.zone)

    def note(self, event: Event, values: dict[str, Any]) -> None:
        """Keep what was told."""
        self.told.append((event.id, values))

    def forged(self, head: bytes, **peer: Any) -> Checked:
        """What is found of a message from them; looks that wait are given all the time there is."""
        started = self.start(head + BODY, STRICT, **{**EVIL, **peer})
        for _ in range(90):
            self.clock.advance(0.25)
        return self.successResultOf(started)

    def assert_refused(self, found: Checked, why: object = None) -> None:
        refusal = found.refusal(STRICT)
        self.assertIsNotNone(refusal, (why, found.dmarc))

    def assert_quiet(self) -> None:
        """No fault of ours was told, and nothing long."""
        for name, values in self.told:
            self.assertNotIn("trace", values, name)
            self.assertLess(max(len(str(value)) for value in values.values()), 8000, name)


class AuthorTests(HostileCase):
    def test_bank_is_found_wherever_it_is_an_author(self) -> None:
        for value in (
            b"b@bank.test",
            b"a@evil.test, b@bank.test",
            b"b@bank.test, a@evil.test",
            b"friends: a@evil.test, b@bank.test;",
            b"a@evil.test; b@bank.test",
            b"a@evil.test b@bank.test",
            b"<b@bank.test> <a@evil.test>",
            b"<b@bank.test> a@evil.test",
            b"<@evil.test,@evil.test:b@bank.test>",
            b'"a@evil.test" <b@bank.test>',
            b'"a@evil.test"@bank.test',
            b"=?utf-8?q?b=40bank.test?=",
            b"=?utf-8?b?YkBiYW5rLnRlc3Q=?=, a@evil.test",
            b"b(a@evil.test)@(evil.test)bank(.evil).(((x)))test(evil.test)",
            b"b@BANK.TEST.",
            "b@ｂａｎｋ.test".encode(),
            "b@bank。test".encode(),
            b"b@ba\0nk.test",
            b"a@evil.test\r\n\t,\r\n\tb@bank.test",
            b"b@www.bank.test",
            b"b@" + b"x." * 119 + b"bank.test",
        ):
            self.assert_refused(self.forged(b"From: " + value), value)
        self.assert_quiet()

    def test_authors_that_cannot_be_told(self) -> None:
        for head in (
            b"From: undisclosed:;",
            b"From: ",
            b"From: (a@evil.test",
            b"From: b@[192.0.2.66]",
            b"From: b@bank\xff.test",
            b'From: a@evil.test"@bank.test"',
            b'From: "b@bank.test <a@evil.test>',
            b"From: <=?utf-8?q?b=40bank.test?=>",
            b"From: " + b"a@evil.test," * 1000,
            b"From: a@evil.test, b@b.test, c@c.test, d@d.test, e@e.test",
            b"From: a@evil.test\r\nFrom: b@bank.test",
            b"From: b@bank.test\r\nfrom : a@evil.test",
            b" From: b@bank.test\r\nFrom: a@evil.test",
            b"junk\r\nFrom: b@bank.test\r\nFROM\t: a@evil.test",
            b"X: y\nFrom: b@bank.test\r\nFrom: a@evil.test",
            b"X: y\rFrom: b@bank.test\r\nFrom: a@evil.test",
            b"Sender: a@evil.test",
        ):
            found = self.forged(head)
            self.assertEqual(found.dmarc and found.dmarc.result, "permerror", head)
            self.assert_refused(found, head)
        self.assert_quiet()

    def test_names_that_are_only_shown_do_not_count(self) -> None:
        for value in (
            b'"b@bank.test" <a@evil.test>',
            b"=?utf-8?q?b=40bank.test?= <a@evil.test>",
            b"a@evil.test (b@c.d)",
        ):
            found = self.forged(b"From: " + value)
            self.assertEqual((found.dmarc and found.dmarc.domain, found.refusal(STRICT)), ("evil.test", None))

    def test_no_other_reader_sees_another_author(self) -> None:
        for head in (
            b"From\r\n : b@bank.test\r\nFrom: a@evil.test",
            b"\0From: b@bank.test\r\nFrom: a@evil.test",
            b"X: y\r\n \r\nFrom: a@evil.test",
            b"X: y\r\n\t\r\n  From: b@bank.test\r\nFrom: a@evil.test",
            b"From: a@evil.test\x0cFrom: b@bank.test",
        ):
            fields, _ = divided([head + BODY])
            begin, end = 0, headers.block(head + BODY, 0, len(head + BODY))[0]
            shown = [each for each in headers.fields(head + BODY, begin, end) if each.name.lower() == "from"]
            mine = [each for each in fields if each.name == b"from"]
            self.assertLessEqual(len(shown), len(mine), head)
            self.assertEqual(authors_of(fields)[0], ("evil.test",) if b"\x0c" not in head else authors_of(fields)[0])

    @given(st.lists(st.sampled_from([b"a@evil.test", b"b@bank.test", *(c.encode() for c in '<>(),;:"\\ @=?')])))
    def test_whoever_the_standard_library_sees_is_an_author(self, parts: list[bytes]) -> None:
        head = b"From: " + b"".join(parts)
        domains, doubt = authors_of(divided([head + BODY])[0])
        try:
            found = BytesParser(policy=policy.default).parsebytes(head + BODY)["From"]
            seen = () if found.defects else found.addresses  # there is one way only to read what is well formed
        except Exception:  # it has faults of its own
            return
        if seen and all(each.domain for each in seen) and not doubt:
            self.assertTrue({"bank.test"} & {each.domain for each in seen} <= set(domains), (head, domains, seen))


class SlowNameServerTests(HostileCase):
    """Name servers of theirs that take their time must not keep the policy of others from being known."""

    def test_second_author(self) -> None:
        for value in (b"a@evil.test, b@bank.test", b"b@bank.test, a@evil.test"):
            self.zone["_dmarc.evil.test", "TXT"] = Deferred()
            self.assert_refused(self.forged(b"From: " + value), value)

    def test_organisation_of_the_sender(self) -> None:
        for answer in (Deferred(), LookupFailed("servfail", "no")):
            self.zone["_dmarc.evil.test", "TXT"] = answer
            found = self.forged(b"From: b@bank.test")
            self.assertEqual(found.dmarc and (found.dmarc.result, found.dmarc.policy), ("temperror", "reject"))
            self.assert_refused(found)

    def test_organisation_of_a_signature(self) -> None:
        signer = Signer(signing_key("ed25519"), "evil.test", "x")
        head = b"From: b@bank.test"
        self.zone["_dmarc.evil.test", "TXT"] = Deferred()
        found = self.forged(sign([head + BODY], [signer], NOW) + head, mail_from="")
        self.assertEqual([each.result for each in found.dkim], ["pass"])
        self.assert_refused(found)

    def test_keys(self) -> None:
        for place in range(10):
            self.zone[f"s{place}._domainkey.evil.test", "TXT"] = Deferred()
        self.zone["evil.test", "TXT"] = Deferred()
        self.zone["66.2.0.192.in-addr.arpa", "PTR"] = Deferred()
        head = b"".join(tags(s=f"s{place}") for place in range(10)) + b"From: b@bank.test"
        found = self.forged(head)
        self.assertEqual({each.result for each in found.dkim}, {"temperror"})
        self.assert_refused(found)

    def test_failure_that_nobody_minds_does_not_hide_another(self) -> None:
        self.zone["_dmarc.wicked.test", "TXT"] = Deferred()
        self.zone["wicked.test", "TXT"] = ["v=spf1 +all"]
        found = self.forged(b"From: a@evil.test, b@bank.test", mail_from="a@wicked.test")
        self.assertEqual(found.dmarc and found.dmarc.domain, "bank.test")
        self.assert_refused(found)

    def test_own_signature_passes_whatever_others_do(self) -> None:
        own = Signer(signing_key("ed25519"), "www.bank.test", "x")
        self.zone["x._domainkey.www.bank.test", "TXT"] = [key_record("ed25519")]
        self.zone["_dmarc.evil.test", "TXT"] = Deferred()
        head = b"From: b@bank.test"
        message = sign([head + BODY], [Signer(signing_key("ed25519"), "evil.test", "x"), own], NOW) + head
        found = self.forged(message)
        self.assertEqual(found.dmarc and found.dmarc.result, "pass")


class AnswerTests(HostileCase):
    def test_odd_answers_cost_no_fault(self) -> None:
        self.zone["66.2.0.192.in-addr.arpa", "PTR"] = ["a b.test.", "x" * 70 + ".test.", ".", "a..b.", "\\255.test."]
        odd = ("", "\xff\0\r\nX: y", "v=DKIM1; p=\xff", "v=DKIM1; p=" + "A" * 20_000, "p=" + "A;" * 5000, "v=spf1 \0")
        spf = (
            "v=spf1 exists:%{l}%{s}%{h}.test a:" + "a." * 2000 + "b mx:.. ptr:%{p} -all",
            "v=spf1 include:evil.test redirect=evil.test",
            "v=spf1 exp=" + "%{s}" * 1000 + ".test -all",
            *odd,
        )
        for text in spf:
            self.zone["evil.test", "TXT"] = [text]
            self.zone["x._domainkey.evil.test", "TXT"] = [text]
            self.zone["_dmarc.evil.test", "TXT"] = [text]
            found = self.forged(tags() + b"From: a@evil.test", mail_from="a.b..c%{d}\\@evil.test")
            self.assertNotIn("pass", (found.dmarc and found.dmarc.result, *(each.result for each in found.dkim)))
        self.assert_quiet()

    def test_macros_take_no_time(self) -> None:
        self.zone["evil.test", "TXT"] = ["v=spf1 exists:" + "%{s}" * 2000 + ".test -all"]
        begun = time.perf_counter()
        self.forged(b"From: a@evil.test", mail_from="a." * 120 + "a@" + "evil.test")
        self.assertLess(time.perf_counter() - begun, 1.0)


class FieldTests(HostileCase):
    def lines(self, found: Checked) -> list[bytes]:
        """Those of the fields that are written."""
        text = found.authentication_results("mx.test") + found.received_spf("mx.test")
        self.assertTrue(text.endswith(b"\r\n"))
        lines = text[:-2].split(b"\r\n")
        begun = [line.partition(b":")[0] for line in lines if not line.startswith((b" ", b"\t"))]
        self.assertEqual(begun, [b"Authentication-Results", b"Received-SPF"])
        self.assertLessEqual(max(map(len, lines)), 998)
        self.assertFalse({b"\0", b"\r", b"\n"} & {bytes([octet]) for line in lines for octet in line})
        return lines

    def test_tags_of_signatures(self) -> None:
        wide, quotes, long = "€" * 400, '"' * 400, "x" * 500_000
        for given_ in (
            {"d": long},
            {"s": long},
            {"a": long},
            {"d": "evil.test\r\n X: y", "s": "a; dkim=pass header.d=bank.test"},
            {"i": f"{wide}@evil.test"},
            {"i": f"{quotes}@evil.test", "s": "y" * 150},
            {"i": 'a" ; spf=pass smtp.mailfrom="b@bank.test" x="@evil.test'},
            {"i": "a\r\n\t;dkim=pass@evil.test"},
            {"d": ".".join(["x" * 60] * 4), "i": f"{wide}@" + ".".join(["x" * 60] * 4)},
        ):
            found = self.forged(tags(**given_) + b"From: a@evil.test")
            self.assertNotIn(b"dkim=pass", b" ".join(self.lines(found)).replace(b'"', b' " ').split(), given_)
        self.assert_quiet()

    def test_envelopes(self) -> None:
        for said in ("€" * 400, '"' * 400, "a\r\nX: y\0", "\udcff.test", "(x) ; dmarc=pass", "a" * 3000):
            found = self.forged(b"From: a@evil.test", helo=said, mail_from=f"{said}@{said}")
            self.assertNotIn(b"dmarc=pass", b" ".join(self.lines(found)).split(), said)

    def test_only_some_signatures_are_looked_at(self) -> None:
        found = self.forged(tags() * 500 + b"From: a@evil.test")
        self.assertEqual(len(found.dkim), 10)

    def test_forged_results_do_not_stay(self) -> None:
        said = b"; dmarc=pass header.from=bank.test\r\n"
        for name in (
            b"mx.test",
            b"MX.Test.",
            b'"mx.test"',
            b'"m\\x.te\\st"',
            b"\r\n\tmx.test",
            b"(a)\t(b(c(d(e(f(g(h(i(j(k)))))))))))mx.test",
            b"mx.test(c) 1",
            b"mx.test/1",
            b"mx.test=",
            b"mx.test\0",
            b"mx.test,x",
            b"(never ends mx.test",
            b"",
            b'"mx.test',
        ):
            head = read_head(
                b"A: b\r\nAuthentication-Results: " + name + said + b"From: a@evil.test" + BODY, authserv_id="mx.test"
            )
            self.assertNotIn(b"dmarc", head.octets, name)
        for name in (b"mx.test.evil.test", b"xmx.test", b"(mx.test) evil.test", b"evil.test; mx.test"):
            head = read_head(b"Authentication-Results: " + name + said + BODY, authserv_id="mx.test")
            self.assertIn(b"dmarc", head.octets, name)

    def test_comments_take_no_time(self) -> None:
        begun = time.perf_counter()
        for text in (b"(" * 120_000, b"(" + b"\\(" * 60_000, b"()" * 60_000, b'"' + b'\\"' * 60_000, b"(\\" * 60_000):
            read_head(b"Authentication-Results: " + text + BODY, authserv_id="mx.test")
        self.assertLess(time.perf_counter() - begun, 2.0)
