"""``x:Log`` of a server that writes no log file."""

from __future__ import annotations

from stalwart.jmap.types.log import NO_FILE, READ_ONLY
from tests.jmap.registry.world import RegistryWorld


class LogTests(RegistryWorld):
    def test_there_is_nothing_to_read(self) -> None:
        for call in ("x:Log/get", "x:Log/query"):
            self.assertEqual(self.error(call), {"type": "invalidArguments", "description": NO_FILE})

    def test_nobody_writes(self) -> None:
        refused = {"type": "forbidden", "description": READ_ONLY}
        answer = self.ask("x:Log/set", {"create": {"n": {}}, "update": {"b": {}}, "destroy": ["c"]})
        self.assertEqual(answer["notCreated"], {"n": refused})
        self.assertEqual(answer["notUpdated"], {"b": refused})
        self.assertEqual(answer["notDestroyed"], {"c": refused})
