"""Identity: a known bearer token, code exchanges, and what password checks do to everybody else.

Bearer: GET /auth/userinfo with an access token, less GET /healthz/live over the same connections: what it costs to know
a token. Exchanges: codes of the recovery administrator (whose secret costs
nothing to check), each with PKCE and an ID token signed with ES256; server CPU of POST /auth/token by eight clients
at once. Logins: ``--logins`` people sign in at once with argon2id passwords, while GET /healthz/live is asked for
again and again.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import threading
import time
import urllib.parse
from typing import Any

from bench.get import cost, drive, request
from bench.measure import Result, cpu_seconds, main, middle, quantile, spread
from bench.server import LOGIN, Server, unlimited_daemon
from bench.settings import Client

VERIFIER = "v" * 64
REDIRECT = "https://client.example.test/cb"
PASSWORD = "correct horse 7 battery"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Caller:
    """HTTP over one kept connection."""

    def __init__(self, server: Server) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def post(self, path: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
        """The JSON of an answer with status 200."""
        self._http.request("POST", path, body, headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(text)
        found: dict[str, Any] = json.loads(text)
        return found

    def sign_in(self, login: str, secret: str) -> str:
        """An authorization code."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        body = {
            "type": "authCode",
            "accountName": login,
            "accountSecret": secret,
            "clientId": "bench",
            "redirectUri": REDIRECT,
            "codeChallenge": challenge,
            "codeChallengeMethod": "S256",
        }
        answer = self.post("/api/auth", json.dumps(body), {"Content-Type": "application/json"})
        if answer["type"] != "authenticated":
            raise RuntimeError(answer)
        return str(answer["client_code"])

    def exchange(self, code: str) -> dict[str, Any]:
        """The tokens of a code."""
        form = {"grant_type": "authorization_code", "code": code, "client_id": "bench", "redirect_uri": REDIRECT}
        return self.post("/auth/token", urllib.parse.urlencode({**form, "code_verifier": VERIFIER}), FORM)


def bearer_result(options: argparse.Namespace, server: Server) -> Result:
    """The cost of knowing a token."""
    caller = Caller(server)
    token = caller.exchange(caller.sign_in(*LOGIN.split(":")))["access_token"]
    works = (request("/healthz/live"), request("/auth/userinfo", f"Authorization: Bearer {token}\r\n"))
    for wanted in works:
        drive(server.port, wanted, 500)
    rounds = [[cost(server, wanted, options.requests) for wanted in works] for _ in range(options.rounds)]
    checks = [(bearer - live) * 1e6 for live, bearer in rounds]
    note = f"GET /auth/userinfo {spread([one[1] for one in rounds], 'us', 1e6)}, less GET /healthz/live"
    return Result("access token that is known: CPU of the check and its answer", middle(checks), "us", 60, note)


def exchange_result(options: argparse.Namespace, server: Server) -> Result:
    """CPU of one exchange; eight clients at once, as the store commits together what comes together."""
    caller = Caller(server)
    codes = [caller.sign_in(*LOGIN.split(":")) for _ in range(options.exchanges)]
    parts = [codes[number::8] for number in range(8)]

    def work(part: list[str]) -> None:
        mine = Caller(server)
        for code in part:
            mine.exchange(code)

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    before, began = cpu_seconds(server.pid), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.monotonic() - began, cpu_seconds(server.pid) - before
    each = cpu / len(codes)
    note = f"{1 / each:.0f} a second and core; {len(codes) / wall:.0f} a second with the client on the same machine"
    return Result("code for tokens, ES256: CPU", each * 1e3, "ms", 5.0, note)


def login_result(options: argparse.Namespace, server: Server) -> Result:
    """The tail of GET /healthz/live while people sign in."""
    client = Client(server)
    domain = client.call("x:Domain/set", {"create": {"d": {"name": "people.example"}}})["created"]["d"]["id"]
    people = {
        f"u{number}": {
            "@type": "User",
            "name": f"u{number}",
            "domainId": domain,
            "credentials": {"0": {"@type": "Password", "secret": PASSWORD}},
        }
        for number in range(options.logins)
    }
    made = client.call("x:Account/set", {"create": people})
    if len(made["created"]) != options.logins:
        raise RuntimeError(made["notCreated"])
    threads = [
        threading.Thread(target=Caller(server).sign_in, args=(f"{name}@people.example", PASSWORD)) for name in people
    ]
    for thread in threads:
        thread.start()
    probe, waits = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), []
    while any(thread.is_alive() for thread in threads):
        began = time.perf_counter()
        probe.request("GET", "/healthz/live")
        probe.getresponse().read()
        waits.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.002)
    note = f"{len(waits)} probes during {options.logins} logins: p50 {middle(waits):.2f} ms, most {max(waits):.1f} ms"
    return Result("GET /healthz/live while people sign in: wall time, p99", quantile(waits, 0.99), "ms", 20, note)


def run(options: argparse.Namespace) -> list[Result]:
    """All of it on one server."""
    server = unlimited_daemon()
    try:
        return [measure(options, server) for measure in (bearer_result, exchange_result, login_result)]
    finally:
        server.stop()


if __name__ == "__main__":
    main(__doc__ or "", run, rounds=7, requests=3000, exchanges=400, logins=50)
