"""Tokens that are bound to a key, and what the holder of a token that is no good is told (RFC 9449 7, RFC 6750 3)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.provider.dpop import Proofs
from stalwart.provider.scopes import MAIL
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.limits import MemoryCounters
from stalwart.web.routes import AUTHENTICATED, route
from tests.provider.proofs import Prover
from tests.web.client import BASIC_ALICE, Response, Server

BASE = "https://mail.example.test"
PROVER = Prover()


@route("GET", "/mine", needs=AUTHENTICATED, spec="test")
def mine(exchange: Exchange) -> Answer:
    """Whose request it is."""
    assert exchange.access is not None
    return Answer(200, exchange.access.login.encode())


@route("GET", "/settings", needs="sysHttpGet", spec="test")
def settings(exchange: Exchange) -> Answer:
    """Something that no scope opens."""
    return Answer(200)


@route("GET", "/mail", needs="jmapEmailGet", spec="test")
def mail(exchange: Exchange) -> Answer:
    """Something that the scope of mail opens."""
    return Answer(200)


class TokenTestCase(SynchronousTestCase):
    """The bearer token ``key`` is alice's; ``bind`` binds it to the key of `PROVER`."""

    with_proofs = True

    def setUp(self) -> None:
        services: dict[str, Any] = {}
        self.server = Server([mine, settings, mail], services, base_url=BASE)
        self.proofs = Proofs(MemoryCounters(), self.server.clock)
        if self.with_proofs:
            services["proofs"] = self.proofs
            self.server = Server([mine, settings, mail], services, base_url=BASE)

    def bind(self) -> None:
        alice = self.server.directory.alice
        thumbprint = self.proofs.check(
            PROVER.proof("GET", BASE, self.server.clock.seconds()), method="GET", url=BASE, access_token=None
        )
        self.server.directory.alice = evolve(alice, dpop_thumbprint=thumbprint)

    def ask(self, path: str = "/mine", authorization: str = "DPoP key", proof: str | None = None) -> Response:
        headers = {"Authorization": authorization} | ({"DPoP": proof} if proof is not None else {})
        return self.server.request("GET", path, headers)

    def proof(self, method: str = "GET", url: str = f"{BASE}/mine", token: str = "key", prover: Prover = PROVER) -> str:
        return prover.proof(method, url, self.server.clock.seconds(), token)

    def challenges(self, answer: Response) -> dict[str, str]:
        """The challenges of a 401, by scheme."""
        self.assertEqual((answer.status, answer.headers["content-type"]), (401, "application/problem+json"))
        return {value.partition(" ")[0]: value.partition(" ")[2] for value in answer.all("www-authenticate")}

    def refused(self, answer: Response, code: str) -> None:
        self.assertIn(f'error="{code}", algs="ES256 RS256 PS256 EdDSA"', self.challenges(answer)["DPoP"])


