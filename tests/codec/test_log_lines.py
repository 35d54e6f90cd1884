"""Lines of log files: written for people, read back exactly."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.log_lines import (
    LEVELS,
    LONGEST_VALUE,
    LogLine,
    begins_log,
    continues,
    json_line,
    pair,
    plain,
    read,
    shown,
    written,
)

STARTED = LogLine(1_795_253_400_125, "info", "Server started", "server.startup", ("mode=normal", "listeners=2"))

names = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
lines = st.builds(
    LogLine,
    moment=st.integers(0, 32_503_680_000_000),
    level=st.sampled_from(LEVELS),
    sentence=st.from_regex(r"[A-Z][a-z]{0,8}( [a-zA-Z:(),]{1,8}){0,3}", fullmatch=True),
    event=st.builds("{}.{}".format, names, names),
    pairs=st.lists(st.builds(pair, names, st.text() | st.integers() | st.none()), max_size=5).map(tuple),
)


class WrittenTests(SynchronousTestCase):
    def test_one_line(self) -> None:
        expected = "2026-11-21T09:30:00.125Z INFO Server started (server.startup) mode=normal listeners=2\n"
        self.assertEqual(written(STARTED), expected)

    def test_several_lines(self) -> None:
        expected = "2026-11-21T09:30:00.125Z INFO Server started (server.startup)\n    mode=normal\n    listeners=2\n"
        self.assertEqual(written(STARTED, multiline=True), expected)

    def test_colours_are_all_that_ansi_adds(self) -> None:
        coloured = written(STARTED, ansi=True)
        self.assertIn("\x1b[32mINFO\x1b[0m", coloured)
        self.assertEqual(plain(coloured), written(STARTED))

    def test_strangers_cannot_forge_a_line_a_pair_or_a_colour(self) -> None:
        self.assertEqual(pair("login", "a\n2026"), r"login='a\n2026'")
        self.assertEqual(pair("login", "\x1b[31m"), r"login='\x1b[31m'")
        self.assertEqual(pair("login", "a level=x"), "login='a level=x'")
        self.assertEqual(pair("login", "it's"), 'login="it\'s"')

    def test_long_value_is_cut(self) -> None:
        self.assertEqual(pair("url", "x" * 100_000), f"url={'x' * LONGEST_VALUE}…")


class JsonTests(SynchronousTestCase):
    """One object a line."""

    @staticmethod
    def line(sentence: str = "Server started", **values: Any) -> str:
        return json_line(STARTED.moment, "info", sentence, "server.startup", values)

    def test_head_and_values(self) -> None:
        expected = (
            '{"timestamp":"2026-11-21T09:30:00.125Z","level":"info","event":"server.startup",'
            '"message":"Server started","mode":"normal","listeners":2}\n'
        )
        self.assertEqual(self.line(mode="normal", listeners=2), expected)
        self.assertEqual(read(expected), STARTED)

    def test_what_is_no_event_has_no_id(self) -> None:
        text = json_line(0, "warn", "x", None)
        self.assertEqual(json.loads(text), {"timestamp": "1970-01-01T00:00:00.000Z", "level": "warn", "message": "x"})
        self.assertIsNone(read(text))

    def test_values_do_not_replace_the_head(self) -> None:
        self.assertEqual(self.line(level="error", event="a.b", timestamp=1, message="y"), self.line())

    def test_nothing_in_it_is_a_control_and_letters_stay(self) -> None:
        text = self.line(login="\x1b[31m\x9b\u2028\u202e\U000e0001\udc80 Zo\u00eb\n")
        self.assertTrue(text[:-1].isprintable())
        self.assertEqual(json.loads(text)["login"], "\x1b[31m\x9b\u2028\u202e\U000e0001\ufffd Zo\u00eb\n")
        self.assertIn("Zo\u00eb", text)

    @given(st.dictionaries(names, st.text() | st.integers() | st.booleans() | st.lists(st.text())), st.text())
    def test_any_value_is_one_line_that_is_read(self, values: dict[str, Any], sentence: str) -> None:
        text = json_line(STARTED.moment, "info", sentence, "server.startup", values)
        self.assertTrue(text[:-1].isprintable(), text)
        found = read(text)
        assert found is not None
        self.assertEqual(
            (found.event, len(found.pairs)), ("server.startup", len(values.keys() - json.loads(self.line())))
        )
        self.assertFalse(continues(text.encode()))

    def test_objects_that_are_no_events(self) -> None:
        good = json.loads(self.line())
        wrong = [
            good | {"level": "fatal"},
            good | {"level": 1},
            good | {"event": "x"},
            good | {"timestamp": "2026-13-41T09:30:00Z"},
            good | {"timestamp": "yesterday"},
            {name: value for name, value in good.items() if name != "message"},
        ]
        texts = [*map(json.dumps, wrong), "{", "{}", '{"a":' * 5000, "{\udc80}"]
        self.assertEqual([read(text) for text in texts], [None] * len(texts))

    def test_search_is_in_what_is_shown(self) -> None:
        self.assertEqual(shown(self.line(mode="normal", listeners=2)), written(STARTED))
        self.assertEqual([shown(written(STARTED)), shown("{x")], [written(STARTED), "{x"])


class ReadTests(SynchronousTestCase):
    @given(lines, st.booleans(), st.booleans())
    def test_what_is_written_is_read(self, line: LogLine, ansi: bool, multiline: bool) -> None:
        text = written(line, ansi=ansi, multiline=multiline)
        head, *further = text.encode().split(b"\n")[:-1]
        self.assertEqual(read(text), line)
        self.assertEqual((continues(head), [continues(each) for each in further]), (False, [True] * len(further)))

    @given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]{4} [a-z(). =']*"))
    def test_nothing_confuses_it(self, text: str) -> None:
        found = read(text)
        self.assertTrue(found is None or found.level in LEVELS)

    def test_seconds_without_a_fraction(self) -> None:
        found = read("2026-11-21T09:30:00Z WARN Too many failed sign-ins (auth.too-many-attempts)")
        self.assertEqual(
            found, LogLine(1_795_253_400_000, "warn", "Too many failed sign-ins", "auth.too-many-attempts")
        )

    def test_what_is_no_event(self) -> None:
        for text in ("", "Traceback", "2026-13-41T09:30:00Z INFO x (a.b)", "2026-11-21T09:30:00Z FATAL x (a.b)"):
            self.assertIsNone(read(text), text)


class BeginningTests(SynchronousTestCase):
    """What a file is, by its first bytes."""

    def test_lines_of_every_form_however_short(self) -> None:
        line = LogLine(1_795_253_400_125, "info", "Server started", "server.startup", ("mode=normal",))
        for text in (
            written(line),
            written(line, ansi=True),
            written(line, multiline=True),
            json_line(line.moment, "info", "Server started", "server.startup", {"mode": "normal"}),
        ):
            data = text.encode()
            self.assertTrue(all(begins_log(data[:length]) for length in (0, 1, 5, 19, 24, 26, 40, len(data))), text)
            self.assertTrue(begins_log(data[:30] + data))

    def test_other_files(self) -> None:
        for data in (
            b'{"@type": "Sqlite"}',
            b"#!/bin/sh\n",
            b"\n",
            b"\0\0",
            b"x",
            b"2026 was it",
            b"SQLite format 3\0",
        ):
            self.assertFalse(begins_log(data), data)
