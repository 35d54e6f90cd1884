"""Tests ``stalwart.cli.importing.command``; against real servers ``tests.live.test_importing``."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing import command
from stalwart.cli.importing.command import by_dav
from stalwart.cli.importing.dav import DavClient, DavSource
from stalwart.cli.importing.remote_groupware import CARDS, EVENTS
from stalwart.cli.importing.remote_jmap import JmapSource
from stalwart.cli.main import run
from stalwart.cli.settings.connection import Reply
from tests.cli.importing.fakes import FakeServer


class CommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        self.patch(command.os, "environ", {"XDG_STATE_HOME": self.mktemp()})

    def test_a_rehearsal_needs_no_server(self) -> None:
        path = Path(self.mktemp())
        path.write_bytes(b"From x\nSubject: a\n\nb\n")
        self.assertEqual(run(["import", "mbox", str(path), "--dry-run"]), 0)
        self.assertIn("1 would be imported", self.out.getvalue())

    def test_wrong_usage(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        for words, said in (
            (["mbox", str(folder)], "no file"),
            (["files", str(folder), str(folder)], "one source at a time"),
            (["imap", "imap://127.0.0.1"], "--source-user"),
            (["jmap", "http://127.0.0.1", "--source-user", "x"], "STALWART_SOURCE_PASSWORD"),
            (["files", str(folder)], "which server"),
        ):
            self.patch(sys, "stdin", io.StringIO())
            self.assertEqual(run(["import", *words]), 2, words)
            self.assertIn(said, self.err.getvalue())

    def test_a_source_that_cannot_all_be_read(self) -> None:
        path = Path(self.mktemp()).with_suffix(".ics")
        path.write_text("nothing")
        self.assertEqual(run(["import", "ics", str(path), "--dry-run"]), 1)
        self.assertIn("1 failed", self.out.getvalue())


class ByDavTests(SynchronousTestCase):
    def test_what_a_server_has_by_dav_only_comes_by_dav(self) -> None:
        listed = (
            b'<D:multistatus xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/cal/work/'
            b"</D:href><D:propstat><D:prop><D:resourcetype><D:collection/><A:calendar/></D:resourcetype>"
            b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
        )

        class Both(FakeServer):
            def request(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Reply:
                if method == "PROPFIND":
                    return Reply(207, {}, listed) if "caldav" in path else Reply(404, {}, b"")
                return super().request(method, path, body, headers)

        server = Both()
        client = server.jmap()
        found = by_dav(DavClient(server.client()), JmapSource(client, None, None), None)
        self.assertEqual([each.__class__ for each in found], [DavSource])  # there is no CardDAV
        accounts = json.loads(json.dumps(client.session["accounts"]))
        for what in (EVENTS, CARDS):
            accounts["a1"]["accountCapabilities"][what.capability] = {}
            client.session = {**client.session, "accounts": accounts}
            client.session["primaryAccounts"] = {**client.session["primaryAccounts"], what.capability: "a1"}
        self.assertEqual(by_dav(DavClient(server.client()), JmapSource(client, None, None), None), [])
