"""A headless Firefox driven over Marionette, the line that it speaks itself.

Commands are those of WebDriver by their names, as JSON lists after their lengths.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.interop.browser import PATIENCE, Browser, BrowserFailed
from tests.interop.test_jmap_clients import free_port

UNPACKED = Path(__file__).resolve().parents[2] / ".cache/firefox"
START = 60.0
PREFERENCES: Mapping[str, Any] = {
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_beforeunload": True,
    "intl.accept_languages": "en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
SCHEMES = {"dark": 0, "light": 1}

# What the paths of W3C WebDriver are called on this line.
COMMANDS = (
    ("POST", r"/url", "Navigate"),
    ("GET", r"/url", "GetCurrentURL"),
    ("POST", r"/execute/sync", "ExecuteScript"),
    ("POST", r"/element", "FindElement"),
    ("GET", r"/element/(?P<id>[^/]+)/text", "GetElementText"),
    ("GET", r"/element/(?P<id>[^/]+)/computedrole", "GetComputedRole"),
    ("GET", r"/element/(?P<id>[^/]+)/computedlabel", "GetComputedLabel"),
    ("POST", r"/element/(?P<id>[^/]+)/clear", "ElementClear"),
    ("POST", r"/element/(?P<id>[^/]+)/value", "ElementSendKeys"),
    ("POST", r"/element/(?P<id>[^/]+)/click", "ElementClick"),
    ("POST", r"/actions", "PerformActions"),
    ("GET", r"/alert/text", "GetAlertText"),
    ("POST", r"/window/rect", "SetWindowRect"),
)


@cache
def program() -> tuple[str, dict[str, str]] | None:
    """Firefox, installed or unpacked, and the variables that it needs; ``None`` if there is none."""
    installed = shutil.which("firefox-esr") or shutil.which("firefox")
    if installed is not None:
        return installed, {}
    unpacked = UNPACKED / "usr/lib/firefox-esr/firefox-esr"
    if not unpacked.exists():
        return None
    return str(unpacked), {"LD_LIBRARY_PATH": str(UNPACKED / "usr/lib/x86_64-linux-gnu")}


def missing() -> str | None:
    """Why there is no Firefox here, ``None`` if there is one."""
    return None if program() else "not installed: firefox-esr"


class Firefox(Browser):
    """One window."""

    def __init__(self) -> None:
        found = program()
        assert found is not None, missing()
        path, variables = found
        self._folder = Path(tempfile.mkdtemp(prefix="test-firefox-"))
        port = free_port()
        wanted = {**PREFERENCES, "marionette.port": port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
        (self._folder / "user.js").write_text("\n".join(lines))
        command = [path, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        self._driver = subprocess.Popen(
            [*command, "--profile", str(self._folder), "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **variables, "HOME": str(self._folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
        )
        self._line: socket.socket | None = None
        self._number = 0
        try:
            self._line = self._connected(port)
            self._read = self._line.makefile("rb")
            self._message()  # its greeting
            self._command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it and everything that it started."""
        if self._line is not None:
            self._line.close()
        with suppress(ProcessLookupError):
            os.killpg(self._driver.pid, signal.SIGKILL)
        self._driver.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def scheme(self, name: str) -> None:
        """What a person prefers: ``light`` or ``dark``."""
        self._command("Marionette:SetContext", {"value": "chrome"})
        script = "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0])"
        self._command("WebDriver:ExecuteScript", {"script": script, "args": [SCHEMES[name]]})
        self._command("Marionette:SetContext", {"value": "content"})

    def _connected(self, port: int) -> socket.socket:
        until = time.monotonic() + START
        while time.monotonic() < until and self._driver.poll() is None:
            with suppress(OSError):
                line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                line.settimeout(START)
                return line
            time.sleep(0.05)
        raise BrowserFailed("Firefox does not start")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        for verb, pattern, name in COMMANDS:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                return self._command(f"WebDriver:{name}", {**(body or {}), **match.groupdict()})
        raise BrowserFailed(f"{method} {path} has no command")

    def _command(self, name: str, members: Mapping[str, Any]) -> Any:
        assert self._line is not None
        self._number += 1
        text = json.dumps([0, self._number, name, members]).encode()
        self._line.sendall(b"%d:%s" % (len(text), text))
        _, _, problem, value = self._message()
        if problem is not None:
            raise BrowserFailed(f"{problem['error']}: {problem['message']}")
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    def _message(self) -> Any:
        length = b""
        while (octet := self._read.read(1)) != b":":
            if not octet:
                raise BrowserFailed("Firefox has ended")
            length += octet
        return json.loads(self._read.read(int(length)))
