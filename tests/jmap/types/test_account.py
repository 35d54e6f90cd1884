"""x:Account over JMAP (settings C.5, A.7, A.8)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config import registry
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.directory import hashes
from stalwart.directory.hashing import SynchronousHashing
from stalwart.directory.totp import make_uri
from stalwart.errors import Unauthenticated
from stalwart.groupware.kinds import CALENDARS
from stalwart.jmap.types.account import AccountHandler
from stalwart.store.object_types import CALENDAR
from tests.directory.world import FAST, PASSWORD
from tests.jmap.registry.world import RegistryWorld

GOOD = "Correct-Horse-7-battery"


def user(name: str = "alice", **members: Any) -> dict[str, Any]:
    """Members of a user."""
    return {"@type": "User", "name": name, "domainId": "b", **members}


def password(secret: str = FAST, **members: Any) -> dict[str, Any]:
    """A list with one password."""
    return {"0": {"@type": "Password", "secret": secret, **members}}


class AccountWorld(RegistryWorld):
    def stored(self, id: str) -> dict[str, Any]:
        """The stored form."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Account", decode_id(id))))
        data: dict[str, Any] = row.data
        return data

    def login(self, id: str) -> str | None:
        """The login of the object store's row."""
        row = self.successResultOf(self.store.read(lambda tx: tx.accounts.get(decode_id(id))))
        return None if row is None else row.login


class ReadTests(AccountWorld):
    def test_shape_is_that_of_the_reference(self) -> None:
        aliases = {"0": {"name": "al", "domainId": "b"}}
        id = self.create("Account", **user(description="Alice Example", credentials=password(), aliases=aliases))
        expected = {
            "name": "alice",
            "domainId": "b",
            "credentials": {
                "0": {
                    "credentialId": "a",
                    "secret": "****",
                    "otpAuth": None,
                    "expiresAt": None,
                    "allowedIps": {},
                    "@type": "Password",
                }
            },
            "createdAt": "2027-01-15T08:00:00Z",
            "memberGroupIds": {},
            "memberTenantId": None,
            "roles": {"@type": "User"},
            "permissions": {"@type": "Inherit"},
            "quotas": {},
            "aliases": {"0": {"enabled": True, "name": "al", "domainId": "b", "description": None}},
            "description": "Alice Example",
            "locale": "en_US",
            "timeZone": None,
            "encryptionAtRest": {"@type": "Disabled"},
            "@type": "User",
            "usedDiskQuota": 0,
            "emailAddress": "alice@example.test",
            "id": id,
        }
        self.assertEqual(self.get("Account", id), expected)

    def test_what_get_returns_set_accepts(self) -> None:
        id = self.create("Account", **user(description="Alice", credentials=password()))
        whole = self.get("Account", id)
        for name in ("id", "usedDiskQuota", "emailAddress"):
            del whole[name]
        before = self.stored(id)
        self.update("Account", id, **whole)
        self.assertEqual(self.stored(id), before)

    def test_computed_members_can_be_left_out(self) -> None:
        id = self.account()
        self.assertEqual(
            self.get("Account", id, properties=["emailAddress"]), {"emailAddress": "alice@example.test", "id": id}
        )
        self.assertEqual(list(self.get("Account", id, properties=["name"])), ["name", "id"])


class TenantTests(AccountWorld):
    def test_who_moves_to_another_tenant_takes_no_shares_along(self) -> None:
        owner, guest = (decode_id(self.create("Account", **user(name))) for name in ("owner", "guest"))

        def share(tx: Any) -> None:
            made = tx.collections.create(owner, CALENDAR, CALENDARS.home, "work", now=1).item_id
            tx.shares.replace(owner, made, {guest: 1})

        def shared() -> int:
            return len(self.successResultOf(self.store.read(lambda tx: tx.shares.granted([guest]))))

        self.successResultOf(self.store.write(share))
        self.update("Account", encode_id(guest), description="still here")
        self.assertEqual(shared(), 1)
        tenant = self.create("Tenant", name="acme")
        self.update("Account", encode_id(guest), memberTenantId=tenant)
        self.assertEqual(shared(), 0)


