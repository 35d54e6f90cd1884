"""Exports over HTTP: for whoever is signed in, or with a token of the same kind; not too many at once."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from stalwart.api import export, token
from stalwart.api.export import MOST, Exports
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces
from tests.api.diagnosing import unchunked
from tests.directory.world import NOW, World
from tests.web.client import BASIC_ALICE, Response, serve
from tests.web.fakes import FakeDirectory

KINDS = ("mail", "calendars", "contacts", "files")


class ExportTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user("alice")
        self.web = FakeDirectory()
        self.web.alice = self.sign_in()
        self.web.redeem_live_token = self.directory.redeem_live_token  # type: ignore[method-assign]
        self.exports = Exports(MemoryPlaces(), self.telemetry)
        services = {"store": self.store, "clock": self.clock, "exports": self.exports, "directory": self.directory}
        self.server = serve([export.export, token.token], services, directory=self.web)
        self.store.write(lambda tx: tx.mail.mailboxes.create(self.alice, "Inbox", "inbox", now=NOW))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        return self.server.request("GET", path, BASIC_ALICE if headers is None else headers)

    def test_file_is_named_and_complete_and_nobody_keeps_it(self) -> None:
        answer = self.get("/api/export/mail")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/zip"))
        self.assertEqual(answer.headers["cache-control"], "no-store")
        name = 'filename="mail alice@example.test 2027-01-15.zip"'
        self.assertIn(name, answer.headers["content-disposition"])
        with ZipFile(BytesIO(unchunked(answer.body))) as found:
            self.assertEqual(found.namelist(), ["Inbox.mbox"])

    def test_token_of_a_kind_opens_that_and_no_other(self) -> None:
        text = self.get("/api/token/export-mail").body.decode()
        found = {kind: self.get(f"/api/export/{kind}?token={text}", {}).status for kind in KINDS}
        self.assertEqual(found, {"mail": 200, "calendars": 401, "contacts": 401, "files": 401})
        self.assertEqual(self.get("/api/export/mail?token=nonsense", {}).status, 401)
        self.assertEqual(self.get("/api/export/mail/x?token=" + text, {}).status, 404)
        delivery = self.web.alice.permissions | {"liveDeliveryTest"}
        self.web.alice = Access(self.alice, "alice@example.test", None, frozenset(delivery))
        self.web.kept.clear()
        other = self.get("/api/token/delivery").body.decode()
        self.assertEqual(self.get(f"/api/export/mail?token={other}", {}).status, 401)

    def test_each_kind_wants_its_permission(self) -> None:
        self.web.alice = Access(self.alice, "alice@example.test", None, frozenset(("authenticate", "jmapEmailGet")))
        self.assertEqual([self.get(f"/api/export/{kind}").status for kind in KINDS], [200, 403, 403, 403])
        self.assertEqual([self.get(f"/api/token/export-{kind}").status for kind in KINDS], [200, 403, 403, 403])

    def test_strangers_and_unknown_kinds(self) -> None:
        self.assertEqual(self.get("/api/export/mail", {}).status, 401)
        self.assertEqual(self.get("/api/export/nonsense").status, 404)

    def test_few_at_once(self) -> None:
        opened = [self.exports.open(self.alice, "export") for _ in range(MOST)]
        for each in opened:
            each.__enter__()
        answer = self.get("/api/export/mail")
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "30"))
        for each in opened:
            each.__exit__(None, None, None)
        self.assertEqual(self.get("/api/export/mail").status, 200)
