"""Queries of the live trace: what is read from parameters, and what matches."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.trace_query import LONGEST_NEEDLE, MOST_GLOBS, Subject, TraceQuery, trace_query
from stalwart.errors import Invalid

KEYS = {"remoteip": "remoteIp", "path": "path", "code": "code", "tls": "tls"}
REQUEST = Subject({"remoteIp": "192.0.2.7", "path": "/a/Path"}, {"tls": True})
START = Subject({"listenerId": "https", "domain": "good.test"})


class ReadingTests(SynchronousTestCase):
    """Parameters."""

    def read(self, **parameters: str) -> TraceQuery:
        return trace_query(parameters, KEYS)

    def test_nothing_asks_for_everything(self) -> None:
        self.assertEqual(self.read(), TraceQuery())
        self.assertFalse(self.read().is_searching)

    def test_names_count_in_any_case(self) -> None:
        for name in ("remoteIp", "remoteip", "REMOTEIP"):
            self.assertEqual(self.read(**{name: "192.0.2.7"}).keys, (("remoteIp", "192.0.2.7"),))
        self.assertEqual(self.read(FILTER="x", Level="Warn"), TraceQuery(filter="x", level=3))

    def test_what_is_no_name_is_ignored(self) -> None:
        self.assertEqual(self.read(token="t", since="5", nonsense="x"), TraceQuery())

    def test_empty_is_absent(self) -> None:
        self.assertEqual(self.read(filter="", path="", level="", sample="", events=""), TraceQuery())

    def test_order_makes_no_other_query(self) -> None:
        first, second = self.read(path="a", code="5"), self.read(code="5", path="a")
        self.assertEqual((first, hash(first)), (second, hash(second)))

    def test_events_are_a_list(self) -> None:
        self.assertEqual(self.read(events=" http.* ,AUTH.failed,,http.*").events, ("auth.failed", "http.*"))

    def test_share(self) -> None:
        given = ("0", "1", "0.25", ".5", "1.0", "1.")
        self.assertEqual([self.read(sample=text).sample for text in given], [0.0, 1.0, 0.25, 0.5, 1.0, 1.0])

    def test_what_names_a_parameter_and_a_key_is_the_parameter(self) -> None:
        query = trace_query({"level": "info"}, {"level": "level"})
        self.assertEqual((query.level, query.keys), (2, ()))

    @given(st.dictionaries(st.sampled_from(["filter", "path", "events", "level", "sample", "x"]), st.text()))
    def test_any_text_is_a_query_or_invalid(self, parameters: dict[str, str]) -> None:
        try:
            query = trace_query(parameters, KEYS)
        except Invalid as problem:
            self.assertIn(problem.properties[0], parameters)
        else:
            query.finds((REQUEST, START))
            self.assertTrue(query.sample == 1 or "sample" in parameters)
            self.assertIn(query.names("http.request-url"), (True, False))


def _refused(name: str, text: str) -> Any:
    def test(self: ReadingTests) -> None:
        refused = self.assertRaises(Invalid, trace_query, {name: text}, KEYS)
        self.assertEqual(refused.properties, (name,))
        self.assertIn(name, refused.detail)

    return test


REFUSED = {
    "unknown_level": ("level", "loud"),
    "number_for_level": ("level", "3"),
    "share_above_one": ("sample", "1.1"),
    "negative_share": ("sample", "-0.1"),
    "word_for_share": ("sample", "half"),
    "share_that_is_no_number": ("sample", "nan"),
    "exponent_in_share": ("sample", "1e-3"),
    "point_for_share": ("sample", "."),
    "long_filter": ("filter", "x" * (LONGEST_NEEDLE + 1)),
    "long_needle": ("path", "x" * (LONGEST_NEEDLE + 1)),
    "nul_in_filter": ("filter", "a\0b"),
    "many_globs": ("events", ",".join(f"e{number}" for number in range(MOST_GLOBS + 1))),
    "long_glob": ("events", "x" * (LONGEST_NEEDLE + 1)),
}
for _name, _given in REFUSED.items():
    setattr(ReadingTests, f"test_{_name}_is_refused", _refused(*_given))


class MatchingTests(SynchronousTestCase):
    """telemetry 2."""

    def finds(self, *subjects: Subject, **parameters: str) -> bool:
        return trace_query(parameters, KEYS | {"domain": "domain"}).finds(subjects or (REQUEST, START))

    def test_filter_is_looked_for_in_every_value_of_event_and_span(self) -> None:
        found = [self.finds(filter=text) for text in ("0.2.7", "good", "https", "nothing")]
        self.assertEqual(found, [True, True, True, False])

    def test_case_matters(self) -> None:
        self.assertEqual((self.finds(filter="/a/path"), self.finds(path="Path")), (False, True))

    def test_needle_does_not_reach_over_two_values(self) -> None:
        self.assertFalse(self.finds(filter="192.0.2.7/a"))

    def test_text_is_literal(self) -> None:
        self.assertFalse(self.finds(filter="192.*"))

    def test_every_key_must_match_somewhere(self) -> None:
        self.assertTrue(self.finds(remoteIp="192.0.2.7", domain="good"))
        self.assertFalse(self.finds(remoteIp="192.0.2.7", domain="bad"))
        self.assertFalse(self.finds(REQUEST, domain="good"))

    def test_key_does_not_match_in_another_one(self) -> None:
        self.assertFalse(self.finds(path="192.0.2.7"))

    def test_with_filter_one_match_is_enough(self) -> None:
        self.assertTrue(self.finds(filter="nothing", path="/a"))
        self.assertTrue(self.finds(filter="good", path="nothing"))

    def test_with_filter_a_key_is_compared_with_its_own_needle(self) -> None:
        self.assertFalse(self.finds(REQUEST, filter="Path", path="nothing"))

    def test_truths_match_as_a_whole(self) -> None:
        found = [self.finds(tls="true"), self.finds(tls="tru"), self.finds(filter="true"), self.finds(filter="false")]
        self.assertEqual(found, [True, False, True, False])
        self.assertTrue(self.finds(filter="nothing", tls="true"))

    def test_values_are_read_from_the_wire(self) -> None:
        values: dict[str, Any] = {
            "0": {"key": "path", "value": {"@type": "String", "value": "/x"}},
            "1": {"key": "due", "value": {"@type": "UTCDateTime", "value": "2026-11-21T00:03:45Z"}},
            "2": {"key": "remoteIp", "value": {"@type": "IpAddr", "value": "2001:db8::1"}},
            "3": {"key": "tls", "value": {"@type": "Boolean", "value": False}},
            "4": {"key": "code", "value": {"@type": "UnsignedInt", "value": 404}},
            "5": {"key": "elapsed", "value": {"@type": "Duration", "value": 17}},
            "6": {"key": "to", "value": {"@type": "List", "value": {"0": {"@type": "String", "value": "a@b.test"}}}},
            "7": {"key": "reason", "value": {"@type": "Null"}},
        }
        subject = Subject.of(values)
        found = [subject.has(text) for text in ("/x", "00:03", "db8::1", "false")]
        self.assertEqual(found, [True] * 4)
        self.assertEqual([subject.has(text) for text in ("404", "17", "a@b.test", "fals")], [False] * 4)

    def test_globs_choose_events(self) -> None:
        query = trace_query({"events": "http.*,auth.failed"}, KEYS)
        named = [query.names(id) for id in ("http.request-url", "auth.failed", "auth.success")]
        self.assertEqual(named, [True, True, False])

    def test_sample_takes_about_its_share_and_always_the_same(self) -> None:
        query = TraceQuery(sample=0.25)
        spans = [number << 22 for number in range(4000)]
        taken = [span for span in spans if query.samples(span)]
        self.assertTrue(800 < len(taken) < 1200, len(taken))
        self.assertEqual(taken, [span for span in spans if TraceQuery(filter="x", sample=0.25).samples(span)])

    def test_sample_of_nothing_and_of_all(self) -> None:
        spans = range(0, 1 << 62, 1 << 55)
        self.assertFalse(any(TraceQuery(sample=0.0).samples(span) for span in spans))
        self.assertTrue(all(TraceQuery().samples(span) for span in spans))
