"""Published JMAP clients against a real daemon: jmapc (Python), jmap-jam (JavaScript) and go-jmap, the library of aerc,
move bytes, and read and write mail.

They are installed by tests/interop/clients/prepare; without them the tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import ADMIN, Daemon, new_folder
from tests.live.people import Administrator

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache/clients/python/bin/python"
JAVASCRIPT = ROOT / ".cache/clients/javascript"
GO_MAIL = ROOT / ".cache/clients/go_mail"
NODE = shutil.which("node") or shutil.which("node", path=str(PYTHON.parent))
HERE = Path(__file__).parent / "clients"
PATIENCE = 60


def free_port() -> int:
    """A port that nobody listens on; the session names it, so it must be known before the start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ClientDaemon(SynchronousTestCase):
    """A daemon that publishes the address which clients reach it at."""

    def setUp(self) -> None:
        self.administrator = self.served()
        self.daemon = self.administrator.daemon

    def served(self) -> Administrator:
        """Of a new server."""
        port = free_port()
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, True)
        elsewhere = "tcp:0:interface=127.0.0.1"
        where = ("stalwart", "--data", str(data), "--http", f"tcp:{port}:interface=127.0.0.1", "--smtp", elsewhere)
        daemon = Daemon(*where, STALWART_RECOVERY_ADMIN=":".join(ADMIN), STALWART_PUBLIC_URL=f"http://127.0.0.1:{port}")
        self.addCleanup(daemon.close)
        daemon.wait_for_port()
        return Administrator(daemon)


class ClientTests(ClientDaemon):
    """Each client is a process of its own."""

    def run_client(self, *command: Any) -> Any:
        """What the client printed, as JSON."""
        done = subprocess.run([str(part) for part in command], capture_output=True, timeout=PATIENCE, env=os.environ)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return json.loads(done.stdout)

    def test_jmapc_opens_a_session_echoes_and_uploads(self) -> None:
        login, password = self.administrator.new_user("alice")
        seen = self.run_client(PYTHON, HERE / "jmapc_client.py", self.daemon.url, login, password)
        self.assertEqual((seen["username"], seen["core"]), (login, 16))
        self.assertEqual(seen["echo"], {"hello": "wörld"})
        self.assertEqual(seen["uploaded"]["size"], 10)

    def test_jmap_jam_opens_a_session_echoes_refers_and_moves_bytes(self) -> None:
        login, password = self.administrator.new_user("bob")
        key = self.administrator.new_api_key(login, password)
        seen = self.run_client(NODE, JAVASCRIPT / "jam.mjs", self.daemon.url, key)
        self.assertEqual(seen["username"], login)
        self.assertEqual(seen["echo"], {"hello": "wörld", "list": [1, 2, 3]})
        self.assertEqual(seen["again"]["list"][0]["data:asText"], "some bytes")
        self.assertEqual((seen["text"], seen["type"]), ("some bytes", "text/plain"))
        self.assertEqual(seen["refused"], "unknownMethod")

    def test_jmapc_is_a_mail_program(self) -> None:
        login, password = self.administrator.new_user("carol")
        seen = self.run_client(PYTHON, HERE / "jmapc_mail.py", self.daemon.url, login, password)
        self.assertEqual(seen.pop("roles"), ["drafts", "inbox", "junk", "sent", "trash"])
        self.assertEqual(seen.pop("read"), ["hällo there", "Jäne", True, "nöte.txt", True])
        self.assertEqual(len(seen.pop("gone")), 1)
        told = {
            "wrong password": 401,
            "echo": {"a": "wörld"},
            "renamed": "Prøjects",
            "downloaded": "attached zebraquartz",
            "not_keyword": False,
            "counts": [1, 0],
            "not empty": "mailboxHasEmail",
            "refused": "invalidArguments",
        }
        self.assertEqual({name: each for name, each in seen.items() if each is not True}, told)

    def test_jmapc_sends(self) -> None:
        (sender, password), (recipient, _) = self.administrator.new_user("fay"), self.administrator.new_user("gus")
        seen = self.run_client(PYTHON, HERE / "jmapc_send.py", self.daemon.url, sender, recipient, password)
        told = {
            "identity": [sender, True],
            "received": [sender, "Some words."],
            "delivered": "yes",
            "statuses": ["final", "canceled"],
        }
        self.assertEqual({name: each for name, each in seen.items() if each is not True}, told)

    def test_jmap_jam_is_a_mail_program(self) -> None:
        key = self.administrator.new_api_key(*self.administrator.new_user("dave"))
        seen = self.run_client(NODE, JAVASCRIPT / "jam_mail.mjs", self.daemon.url, key)
        answer = seen.pop("answer")
        self.assertEqual(
            seen,
            {
                "roles": ["drafts", "inbox", "junk", "sent", "trash"],
                "created": 4,
                "read": ["Über die Reise", "Zoë", "Ein Kolibri.", True],
                "values": ["Ein Kolibri.", "<p>Ein <b>Kolibri</b>.</p>"],
                "sameThread": True,
                "listed": [1, True, "Re: Über die Reise", "2026-03-02T09:00:05Z"],
                "updated": {answer: None},
                "changes": [0, True],
                "counts": [2, 0, 1],
                "hits": 2,
                "snippets": True,
                "refused": ["invalidProperties", ["header:Subject", "mailboxIds"]],
                "gone": 2,
                "removed": 1,
            },
        )

    def test_go_jmap_is_a_mail_program(self) -> None:
        login, password = self.administrator.new_user("erin")
        seen = self.run_client(GO_MAIL, self.daemon.url, login, password)
        self.assertEqual(
            seen,
            {
                "folders": 5,
                "pushed": True,
                "listed": [1, True, "Words", "2026-03-02T09:00:00Z"],
                "thread": 1,
                "body": "A body.\r\n",
                "updated": True,
                "changes": True,
                "flagged": 1,
                "text": 1,
                "before": 1,
                "gone": [1, "notFound"],
            },
        )

    if not GO_MAIL.exists():
        test_go_jmap_is_a_mail_program.skip = "run tests/interop/clients/prepare where Go is"  # type: ignore[attr-defined]
    if not PYTHON.exists():
        test_jmapc_sends.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
        test_jmapc_is_a_mail_program.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
        test_jmapc_opens_a_session_echoes_and_uploads.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
    if not (JAVASCRIPT / "node_modules").exists() or NODE is None:
        test_jmap_jam_is_a_mail_program.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
        test_jmap_jam_opens_a_session_echoes_refers_and_moves_bytes.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
