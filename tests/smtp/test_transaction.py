"""Messages of programs in this process."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.mail.smtp import Address, SMTPServerError
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.paths import NULL, Path
from stalwart.errors import Unavailable
from stalwart.smtp.envelope import Peer
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import MX
from stalwart.smtp.transaction import Receiving, Transaction, path_of
from tests.smtp.twin import SmtpServer

JANE, JOHN = Path("jane", "a.test"), Path("john", "b.test")


class TransactionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = SmtpServer()
        self.reception = self.server.reception
        self.limits = Limits(recipients=2, message_size=20)

    def begin(self, path: Path = JANE) -> Deferred[Transaction]:
        receiving = Receiving(self.reception, self.server.clock)
        return Deferred.fromCoroutine(Transaction.begin(receiving, Peer(MX, self.limits), path))

    def begun(self) -> Transaction:
        made = self.successResultOf(self.begin())
        self.successResultOf(Deferred.fromCoroutine(made.add(JOHN)))
        made.open()
        return made

    def end(self, transaction: Transaction) -> int:
        """The code, 250 if all is well."""
        found: list[int] = []
        ending = Deferred.fromCoroutine(transaction.end())
        ending.addCallbacks(lambda _: found.append(250), lambda failure: found.append(failure.value.code))
        return found[0]

    def test_a_message(self) -> None:
        made = self.begun()
        self.assertIsNone(made.write(b"Text\r\n"))
        self.assertEqual((self.end(made), self.reception.octets), (250, [b"Text\r\n"]))
        made.abandon()
        self.assertFalse(self.reception.spools[0].aborted)

    def test_refusals(self) -> None:
        refused = self.failureResultOf(self.begin(Path("nobody", "a.test")), SMTPServerError).value
        self.assertEqual((refused.code, refused.resp), (550, "5.7.1 Not from them"))
        self.reception.problems["hello"] = Unavailable()
        self.assertEqual(self.failureResultOf(self.begin(), SMTPServerError).value.code, 451)

    def test_recipients(self) -> None:
        made = self.begun()
        for path, code in ((Path("unknown", "b.test"), 550), (JOHN, 0), (JOHN, 452)):
            adding = Deferred.fromCoroutine(made.add(path))
            if code:
                self.assertEqual(self.failureResultOf(adding, SMTPServerError).value.code, code)
            else:
                self.successResultOf(adding)

    def test_too_large(self) -> None:
        made = self.begun()
        made.write(b"x" * 21)
        self.assertEqual((self.end(made), self.reception.spools[0].aborted), (552, True))

    def test_problems_of_the_spool(self) -> None:
        for step, code in (("write", 451), ("commit", 451), ("deliver", 451)):
            self.reception.problems = {step: ValueError("secret")}
            made = self.begun()
            made.write(b"x")
            self.assertEqual((self.end(made), self.reception.spools[-1].aborted), (code, True), step)
        self.reception.problems = {"spool": ValueError("secret")}
        made = self.successResultOf(self.begin())
        self.assertRaises(SMTPServerError, made.open)

    def test_a_write_that_fails_later(self) -> None:
        self.reception.slow = True
        made = self.begun()
        waiting = made.write(b"x")
        self.reception.spools[0].waits[0].errback(OSError("secret"))
        self.successResultOf(waiting)
        self.assertEqual(self.end(made), 451)

    def test_addresses(self) -> None:
        self.assertEqual(path_of(Address(b"<Jane@A.test>")), Path("Jane", "a.test"))
        self.assertEqual(path_of(Address(b'"a b"@a.test')), Path("a b", "a.test"))
        self.assertEqual(path_of(Address(b"")), NULL)
        self.assertRaises(SMTPServerError, path_of, Address(b""), may_be_null=False)
        self.assertRaises(SMTPServerError, path_of, Address(b"a..b@a.test"))
