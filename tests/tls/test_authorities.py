"""Accounts: registered with what the authority wants, registered again when it forgets them, one client for each.

What happens to their keys is in ``test_key_change``.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.config import registry
from stalwart.config.kept_text import Unreadable
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.vault import Vault, VaultKey
from stalwart.errors import Invalid, NotFound
from stalwart.net.acme import AcmeProblem, AcmeUnreachable, Directory
from stalwart.tls.authorities import ACCOUNT_KEY, Authorities, check_profile, refused
from tests.tls.small_authority import URL, SmallAuthority
from tests.tls.world import TlsWorld

EXTERNAL = ("eabKeyId", "eabHmacKey")


class AuthoritiesCase(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.authority = SmallAuthority(self.clock)
        self.authorities = self.new()

    def new(self, vault: Vault | None = None) -> Authorities:
        """Those of a process that has just begun."""
        return Authorities(self.store, self.settings, vault or self.vault, self.clock, self.authority.client)

    def attempt(self, work: Any) -> Any:
        """The result, or the error."""
        found: list[Any] = []
        Deferred.fromCoroutine(work).addBoth(found.append)
        (result,) = found
        return result.value if isinstance(result, Failure) else result

    def account(self, **members: Any) -> int:
        """An account that the authority knows, too."""
        id = self.provider(**members)
        stored = self.stored(id)
        if stored.account_uri:
            self.authority.accounts[self.vault.open(ACCOUNT_KEY, stored.account_key)] = stored.account_uri
        return id

    def stored(self, id: int) -> Any:
        entry = self.successResultOf(self.store.read(lambda tx: registry.get(tx, AcmeProvider, id)))
        assert entry is not None
        return entry.value


class RegistrationTests(AuthoritiesCase):
    """An object that is about to be stored."""

    def wanted(self, **members: Any) -> AcmeProvider:
        contact = {"b@example.test": True, "a@example.test": True}
        return AcmeProvider.from_wire({"contact": contact, "directory": f"{URL}/dir", **members})

    def register(self, **members: Any) -> Any:
        return self.attempt(self.authorities.register(self.wanted(**members)))

    def test_account_has_a_key_of_its_own(self) -> None:
        one, other = self.register(), self.register()
        self.assertEqual(self.authority.accounts, {one.key: one.uri, other.key: other.uri})
        self.assertEqual(self.authority.contacts[0], (["a@example.test", "b@example.test"], None))
        self.assertNotEqual(one.key, other.key)
        self.assertNotIn(one.key, self.authority.clients[0].directory_url)
        self.assertTrue(all(each.is_closed for each in self.authority.clients))

    def test_external_account_is_bound(self) -> None:
        self.authority.meta = Directory(external_account_required=True)
        self.register(eabKeyId="kid-1", eabHmacKey=" c2VjcmV0 \n")
        ((_, external),) = self.authority.contacts
        assert external is not None
        self.assertEqual((external.key_id, external.mac_key), ("kid-1", "c2VjcmV0"))

    def test_missing_external_account_names_both_properties(self) -> None:
        self.authority.meta = Directory(external_account_required=True)
        for members in ({}, {"eabKeyId": "kid-1"}, {"eabHmacKey": "c2VjcmV0"}):
            problem = self.register(**members)
            self.assertIsInstance(problem, Invalid)
            self.assertEqual(problem.properties, EXTERNAL)
            self.assertIn("external account", problem.detail)
        self.assertEqual(self.authority.accounts, {})

    def test_refused_external_account_names_both_properties(self) -> None:
        for kind in ("unauthorized", "badPublicKey", "externalAccountRequired"):
            self.authority.fail("register", AcmeProblem(kind, "unknown key id"))
            problem = self.register(eabKeyId="kid-1", eabHmacKey="c2VjcmV0")
            self.assertEqual(problem.properties, EXTERNAL)
            self.assertEqual(problem.detail, "Failed to create ACME account: unknown key id")

    def test_authority_that_does_not_say_beforehand_that_it_wants_one(self) -> None:
        self.authority.fail("register", AcmeProblem("externalAccountRequired", "EAB required"))
        self.assertEqual(self.register().properties, EXTERNAL)

    def test_each_refusal_names_who_is_to_blame(self) -> None:
        table = {
            "invalidContact": ("contact",),
            "unsupportedContact": ("contact",),
            "unauthorized": ("directory",),
            "serverInternal": ("directory",),
            "userActionRequired": ("directory",),
        }
        for kind, names in table.items():
            self.assertEqual(refused(AcmeProblem(kind, "no"), False).properties, names, kind)

    def test_authority_that_is_silent(self) -> None:
        self.authority.fail("directory", AcmeUnreachable("ca.test does not answer"))
        problem = self.register()
        self.assertEqual((type(problem), problem.properties), (Invalid, ("directory",)))
        self.assertIn("ca.test does not answer", problem.detail)
        self.assertTrue(self.authority.clients[0].is_closed)

    def test_profile_that_is_not_offered(self) -> None:
        self.authority.meta = Directory(profiles={"tlsserver": "", "shortlived": ""})
        problem = self.register(profile="fast")
        self.assertEqual((type(problem), problem.properties), (Invalid, ("profile",)))
        self.assertIn("shortlived, tlsserver", problem.detail)
        self.assertEqual(self.authority.accounts, {})
        self.assertEqual(self.register(profile="shortlived").uri, self.authority.clients[-1].account_uri)

    def test_authority_without_profiles(self) -> None:
        problem = self.assertRaises(Invalid, check_profile, "fast", {})
        self.assertIn("none", problem.detail)
        check_profile(None, {})


class ClientTests(AuthoritiesCase):
    """Who speaks for an account."""

    def client(self, id: int) -> Any:
        return self.attempt(self.authorities.client(id))

    def test_client_stays_as_long_as_its_account(self) -> None:
        id = self.account()
        client = self.client(id)
        self.assertIs(self.client(id), client)
        self.assertEqual((client.directory_url, client.account_uri), (f"{URL}/dir", f"{URL}/account/1"))
        self.assertNotIn("sealed", client.key)
        self.settle(self.settings.change(AcmeProvider, {"contact": {"b@example.test": True}}, id))
        self.assertIs(self.client(id), client)
        self.authority.accounts.clear()
        self.attempt(self.authorities.revive(id))
        self.assertIs(self.client(id), client)

    def test_account_that_changed_elsewhere_gets_another_client(self) -> None:
        id = self.account()
        former = self.client(id)
        patch = {"accountUri": f"{URL}/account/9"}
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, AcmeProvider, id, patch, now=1, by_server=True))
        )
        self.settle(self.settings.reload())
        self.assertEqual(self.client(id).account_uri, f"{URL}/account/9")
        self.assertTrue(former.is_closed)

    def test_two_who_ask_at_once_get_one_client(self) -> None:
        id = self.account()
        gate: Deferred[None] = Deferred()
        read = self.store.read

        def slow(work: Any) -> Any:
            return _after(gate, lambda: read(work))

        self.patch(self.store, "read", slow)
        asking = [Deferred.fromCoroutine(self.authorities.client(id)) for _ in range(2)]
        gate.callback(None)
        one, other = map(self.successResultOf, asking)
        self.assertIs(one, other)
        self.settle(self.authorities.close())
        self.assertTrue(all(each.is_closed for each in self.authority.clients))

    def test_account_without_url_is_registered(self) -> None:
        id = self.account(accountUri=None)
        client = self.client(id)
        self.assertEqual(self.stored(id).account_uri, client.account_uri)
        self.assertEqual(self.authority.accounts, {client.key: client.account_uri})
        self.assertIs(self.client(id), client)

    def test_account_that_cannot_be_registered_leaves_nothing_open(self) -> None:
        id = self.account(accountUri=None)
        self.authority.fail("register", AcmeUnreachable("silence"))
        self.assertIsInstance(self.client(id), AcmeUnreachable)
        self.assertTrue(self.authority.clients[0].is_closed)
        self.assertEqual(self.client(id).account_uri, self.stored(id).account_uri)

    def test_account_that_is_not_there(self) -> None:
        self.assertIsInstance(self.client(4711), NotFound)

    def test_key_of_another_vault(self) -> None:
        self.authorities = self.new(Vault(VaultKey("u" * 40)))
        self.assertIsInstance(self.client(self.account()), Unreadable)

    def test_forgotten_account_is_registered_again_with_its_key(self) -> None:
        id = self.account()
        client = self.client(id)
        self.authority.accounts.clear()
        self.assertIsNone(self.attempt(self.authorities.revive(id)))
        self.assertEqual(self.authority.accounts, {client.key: self.stored(id).account_uri})
        self.assertEqual(self.authority.contacts, [(["a@example.test"], None)])

    def test_forgotten_account_in_a_process_that_has_not_spoken_yet(self) -> None:
        id = self.account()
        self.authority.accounts.clear()
        self.attempt(self.authorities.revive(id))
        self.assertIs(self.client(id), self.authority.clients[0])

    def test_who_asks_while_an_account_is_registered_again_waits(self) -> None:
        id = self.account()
        client = self.client(id)
        asking: list[Deferred[Any]] = []
        reload = self.settings.reload

        async def reload_and_ask(*given: Any) -> None:
            await reload(*given)
            asking.append(Deferred.fromCoroutine(self.authorities.client(id)))

        self.patch(self.settings, "reload", reload_and_ask)
        self.authority.accounts.clear()
        self.attempt(self.authorities.revive(id))
        self.assertIs(self.successResultOf(asking[0]), client)
        self.assertFalse(client.is_closed)

    def test_account_that_is_not_taken_again_is_tried_later(self) -> None:
        id = self.account()
        client = self.client(id)
        self.authority.accounts.clear()
        self.authority.fail("register", AcmeProblem("externalAccountRequired", "EAB required"))
        self.assertIsInstance(self.attempt(self.authorities.revive(id)), AcmeProblem)
        self.assertIsNone(self.attempt(self.authorities.revive(id)))
        self.settle(self.authorities.close())
        self.assertTrue(client.is_closed)

    def test_all_are_closed_at_the_end(self) -> None:
        clients = [self.client(self.account(accountUri=f"{URL}/account/{number}")) for number in (1, 2)]
        self.settle(self.authorities.close())
        self.settle(self.authorities.close())
        self.assertEqual([each.is_closed for each in clients], [True, True])


class UpdateTests(AuthoritiesCase):
    """Contact addresses and profiles of an account that is there."""

    def update(self, id: int, **members: Any) -> Any:
        return self.attempt(self.authorities.update(id, AcmeProvider.patched(self.stored(id), members)))

    def test_authority_is_told_other_addresses(self) -> None:
        self.assertIsNone(self.update(self.account(), contact={"b@example.test": True}))
        self.assertEqual(self.authority.contacts, [(["b@example.test"], None)])

    def test_authority_is_not_asked_without_need(self) -> None:
        self.authority.meta = Directory(profiles={"shortlived": ""})
        self.assertIsNone(self.update(self.account(), profile="shortlived"))
        self.assertEqual(self.authority.contacts, [])

    def test_address_that_is_refused(self) -> None:
        id = self.account()
        self.authority.fail("update_contact", AcmeProblem("invalidContact", "no such host"))
        problem = self.update(id, contact={"b@example.test": True})
        self.assertEqual(
            (problem.properties, problem.detail), (("contact",), "Failed to update ACME account: no such host")
        )

    def test_profile_that_is_not_offered(self) -> None:
        problem = self.update(self.account(), profile="fast")
        self.assertEqual((type(problem), problem.properties), (Invalid, ("profile",)))


def _after(gate: Deferred[None], work: Any) -> Deferred[Any]:
    """What ``work`` gives once the gate is open."""
    waiting: Deferred[Any] = Deferred()
    gate.addCallback(lambda _: waiting.callback(None))
    return waiting.addCallback(lambda _: work())
