"""node-oidc-provider as the OpenID provider of an organisation, and a program whose people sign in there.

It listens on a loopback port that stays the same when it is started again; its keys do not. It is installed by
tests/interop/clients/prepare.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import time
import urllib.request
from base64 import urlsafe_b64encode
from hashlib import sha256
from html import unescape
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from tests.interop.test_jmap_clients import JAVASCRIPT, NODE, free_port

PROGRAM = JAVASCRIPT / "oidc_provider.mjs"
CLIENT_ID = "a-program"
REDIRECT = "http://127.0.0.1:49152/cb"
PATIENCE = 20.0
ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
MAIL, TERSE, LATE, WIKI = "urn:mail", "urn:mail:terse", "urn:mail:late", "urn:wiki"
"""What tokens can be for, see oidc_provider.mjs."""


def missing() -> str | None:
    """Why there is no provider here, ``None`` if there is one."""
    there = NODE is not None and PROGRAM.exists() and (JAVASCRIPT / "node_modules/oidc-provider").exists()
    return None if there else "run tests/interop/clients/prepare"


class OpenIdProvider:
    """A provider that knows ``people``: claims by login."""

    def __init__(self, folder: Path, people: dict[str, dict[str, Any]]) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._log = folder / "provider.log"
        self.people = people
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with new keys and the present people, and wait until it listens."""
        program = {"id": CLIENT_ID, "redirectUri": REDIRECT}
        argument = json.dumps({"port": self.port, "people": self.people, "program": program})
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(NODE), str(PROGRAM), argument], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + PATIENCE
        while "listening" not in self._log.read_text(errors="replace").split():
            if time.monotonic() > until or self._process.poll() is not None:
                raise AssertionError(f"the provider does not listen:\n{self._log.read_text(errors='replace')}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def published(self) -> dict[str, Any]:
        """Its metadata."""
        with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def tokens(self, login: str, resource: str | None = None) -> dict[str, Any]:
        """What the program gets when ``login`` signs in: a JWT for ``resource``, without one an opaque token."""
        verifier = secrets.token_urlsafe(48)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "openid email profile",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"resource": resource} if resource is not None else {}),
        }
        code = _signed_in(f"{self.issuer}/auth?{urlencode(asked)}", {"login": login, "password": "any"})
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        form = urlencode({**fields, "client_id": CLIENT_ID, "code_verifier": verifier}).encode()
        with urllib.request.urlopen(f"{self.issuer}/token", form, timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def token(self, login: str, resource: str | None = None) -> str:
        """The access token of these."""
        return str(self.tokens(login, resource)["access_token"])


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to whoever asks."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        """None: do not follow."""


def _signed_in(url: str, values: dict[str, str]) -> str:
    """The authorization code that somebody gets who fills in ``values`` and agrees to whatever he is asked."""
    browser = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPCookieProcessor(CookieJar()))
    form: bytes | None = None
    for _ in range(12):
        try:
            with browser.open(url, form, timeout=PATIENCE) as answer:
                page = answer.read().decode()
        except HTTPError as problem:
            with problem:
                if problem.code not in (302, 303):
                    raise AssertionError(f"{url}: {problem.code} {problem.read()[:500]!r}") from None
                url, form = urljoin(url, problem.headers["Location"]), None
            if url.startswith(REDIRECT):
                return parse_qs(urlsplit(url).query)["code"][0]
            continue
        action = ACTION.search(page)
        assert action is not None, page
        url = urljoin(url, unescape(action[1]))
        form = urlencode({**{name: unescape(value) for name, value in HIDDEN.findall(page)}, **values}).encode()
    raise AssertionError(f"the sign-in does not end: {url}")
