"""Command lines: each verb, the lenient places, and what is refused with which codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.commands import Ask, Auth, Bdat, Hello, Mail, Rcpt, Verb, parse
from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import NULL, Path
from stalwart.codec.smtp_reply import Reply

ANNOUNCED = ("SIZE", "BODY", "SMTPUTF8", "NOTIFY")
JANE = Path("jane", "a.test")
GOOD = {
    b"EHLO a.test": Hello("EHLO", "a.test"),
    b"helo A.test. ": Hello("HELO", "A.test"),
    b"LHLO [192.0.2.1]": Hello("LHLO", "[192.0.2.1]"),
    b"EHLO 192.0.2.1": Hello("EHLO", "192.0.2.1"),
    b"EHLO under_score": Hello("EHLO", "under_score"),
    b"MAIL FROM:<>": Mail(NULL, MailParameters()),
    b"mail from: <jane@a.test>  SIZE=5  ": Mail(JANE, MailParameters(size=5)),
    b"RCPT TO:<jane@a.test> NOTIFY=NEVER": Rcpt(JANE, RcptParameters(notify=frozenset())),
    "RCPT TO:<jané@a.test>".encode(): Rcpt(Path("jané", "a.test"), RcptParameters()),
    b"DATA": Verb.DATA,
    b"rset ": Verb.RSET,
    b"Quit": Verb.QUIT,
    b"STARTTLS": Verb.STARTTLS,
    b"NOOP at all": Verb.NOOP,
    b"HELP": Verb.HELP,
    b"VRFY jane": Ask("VRFY", "jane"),
    b"expn <list@a.test>": Ask("EXPN", "<list@a.test>"),
    b"BDAT 0": Bdat(0, False),
    b"BDAT 1000 last": Bdat(1000, True),
    b"AUTH plain": Auth("PLAIN", None),
    b"AUTH PLAIN =": Auth("PLAIN", ""),
    b"AUTH XOAUTH2 abc=": Auth("XOAUTH2", "abc="),
}
BAD = {
    b"": (500, "5.5.1"),
    b"JUNK": (500, "5.5.1"),
    b"MAILFROM:<>": (500, "5.5.1"),
    b"\x16\x03\x01": (500, "5.5.2"),
    b"NOOP\x00": (500, "5.5.2"),
    b"NOOP\t": (500, "5.5.2"),
    b"RCPT TO:<\xff@a.test>": (500, "5.5.2"),
    b"EXPN": (501, "5.5.4"),
    b"TURN": (502, "5.5.1"),
    b"EHLO": (501, "5.5.4"),
    b"EHLO a b": (501, "5.5.4"),
    b"EHLO <script>": (501, "5.5.4"),
    b"EHLO [192.0.2.300]": (501, "5.5.4"),
    b"EHLO fe80::1": (501, "5.5.4"),
    b"MAIL": (501, "5.5.2"),
    b"MAIL FROM <>": (501, "5.5.2"),
    b"MAIL FROM:jane@a.test": (501, "5.1.7"),
    b"MAIL FROM:<jane@a.test>SIZE=5": (501, "5.5.4"),
    b"MAIL FROM:<jane@a.test> SIZE=x": (501, "5.5.4"),
    b"MAIL FROM:<jane@a.test> RET=FULL": (555, "5.5.4"),
    b"RCPT FROM:<jane@a.test>": (501, "5.5.2"),
    b"RCPT TO:<>": (501, "5.1.3"),
    b"RCPT TO:<jane@a.test> X=1": (555, "5.5.4"),
    b"DATA now": (501, "5.5.4"),
    b"VRFY": (501, "5.5.4"),
    b"BDAT": (501, "5.5.4"),
    b"BDAT -1": (501, "5.5.4"),
    b"BDAT 5 FIRST": (501, "5.5.4"),
    b"BDAT " + b"9" * 21: (501, "5.5.4"),
    b"AUTH": (501, "5.5.4"),
    b"AUTH a/b": (501, "5.5.4"),
}


class CommandTests(SynchronousTestCase):
    def test_good_ones(self) -> None:
        for line, command in GOOD.items():
            self.assertEqual(parse(line, ANNOUNCED), command, line)

    def test_bad_ones(self) -> None:
        for line, (code, enhanced) in BAD.items():
            answer = parse(line, ANNOUNCED)
            assert isinstance(answer, Reply), line
            self.assertEqual((answer.code, answer.enhanced), (code, enhanced), line)

    def test_browsers_are_sent_away(self) -> None:
        """A page may have a browser speak to a mail server: what follows are header fields and a form."""
        for line in (b"GET / HTTP/1.1", b"POST /x HTTP/1.1", b"Host: a.test", b"CONNECT a:25 HTTP/1.1"):
            self.assertIs(parse(line, ANNOUNCED), replies.WRONG_PROTOCOL)

    @given(st.binary(max_size=200) | st.sampled_from(sorted(GOOD)).flatmap(lambda g: st.binary().map(lambda b: g + b)))
    def test_nothing_is_raised(self, line: bytes) -> None:
        parse(line, ANNOUNCED)
