"""The example of docs/twisted-mail.md as the file that it says it is."""

from __future__ import annotations

import re
import shutil
import smtplib

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import ADMIN, ENDED, LOOPBACK, PATIENCE, ROOT, Daemon, new_folder
from tests.live.people import PASSWORD, Administrator

USUAL = '["--data", os.environ["STALWART_DATA"]]'


class ExampleTests(SynchronousTestCase):
    """One process that serves as it always does, and two servers of Twisted's beside it."""

    def test_it_runs_as_it_stands(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        text = (ROOT / "docs" / "twisted-mail.md").read_text()
        code = "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.S))
        self.assertIn(USUAL, code)
        code = code.replace(USUAL, USUAL[:-1] + "".join(f', "{each}"' for each in LOOPBACK) + "]")
        (folder / "mail.tac").write_text(re.sub(r"tcp:\d+:", "tcp:0:", code))
        environment = {"STALWART_DATA": str(folder / "data"), "STALWART_RECOVERY_ADMIN": ":".join(ADMIN)}
        daemon = Daemon("-y", str(folder / "mail.tac"), **environment)
        self.addCleanup(daemon.close)
        daemon.wait_for_port()
        others, people = (
            int(daemon.wait_for(re.compile(rf"{name} starting on (\d+)"))[1]) for name in ("FromOthers", "FromPeople")
        )
        login, _ = Administrator(daemon).new_user("alice")
        with smtplib.SMTP("127.0.0.1", others, "client.test", PATIENCE) as client:
            self.assertEqual(client.docmd("MAIL", "FROM:<a@sender.test>")[0], 503)
            self.assertEqual(client.ehlo()[0], 250)
            client.sendmail("a@sender.test", [login], "From: a@sender.test\r\nSubject: x\r\n\r\nHello\r\n")
        with smtplib.SMTP("127.0.0.1", people, "client.test", PATIENCE) as client:
            client.login(login, PASSWORD)
            client.sendmail(login, [login], f"From: {login}\r\nSubject: y\r\n\r\nHello\r\n")
        self.assertNotIn("Traceback", daemon.log)
        self.assertIn(daemon.terminate()[0], ENDED)
