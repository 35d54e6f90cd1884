"""MAIL and RCPT as a client writes them, read back by what the server reads them with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.envelope_commands import mail_command, rcpt_command, to_utf8_xtext, to_xtext
from stalwart.codec.smtp.parameters import xtext
from stalwart.codec.smtp_reply import Capabilities

NOTHING = Capabilities("mx.test")
ALL = Capabilities("mx.test", ("SIZE 100", "8BITMIME", "SMTPUTF8", "DSN", "REQUIRETLS"))


class MailTests(SynchronousTestCase):
    """RFC 5321 4.1.1.2 and the parameters of extensions."""

    def test_nothing_is_said_that_is_not_offered(self) -> None:
        command = mail_command(
            "", NOTHING, size=9, eight_bit=True, smtputf8=True, ret="FULL", env_id="a", require_tls=True
        )
        self.assertEqual(command, "MAIL FROM:<>")

    def test_everything(self) -> None:
        command = mail_command(
            "a@b.test", ALL, size=9, eight_bit=True, smtputf8=True, ret="FULL", env_id="a=b c", require_tls=True
        )
        expected = "MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=a+3Db+20c REQUIRETLS"
        self.assertEqual(command, expected)

    def test_what_is_not_needed(self) -> None:
        self.assertEqual(mail_command("a@b.test", ALL, size=9), "MAIL FROM:<a@b.test> SIZE=9")


class RcptTests(SynchronousTestCase):
    """RFC 3461 4.1, 4.2."""

    def test_without_reports(self) -> None:
        command = rcpt_command("a@b.test", NOTHING, notify=("NEVER",), orcpt="rfc822;x@y")
        self.assertEqual(command, "RCPT TO:<a@b.test>")

    def test_the_order_of_conditions_is_fixed(self) -> None:
        command = rcpt_command("a@b.test", ALL, notify=frozenset(("DELAY", "SUCCESS", "FAILURE")))
        self.assertEqual(command, "RCPT TO:<a@b.test> NOTIFY=SUCCESS,FAILURE,DELAY")

    def test_the_address_first_meant(self) -> None:
        command = rcpt_command("a@b.test", ALL, orcpt="rfc822;a+x@b.test")
        self.assertEqual(command, "RCPT TO:<a@b.test> ORCPT=rfc822;a+2Bx@b.test")

    def test_an_address_beyond_ascii(self) -> None:
        command = rcpt_command("a@b.test", ALL, orcpt="utf-8;jörg@b.test")
        self.assertEqual(command, "RCPT TO:<a@b.test> ORCPT=utf-8;j\\x{F6}rg@b.test")

    def test_what_is_no_address_type_is_left_out(self) -> None:
        self.assertEqual(rcpt_command("a@b.test", ALL, orcpt="a@b.test"), "RCPT TO:<a@b.test>")


class XtextTests(SynchronousTestCase):
    """RFC 3461 4 and RFC 6533 3."""

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    def test_ascii_comes_back(self, text: str) -> None:
        self.assertEqual(xtext(to_xtext(text)), text)

    @given(st.text())
    def test_it_is_one_word_of_ascii(self, text: str) -> None:
        for written in (to_xtext(text), to_utf8_xtext(text)):
            self.assertRegex(written, r"\A[!-~]*\Z")

    def test_what_is_written_already_stays(self) -> None:
        self.assertEqual(to_utf8_xtext("j\\x{F6}rg+\\"), "j\\x{F6}rg\\x{2B}\\x{5C}")
