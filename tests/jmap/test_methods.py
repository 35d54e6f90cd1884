"""Declarations of JMAP methods."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.methods import NO_CAPABILITY, Method, MethodFamily, collected, method


@method("Test/get", capability=(CORE, "urn:test"), needs="jmapTestGet")
def declared(call: Call, *, store: Any, clock: Any) -> dict[str, Any]:
    return {}


async def handler(call: Call) -> dict[str, Any]:
    return {}


class Family(MethodFamily):
    """Two methods."""

    def methods(self) -> tuple[Method, ...]:
        return tuple(Method.of(f"x:Thing/{verb}", handler, capability=NO_CAPABILITY) for verb in ("get", "set"))


things = Family()


class MethodTests(SynchronousTestCase):
    """What a declaration says."""

    def test_a_declared_function_is_a_value(self) -> None:
        self.assertIsInstance(declared, Method)
        self.assertEqual((declared.name, declared.needs, declared.made_in), ("Test/get", "jmapTestGet", __name__))
        self.assertEqual(declared.services, ("store", "clock"))

    def test_one_capability_or_several_may_open_it(self) -> None:
        self.assertEqual(declared.capabilities, (CORE, "urn:test"))
        self.assertEqual(Method.of("a/b", handler, capability=CORE).capabilities, (CORE,))
        self.assertEqual(Method.of("a/b", handler, capability=NO_CAPABILITY).capabilities, ())

    def test_values_and_families_of_a_package_are_found(self) -> None:
        self.assertEqual({each.name for each in collected(__name__)}, {"Test/get", "x:Thing/get", "x:Thing/set"})

    def test_the_face_has_echo(self) -> None:
        self.assertEqual([each.name for each in collected("stalwart.jmap.core")], ["Core/echo"])

    def test_a_family_says_its_methods(self) -> None:
        self.assertRaises(NotImplementedError, MethodFamily().methods)
