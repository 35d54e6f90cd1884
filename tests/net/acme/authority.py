"""A certificate authority in memory: a transport that checks what RFC 8555 6 wants of requests, and answers by script.

Signatures are verified with cryptography, not with what made them. Every answer carries a fresh nonce unless the test
says otherwise; a nonce that was not given out, or was used before, is refused as authorities do.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme import AcmeClient, AcmeProblem, AcmeUnreachable, new_key_pem
from stalwart.net.acme.transport import Answer

BASE = "https://ca.test"
NOW = 1_800_000_000.0
ACCOUNT = f"{BASE}/account/1"
PROBLEM = "urn:ietf:params:acme:error:"
KEY = new_key_pem()

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))


def unpadded(text: str) -> bytes:
    """base64url without padding, strictly (RFC 7515 2)."""
    if not set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):
        raise ValueError(text)
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(jwk: Mapping[str, str], algorithm: str, data: bytes, signature: bytes) -> None:
    """Raises InvalidSignature (RFC 7518 3)."""
    if algorithm == "RS256":
        numbers = rsa.RSAPublicNumbers(*(int.from_bytes(unpadded(jwk[name]), "big") for name in "en"))
        numbers.public_key().verify(signature, data, padding.PKCS1v15(), SHA256())
        return
    curve, digest, size = {
        "ES256": (ec.SECP256R1(), SHA256(), 32),
        "ES384": (ec.SECP384R1(), SHA384(), 48),
    }[algorithm]  # type: ignore[misc]
    x, y = (unpadded(jwk[name]) for name in "xy")
    if (len(x), len(y), len(signature)) != (size, size, 2 * size):
        raise InvalidSignature
    r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
    public = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve).public_key()
    public.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))


@frozen
class Request:
    """What was asked; of a signed request, what is in it. ``payload`` is None where nothing was signed."""

    method: str
    url: str
    heads: Mapping[str, str]
    protected: Mapping[str, Any] = field(factory=dict)
    payload: bytes | None = None

    @property
    def said(self) -> Any:
        """The payload as JSON."""
        return json.loads(self.payload or b"null")

    @property
    def path(self) -> str:
        """Without the authority."""
        return self.url.removeprefix(BASE)


def says(document: Any = None, status: int = 200, **heads: str) -> Answer:
    """An answer; text and bytes are sent as they are, all else as JSON. Underlines in names of heads are hyphens."""
    body = document if isinstance(document, bytes) else document.encode() if isinstance(document, str) else None
    sent = {name.replace("_", "-"): [value] for name, value in heads.items()}
    return Answer(
        status, sent, body if body is not None else b"" if document is None else json.dumps(document).encode()
    )


def refuses(kind: str, status: int = 400, detail: str = "Not today.", **heads: str) -> Answer:
    """A problem document (RFC 8555 6.7)."""
    return says({"type": f"{PROBLEM}{kind}", "detail": detail, "status": status}, status, **heads)


Scripted = Answer | AcmeProblem | Callable[[Request], Answer]


class Authority:
    """Answers at a path by turns with what ``script`` has for it; the last one is repeated."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seen: list[Request] = []
        self.accounts: dict[str, Mapping[str, str]] = {}
        self.nonces: set[str] = set()
        self.rejections = 0
        """How many good nonces are refused from now on."""
        self.gives_nonces = True
        self.is_closed = False
        self.date: float | None = None
        self.resources: dict[str, Any] = {
            "newNonce": f"{BASE}/nonce",
            "newAccount": f"{BASE}/new-account",
            "newOrder": f"{BASE}/new-order",
            "revokeCert": f"{BASE}/revoke",
            "keyChange": f"{BASE}/key-change",
        }
        self.script: dict[str, list[Scripted]] = {
            "/dir": [lambda request: says(self.resources)],
            "/nonce": [says()],
            "/new-account": [says({"status": "valid"}, 201, location=ACCOUNT)],
            "/account/1": [says({"status": "valid"})],
            "/key-change": [says({})],
            "/revoke": [says()],
        }
        self._count = 0

    def paths(self, method: str = "POST") -> list[str]:
        """Where was asked, in turn."""
        return [each.path for each in self.seen if each.method == method]

    def last(self) -> Request:
        """The latest signed request."""
        return [each for each in self.seen if each.method == "POST"][-1]

    async def request(self, method: str, url: str, heads: Mapping[str, str], body: bytes | None) -> Answer:
        """See `stalwart.net.acme.transport.Transport`."""
        if method != "POST":
            if body is not None:
                raise AssertionError("a body without being asked")
            request = Request(method, url, dict(heads))
            self.seen.append(request)
            return self._finished(self._scripted(request))
        request, problem = self._opened(url, heads, body or b"")
        self.seen.append(request)
        return self._finished(problem if problem is not None else self._scripted(request))

    async def close(self) -> None:
        """See `stalwart.net.acme.transport.Transport`."""
        self.is_closed = True

    def _opened(self, url: str, heads: Mapping[str, str], body: bytes) -> tuple[Request, Answer | None]:
        """RFC 8555 6.2 to 6.5."""
        jws = json.loads(body)
        if set(jws) != {"protected", "payload", "signature"} or heads["Content-Type"] != "application/jose+json":
            raise AssertionError("not a flattened JWS")
        protected = json.loads(unpadded(jws["protected"]))
        request = Request("POST", url, dict(heads), protected, unpadded(jws["payload"]))
        if set(protected) not in ({"alg", "nonce", "url", "kid"}, {"alg", "nonce", "url", "jwk"}):
            raise AssertionError(f"protected are {sorted(protected)}")
        if protected["url"] != url:
            return request, refuses("unauthorized", 401)
        if protected["nonce"] not in self.nonces or self.rejections:
            self.rejections -= protected["nonce"] in self.nonces
            self.nonces.discard(protected["nonce"])
            return request, refuses("badNonce", detail="I have had that one.")
        self.nonces.discard(protected["nonce"])
        jwk = protected.get("jwk") or self.accounts.get(protected["kid"])
        if jwk is None:
            return request, refuses("accountDoesNotExist")
        signed = f"{jws['protected']}.{jws['payload']}".encode()
        verify(jwk, protected["alg"], signed, unpadded(jws["signature"]))
        return request, None

    def _scripted(self, request: Request) -> Scripted:
        answers = self.script.get(request.path)
        if answers is None:
            return refuses("malformed", 404, "Nothing here.")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _finished(self, found: Scripted) -> Answer:
        if isinstance(found, AcmeProblem):
            raise found
        answer = found if isinstance(found, Answer) else found(self.seen[-1])
        heads = dict(answer.heads)
        if self.gives_nonces and "replay-nonce" not in heads:
            self._count += 1
            self.nonces.add(f"nonce-{self._count}")
            heads["replay-nonce"] = [f"nonce-{self._count}"]
        if self.date is not None:
            heads["date"] = [formatdate(self.date, usegmt=True)]
        return Answer(answer.status, heads, answer.body)


