"""A headless Chromium driven by chromedriver: W3C WebDriver, and the DevTools protocol where that has no word."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.interop.internet import Internet

PATIENCE = 30.0
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER, SHIFT, ESCAPE, SPACE = "\ue004", "\ue007", "\ue008", "\ue00c", " "
SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # it is not available to root and in many containers; only pages of our own are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-first-run",
)
PORT = re.compile(r"started successfully on port (\d+)")


class BrowserFailed(Exception):
    """The browser does not do what it was told; the text is the driver's."""


def missing() -> str | None:
    """Why there is no browser here, ``None`` if there is one."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


class _Inside(http.client.HTTPConnection):
    """A connection in the network of the tests, or in that of the machine."""

    network: Internet | None = None

    def connect(self) -> None:
        if self.network is None:
            super().connect()
            return
        self.sock = self.network.socket()
        self.sock.settimeout(self.timeout)
        self.sock.connect((self.host, self.port))


class Browser:
    """One window; ``switches`` go to Chromium besides those that it needs to run here. It is in the
    network of the tests if that is given."""

    def __init__(self, *switches: str, network: Internet | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="test-browser-"))
        self._log = self._folder / "log"
        command = ["chromedriver", "--port=0"]
        with open(self._log, "wb") as log:
            self._driver = subprocess.Popen(
                command if network is None else network.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._session = ""
        try:
            self._client = _Inside("127.0.0.1", self._port(), timeout=60)
            self._client.network = network
            made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": self._wanted(switches)}})
        except BaseException:
            self.close()
            raise
        self._session = f"/session/{made['sessionId']}"

    def close(self) -> None:
        """End it and everything that it started."""
        with suppress(BrowserFailed, OSError, http.client.HTTPException):
            if self._session:
                self._ask("DELETE", "")
        with suppress(ProcessLookupError):
            os.killpg(self._driver.pid, signal.SIGKILL)
        self._driver.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, url: str) -> None:
        """Go there and wait until it is loaded."""
        self._ask("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        """What the address bar says."""
        return str(self._ask("GET", "/url"))

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that the body of a function returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any, patience: float = PATIENCE) -> Any:
        """The value of an expression as soon as it is true.

        :raises BrowserFailed: it does not become so.
        """
        until = time.monotonic() + patience
        while time.monotonic() < until:
            value = self.run(f"return {script}", *arguments)
            if value:
                return value
            time.sleep(0.03)
        raise BrowserFailed(f"{script} is not true; the page says:\n{self.run('return document.body.innerText')}")

    def element(self, selector: str) -> str:
        """The first element that a CSS selector finds."""
        return str(self._ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT])

    def text(self, selector: str) -> str:
        """What can be seen of it."""
        return str(self._ask("GET", f"/element/{self.element(selector)}/text"))

    def accessible(self, selector: str) -> tuple[str, str]:
        """The role and the name that assistive technology is told."""
        path = f"/element/{self.element(selector)}"
        return str(self._ask("GET", f"{path}/computedrole")), str(self._ask("GET", f"{path}/computedlabel"))

    def fill(self, selector: str, text: str) -> None:
        """Replace the text of a field."""
        path = f"/element/{self.element(selector)}"
        self._ask("POST", f"{path}/clear", {})
        if text:
            self._ask("POST", f"{path}/value", {"text": text})

    def click(self, selector: str) -> None:
        """Click on it, if a person could."""
        self._ask("POST", f"/element/{self.element(selector)}/click", {})

    def press(self, *keys: str, holding: str | None = None) -> None:
        """Press keys one after another, with another key held down or not."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        if holding is not None:
            strokes = [{"type": "keyDown", "value": holding}, *strokes, {"type": "keyUp", "value": holding}]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def has_dialog(self) -> bool:
        """Whether an alert of the page is open."""
        try:
            self._ask("GET", "/alert/text")
        except BrowserFailed:
            return False
        return True

    def devtools(self, method: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": method, "params": parameters})

    def messages(self) -> list[str]:
        """What has come to the console since the last call, but for a focus that the test itself was quicker to set."""
        found = [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]
        return [message for message in found if "Autofocus processing was blocked" not in message]

    def picture(self) -> bytes:
        """PNG of the whole page."""
        shown = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shown["data"])

    def _wanted(self, switches: Sequence[str]) -> dict[str, Any]:
        needed = [*SWITCHES, *switches, f"--user-data-dir={self._folder / 'profile'}"]
        return {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": needed},
            "goog:loggingPrefs": {"browser": "ALL"},
        }

    def _port(self) -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._driver.poll() is None:
            found = PORT.search(self._log.read_text(errors="replace"))
            if found:
                return int(found[1])
            time.sleep(0.02)
        raise BrowserFailed(f"chromedriver does not start: {self._log.read_text(errors='replace')}")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        self._client.request(method, self._session + path, sent, {"Content-Type": "application/json"})
        answer = json.loads(self._client.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer and "message" in answer:
            raise BrowserFailed(f"{answer['error']}: {answer['message'].splitlines()[0]}")
        return answer