class CreateTests(AccountWorld):
    def test_clear_password_is_hashed_and_works(self) -> None:
        id = self.create("Account", **user(credentials=password(GOOD)))
        stored = self.stored(id)["credentials"]["0"]["secret"]
        self.assertEqual(hashes.scheme_of(stored), "argon2id")
        self.assertEqual(self.sign_in(secret=GOOD).account_id, decode_id(id))

    def test_hash_is_stored_verbatim_without_any_work(self) -> None:
        self.patch(SynchronousHashing, "run", lambda *_: self.fail("there is nothing to hash"))
        id = self.create("Account", **user(credentials=password(FAST)))
        self.assertEqual(self.stored(id)["credentials"]["0"]["secret"], FAST)

    def test_weak_password_is_refused_and_leaves_nothing(self) -> None:
        error = self.not_created("Account", **user(credentials=password("password1")))
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["secret"]))
        self.assertIn("too weak", error["description"])
        self.assertEqual(self.ids("Account"), [])

    def test_password_made_of_the_own_name_is_weak(self) -> None:
        words = user("bartholomew", description="Bartholomew Featherstone", credentials=password("featherstone"))
        self.assertEqual(self.not_created("Account", **words)["properties"], ["secret"])

    def test_malformed_object_is_told_before_a_weak_password(self) -> None:
        error = self.not_created("Account", **user(credentials=password("password1"), nope=1))
        self.assertEqual(error["properties"], ["nope"])

    def test_weak_password_among_good_ones(self) -> None:
        create = {
            "a": user("alice", credentials=password(GOOD)),
            "b": user("bob", credentials=password("password1")),
            "c": user("carol", credentials=password(FAST)),
        }
        answer = self.ask("x:Account/set", {"create": create})
        self.assertEqual((sorted(answer["created"]), list(answer["notCreated"])), (["a", "c"], ["b"]))

    def test_no_clear_password_is_ever_stored(self) -> None:
        for path in ("credentials", "credentials/0", "credentials/0/secret"):
            id = self.create("Account", **user(f"u{len(path)}", credentials=password()))
            value: Any = {"credentials": password(GOOD), "credentials/0": password(GOOD)["0"]}.get(path, GOOD)
            self.update("Account", id, **{path: value})
            self.assertTrue(hashes.is_hash(self.stored(id)["credentials"]["0"]["secret"]), path)

    def test_second_password_is_refused(self) -> None:
        both = {"0": password()["0"], "1": password()["0"]}
        error = self.not_created("Account", **user(credentials=both))
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["credentials"]))

    def test_app_passwords_and_keys_are_not_made_here(self) -> None:
        for type in ("AppPassword", "ApiKey"):
            error = self.not_created("Account", **user(credentials={"0": {"@type": type, "description": "x"}}))
            self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["credentials"]))

    def test_address_is_shared_by_users_groups_lists_and_aliases(self) -> None:
        alice = self.create("Account", **user(aliases={"0": {"name": "al", "domainId": "b"}}))
        holder = {"object": "Account", "id": alice}
        taken = {"type": "primaryKeyViolation", "properties": ["email"], "objectId": holder}
        self.assertEqual(self.not_created("Account", **user()), taken)
        self.assertEqual(self.not_created("Account", **{"@type": "Group", "name": "al", "domainId": "b"}), taken)
        self.assertEqual(self.not_created("MailingList", name="alice", domainId="b"), taken)
        error = self.not_created("Account", **user("bob", aliases={"0": {"name": "alice", "domainId": "b"}}))
        self.assertEqual(error, taken)

    def test_group_reference_must_be_a_group(self) -> None:
        alice = self.account()
        error = self.not_created("Account", **user("bob", memberGroupIds={alice: True}))
        self.assertEqual(error["type"], "invalidForeignKey")

    def test_object_store_has_a_row(self) -> None:
        self.assertEqual(self.login(self.create("Account", **user())), "alice@example.test")

    def test_password_expires_as_the_rules_say(self) -> None:
        self.update("Authentication", "singleton", passwordDefaultExpiry=86_400_000)
        self.assertIsNotNone(self.settings.of(Authentication).password_default_expiry)
        id = self.create("Account", **user(credentials=password()))
        self.assertEqual(self.get("Account", id)["credentials"]["0"]["expiresAt"], "2027-01-16T08:00:00Z")
        self.clock.advance(3600)
        self.update("Account", id, credentials__0__secret=FAST)
        self.assertEqual(self.get("Account", id)["credentials"]["0"]["expiresAt"], "2027-01-16T09:00:00Z")
        self.update("Account", id, credentials__0__secret="****")
        self.update("Account", id, credentials__0__secret=FAST, credentials__0__expiresAt=None)
        self.assertIsNone(self.get("Account", id)["credentials"]["0"]["expiresAt"])

    def test_second_factor_must_be_usable(self) -> None:
        error = self.not_created("Account", **user(credentials=password(otpAuth="otpauth://totp/x?secret=AA")))
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["otpAuth"]))
        uri = make_uri("Example", "alice")
        self.create("Account", **user(credentials=password(otpAuth=uri)))

    def test_creation_id_chooses_nothing_outside_recovery_mode(self) -> None:
        answer = self.ask("x:Account/set", {"create": {"restore-77": user()}})
        self.assertEqual(answer["created"]["restore-77"]["id"], "b")


class RestoreTests(AccountWorld):
    mode = "recovery"

    def test_creation_id_chooses_the_id(self) -> None:
        answer = self.ask("x:Account/set", {"create": {"restore-77": user()}})
        self.assertEqual(answer["created"], {"restore-77": {"id": "cn"}})

    def test_later_accounts_pass_over_it(self) -> None:
        self.ask("x:Account/set", {"create": {"restore-2": user()}})
        self.assertEqual([self.create("Account", **user(name)) for name in ("bob", "carol")], ["b", "d"])

    def test_id_that_is_taken_or_impossible_is_refused(self) -> None:
        self.create("Account", **user())
        for number in ("1", "0", "4294967295", "99999999999999", "x", ""):
            answer = self.ask("x:Account/set", {"create": {f"restore-{number}": user("bob")}})
            self.assertEqual(answer["notCreated"][f"restore-{number}"]["properties"], ["id"], number)


