"""The folders of an account are there before its mail is shown."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.access import Access
from stalwart.jmap.call import Call, Request
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.default_folders import with_folders


class Folders:
    """Notes for which accounts it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def ensure(self, account_id: int) -> None:
        self.asked.append(account_id)


class FolderTests(SynchronousTestCase):
    def ask(self, account_id: str) -> Deferred[None]:
        self.folders = Folders()
        access = Access(1, "jane", None, frozenset(), group_ids=frozenset((2,)))
        call = Call("Mailbox/get", {"accountId": account_id}, "0", Request(access))
        return Deferred.fromCoroutine(with_folders(call, {"folders": self.folders}))

    def test_the_account_of_the_call_gets_them(self) -> None:
        self.successResultOf(self.ask("c"))
        self.assertEqual(self.folders.asked, [2])

    def test_an_account_of_others_does_not(self) -> None:
        self.failureResultOf(self.ask("d"), MethodError)
        self.assertEqual(self.folders.asked, [])
