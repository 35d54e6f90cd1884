"""Methods made from declarations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.catalogue import declarations
from stalwart.config.identity.account_settings import AccountSettings
from stalwart.config.permissions import PERMISSIONS
from stalwart.jmap.methods import collected
from stalwart.jmap.registry import family
from stalwart.jmap.registry.family import RegistryMethods, found_handlers, registry_methods, type_methods
from stalwart.jmap.registry.handler import Handler, handles
from stalwart.jmap.types.account import AccountHandler


class FamilyTests(SynchronousTestCase):
    def names(self) -> set[str]:
        return {method.name for method in registry_methods.methods()}

    def test_every_stored_type_has_its_methods(self) -> None:
        expected = {
            f"x:{name}/{function}"
            for name, made in declarations().items()
            if made.stored
            for function in ("get", "set", *(() if made.is_singleton else ("query",)))
        }
        self.assertLessEqual(expected, self.names())

    def test_view_without_a_handler_has_none(self) -> None:
        methods = RegistryMethods(dict).methods()
        self.assertNotIn("x:AccountSettings/get", {method.name for method in methods})
        self.assertIn("x:AccountSettings/get", self.names())
        self.assertNotIn("x:AccountSettings/query", self.names())

    def test_methods_need_permissions_that_exist(self) -> None:
        needed = {method.needs for method in registry_methods.methods() if method.needs is not None}
        self.assertLessEqual(needed, set(PERMISSIONS))

    def test_no_capability_is_needed(self) -> None:
        self.assertEqual({method.capabilities for method in registry_methods.methods()}, {()})

    def test_services_are_those_of_the_handler(self) -> None:
        for method in registry_methods.methods():
            if method.name == "x:Account/get":
                self.assertLessEqual({"accounts", "mode", "store", "clock"}, set(method.services))

    def test_handlers_are_found(self) -> None:
        self.assertIs(found_handlers()["Account"], AccountHandler)

    def test_handler_of_nothing_is_a_mistake(self) -> None:
        self.assertRaises(LookupError, RegistryMethods(lambda: {"Nope": Handler}).methods)

    def test_two_handlers_of_one_type_are_a_mistake(self) -> None:
        first, second = (handles("Role")(type(name, (Handler,), {})) for name in "ab")
        self.patch(family, "collect", lambda *_: [first, second])
        self.assertRaises(ValueError, found_handlers)

    def test_type_can_have_fewer_functions(self) -> None:
        kind = type("ReadOnly", (Handler,), {"functions": ("get",)})
        self.assertEqual([method.name for method in type_methods(AccountSettings, kind)], ["x:AccountSettings/get"])

    def test_face_finds_them(self) -> None:
        self.assertIn("x:Http/set", {method.name for method in collected("stalwart.jmap.registry")})
