"""Tokens of an OpenID provider on loopback, over real HTTP: from the bearer token to the account."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.defaults import ensure_defaults
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.identity.directory import Directory as DirectoryObject
from stalwart.config.settings import Settings
from stalwart.directory.delay import FailureDelay
from stalwart.directory.directory import Directory
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.directory.external.oidc import OidcDirectory
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Unauthenticated, Unavailable
from stalwart.net.json_fetch import JsonAnswer, JsonFetcher
from stalwart.net.tls import TrustStore
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from tests.directory.external.provider import Provider

IP = "192.0.2.1"


class ProviderSite(Resource):
    """The pages of a `Provider`."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.provider: Any = None
        self.agents: set[str] = set()

    def render(self, request: Any) -> bytes:
        self.agents.add(request.getHeader("user-agent"))
        scheme, _, token = (request.getHeader("authorization") or "").partition(" ")
        assert scheme in ("", "Bearer")
        path = request.path.decode()
        if path == "/.well-known/openid-configuration":
            answer = JsonAnswer(200, self.provider.document)
        elif path == "/jwks":
            answer = JsonAnswer(200, {"keys": self.provider.keys})
        elif path == "/introspect" and request.args.get(b"token") == [token.encode()]:
            answer = self.provider.introspection.get(token, JsonAnswer(401, None))
        else:
            answer = self.provider.people.get(token, JsonAnswer(401, {"error": "invalid_token"}))
        self.provider.asked.append(path)
        request.setResponseCode(answer.status)
        request.setHeader("content-type", "application/json")
        return json.dumps(answer.value).encode()


class OidcDirectoryTests(TestCase):
    timeout = 20

    async def setUp(self) -> None:
        reactor: Any = real_reactor
        self.site = ProviderSite()
        served = Site(self.site)
        served.noisy = False
        self.port = reactor.listenTCP(0, served, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.now = int(reactor.seconds())
        self.provider = Provider(self.now, f"http://127.0.0.1:{self.port.getHost().port}")
        self.site.provider = self.provider
        self.store = MemoryStore(reactor.seconds)
        self.addCleanup(self.store.close)
        telemetry = Telemetry()
        settings = Settings(self.store, telemetry, reactor)
        await self.store.write(
            lambda tx: ensure_defaults(tx, hostname="mail.test", default_domain=None, listeners=(), now=self.now)
        )
        await settings.load()
        directory = {"@type": "Oidc", "description": "O", "issuerUrl": self.provider.issuer, "claimGroups": "groups"}
        id = await settings.create(DirectoryObject, directory)
        await settings.create(Domain, {"name": "example.test", "directoryId": encode_id(id)})
        fetcher = JsonFetcher(reactor, TrustStore(), timeout=5)
        self.external = ExternalDirectories(
            settings,
            self.store,
            {"Oidc": lambda value: OidcDirectory(value, fetcher, reactor, telemetry)},
            reactor,
            telemetry,
        )
        self.addCleanup(self.external.close)
        self.directory = Directory(
            self.store,
            settings,
            SynchronousHashing(),
            reactor,
            telemetry,
            delay=FailureDelay(reactor, lambda: 0.0),
            external=self.external,
        )
        self.addCleanup(self.directory.close)

    async def refused(self, token: str, kind: type[Exception]) -> Any:
        with self.assertRaises(kind) as caught:
            await self.directory.authenticate_bearer(token, IP)
        return caught.exception

    async def test_jwt_completed_by_userinfo(self) -> None:
        token = self.provider.token("one", name=None)
        self.provider.people[token] = JsonAnswer(200, {"sub": "4711", "name": "Alice A.", "groups": []})
        access = await self.directory.authenticate_bearer(token, IP)
        self.assertEqual((access.login, access.name), ("alice@example.test", "Alice A."))
        self.assertEqual(access.expires_at, self.now + 600)
        again = await self.directory.authenticate_bearer(self.provider.token(groups=["x"]), IP)
        self.assertEqual(again.account_id, access.account_id)
        self.assertEqual(self.provider.asked, ["/.well-known/openid-configuration", "/jwks", "/userinfo"])
        self.assertEqual(self.site.agents, {"Stalwart"})
        entry = await self.store.read(lambda tx: registry.get(tx, Account, access.account_id))
        assert entry is not None
        self.assertEqual(entry.value.credentials, ())

    async def test_refusals(self) -> None:
        await self.refused(self.provider.token(aud="other"), Unauthenticated)
        await self.refused(self.provider.token(name=None), Unauthenticated)
        self.assertEqual(self.provider.asked[-1], "/userinfo")

    async def test_introspection(self) -> None:
        self.provider.document["introspection_endpoint"] = f"{self.provider.issuer}/introspect"
        id = self.external.serving("a@example.test")
        assert id is not None
        told = {"active": True, "aud": "stalwart", "scope": "openid email", "exp": self.now + 50, "sub": "1"}
        self.provider.introspection["opaque"] = JsonAnswer(200, told)
        self.provider.people["opaque"] = JsonAnswer(200, {"sub": "1", "email": "bob@example.test"})
        client: Any = self.external._client(id)
        found = await client.authenticate("opaque")
        self.assertEqual((found.address, found.expires_at), ("bob@example.test", self.now + 50))

    async def test_provider_that_is_gone(self) -> None:
        await self.port.stopListening()
        problem = await self.refused(self.provider.token(), Unavailable)
        self.assertIn("cannot be reached", problem.detail)
        with self.assertRaises(Unavailable):
            await self.external.discovery("alice@example.test")
