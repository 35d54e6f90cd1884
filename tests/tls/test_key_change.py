"""Accounts get another key, whatever becomes of the process meanwhile (``authorities``)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.config import registry
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.errors import Invalid, NotFound
from stalwart.net.acme import AcmeProblem, AcmeUnreachable
from stalwart.tls.authorities import ACCOUNT_KEY, Authorities
from tests.tls.world import TlsWorld

URI = "https://ca.test/account/1"


class FakeClient:
    """Speaks for the account with ``key``; ``known`` is the key that the authority goes by."""

    def __init__(self, known: list[str], key: str, trouble: list[Exception]) -> None:
        self.known, self.key, self.trouble = known, key, trouble

    async def change_key(self, new: str) -> None:
        problem = self.trouble.pop() if self.trouble else None
        if problem is None or isinstance(problem, AcmeUnreachable):
            self.known[0] = new  # an answer may be lost after all is done
        if problem is not None:
            raise problem
        self.key = new

    async def register(self, contact: Any, external: Any = None, *, existing_only: bool = False) -> str:
        if self.key != self.known[0]:
            raise AcmeProblem("accountDoesNotExist", "no such account")
        return URI

    async def close(self) -> None:
        """Nothing is open."""


class KeyChangeTests(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.account = self.provider(accountUri=URI)
        self.trouble: list[Exception] = []
        self.known = [self.stored_key()]
        self.clients: list[FakeClient] = []

    def stored_key(self) -> str:
        entry = self.successResultOf(self.store.read(lambda tx: registry.get(tx, AcmeProvider, self.account)))
        return self.vault.open(ACCOUNT_KEY, entry.value.account_key)

    def authorities(self) -> Authorities:
        """Those of a process that has just begun."""

        def make(directory: str, key: str, *, account_uri: str | None) -> Any:
            self.clients.append(FakeClient(self.known, key, self.trouble))
            return self.clients[-1]

        return Authorities(self.store, self.settings, self.vault, self.clock, make)

    def attempt(self, work: Any) -> Any:
        """The result, or the error."""
        found: list[Any] = []
        Deferred.fromCoroutine(work).addBoth(found.append)
        (result,) = found
        return result.value if isinstance(result, Failure) else result

    def test_new_key_is_stored_and_used(self) -> None:
        former, authorities = self.stored_key(), self.authorities()
        self.assertIsNone(self.attempt(authorities.change_key(self.account)))
        self.assertNotEqual(self.stored_key(), former)
        self.assertEqual(self.stored_key(), self.known[0])
        self.assertEqual(self.attempt(authorities.client(self.account)).key, self.known[0])

    def test_lost_answer_is_found_out_by_the_next_client(self) -> None:
        self.trouble.append(AcmeUnreachable("no answer"))
        former = self.stored_key()
        problem = self.attempt(self.authorities().change_key(self.account))
        self.assertIsInstance(problem, Invalid)
        self.assertEqual(self.stored_key(), former)
        client = self.attempt(self.authorities().client(self.account))
        self.assertEqual((client.key, self.stored_key()), (self.known[0], self.known[0]))

    def test_answer_lost_to_a_client_that_lives_on(self) -> None:
        self.trouble.append(AcmeUnreachable("no answer"))
        authorities = self.authorities()
        self.attempt(authorities.change_key(self.account))
        self.assertEqual(self.attempt(authorities.client(self.account)).key, self.known[0])

    def test_key_that_the_authority_refused_is_forgotten(self) -> None:
        self.trouble.append(AcmeProblem("malformed", "conflict"))
        former = self.stored_key()
        self.assertIn("conflict", self.attempt(self.authorities().change_key(self.account)).detail)
        self.assertEqual(self.attempt(self.authorities().client(self.account)).key, former)
        self.assertEqual(len(self.clients), 2)

    def test_account_that_is_not_there(self) -> None:
        self.assertIsInstance(self.attempt(self.authorities().change_key(4711)), NotFound)
