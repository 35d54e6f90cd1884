"""x:Application over JMAP: taking the place of our own interface is told."""

from __future__ import annotations

from typing import Any

from tests.jmap.registry.world import RegistryWorld

TAKEN = "This takes the place of the server's own interface at /admin."


class ApplicationTests(RegistryWorld):
    def told(self, **change: Any) -> Any:
        return self.ask("x:Application/set", change).get("notices")

    def test_our_own_place_is_not_taken_without_a_word(self) -> None:
        app = {"description": "Ours", "resourceUrl": "file:///srv/app.zip", "urlPrefix": {"/webmail": True}}
        self.assertIsNone(self.told(create={"a": app}))
        (id,) = [one["id"] for one in self.ask("x:Application/get")["list"]]
        both = {"urlPrefix": {"/webmail": True, "/admin/": True}}
        self.assertIsNone(self.told(update={id: {**both, "enabled": False}}))
        self.assertEqual(self.told(update={id: {"enabled": True}}), [TAKEN])
        self.assertIsNone(self.told(update={id: {"description": "As before"}}))
        self.assertEqual(self.told(create={"b": {**app, "urlPrefix": {"/admin": True}}}), [TAKEN])
