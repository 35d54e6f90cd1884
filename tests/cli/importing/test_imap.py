"""Mail of an IMAP server, which is Twisted's. Tests ``stalwart.cli.importing.imap``."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import protocol, reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.mail import imap4
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from stalwart.cli.importing.imap import ImapSource, folder_of, keywords_of
from stalwart.cli.settings.problems import Problem


@implementer(imap4.IMessage, imap4.IMessageFile)
class _Message:
    def __init__(self, uid: int, octets: bytes, *flags: str) -> None:
        self.uid, self.octets, self.flags = uid, octets, flags

    def getUID(self) -> int:
        return self.uid

    def getFlags(self) -> tuple[str, ...]:
        return self.flags

    def getInternalDate(self) -> bytes:
        return b"01-Jan-2026 10:00:00 +0100"

    def getSize(self) -> int:
        return len(self.octets)

    def open(self) -> Any:
        return BytesIO(self.octets)


@implementer(imap4.IMailbox, imap4.ISearchableMailbox)
class _Mailbox:
    def __init__(self, *messages: _Message, flags: tuple[str, ...] = ()) -> None:
        self.messages, self.attributes = messages, flags

    def getUIDValidity(self) -> int:
        return 7

    def getUIDNext(self) -> int:
        return 100

    def getMessageCount(self) -> int:
        return len(self.messages)

    def getRecentCount(self) -> int:
        return 0

    def isWriteable(self) -> bool:
        return True

    def getFlags(self) -> list[str]:
        return ["\\Seen"]

    def getHierarchicalDelimiter(self) -> str:
        return "/"

    def requestStatus(self, names: Any) -> Any:
        return imap4.statusRequestHelper(self, names)

    def search(self, query: Any, uid: bool) -> list[int]:
        return list(range(1, len(self.messages) + 1))

    def getUID(self, number: int) -> int:
        return self.messages[number - 1].uid

    def fetch(self, messages: Any, uid: bool) -> list[tuple[int, _Message]]:
        messages.last = 100
        return [(number, each) for number, each in enumerate(self.messages, 1) if each.uid in messages]

    def addListener(self, listener: Any) -> None:
        pass

    def removeListener(self, listener: Any) -> None:
        pass


class _Account(imap4.MemoryAccount):
    def listMailboxes(self, ref: str, wildcard: str) -> list[tuple[str, Any]]:
        return list(self.mailboxes.items())


@implementer(IRealm)
class _Realm:
    def __init__(self, account: _Account) -> None:
        self.account = account

    def requestAvatar(self, user: Any, mind: Any, *interfaces: Any) -> Any:
        return imap4.IAccount, self.account, lambda: None


class _Factory(protocol.Factory):
    def __init__(self, account: _Account) -> None:
        checker = InMemoryUsernamePasswordDatabaseDontUse(jane=b"secret")
        self.portal: Any = Portal(_Realm(account), [checker])  # type: ignore[arg-type, list-item]

    def buildProtocol(self, address: Any) -> Any:
        server = imap4.IMAP4Server()
        server.portal = self.portal
        return server


class ServerTests(TestCase):
    def setUp(self) -> None:
        account = _Account("jane")
        account.mailboxes = {
            "INBOX": _Mailbox(_Message(3, b"Subject: a\n\nb\n", "\\Seen", "Work"), _Message(5, b"x", "\\Deleted")),
            "SENT & MORE/ENTWÜRFE": _Mailbox(_Message(1, b"Subject: c\r\n\r\nd\r\n")),
        }
        listening: Any = reactor
        self.port: Any = listening.listenTCP(0, _Factory(account), interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.url = f"imap://127.0.0.1:{self.port.getHost().port}"

    def read(self, password: str = "secret", insecure: bool = True) -> Any:
        """Everything there, with its content, and how many that was said to be."""
        source = ImapSource(self.url, "jane", password, None, insecure=insecure)
        try:
            count = source.count()
            return count, [(item, item.read()) for item in source.items()]
        finally:
            source.close()

    async def test_all_folders_are_read(self) -> None:
        count, found = await deferToThread(self.read)
        (one, first), (two, second) = found
        self.assertEqual(count, 3)
        self.assertEqual(
            (one.place, one.role, one.keywords, first),
            (("INBOX",), "inbox", ("$seen", "work"), b"Subject: a\r\n\r\nb\r\n"),
        )
        self.assertEqual((one.key, one.received_at), ("INBOX 7 3", "2026-01-01T09:00:00Z"))
        self.assertEqual((two.place, second), (("SENT & MORE", "ENTWÜRFE"), b"Subject: c\r\n\r\nd\r\n"))

    async def test_a_wrong_password(self) -> None:
        await self.assertFailure(deferToThread(self.read, "wrong"), Problem)

    async def test_passwords_are_not_sent_for_all_to_read(self) -> None:
        problem: Any = await self.assertFailure(deferToThread(self.read, insecure=False), Problem)
        self.assertIn("no TLS", str(problem))

    async def test_nobody_there(self) -> None:
        self.url = "imap://127.0.0.1:1"
        await self.assertFailure(deferToThread(self.read), Problem)
        self.url = "https://127.0.0.1"
        problem: Deferred[Any] = self.assertFailure(deferToThread(self.read), Problem)
        await problem


class TextTests(SynchronousTestCase):
    def test_lines_of_folders(self) -> None:
        for line, place, is_to_read in (
            (b'(\\HasNoChildren) "/" INBOX', ("INBOX",), True),
            (b'(\\Noselect) "/" "a b"', ("a b",), False),
            (b'(\\All \\HasNoChildren) "/" "[Gmail]/All Mail"', ("[Gmail]", "All Mail"), False),
            (b'() "." "INBOX.Sent"', ("INBOX", "Sent"), True),
            (b'() "\\\\" "a\\\\b"', ("a", "b"), True),
            (b"() NIL flat/name", ("flat/name",), True),
            ((b'() "/" {3}', b'a"b'), ('a"b',), True),
        ):
            found = folder_of(line)
            assert found is not None, line
            self.assertEqual((found.place, found.is_to_read), (place, is_to_read))
        self.assertIsNone(folder_of(b"nonsense"))

    def test_flags(self) -> None:
        self.assertEqual(keywords_of(["\\seen", "\\recent", "$forwarded", "a(b"]), ("$seen", "$forwarded"))
