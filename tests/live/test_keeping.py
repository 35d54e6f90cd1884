"""A server is backed up while mail comes, and is lost: what comes back has all that was acknowledged before, and gives
nothing away again that its clients have seen since.
"""

from __future__ import annotations

import http.client
import io
import re
import shutil
import sys
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.main import run
from stalwart.store.config_file import write_store_config
from tests.live.daemon import PATIENCE, Daemon, basic, new_folder
from tests.live.people import PASSWORD, Administrator
from tests.live.seeded_account import SeededAccount, plain
from tests.postgresql import programs, server

BOOK = "/dav/card/testuser%40example.org/default/"
SYNC = (
    '<D:sync-collection xmlns:D="DAV:"><D:sync-token>{}</D:sync-token><D:sync-level>1</D:sync-level><D:prop/>'
    "</D:sync-collection>"
)
BEFORE, AFTER = 15, 5


class Sender:
    """Imports e-mails in a thread until it is stopped; ``acknowledged`` are their ids and subjects."""

    def __init__(self, account: SeededAccount) -> None:
        self._account = account
        self._is_over = False
        self._changed = threading.Condition()
        self.acknowledged: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over:
            subject = f"number {len(self.acknowledged)}"
            body = "x" * (100_000 if len(self.acknowledged) % 5 == 0 else 100)
            made = imported(self._account, subject, body)
            with self._changed:
                self.acknowledged.append((made, subject))
                self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= wanted, PATIENCE)

    def stop(self) -> None:
        """End with the one that is under way."""
        self._is_over = True
        self._thread.join(PATIENCE)


def imported(account: SeededAccount, subject: str, body: str) -> str:
    """The id of a new e-mail."""
    blob = account.upload(plain("a@example.com", subject, body, 0), "message/rfc822")["blobId"]
    email = {"blobId": blob, "mailboxIds": {account.boxes["inbox"]: True}}
    answer = account.mail("Email/import", emails={"new": email})
    return str(answer["created"]["new"]["id"])


class KeepingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder)

    def daemon(self, name: str) -> Daemon:
        daemon = Daemon.with_data(self.folder / name)
        self.addCleanup(daemon.close)
        return daemon

    def store(self, *words: object) -> None:
        """``stalwart-cli store``, which succeeds."""
        said = io.StringIO()
        self.patch(sys, "stderr", said)
        self.assertEqual(run(["store", *map(str, words)]), 0, said.getvalue())

    def dav(self, daemon: Daemon, method: str, path: str, body: str, kind: str = "application/xml") -> tuple[int, str]:
        client = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)
        try:
            headers = {**basic("testuser@example.org", PASSWORD), "Content-Type": kind, "Depth": "0"}
            client.request(method, path, body.encode(), headers)
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        finally:
            client.close()

    def token(self, daemon: Daemon) -> str:
        """The state of the address book."""
        body = '<D:propfind xmlns:D="DAV:"><D:prop><D:sync-token/></D:prop></D:propfind>'
        found = re.search("sync-token>([^<]+)<", self.dav(daemon, "PROPFIND", BOOK, body)[1])
        assert found is not None
        return found[1]

    def put(self, daemon: Daemon, name: str) -> None:
        card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nUID:{name}\r\nEND:VCARD\r\n"
        self.assertEqual(self.dav(daemon, "PUT", f"{BOOK}{name}.vcf", card, "text/vcard")[0], 201)

    def test_what_was_acknowledged_before_a_backup_comes_back_and_nothing_is_given_away_again(self) -> None:
        first = self.daemon("first")
        administrator = Administrator(first)
        administrator.change("Http", {"rateLimitAuthenticated": None})
        account = SeededAccount(first, administrator)
        self.put(first, "kept")
        sender = Sender(account)
        try:
            sender.wait_for(BEFORE)
            promised = list(sender.acknowledged)
            self.store("backup", self.folder / "first", self.folder / "backup.tar")
            sender.wait_for(AFTER)
        finally:
            sender.stop()
        self.put(first, "lost")
        state, token = account.mail("Email/get", ids=[])["state"], self.token(first)
        first.terminate()

        self.bring_back()
        account.daemon = second = self.daemon("second")
        emails = self.emails(account, sender)
        self.assertEqual([each for each in promised if emails.get(each[0]) != each[1]], [])
        self.assertEqual([id for id, subject in sender.acknowledged if emails.get(id, subject) != subject], [])
        self.assertEqual(account.fault("Email/changes", sinceState=state), "cannotCalculateChanges")
        self.assertEqual(self.dav(second, "REPORT", BOOK, SYNC.format(token))[0], 403)
        made = {imported(account, "later", "y") for _ in range(len(sender.acknowledged) + AFTER)}
        self.assertEqual(made & {id for id, _ in sender.acknowledged}, set())
        self.assertEqual(account.fault("Email/changes", sinceState=state), "cannotCalculateChanges")
        second.terminate()
        self.store("check", self.folder / "second", "--contents")

    def bring_back(self) -> None:
        """Restore into the folder ``second``, into PostgreSQL where that is installed."""
        second = self.folder / "second"
        if programs() is not None:
            second.mkdir(mode=0o700)
            database = server().empty()
            self.addCleanup(server().forget, database)
            config = {"@type": "PostgreSql", "host": str(server().folder), "database": database.rpartition("=")[2]}
            write_store_config(second / "config.json", config)
        self.store("restore", self.folder / "backup.tar", second)
        shutil.copy(self.folder / "first" / "vault.key", second)

    def emails(self, account: SeededAccount, sender: Sender) -> dict[str, Any]:
        """The subjects of those that are there, by id; their content can be read."""
        ids = [id for id, _ in sender.acknowledged]
        wanted = {"properties": ["subject", "bodyValues"], "fetchTextBodyValues": True}
        found: list[Any] = account.mail("Email/get", ids=ids, **wanted)["list"]
        self.assertTrue(all(value["value"] for each in found for value in each["bodyValues"].values()))
        return {each["id"]: each["subject"] for each in found}