class BoundTokenTests(TokenTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.bind()

    def test_a_proof_opens_each_request_and_only_one(self) -> None:
        first = self.proof()
        self.assertEqual(self.ask(proof=first).body, b"alice@example.test")
        self.assertEqual(self.ask(proof=self.proof()).status, 200)  # known by now
        self.refused(self.ask(proof=first), "invalid_dpop_proof")

    def test_it_is_no_bearer_token(self) -> None:
        for _ in range(2):
            for proof in (None, self.proof()):
                challenges = self.challenges(self.ask(authorization="Bearer key", proof=proof))
                self.assertIn('error="invalid_token"', challenges["Bearer"])
            self.ask(proof=self.proof())

    def test_without_a_proof_it_opens_nothing(self) -> None:
        self.refused(self.ask(), "invalid_dpop_proof")
        self.refused(self.ask(proof="x"), "invalid_dpop_proof")

    def test_proofs_of_other_requests_and_tokens(self) -> None:
        wrong = (
            self.proof("POST"),
            self.proof(url=f"{BASE}/mail"),
            self.proof(url="https://evil.example/mine"),
            self.proof(token="other"),
            f"{self.proof()}, {self.proof()}",
        )
        for proof in wrong:
            self.refused(self.ask(proof=proof), "invalid_dpop_proof")

    def test_proofs_of_other_keys(self) -> None:
        self.refused(self.ask(proof=self.proof(prover=Prover())), "invalid_token")
        self.ask(proof=self.proof())
        self.refused(self.ask(proof=self.proof(prover=Prover())), "invalid_token")

    def test_the_query_is_no_part_of_the_place(self) -> None:
        self.assertEqual(self.ask("/mine?x=1", proof=self.proof()).status, 200)

    def test_head_is_a_method_of_its_own(self) -> None:
        headers = {"Authorization": "DPoP key", "DPoP": self.proof("HEAD")}
        self.assertEqual(self.server.request("HEAD", "/mine", headers).status, 200)

    def test_the_other_challenges_stay(self) -> None:
        self.assertEqual(list(self.challenges(self.ask())), ["DPoP", "Bearer", "Basic"])


class FreeTokenTests(TokenTestCase):
    def test_it_is_no_token_of_a_key(self) -> None:
        self.refused(self.ask(proof=self.proof()), "invalid_token")
        self.assertEqual(self.ask(authorization="Bearer key").status, 200)
        self.refused(self.ask(proof=self.proof()), "invalid_token")

    def test_passwords_are_not_either(self) -> None:
        self.assertEqual(self.ask(authorization=BASIC_ALICE["Authorization"]).status, 200)
        value = BASIC_ALICE["Authorization"].partition(" ")[2]
        self.refused(self.ask(authorization=f"DPoP {value}", proof=self.proof(token=value)), "invalid_token")

    def test_a_bad_token_is_told_so(self) -> None:
        bearer = self.challenges(self.ask(authorization="Bearer bad"))["Bearer"]
        self.assertEqual(
            bearer,
            'realm="Stalwart Server", resource_metadata="https://mail.example.test/.well-known/'
            'oauth-protected-resource", error="invalid_token"',
        )
        self.refused(self.ask(authorization="DPoP bad", proof=self.proof(token="bad")), "invalid_token")

    def test_without_a_token_there_is_no_error(self) -> None:
        wrong = "Basic YWxpY2U6d3Jvbmc="
        for answer in (
            self.server.request("GET", "/mine"),
            self.ask(authorization=wrong),
            self.ask(authorization="X y"),
        ):
            challenges = self.challenges(answer)
            self.assertEqual(list(challenges), ["Bearer", "Basic"])
            self.assertNotIn("error", challenges["Bearer"])

    def test_too_little_scope_is_told(self) -> None:
        alice = self.server.directory.alice
        self.server.directory.alice = evolve(alice, scope=(MAIL,))
        answer = self.ask("/settings", "Bearer key")
        self.assertEqual(answer.status, 403)
        self.assertEqual(answer.all("www-authenticate"), ['Bearer realm="Stalwart Server", error="insufficient_scope"'])

    def test_what_the_account_lacks_no_scope_gives(self) -> None:
        alice = self.server.directory.alice
        self.server.directory.alice = evolve(alice, scope=(MAIL,))
        self.assertEqual(self.ask("/mail", "Bearer key").all("www-authenticate"), [])
        self.server.directory.alice = alice
        self.server.directory.kept.clear()
        self.assertEqual(self.ask("/settings", "Bearer key").all("www-authenticate"), [])
        self.assertEqual(self.ask("/settings", "Bearer key").status, 403)


class WithoutProofsTests(TokenTestCase):
    """A site that judges no proofs."""

    with_proofs = False

    def test_bound_tokens_open_nothing(self) -> None:
        self.bind()
        self.refused(self.ask(proof=self.proof()), "invalid_dpop_proof")
        self.challenges(self.ask(authorization="Bearer key"))
