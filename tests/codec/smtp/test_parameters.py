"""Parameters of MAIL and RCPT: RFC 1870, RFC 6152, RFC 6531, RFC 3461, RFC 4954."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.parameters import (
    InvalidParameter,
    MailParameters,
    RcptParameters,
    UnknownParameter,
    mail_parameters,
    rcpt_parameters,
    xtext,
)

ALL = ("SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH", "NOTIFY", "ORCPT")


class MailTests(SynchronousTestCase):
    def test_all_of_them(self) -> None:
        text = " size=1000 Body=8bitmime SMTPUTF8 RET=hdrs ENVID=a+2Bb AUTH=<>"
        found = mail_parameters(text, ALL)
        self.assertEqual(found, MailParameters(1000, "8BITMIME", True, "HDRS", "a+b", "<>"))

    def test_none(self) -> None:
        self.assertEqual(mail_parameters("", ALL), MailParameters())

    def test_what_is_malformed(self) -> None:
        for text in (
            *(" SIZE", " SIZE=x", " SIZE=-1", " SIZE=" + "1" * 21, " SIZE=١", " BODY=9BIT", " BODY", " SMTPUTF8=1"),
            *(" RET=ALL", " ENVID=", " ENVID=a+2b", " ENVID=" + "a" * 101, " ENVID=+0A", " AUTH", " SIZE=1 SIZE=1"),
            *("SIZE=1", " =1", " SIZE==1", " -A=1", " SI\u00dfE=1", " BODY=BINARYMIME"),
        ):
            self.assertRaises(InvalidParameter, mail_parameters, text, ALL)

    def test_mail_for_later(self) -> None:
        """RFC 4865 3."""
        announced = ("HOLDFOR", "HOLDUNTIL")
        self.assertEqual(mail_parameters(" HOLDFOR=999999999", announced).holdfor, 999_999_999)
        for text, moment in {
            "2027-01-15T08:00:00Z": 1_800_000_000,
            "2027-01-15T09:00:00+01:00": 1_800_000_000,
            "2027-01-15T08:00:00.25Z": 1_800_000_000,
        }.items():
            self.assertEqual(mail_parameters(f" HOLDUNTIL={text}", announced).holduntil, moment)
        for text in (
            *("HOLDFOR", "HOLDFOR=0", "HOLDFOR=-1", "HOLDFOR=1.5", "HOLDFOR=1000000000", "HOLDFOR=1 HOLDFOR=1"),
            *("HOLDUNTIL=2027-01-15", "HOLDUNTIL=2027-13-15T08:00:00Z", "HOLDUNTIL=2027-01-15T08:00:00"),
            *("HOLDUNTIL", "HOLDUNTIL=0000-01-01T00:00:00Z", "HOLDFOR=1 HOLDUNTIL=2027-01-15T08:00:00Z"),
        ):
            self.assertRaises(InvalidParameter, mail_parameters, f" {text}", announced)

    def test_priority_and_tls(self) -> None:
        """RFC 6710 3, RFC 8689 3."""
        announced = ("MT-PRIORITY", "REQUIRETLS")
        found = mail_parameters(" mt-priority=-9 requiretls", announced)
        self.assertEqual((found.mt_priority, found.requiretls), (-9, True))
        for text in ("MT-PRIORITY", "MT-PRIORITY=10", "MT-PRIORITY=+1", "MT-PRIORITY=x", "REQUIRETLS=yes"):
            self.assertRaises(InvalidParameter, mail_parameters, f" {text}", announced)

    def test_what_is_not_announced_is_unknown(self) -> None:
        self.assertRaises(UnknownParameter, mail_parameters, " RET=FULL", ("SIZE",))
        self.assertRaises(UnknownParameter, mail_parameters, " X-OTHER", ALL)
        self.assertRaises(UnknownParameter, mail_parameters, " NOTIFY=NEVER", ALL)


class RcptTests(SynchronousTestCase):
    def test_all_of_them(self) -> None:
        found = rcpt_parameters(" NOTIFY=success,Failure ORCPT=RFC822;jane+2B1@a.test", ALL)
        self.assertEqual(found, RcptParameters(frozenset(("SUCCESS", "FAILURE")), ("rfc822", "jane+1@a.test")))

    def test_never_is_nothing_at_all(self) -> None:
        self.assertEqual(rcpt_parameters(" NOTIFY=NEVER", ALL).notify, frozenset())
        self.assertIsNone(rcpt_parameters("", ALL).notify)

    def test_an_address_in_utf_8(self) -> None:
        self.assertEqual(rcpt_parameters(" ORCPT=utf-8;jané@ä.test", ALL).orcpt, ("utf-8", "jané@ä.test"))

    def test_what_is_malformed(self) -> None:
        for text in (
            *(" NOTIFY=NEVER,DELAY", " NOTIFY=", " NOTIFY=DELAY,DELAY", " NOTIFY=soon", " ORCPT=jane", " ORCPT=;x"),
            *(" ORCPT=rfc822;a+0D+0A", " ORCPT=r f;x", " ORCPT=rfc822;é", " ORCPT=rfc822;" + "a" * 500),
        ):
            self.assertRaises(InvalidParameter, rcpt_parameters, text, ALL)

    @given(st.text(max_size=100))
    def test_nothing_else_is_raised(self, text: str) -> None:
        for read in (mail_parameters, rcpt_parameters):
            for keyword in ("", *ALL):
                with contextlib.suppress(InvalidParameter, UnknownParameter):
                    read(f" {keyword}={text}", ALL)


class XtextTests(SynchronousTestCase):
    def test_it_is_read(self) -> None:
        self.assertEqual(xtext("a+3Db+20c"), "a=b c")

    def test_what_is_none(self) -> None:
        for text in ("a=b", "a b", "+", "+2", "+2g", "+2b", "ä", "+00"):
            self.assertRaises(InvalidParameter, xtext, text)