class UpdateTests(AccountWorld):
    def test_mask_is_unchanged(self) -> None:
        id = self.account()
        self.update("Account", id, credentials__0__secret="****", credentials__0__allowedIps={"192.0.2.0/24": True})
        self.assertEqual(self.stored(id)["credentials"]["0"]["secret"], FAST)

    def test_type_cannot_change(self) -> None:
        error = self.not_updated("Account", self.account(), **{"@type": "Group"})
        text = "Cannot change the type of an existing account."
        self.assertEqual(error, {"type": "invalidProperties", "description": text, "properties": ["@type"]})

    def test_address_cannot_be_set(self) -> None:
        error = self.not_updated("Account", self.account(), emailAddress="x@y")
        text = "Cannot modify server set property"
        self.assertEqual(error, {"type": "invalidPatch", "description": text, "properties": ["emailAddress"]})

    def test_renamed_account_keeps_its_id_and_gets_the_login(self) -> None:
        id = self.account()
        self.update("Account", id, name="alicia")
        self.assertEqual(self.login(id), "alicia@example.test")
        self.assertEqual(self.get("Account", id)["emailAddress"], "alicia@example.test")
        self.assertEqual(self.sign_in("alicia@example.test").account_id, decode_id(id))
        self.create("Account", **user())

    def test_account_can_move_to_another_domain(self) -> None:
        id = self.account()
        self.update("Account", id, domainId=self.create("Domain", name="new.test"))
        self.assertEqual(self.login(id), "alice@new.test")

    def test_next_request_is_checked_again(self) -> None:
        id = self.account()
        self.directory.remember("header", self.sign_in())
        self.update("Account", id, credentials__0__secret=GOOD)
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        self.sign_in(secret=GOOD)
        self.refusal(self.begin_login(PASSWORD), Unauthenticated)

    def begin_login(self, secret: str) -> Any:
        """A login that will fail."""
        return super(RegistryWorld, self).begin(secret=secret)

    def test_app_password_can_be_taken_away_not_changed(self) -> None:
        id = self.account()
        self.settle(self.accounts.add_app_password(decode_id(id), "phone"))
        error = self.not_updated("Account", id, credentials__1__description="tablet")
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["credentials"]))
        error = self.not_updated("Account", id, credentials__1__secret=FAST)
        self.assertEqual(error["type"], "invalidPatch")
        self.update("Account", id, credentials__0__allowedIps={"192.0.2.0/24": True})
        self.update("Account", id, **{"credentials/1": None})
        self.assertEqual(list(self.stored(id)["credentials"]), ["0"])

    def test_weak_password_is_refused(self) -> None:
        id = self.account(description="Featherstone Bartholomew")
        for secret in ("short", "featherstone"):
            self.assertEqual(self.not_updated("Account", id, credentials__0__secret=secret)["properties"], ["secret"])
        self.sign_in()

    def test_unknown_account_with_a_password(self) -> None:
        for id in ("zz", "!"):
            self.assertEqual(self.not_updated("Account", id, credentials__0__secret=GOOD), {"type": "notFound"})


class DestroyTests(AccountWorld):
    def test_it_is_gone_at_once_and_its_data_later(self) -> None:
        id = self.account()
        self.directory.remember("header", self.sign_in())
        self.destroy("Account", id)
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        tasks = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        found = [(row.data["@type"], row.data["accountId"], row.data["accountName"]) for row in tasks]
        self.assertEqual(found, [("DestroyAccount", id, "alice")])
        self.assertEqual(self.runner.woken, 1)

    def test_its_address_is_free_at_once(self) -> None:
        former = self.account()
        self.destroy("Account", former)
        self.assertNotEqual(self.create("Account", **user()), former)

    def test_what_belongs_to_it_alone_goes_too(self) -> None:
        alice, bob = self.account("alice"), self.account("bob")
        for owner in (alice, bob):
            members = {"accountId": owner, "email": f"{owner}@x.test"}
            self.successResultOf(
                self.store.write(lambda tx, m=members: registry.create(tx, MaskedEmail, m, now=1.0, by_server=True))
            )
        self.destroy("Account", alice)
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("MaskedEmail")))
        self.assertEqual([row.data["accountId"] for row in rows], [bob])

    def test_group_with_members_stays(self) -> None:
        group = self.create("Account", **{"@type": "Group", "name": "staff", "domainId": "b"})
        alice = self.account(memberGroupIds={group: True})
        error = self.not_destroyed("Account", group)
        self.assertEqual(error["linkedObjects"], [{"object": "Account", "id": alice}])
        self.assertEqual(self.login(group), "staff@example.test")

    def test_handler_is_this_one(self) -> None:
        self.assertEqual(AccountHandler.handled, ("Account",))
