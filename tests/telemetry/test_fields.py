"""Fields: every event's are declared, credentials are masked, and plain forms hold only what JSON can say."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import stalwart
from stalwart.codec.ids import encode_id
from stalwart.telemetry.events import Event, declared_events
from stalwart.telemetry.fields import FIELDS, LONGEST, Kind, clean, kind_of, masked, plain, shown

ANYTHING = st.none() | st.text() | st.binary() | st.integers() | st.booleans() | st.lists(st.text())


class DeclaredTests(SynchronousTestCase):
    def test_every_field_of_an_event_has_a_kind(self) -> None:
        missing = {(event.id, name) for event in declared_events() for name in event.fields if name not in FIELDS}
        self.assertEqual(missing, set())

    def test_events_are_told_with_the_fields_that_they_declare(self) -> None:
        """Of all calls whose event is a name of a declaration."""
        events = {
            name: event for module in ("events", "delivery_events") for name, event in _declarations(module).items()
        }
        wrong, seen = [], 0
        for path in Path(stalwart.__file__).parent.rglob("*.py"):
            for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
                if not (isinstance(call.func, ast.Attribute) and call.func.attr == "emit" and call.args):
                    continue
                event = events.get(call.args[0].id) if isinstance(call.args[0], ast.Name) else None
                if event is None:
                    continue
                seen += 1
                named = {keyword.arg for keyword in call.keywords if keyword.arg} - {"spanId"}
                if not named <= set(event.fields):
                    wrong.append(f"{path.name}:{call.lineno} {event.id}: {named - set(event.fields)}")
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 80)

    def test_no_event_is_declared_in_vain(self) -> None:
        """Each is named outside the declarations."""
        folder = Path(stalwart.__file__).parent
        texts = [path.read_text() for path in folder.rglob("*.py") if path.name not in ("events.py", "event_names.py")]
        names = {name for name in _declarations("events") if not any(name in text for text in texts)}
        self.assertEqual(names, set())

    def test_no_field_is_of_two_kinds(self) -> None:
        self.assertEqual(kind_of("elapsed"), Kind.DURATION)
        self.assertEqual(kind_of("nobody knows"), Kind.TEXT)


def _declarations(module: str) -> dict[str, Event]:
    path = f"stalwart.telemetry.{module}"
    try:
        found = __import__(path, fromlist=["*"])
    except ModuleNotFoundError:
        return {}
    return {name: value for name, value in vars(found).items() if isinstance(value, Event)}


class ValuesTests(SynchronousTestCase):
    def test_credentials_are_masked(self) -> None:
        for given_, wanted in (
            ("/a?x=1&Token=abc&code=d", "/a?x=1&Token=***&code=***"),
            ("/token=x?tokens=y", "/token=x?tokens=***"),
            ("https://user:pass@host/x?password=1", "https://***@host/x?password=***"),
            ("https://host/a@b", "https://host/a@b"),
            ("/x?%74oken=abc&refresh_token=d&id_token_hint=e", "/x?%74oken=***&refresh_token=***&id_token_hint=***"),
            (
                "/x?code_verifier=a&client%5Fassertion=b;api_key=c",
                "/x?code_verifier=***&client%5Fassertion=***;api_key=***",
            ),
            ("/x?a=API_abcdef&b=sw1.abc&c=eyJhbGciOiJ", "/x?a=***&b=***&c=***"),
            ("/x?API_abcdef", "/x?***"),
            ("/cb#access_token=abc", "/cb#access_token=***"),
            ("/a;token=sekret", "/a;token=***"),
            ("/x?x=Bearer%20abc&pin=1&sid=2&pass=3", "/x?x=***&pin=***&sid=***&pass=***"),
            ("/x?limit=5&filter=a%20b", "/x?limit=5&filter=a%20b"),
            ("/x?token=&a=b", "/x?token=&a=b"),
            ("", ""),
        ):
            self.assertEqual(masked(given_), wanted)
        self.assertEqual(clean("url", "/?token=abc"), "/?token=***")
        self.assertEqual(clean("url", lambda: "/?token=abc"), "/?token=***")
        self.assertEqual(clean("reason", "/?token=abc"), "/?token=abc")
        self.assertEqual(clean("queueId", 912134791500961124), encode_id(912134791500961124))

    @given(st.text(max_size=200))
    def test_whatever_stands_in_a_url_can_be_masked(self, text: str) -> None:
        self.assertNotIn("API_secret", masked(f"/x?{text}&token=API_secret"))

    def test_moments_are_shown_as_dates(self) -> None:
        self.assertEqual(shown("due", 0), "1970-01-01T00:00:00Z")
        self.assertEqual(shown("total", 0), 0)

    def test_plain(self) -> None:
        found = plain(
            {"remoteIp": "::1", "due": 60, "reason": None, "elapsed": 5, "contents": b"\x00", "url": "x" * 5000}
        )
        self.assertEqual(found["due"], "1970-01-01T00:01:00Z")
        self.assertEqual((found["contents"], found["elapsed"], "reason" in found), ("AA==", 5, False))
        self.assertEqual(len(found["url"]), LONGEST + 1)

    @given(st.dictionaries(st.sampled_from(sorted(FIELDS)), ANYTHING))
    def test_plain_is_json_whatever_comes(self, values: dict[str, object]) -> None:
        json.dumps(plain(values))
