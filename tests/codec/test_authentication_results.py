"""Header fields that say what was found."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import (
    ArcVerdict,
    DkimVerdict,
    DmarcVerdict,
    NameVerdict,
    SpfVerdict,
    arc_method,
    authentication_results,
    dkim_method,
    dmarc_method,
    name_method,
    received_spf,
    spf_method,
)

SPF = SpfVerdict("pass", "example.org", "mailfrom", "a@example.org", "ip4:192.0.2.0/24")
HOSTILE = st.text(st.sampled_from('a;()\\"\r\n \t=@\x00é.'), max_size=30)
WELL_FORMED = re.compile(r'(?:[^"()\\\r\n]|"(?:[^"\\\r\n]|\\.)*"|\([^()\\\r\n]*\)|\r\n\t)*\r\n\Z')


class Results(SynchronousTestCase):
    def test_nothing_was_looked_at(self) -> None:
        self.assertEqual(authentication_results("mx.test", []), b"Authentication-Results: mx.test;\r\n\tnone\r\n")

    def test_methods(self) -> None:
        dkim = DkimVerdict("pass", "example.org", "s1", "rsa-sha256", "@example.org", "AbCd+/12")
        found = authentication_results(
            "mx.test",
            [
                spf_method(SPF),
                dkim_method(dkim),
                arc_method(ArcVerdict("pass", 2, "lists.test")),
                dmarc_method(DmarcVerdict("pass", "example.org", "reject", "reject", "example.org")),
                name_method(NameVerdict("pass", "192.0.2.1", "mail.example.org")),
            ],
        )
        self.assertEqual(
            found.decode().split("\r\n\t"),
            [
                "Authentication-Results: mx.test;",
                "spf=pass smtp.mailfrom=a@example.org;",
                'dkim=pass header.d=example.org header.s=s1 header.a=rsa-sha256 header.b="AbCd+/12";',
                "arc=pass (i=2 d=lists.test);",
                "dmarc=pass (p=reject) header.from=example.org policy.dmarc=reject;",
                "iprev=pass (mail.example.org) policy.iprev=192.0.2.1\r\n",
            ],
        )

    def test_failures_say_why(self) -> None:
        self.assertEqual(dkim_method(DkimVerdict("none")), "dkim=none")
        self.assertEqual(
            dkim_method(DkimVerdict("fail", "a.test", identity="x@b.a.test", reason="it (x) is bad")),
            "dkim=fail (it x is bad) header.d=a.test header.i=x@b.a.test",
        )
        self.assertEqual(dmarc_method(DmarcVerdict("none", "a.test")), "dmarc=none header.from=a.test")
        helo = SpfVerdict("none", "x", "helo", "x y")
        self.assertEqual(spf_method(helo), 'spf=none smtp.helo="x y"')

    @given(HOSTILE, HOSTILE, HOSTILE)
    def test_strangers_cannot_break_out(self, one: str, two: str, three: str) -> None:
        spf = SpfVerdict("fail", one, "mailfrom", two, three, reason=three)
        methods = [
            spf_method(spf),
            dkim_method(DkimVerdict("fail", one, two, three, two, one, reason=two)),
            dmarc_method(DmarcVerdict("fail", one, policy_domain=two, reason=three)),
            name_method(NameVerdict("fail", one, two, three)),
            arc_method(ArcVerdict("fail", 1, one, two)),
        ]
        field = authentication_results("mx.test", methods).decode()
        self.assertRegex(field, WELL_FORMED)
        quoted = re.sub(r'"(?:[^"\\]|\\.)*"|\([^()]*\)', "", field)
        self.assertEqual(quoted.count(";"), len(methods))
        said = received_spf(spf, ip="192.0.2.1", helo=one, mail_from=two, receiver="mx.test").decode()
        self.assertRegex(said, WELL_FORMED)


class Received(SynchronousTestCase):
    def test_field(self) -> None:
        found = received_spf(
            SPF, ip="192.0.2.1", helo="mail.example.org", mail_from="a@example.org", receiver="mx.test"
        )
        self.assertEqual(
            found.decode().split("\r\n\t"),
            [
                "Received-SPF: pass (example.org designates 192.0.2.1 as permitted sender)",
                'client-ip="192.0.2.1";',
                'envelope-from="a@example.org";',
                'helo="mail.example.org";',
                'receiver="mx.test";',
                'identity="mailfrom";',
                'mechanism="ip4:192.0.2.0/24"\r\n',
            ],
        )

    def test_null_sender(self) -> None:
        found = received_spf(SPF, ip="192.0.2.1", helo="h.test", mail_from="", receiver="mx.test")
        self.assertIn(b'envelope-from="";', found)
