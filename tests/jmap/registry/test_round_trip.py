"""What get returns, set accepts: for every stored singleton, with values that hypothesis makes up (settings A.6)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from stalwart.config.catalogue import declarations
from stalwart.schema import ValidationFailed, references
from tests.jmap.registry.world import RegistryWorld
from tests.schema.wire_values import wire_object

# Their handlers refuse for reasons of their own.
SELF_GUARDED = frozenset(("Authentication", "Coordinator", "Http", "OidcProvider", "SystemSettings"))
CONFIRMED = {"confirm": True}
"""Places that are not there yet are taken then."""
SINGLETONS = {
    name: made
    for name, made in declarations().items()
    if made.is_singleton and made.stored and name not in SELF_GUARDED
}


@st.composite
def changed(draw: Any) -> tuple[str, dict[str, Any]]:
    """A singleton and a new state of it, as a client writes it."""
    name = draw(st.sampled_from(sorted(SINGLETONS)))
    members: dict[str, Any] = draw(wire_object(SINGLETONS[name]))
    return name, members


class RoundTripTests(RegistryWorld):
    """A client reads an object, and sends all or parts of it back."""

    def whole(self, name: str) -> dict[str, Any]:
        """The object without its id, which is no property."""
        (found,) = self.ask(f"x:{name}/get", {"ids": ["singleton"]})["list"]
        found.pop("id")
        return found

    def accepted(self, name: str, patch: dict[str, Any]) -> None:
        """The patch changes nothing and is accepted."""
        before = self.whole(name)
        answer = self.ask(f"x:{name}/set", {"update": {"singleton": patch}, **CONFIRMED})
        self.assertIsNone(answer["notUpdated"], (name, patch))
        self.assertEqual(self.whole(name), before)

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(changed())
    def test_whatever_is_stored_can_be_sent_back(self, made: tuple[str, dict[str, Any]]) -> None:
        name, members = made
        declared: Any = SINGLETONS[name]
        try:
            value = declared.from_wire(members)
        except ValidationFailed:
            reject()  # what several members mean together
        assume(not references(value))  # to objects that are not there
        answer = self.ask(f"x:{name}/set", {"create": {"n": members}, **CONFIRMED})
        self.assertIsNone(answer["notCreated"], (name, members))
        found = self.whole(name)
        self.accepted(name, found)
        for member, value in found.items():
            if member != "@type":
                self.accepted(name, {member: value})

    def test_defaults_can_be_sent_back(self) -> None:
        for name in SINGLETONS:
            found = self.whole(name)
            missing = {member for member, value in found.items() if value is None}
            self.accepted(name, {member: value for member, value in found.items() if member not in missing})
