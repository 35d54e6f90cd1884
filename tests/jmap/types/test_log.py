"""x:Log: what a client sees of the newest log file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.codec.log_lines import LogLine, json_line, written
from stalwart.jmap.engine import Engine
from stalwart.jmap.registry.family import registry_methods
from stalwart.jmap.types import log
from stalwart.jmap.types.log import NO_FILE, TOO_FAR, log_query
from stalwart.telemetry.logs import log_reader
from tests.jmap.registry.world import RegistryWorld

MOMENT = 1_795_253_400_125
STARTED = LogLine(MOMENT, "info", "Server started", "server.startup", ("mode=normal", "listeners=2"))
FAILED = LogLine(MOMENT + 1000, "debug", "Sign-in failed", "auth.failed", ("login=alice", "reason='no such account'"))
BANNED = LogLine(MOMENT + 2000, "info", "Address banned: failed sign-ins", "security.authentication-ban")


class LogCase(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        methods = [*registry_methods.methods(), log_query]
        methods = [each for each in methods if set(each.services) <= self.services.keys()]
        self.engine = Engine(methods, self.services, telemetry=self.telemetry, clock=self.clock, mode=self.mode)

    def write(self, *lines: LogLine, name: str = "stalwart.2026-11-21", **form: bool) -> None:
        with (self.folder / name).open("a") as file:
            file.writelines(written(line, **form) for line in lines)

    def tracer(self, **members: Any) -> str:
        return self.create("Tracer", **{"@type": "Log", "path": str(self.folder), **members})

    def query(self, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("x:Log/query", arguments)
        return answer

    def events(self, **arguments: Any) -> list[str]:
        """The kinds of the events that a query finds."""
        ids = self.query(**arguments)["ids"]
        return [each["event"] for each in self.ask("x:Log/get", {"ids": ids})["list"]]


class GetTests(LogCase):
    def setUp(self) -> None:
        super().setUp()
        self.tracer()

    def test_event(self) -> None:
        self.write(STARTED, FAILED)
        expected = {
            "timestamp": "2026-11-21T09:30:01Z",
            "level": "debug",
            "event": "auth.failed",
            "details": "Sign-in failed login=alice reason='no such account'",
            "id": encode_id(len(written(STARTED))),
        }
        found = self.get("Log", expected["id"])
        self.assertEqual((found, list(found)), (expected, list(expected)))

    def test_colours_and_several_lines_are_not_seen(self) -> None:
        self.write(STARTED, ansi=True, multiline=True)
        self.assertEqual(self.get("Log", "a")["details"], "Server started mode=normal listeners=2")

    def test_lines_of_json(self) -> None:
        (self.folder / "stalwart.2026-11-21").write_text(
            json_line(MOMENT, "debug", "Sign-in failed", "auth.failed", {"login": "alice", "total": 2})
        )
        expected = {
            "timestamp": "2026-11-21T09:30:00Z",
            "level": "debug",
            "event": "auth.failed",
            "details": "Sign-in failed login=alice total=2",
            "id": "a",
        }
        self.assertEqual(self.get("Log", "a"), expected)
        self.assertEqual([self.query(filter={"text": text})["ids"] for text in ("total=2", '"total"')], [["a"], []])

    def test_all_are_the_newest(self) -> None:
        self.write(STARTED, FAILED, BANNED)
        found = [each["event"] for each in self.ask("x:Log/get", {"ids": None})["list"]]
        self.assertEqual(found, [BANNED.event, FAILED.event, STARTED.event])

    def test_place_of_no_event(self) -> None:
        self.write(STARTED)
        answer = self.ask("x:Log/get", {"ids": ["b", "a", "777777", "!"], "properties": ["event"]})
        self.assertEqual(answer["list"], [{"event": STARTED.event, "id": "a"}])
        self.assertEqual(answer["notFound"], ["b", "777777", "!"])

    def test_file_that_has_not_begun(self) -> None:
        self.assertEqual(self.ask("x:Log/get", {"ids": None})["list"], [])
        self.assertEqual(self.ask("x:Log/get", {"ids": ["a"]})["notFound"], ["a"])

    def test_without_a_file(self) -> None:
        self.destroy("Tracer", self.ids("Tracer")[0])
        self.assertEqual(self.error("x:Log/get", {"ids": None}), {"type": "invalidArguments", "description": NO_FILE})

    def test_nothing_can_be_set(self) -> None:
        self.write(STARTED)
        refused = {"type": "forbidden", "description": "The log is written by the server only."}
        self.assertEqual(self.not_created("Log", details="x"), refused)
        self.assertEqual(self.not_updated("Log", "a", details="x"), refused)
        self.assertEqual(self.not_destroyed("Log", "a"), refused)
        self.assertEqual(self.get("Log", "a")["event"], STARTED.event)


class QueryTests(LogCase):
    def setUp(self) -> None:
        super().setUp()
        self.tracer()
        self.write(STARTED, FAILED, BANNED)

    def test_answer(self) -> None:
        answer = self.query()
        ids = answer.pop("ids")
        self.assertEqual([decode_id(id) for id in ids][-1], 0)
        expected = {"accountId": "d333333", "queryState": "n", "canCalculateChanges": False, "position": 0}
        self.assertEqual((answer, len(ids)), (expected, 3))

    def test_newest_first_or_last(self) -> None:
        newest = [BANNED.event, FAILED.event, STARTED.event]
        self.assertEqual(self.events(), newest)
        self.assertEqual(self.events(sort=[{"property": "id", "isAscending": False}]), newest)
        self.assertEqual(self.events(sort=[{"property": "id"}]), newest[::-1])

    def test_sort_by_anything_else(self) -> None:
        found = self.error("x:Log/query", {"sort": [{"property": "timestamp"}]})
        self.assertEqual(found["type"], "unsupportedSort")

    def test_words(self) -> None:
        self.assertEqual(self.events(filter={"text": "SIGN-IN alice"}), [FAILED.event])
        self.assertEqual(self.events(filter={"text": "sign-in"}), [BANNED.event, FAILED.event])
        self.assertEqual(self.events(filter={"text": "alice bob"}), [])
        both = {"operator": "AND", "conditions": [{"text": "sign-in"}, {"text": "banned"}]}
        self.assertEqual(self.events(filter=both), [BANNED.event])

    def test_filter_by_anything_else(self) -> None:
        filters = (
            {"event": "auth.failed"},
            {"text": 1},
            {"textIsGreaterThan": "a"},
            {"text": " ".join("abc" * 50)},
            {"text": " "},
            {"text": "\0"},
        )
        for filter in filters:
            found = self.error("x:Log/query", {"filter": filter})
            self.assertIn(found["type"], ("unsupportedFilter",), filter)

    def test_pages_by_anchor(self) -> None:
        first = self.query(limit=2)
        self.assertEqual((len(first["ids"]), first["limit"]), (2, 2))
        second = self.query(limit=2, anchor=first["ids"][-1], anchorOffset=1)
        self.assertEqual((second["ids"], "limit" in second), (["a"], False))

    def test_anchor_stays_while_the_file_grows(self) -> None:
        first = self.query(limit=2)["ids"]
        self.write(STARTED, STARTED)
        self.assertEqual(self.query(anchor=first[-1], anchorOffset=1)["ids"], ["a"])

    def test_anchor_that_is_no_event(self) -> None:
        for anchor in ("b", "!", "777777"):
            self.assertEqual(self.error("x:Log/query", {"anchor": anchor})["type"], "anchorNotFound", anchor)

    def test_position_is_not_used_and_must_not_be_negative(self) -> None:
        self.assertEqual(self.query(position=2), self.query())
        self.assertEqual(self.error("x:Log/query", {"position": -1})["type"], "invalidArguments")

    def test_total(self) -> None:
        self.assertEqual(self.query(calculateTotal=True, limit=1, filter={"text": "sign-in"})["total"], 2)

    def test_limits(self) -> None:
        self.assertEqual(self.query(limit=0)["ids"], [])
        self.patch(log, "USUAL_LIMIT", 2)
        self.assertEqual((len(self.query()["ids"]), self.query()["limit"]), (2, 2))
        self.assertEqual(len(self.query(limit=3)["ids"]), 3)

    def test_search_that_had_to_end(self) -> None:
        self.patch(log_reader, "BLOCK", 64)
        self.patch(
            log_reader.LogReader.__init__, "__kwdefaults__", {"most_bytes": 256, "most_seconds": 9, "seconds": float}
        )
        answer = self.query(filter={"text": "sign-in"}, calculateTotal=True)
        self.assertEqual((len(answer["ids"]), answer["limit"], "total" in answer), (2, 2, False))
        found = self.error("x:Log/query", {"filter": {"text": "nowhere"}})
        self.assertEqual(found, {"type": "unsupportedFilter", "description": TOO_FAR})


class FileTests(LogCase):
    def test_without_a_file(self) -> None:
        for create in (
            lambda: None,
            lambda: self.tracer(enable=False),
            lambda: self.create("Tracer", **{"@type": "Stdout"}),
        ):
            create()
            found = self.error("x:Log/query")
            self.assertEqual(found, {"type": "invalidArguments", "description": NO_FILE})

    def test_file_that_has_not_begun(self) -> None:
        self.tracer()
        self.assertEqual((self.query()["ids"], self.query(calculateTotal=True)["total"]), ([], 0))

    def test_newest_file_of_the_first_tracer(self) -> None:
        self.tracer(prefix="first")
        self.tracer(prefix="second")
        self.write(STARTED, name="first.2026-11-20")
        self.write(FAILED, name="first.2026-11-21")
        self.write(BANNED, name="second.2026-11-22")
        os.utime(self.folder / "first.2026-11-20", (1, 1))
        self.assertEqual(self.events(), [FAILED.event])

    def test_file_that_cannot_be_read(self) -> None:
        self.tracer()
        self.write(STARTED)

        def refuse(*_arguments: Any, **_options: Any) -> Any:
            raise PermissionError(13, "Permission denied")

        self.patch(log, "LogReader", refuse)
        text = "The log file cannot be read: Permission denied."
        self.assertEqual(self.error("x:Log/query"), {"type": "serverUnavailable", "description": text})

    def test_permission_is_needed(self) -> None:
        self.tracer()
        self.account()
        self.become("alice")
        for name in ("x:Log/query", "x:Log/get", "x:Log/set"):
            self.assertEqual(self.error(name)["type"], "forbidden", name)
