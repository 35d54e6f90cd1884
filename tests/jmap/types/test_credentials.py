"""x:AppPassword and x:ApiKey (settings C.5, A.7)."""

from __future__ import annotations

from attrs import evolve

from stalwart.codec.ids import decode_id
from stalwart.errors import Unauthenticated
from stalwart.jmap.types.credentials import BEYOND_THE_KEY, CredentialHandler
from tests.directory.world import IP, PASSWORD
from tests.jmap.registry.world import ROOT, RegistryWorld


class CredentialTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()
        self.become("alice")

    def made(self, type: str = "AppPassword", **members: object) -> tuple[str, str]:
        """Id and secret of a new one."""
        answer = self.ask(f"x:{type}/set", {"create": {"c": {"description": "Phone", **members}}})
        self.assertIsNone(answer["notCreated"])
        created = answer["created"]["c"]
        self.assertEqual(sorted(created), ["id", "secret"])
        return created["id"], created["secret"]

    def test_secret_is_told_once_and_works(self) -> None:
        id, secret = self.made()
        self.assertTrue(secret.startswith("app_"))
        self.assertEqual(len(secret), 40)
        self.assertEqual(self.sign_in(secret=secret).credential_id, decode_id(id))
        self.assertEqual(self.get("AppPassword", id)["secret"], "****")

    def test_key_works_as_bearer_token(self) -> None:
        id, secret = self.made("ApiKey")
        access = self.settle(self.directory.authenticate_bearer(secret, IP))
        self.assertEqual((access.account_id, access.credential_id), (decode_id(self.alice), decode_id(id)))

    def test_shape_is_that_of_the_reference(self) -> None:
        id, _ = self.made(allowedIps={"192.0.2.1": True})
        expected = [
            ("description", "Phone"),
            ("secret", "****"),
            ("createdAt", "2027-01-15T08:00:00Z"),
            ("expiresAt", None),
            ("permissions", {"@type": "Inherit"}),
            ("allowedIps", {"192.0.2.1": True}),
            ("id", id),
        ]
        self.assertEqual(list(self.get("AppPassword", id).items()), expected)

    def test_each_type_has_its_own(self) -> None:
        app, key = self.made()[0], self.made("ApiKey")[0]
        self.assertEqual((app, key), ("b", "c"))
        for type, own, other in (("AppPassword", app, key), ("ApiKey", key, app)):
            answer = self.ask(f"x:{type}/get", {"ids": [own, other, "a", "!"]})
            self.assertEqual([each["id"] for each in answer["list"]], [own])
            self.assertEqual(answer["notFound"], [other, "a", "!"])
            self.assertEqual([each["id"] for each in self.ask(f"x:{type}/get")["list"]], [own])

    def test_number_is_limited(self) -> None:
        for _ in range(5):
            self.made()
        self.assertEqual(self.not_created("AppPassword", description="x")["type"], "overQuota")
        self.made("ApiKey")

    def test_secret_and_date_cannot_be_given(self) -> None:
        for name, value in (("secret", "x"), ("createdAt", "2020-01-01T00:00:00Z")):
            error = self.not_created("AppPassword", description="x", **{name: value})
            self.assertEqual((error["type"], error["properties"]), ("invalidPatch", [name]))

    def test_description_is_required(self) -> None:
        error = self.not_created("AppPassword")
        self.assertEqual(error["validationErrors"], [{"type": "Required", "property": "description"}])

    def test_update_changes_all_but_the_secret(self) -> None:
        id, secret = self.made()
        self.update("AppPassword", id, description="Tablet", **{"allowedIps/192.0.2.0~124": True})
        found = self.get("AppPassword", id)
        self.assertEqual((found["description"], found["allowedIps"]), ("Tablet", {"192.0.2.0/24": True}))
        self.sign_in(secret=secret)
        self.update("AppPassword", id, secret="****")
        self.assertEqual(self.not_updated("AppPassword", id, secret="x")["type"], "invalidPatch")

    def test_removed_one_is_refused_at_once(self) -> None:
        id, secret = self.made()
        self.directory.remember("header", self.sign_in(secret=secret))
        self.destroy("AppPassword", id)
        self.assertIsNone(self.directory.cached("header", IP))
        self.refusal(super(RegistryWorld, self).begin(secret=secret), Unauthenticated)
        self.assertEqual(self.not_destroyed("AppPassword", id), {"type": "notFound"})

    def test_password_is_none_of_them(self) -> None:
        self.assertEqual(self.not_destroyed("AppPassword", "a"), {"type": "notFound"})
        self.assertEqual(self.not_updated("ApiKey", "a", description="x"), {"type": "notFound"})

    def test_filter_and_sort_by_the_end(self) -> None:
        never = self.made()[0]
        later = self.made(expiresAt="2030-01-01T00:00:00Z")[0]
        soon = self.made(expiresAt="2028-01-01T00:00:00Z")[0]
        self.assertEqual(self.ids("AppPassword"), [soon, later, never])
        sort = [{"property": "expiresAt", "isAscending": True}]
        self.assertEqual(self.ids("AppPassword", sort=sort), [never, soon, later])
        self.assertEqual(self.ids("AppPassword", filter={"expiresAtIsLessThan": "2029-01-01T00:00:00Z"}), [soon])
        self.assertEqual(self.ids("AppPassword", filter={"expiresAt": "2030-01-01T00:00:00Z"}), [later])
        self.assertEqual(self.ids("AppPassword", filter={"expiresAt": None}), [never])
        for name in ("IsGreaterThan", "IsGreaterThanOrEqual", "IsLessThanOrEqual"):
            self.assertEqual(
                len(self.ids("AppPassword", filter={f"expiresAt{name}": "2030-01-01T00:00:00Z"})),
                {"IsGreaterThan": 0, "IsGreaterThanOrEqual": 1, "IsLessThanOrEqual": 2}[name],
            )

    def test_other_filters_and_orders_are_unsupported(self) -> None:
        for filter in ({"description": "x"}, {"expiresAt": "soon"}):
            self.assertEqual(self.error("x:ApiKey/query", {"filter": filter})["type"], "unsupportedFilter")
        self.assertEqual(
            self.error("x:ApiKey/query", {"sort": [{"property": "description"}]})["type"], "unsupportedSort"
        )

    def test_nobody_makes_a_key_that_opens_more_than_his_own(self) -> None:
        text = "You are not authorized to grant permissions: sysDomainGet"
        only = {"@type": "Replace", "permissions": {"sysDomainGet": True, "authenticate": True}}
        error = self.not_created("AppPassword", description="x", permissions=only)
        self.assertEqual(error, {"type": "forbidden", "description": text})
        kept = frozenset(("authenticate", "sysApiKeyCreate", "sysApiKeyUpdate"))
        self.who = evolve(self.who, permissions=kept)
        self.assertEqual(self.not_created("ApiKey", description="x")["type"], "forbidden")
        only = {"@type": "Replace", "permissions": {"authenticate": True}}
        id, _ = self.made("ApiKey", permissions=only)
        self.update("ApiKey", id, description="y")
        self.assertEqual(self.not_updated("ApiKey", id, permissions={"@type": "Inherit"})["type"], "forbidden")

    def test_app_password_opens_no_credentials(self) -> None:
        kept, secret = self.made()
        self.become("alice", secret=secret)
        for call, arguments in (
            *((f"x:{type}/get", {"ids": None}) for type in ("AppPassword", "ApiKey")),
            *((f"x:{type}/set", {"create": {"c": {"description": "x"}}}) for type in ("AppPassword", "ApiKey")),
            ("x:AppPassword/set", {"destroy": [kept]}),
            ("x:AccountPassword/get", {"ids": None}),
            ("x:AccountPassword/set", {"update": {"singleton": {"currentSecret": PASSWORD, "secret": "a b c d 7 x"}}}),
        ):
            self.assertEqual(self.error(call, arguments)["type"], "forbidden", call)
        self.assertEqual(len(self.ask("x:AccountSettings/get", {"ids": None})["list"]), 1)
        self.sign_in()

    def test_app_password_of_an_administrator_opens_no_credentials_of_others(self) -> None:
        self.account("chief", roles={"@type": "Admin"})
        self.become("chief")
        _, secret = self.made()
        self.become("chief", secret=secret)
        mine = {"accountId": self.alice, "create": {"c": {"description": "x"}}}
        patch = {"update": {self.alice: {"credentials/0/secret": "another four words 7"}}}
        for call, arguments in (("x:AppPassword/set", mine), ("x:Account/set", patch)):
            self.assertEqual(self.error(call, arguments)["type"], "forbidden", call)
        self.assertTrue(self.ask("x:Account/get", {"ids": [self.alice]})["list"])

    def test_limited_key_makes_none_that_lasts_longer_or_works_from_elsewhere(self) -> None:
        limits = {"expiresAt": "2030-01-01T00:00:00Z", "allowedIps": {"192.0.2.0/24": True}}
        id, key = self.made("ApiKey", **limits)
        self.who = self.settle(self.directory.authenticate_bearer(key, IP))
        refused = {"type": "forbidden", "description": BEYOND_THE_KEY}
        for type in ("ApiKey", "AppPassword"):
            for change in (
                {"expiresAt": None},
                {"expiresAt": "2030-01-01T00:00:01Z"},
                {"allowedIps": {}},
                {"allowedIps": {"192.0.2.1": True, "2001:db8::1": True}},
                {"allowedIps": {"192.0.0.0/16": True}},
            ):
                only = {"@type": "Replace", "permissions": {"authenticate": True}}
                made = {"description": "x", "permissions": only, **limits, **change}
                self.assertEqual(self.not_created(type, **made), refused, change)
        self.assertEqual(self.not_updated("ApiKey", id, expiresAt=None), refused)
        self.update("ApiKey", id, description="still mine")
        other, _ = self.made(**{**limits, "allowedIps": {"192.0.2.1": True}})
        self.assertEqual(self.not_updated("AppPassword", other, allowedIps={}), refused)
        self.become("alice")
        self.update("ApiKey", id, expiresAt=None)

    def test_who_may_impersonate_makes_them_for_others(self) -> None:
        self.who = ROOT
        answer = self.ask("x:AppPassword/set", {"accountId": self.alice, "create": {"c": {"description": "x"}}})
        self.assertEqual(answer["accountId"], self.alice)
        self.sign_in(secret=answer["created"]["c"]["secret"])

    def test_groups_and_unknown_accounts_have_nothing(self) -> None:
        self.who = ROOT
        group = self.create("Account", **{"@type": "Group", "name": "staff", "domainId": "b"})
        for id in (group, "zz"):
            arguments = {"accountId": id, "create": {"c": {"description": "x"}}, "destroy": ["b"]}
            answer = self.ask("x:AppPassword/set", arguments)
            self.assertEqual(answer["notCreated"], {"c": {"type": "notFound"}})
            self.assertEqual(answer["notDestroyed"], {"b": {"type": "notFound"}})
            answer = self.ask("x:AppPassword/get", {"accountId": id, "ids": ["b"]})
            self.assertEqual((answer["list"], answer["notFound"]), ([], ["b"]))

    def test_handler_is_this_one(self) -> None:
        self.assertEqual(CredentialHandler.handled, ("AppPassword", "ApiKey"))

    def test_a_limited_key_makes_no_better_key_in_anothers_account(self) -> None:
        chief = self.account("chief", roles={"@type": "Admin"})
        self.account("deputy", roles={"@type": "Admin"})
        self.become("deputy")
        whole = self.who
        self.who = evolve(whole, permissions=frozenset(("authenticate", "impersonate", "sysApiKeyCreate")))
        create = {"accountId": chief, "create": {"c": {"description": "x"}}}
        self.assertEqual(self.ask("x:ApiKey/set", create)["notCreated"]["c"]["type"], "forbidden")
        self.who = whole
        self.assertIsNone(self.ask("x:ApiKey/set", create)["notCreated"])
