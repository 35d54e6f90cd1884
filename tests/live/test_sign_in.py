"""Signing in at a real daemon, as a browser without JavaScript and a program with a loopback address do it."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.people import Administrator

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
REDIRECT = "http://127.0.0.1:49152/cb"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SignInTests(SynchronousTestCase):
    """From the page to an access token."""

    def setUp(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.daemon = Daemon.with_data(folder)
        self.addCleanup(self.daemon.close)
        self.login, self.password = Administrator(self.daemon).new_user("alice")
        self.verifier = secrets.token_urlsafe(48)

    def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            client.request("POST", path, urlencode(fields), FORM)
            answer = client.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read().decode()
        finally:
            client.close()

    def page(self) -> str:
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": "a-program",
            "redirect_uri": REDIRECT,
            "state": "xyz",
            "scope": "openid",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        status, _, body = self.daemon.get(f"/login?{urlencode(asked)}", {})
        self.assertEqual(status, 200)
        return body.decode()

    def tokens(self, fields: Mapping[str, str]) -> dict[str, Any]:
        status, _, body = self.post("/auth/token", {"client_id": "a-program", **fields})
        self.assertEqual(status, 200, body)
        found: dict[str, Any] = json.loads(body)
        return found

    def assert_opens_the_account(self, token: str) -> None:
        answer = self.daemon.json("/auth/userinfo", {"Authorization": f"Bearer {token}"})
        self.assertTrue(answer["sub"])

    def test_form_leads_to_an_access_token(self) -> None:
        page = self.page()
        status, _, again = self.post("/login", {**carried(page), "username": self.login, "password": "wrong"})
        self.assertEqual(status, 200)
        self.assertRegex(again, r'role="alert">[^<]+<')
        status, headers, _ = self.post("/login", {**carried(again), "username": self.login, "password": self.password})
        self.assertEqual(status, 303)
        told = parse_qs(urlsplit(headers["location"]).query)
        self.assertEqual(told["state"], ["xyz"])
        fields = {"grant_type": "authorization_code", "code": told["code"][0], "redirect_uri": REDIRECT}
        self.assert_opens_the_account(self.tokens({**fields, "code_verifier": self.verifier})["access_token"])

    def test_device_is_let_in_on_its_page(self) -> None:
        _, _, body = self.post("/auth/device", {"client_id": "a-program", "scope": "openid"})
        begun = json.loads(body)
        _, _, page = self.post("/device", {"user_code": begun["user_code"]})
        self.assertIn("a-program", page)
        status, _, _ = self.post("/device", {**carried(page), "username": self.login, "password": self.password})
        self.assertEqual(status, 200)
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        self.assert_opens_the_account(
            self.tokens({"grant_type": grant, "device_code": begun["device_code"]})["access_token"]
        )


def carried(page: str) -> dict[str, str]:
    """The hidden fields of a form."""
    return {unescape(name): unescape(value) for name, value in FIELD.findall(page)}
