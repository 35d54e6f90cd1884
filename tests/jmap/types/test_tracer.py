"""x:Tracer over JMAP: log files are tried first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet.defer import fail

from stalwart.config.monitoring.tracer import Tracer
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Unavailable
from tests.jmap.registry.world import ROOT, RegistryWorld


class TracerTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()

    def log(self, folder: Path | None = None, **members: Any) -> dict[str, Any]:
        return {"@type": "Log", "path": str(folder or self.folder / "log"), **members}

    def blocked(self) -> Path:
        """A folder that cannot be made."""
        self.folder.touch()
        return self.folder / "log"

    def refusal(self, folder: Path) -> dict[str, Any]:
        text = f"No log can be written to {folder}: Not a directory."
        return {"type": "invalidProperties", "description": text, "properties": ["path"]}

    def test_folder_that_can_be_written_is_made_and_the_tracer_in_force(self) -> None:
        id = self.create("Tracer", **self.log())
        self.assertEqual(list((self.folder / "log").iterdir()), [])
        self.assertEqual(self.get("Tracer", id)["path"], str(self.folder / "log"))
        self.assertEqual(len(self.settings.all(Tracer)), 1)

    def test_folder_that_cannot_be_made_is_refused_with_the_reason(self) -> None:
        folder = self.blocked()
        self.assertEqual(self.not_created("Tracer", **self.log(folder)), self.refusal(folder))
        self.assertEqual(self.ids("Tracer"), [])

    def test_change_of_the_folder_is_tried_too(self) -> None:
        id = self.create("Tracer", **self.log())
        wrong = self.folder / "file" / "log"
        (self.folder / "file").touch()
        self.assertEqual(self.not_updated("Tracer", id, path=str(wrong)), self.refusal(wrong))
        self.assertEqual(self.get("Tracer", id)["path"], str(self.folder / "log"))

    def test_other_changes_do_not_need_the_folder(self) -> None:
        id = self.create("Tracer", **self.log())
        (self.folder / "log").rmdir()
        self.update("Tracer", id, level="debug")
        self.assertFalse((self.folder / "log").exists())
        self.update("Tracer", id, rotate="never")
        self.assertTrue((self.folder / "log").exists())

    def test_tracer_that_is_not_enabled_is_tried_when_it_is(self) -> None:
        folder = self.blocked()
        id = self.create("Tracer", **self.log(folder, enable=False))
        self.assertEqual(self.not_updated("Tracer", id, enable=True), self.refusal(folder))
        self.folder.unlink()
        self.update("Tracer", id, enable=True)

    def test_path_that_depends_on_where_the_server_was_started(self) -> None:
        for path in ("log", "./log", f"{self.folder}/../log"):
            found = self.not_created("Tracer", **{**self.log(), "path": path})
            self.assertEqual((found["type"], found["properties"]), ("invalidProperties", ["path"]), path)

    def test_collector_without_an_address(self) -> None:
        for kind in ("OtelHttp", "OtelGrpc"):
            found = self.not_created("Tracer", **{"@type": kind, "endpoint": "ftp://x"})
            self.assertEqual((found["type"], found["properties"]), ("invalidProperties", ["endpoint"]))
            self.create("Tracer", **{"@type": kind, "endpoint": "https://collector.example.test:4318"})
        self.create("Tracer", **{"@type": "OtelGrpc"})

    def test_only_administrators_of_the_server_say_where_something_is_written(self) -> None:
        id = self.create("Tracer", **self.log())
        rights = ("authenticate", "sysTracerGet", "sysTracerCreate", "sysTracerUpdate")
        self.who = evolve(ROOT, permissions=frozenset(rights))
        self.assertEqual(self.not_created("Tracer", **self.log())["type"], "forbidden")
        self.assertEqual(self.not_updated("Tracer", id, prefix="other")["type"], "forbidden")
        self.update("Tracer", id, level="debug")
        self.create("Tracer", **{"@type": "Stdout"})

    def test_prefix_that_is_a_path(self) -> None:
        error = {
            "type": "invalidProperties",
            "description": "This cannot begin the name of a file.",
            "properties": ["prefix"],
        }
        self.assertEqual(self.not_created("Tracer", **self.log(prefix="../../etc/cron.d/x")), error)

    def test_disk_that_does_not_answer(self) -> None:
        self.patch(SynchronousHashing, "run", lambda _self, _work: fail(Unavailable("Too slow.")))
        found = self.not_created("Tracer", **self.log())
        self.assertEqual(found, {"type": "serverUnavailable", "description": "Too slow."})

    def test_tracer_can_be_removed_whatever_its_folder(self) -> None:
        id = self.create("Tracer", **self.log())
        (self.folder / "log").rmdir()
        self.destroy("Tracer", id)

    def notices(self, **members: Any) -> list[str]:
        found: list[str] = self.ask("x:Tracer/set", {"create": {"new": members}}).get("notices", [])
        return found

    def test_every_kind_is_obeyed_so_nothing_is_remarked(self) -> None:
        endpoint = "https://collector.example.test/"
        kinds = [{"@type": "Journal"}, {"@type": "Stdout"}, {"@type": "OtelHttp", "endpoint": endpoint}, self.log()]
        self.assertEqual([self.notices(**members) for members in kinds], [[], [], [], []])

    def test_level_of_an_event_needs_no_remark(self) -> None:
        answer = self.ask("x:EventTracingLevel/set", {"create": {"new": {"event": "auth.failed", "level": "warn"}}})
        self.assertNotIn("notices", answer)
