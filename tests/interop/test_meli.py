"""meli, a mail program for terminals that speaks JMAP, against a real daemon: it lists, reads, flags, moves, removes.

``tests/interop/clients/prepare meli`` builds it where Debian has no package of it; without it the test is skipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.interop.terminal import Terminal
from tests.interop.test_jmap_clients import ROOT, ClientDaemon
from tests.live.daemon import new_folder
from tests.live.seeded_account import SeededAccount, instant, plain

MELI = shutil.which("meli") or shutil.which("meli", path=str(ROOT / ".cache/meli/bin"))
CONFIGURATION = """
[accounts.mail]
root_mailbox = "INBOX"
format = "jmap"
server_url = "{url}"
server_username = "{login}"
server_password = "{password}"
identity = "{login}"
subscribed_mailboxes = ["*"]
default_mailbox = "Inbox"
listing.index_style = "Plain"
send_mail = "false"

[terminal]
use_color = false
ascii_drawing = true
"""


class MeliTests(ClientDaemon):
    """Two messages are in the inbox when it starts; a third one comes."""

    def setUp(self) -> None:
        super().setUp()
        self.user = SeededAccount(self.daemon, self.administrator)
        self.first = self.arrive("Older words", "An older body.", 2)
        self.second = self.arrive("Newer words", "A newer body.", 1)
        home = new_folder("stalwart-meli-")
        self.addCleanup(shutil.rmtree, home, True)
        self.terminal = Terminal([str(MELI)], {"HOME": str(home), "PATH": "/usr/bin:/bin", **self.configured(home)})
        self.addCleanup(self.terminal.close)

    def configured(self, home: Path) -> dict[str, str]:
        """What tells the program where its configuration is."""
        folder = home / ".config/meli"
        folder.mkdir(parents=True)
        file = folder / "config.toml"
        login, password = "testuser@example.org", "correct-horse-battery-7"
        file.write_text(CONFIGURATION.format(url=self.daemon.url, login=login, password=password))
        file.chmod(0o600)
        return {"XDG_CONFIG_HOME": str(home / ".config")}

    def arrive(self, subject: str, body: str, days: float) -> str:
        """The id of a message that is now in the inbox."""
        blob = self.user.upload(plain("Alice <alice@example.com>", subject, body, days))["blobId"]
        place = {"blobId": blob, "mailboxIds": {self.user.boxes["inbox"]: True}, "receivedAt": instant(days)}
        created = self.user.mail("Email/import", emails={"new": place})["created"]
        return str(created["new"]["id"])

    def wait_for(self, id: str, **wanted: Any) -> None:
        """Until the e-mail is as it should be."""

        def is_so() -> bool:
            (email,) = self.user.mail("Email/get", ids=[id], properties=[*wanted])["list"]
            return all(email[name] == value for name, value in wanted.items())

        self.terminal.wait_until(is_so, f"{wanted} not done")

    def command(self, text: str) -> None:
        """In command mode."""
        self.terminal.type(":")
        self.terminal.wait_for("COMMAND")
        self.terminal.type(f"{text}\n")
        if not self.terminal.shows("NORMAL", 2):  # the first one has taken a proposal
            self.terminal.type("\n")
        self.terminal.wait_for("NORMAL")

    def test_it_lists_reads_flags_moves_and_removes(self) -> None:
        box, terminal = self.user.boxes, self.terminal
        terminal.wait_for("Inbox", "Drafts", "Junk Mail", "Older words", "Newer words", "Messages: 2")
        terminal.type("\n")
        terminal.wait_for("A newer body.", "From: Alice <alice@example.com>")
        self.wait_for(self.second, keywords={"$seen": True})
        terminal.type("i")
        terminal.wait_for("Older words")
        self.command("flag set flagged")
        self.wait_for(self.second, keywords={"$seen": True, "$flagged": True})
        self.command("moveto Drafts")
        self.wait_for(self.second, mailboxIds={box["drafts"]: True})
        terminal.wait_for("message moving succeeded")
        terminal.type("j")  # what it has moved it still lists
        terminal.rest(1)
        terminal.type("D")
        self.wait_for(self.first, mailboxIds={box["trash"]: True})
        self.arrive("Pushed words", "It came while we looked.", 0)
        terminal.wait_for("Pushed words")

    if MELI is None:
        test_it_lists_reads_flags_moves_and_removes.skip = "meli is not installed"  # type: ignore[attr-defined]