class AuthorityCase(SynchronousTestCase):
    """``client`` speaks with ``authority`` for an account that it knows."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.authority = Authority(self.clock)
        self.client = self.speaking()
        self.authority.accounts[ACCOUNT] = self.client._key.jwk

    def speaking(self, key: str = KEY, account: str | None = ACCOUNT) -> AcmeClient:
        """Another client."""
        return AcmeClient(self.authority, self.clock, f"{BASE}/dir", key, account_uri=account, random=lambda: 0.5)

    def script(self, path: str, *answers: Scripted) -> None:
        """What is answered at a path, by turns."""
        self.authority.script[path] = list(answers)

    def done(self, work: Any) -> Any:
        """What a coroutine gives at once."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def refused(self, work: Any) -> AcmeProblem:
        """The problem that a coroutine ends with at once."""
        problem: AcmeProblem = self.failureResultOf(Deferred.fromCoroutine(work), AcmeProblem).value
        self.assertGreater(len(problem.detail.split()), 1, "no sentence")
        return problem

    def silent(self, work: Any) -> AcmeUnreachable:
        """The same, where there is no answer that can be understood."""
        problem = self.refused(work)
        self.assertIsInstance(problem, AcmeUnreachable)
        assert isinstance(problem, AcmeUnreachable)
        return problem


def order(status: str = "pending", **members: Any) -> dict[str, Any]:
    """An order of one name (RFC 8555 7.1.3)."""
    return {
        "status": status,
        "identifiers": [{"type": "dns", "value": "a.example.test"}],
        "authorizations": [f"{BASE}/authorization/1"],
        "finalize": f"{BASE}/order/1/finalize",
        **members,
    }


def authorization(status: str = "pending", *errors: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """The authorization of that name (RFC 8555 7.1.4), with a challenge for each of ``errors``, or one."""
    challenge = {"type": "http-01", "url": f"{BASE}/challenge/1", "token": "token-1", "status": status}
    challenges: Sequence[Any] = [{**challenge, "error": each} for each in errors] or [challenge]
    return {
        "identifier": {"type": "dns", "value": "a.example.test"},
        "status": status,
        "challenges": challenges,
        **members,
    }
