"""If, If-Match and If-None-Match."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.conditions import (
    ABSENT,
    LONGEST_FIELD,
    MOST_CONDITIONS,
    Condition,
    ConditionList,
    IfField,
    Preconditions,
    ResourceState,
    Verdict,
    holds,
    parse_if,
    read_preconditions,
)
from stalwart.codec.dav.errors import MalformedField

TOKEN = "urn:stalwart:davlock:1"
OWN = ResourceState(True, '"a"', frozenset({TOKEN}))

READ: list[tuple[str, tuple[ConditionList, ...]]] = [
    (f"(<{TOKEN}>)", (ConditionList((Condition(TOKEN),)),)),
    ('(["a"])', (ConditionList((Condition(etag='"a"'),)),)),
    ('([W/"a"])', (ConditionList((Condition(etag='W/"a"'),)),)),
    ("([a])", (ConditionList((Condition(etag='"a"'),)),)),
    ('( Not ["a"]  <b> ) ', (ConditionList((Condition(etag='"a"', negate=True), Condition("b"))),)),
    ("(not<DAV:no-lock>)", (ConditionList((Condition("DAV:no-lock", negate=True),)),)),
    ("(<a>)(<b>)", (ConditionList((Condition("a"),)), ConditionList((Condition("b"),)))),
    (
        "</r> (<a>) (<b>) <http://h/s>(<c>)",
        (
            ConditionList((Condition("a"),), "/r"),
            ConditionList((Condition("b"),), "/r"),
            ConditionList((Condition("c"),), "http://h/s"),
        ),
    ),
    ("(<a>) </r> (<b>)", (ConditionList((Condition("a"),)), ConditionList((Condition("b"),), "/r"))),
]

MALFORMED = [
    "",
    "()",
    "(",
    ")",
    "(<a>",
    "<a>",
    "</r> </s> (<a>)",
    "(<a>) </r>",
    "(Not)",
    "(Not Not <a>)",
    "(Nothing <a>)",
    "(<a>) x",
    "((<a>))",
    '["a"]',
    '(["a)',
    "(<a)",
    "a",
    "Not (<a>)",
    " " * LONGEST_FIELD + "(<a>)",
    "(<a>)" * (MOST_CONDITIONS + 1),
]

JUDGED: list[tuple[str | None, str | None, str | None, ResourceState, str, str]] = [
    # If, If-Match, If-None-Match, the state, what becomes of a PUT, of a GET
    (None, None, None, OWN, "passed", "passed"),
    (f"(<{TOKEN}>)", None, None, OWN, "passed", "passed"),
    ("(<urn:other>)", None, None, OWN, "failed", "failed"),
    (f"(Not <{TOKEN}>)", None, None, OWN, "failed", "failed"),
    ("(Not <DAV:no-lock>)", None, None, OWN, "passed", "passed"),
    ('(["a"])', None, None, OWN, "passed", "passed"),
    ('(["b"])', None, None, OWN, "failed", "failed"),
    ('([W/"a"])', None, None, OWN, "failed", "failed"),
    ('(["3827"])', None, None, ABSENT, "failed", "failed"),
    ('(Not ["a"])', None, None, OWN, "failed", "not modified"),
    ('(Not ["b"])', None, None, OWN, "passed", "passed"),
    (f'(<{TOKEN}> ["b"])', None, None, OWN, "failed", "failed"),
    (f'(<{TOKEN}> ["a"])', None, None, OWN, "passed", "passed"),
    (f'(["b"]) (<{TOKEN}>)', None, None, OWN, "passed", "passed"),
    ("</other> (<t>)", None, None, OWN, "passed", "passed"),
    ("</nowhere> (<t>)", None, None, OWN, "failed", "failed"),
    ("</nowhere> (Not <t>)", None, None, OWN, "passed", "passed"),
    (None, '"a"', None, OWN, "passed", "passed"),
    (None, '"b", "a"', None, OWN, "passed", "passed"),
    (None, '"b"', None, OWN, "failed", "failed"),
    (None, "a", None, OWN, "passed", "passed"),
    (None, "b, a", None, OWN, "passed", "passed"),
    (None, "ab", None, OWN, "failed", "failed"),
    (None, '"ab"', None, OWN, "failed", "failed"),
    (None, 'W/"a"', None, OWN, "failed", "failed"),
    (None, "*", None, OWN, "passed", "passed"),
    (None, "*", None, ABSENT, "failed", "failed"),
    (None, '"a"', None, ABSENT, "failed", "failed"),
    (None, "", None, OWN, "failed", "failed"),
    (None, None, "*", OWN, "failed", "not modified"),
    (None, None, '"*"', OWN, "failed", "not modified"),
    (None, None, "*", ABSENT, "passed", "passed"),
    (None, None, "*", ResourceState(True), "failed", "not modified"),
    (None, None, '"a"', OWN, "failed", "not modified"),
    (None, None, 'W/"a"', OWN, "failed", "not modified"),
    (None, None, '"b"', OWN, "passed", "passed"),
    (None, None, '"a"', ABSENT, "passed", "passed"),
    (f"(<{TOKEN}>)", '"b"', None, OWN, "failed", "failed"),
    ("(<urn:other>)", '"a"', None, OWN, "failed", "failed"),
    (f"(<{TOKEN}>)", '"a"', '"b"', OWN, "passed", "passed"),
]


def state_of(resource: str) -> ResourceState:
    """What is known of other resources."""
    return ResourceState(True, '"o"', frozenset({"t"})) if resource == "/other" else ABSENT


class ConditionTests(SynchronousTestCase):
    def test_tokens_and_resources(self) -> None:
        field = parse_if("</r> (<a> Not <b>) (<c>) </s> ([x])")
        self.assertEqual((field.tokens, field.resources), (frozenset("abc"), frozenset({"/r", "/s"})))
        self.assertEqual(read_preconditions("(<a>)", None, None).tokens, frozenset("a"))
        self.assertEqual(Preconditions().tokens, frozenset())

    def test_whether_there_is_anything(self) -> None:
        self.assertFalse(read_preconditions(" ", None, None).any)
        self.assertTrue(read_preconditions(None, "", None).any)

    def test_what_was_modified_since(self) -> None:
        date = "Thu, 01 Jan 1970 00:01:40 GMT"
        for at, fields, verdict in (
            (100, {}, Verdict.PASSED),
            (101, {}, Verdict.FAILED),
            (101, {"if_match": '"a"'}, Verdict.PASSED),
            (None, {}, Verdict.PASSED),
        ):
            given = read_preconditions(None, fields.get("if_match"), None, date)
            state = ResourceState(True, '"a"', modified_at=at)
            self.assertTrue(given.any)
            self.assertIs(given.verdict(state), verdict, (at, fields))
            self.assertIs(given.verdict(state, reading=True), Verdict.PASSED)
        self.assertFalse(read_preconditions(None, None, None, "never").any)

    def test_each_resource_is_asked_for_once(self) -> None:
        asked: list[str] = []

        def asking(resource: str) -> ResourceState:
            asked.append(resource)
            return ABSENT

        self.assertFalse(holds(parse_if("</r> (<a>) (<b>) </s> (<c>)"), OWN, asking))
        self.assertEqual(asked, ["/r", "/s"])

    def test_fields_that_are_too_long_are_refused(self) -> None:
        long = '"a"' * LONGEST_FIELD
        self.assertRaises(MalformedField, read_preconditions, None, long, None)
        self.assertRaises(MalformedField, read_preconditions, None, None, long)

    def test_ten_thousand_tags_cost_little(self) -> None:
        field = ", ".join(f'"{number:016x}"' for number in range(10_000))
        conditions = read_preconditions(None, field, None)
        started = time.perf_counter()
        for _ in range(20):
            self.assertIs(conditions.verdict(OWN), Verdict.FAILED)
        self.assertLess(time.perf_counter() - started, 0.2)
        self.assertIs(conditions.verdict(ResourceState(True, '"000000000000270f"')), Verdict.PASSED)

    @given(st.text('()<>[]"Not W/ab* \t', max_size=30))
    @settings(max_examples=150)
    def test_anything_is_read_or_refused(self, field: str) -> None:
        try:
            parsed = parse_if(field)
        except MalformedField as error:
            self.assertTrue(str(error))
        else:
            self.assertEqual(parse_if(_written(parsed)), parsed)

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from([TOKEN, "x", '"a"', '"b"'])), min_size=1, max_size=4))
    @settings(max_examples=60)
    def test_a_list_is_true_if_all_in_it_is(self, parts: list[tuple[bool, str]]) -> None:
        written = " ".join(("Not " if no else "") + (f"[{what}]" if '"' in what else f"<{what}>") for no, what in parts)
        wanted = all((what in (TOKEN, '"a"')) is not no for no, what in parts)
        self.assertIs(holds(parse_if(f"({written})"), OWN, state_of), wanted)


def _written(field: IfField) -> str:
    pieces = []
    for part in field.lists:
        if part.resource is not None:
            pieces.append(f"<{part.resource}>")
        inner = [
            ("Not " if each.negate else "") + (f"[{each.etag}]" if each.token is None else f"<{each.token}>")
            for each in part.conditions
        ]
        pieces.append(f"({' '.join(inner)})")
    return " ".join(pieces)


def _read(field: str, wanted: tuple[ConditionList, ...]) -> object:
    return lambda self: self.assertEqual(parse_if(field).lists, wanted)


def _malformed(field: str) -> object:
    return lambda self: self.assertRaises(MalformedField, parse_if, field)


def _judged(fields: tuple[str | None, str | None, str | None], state: ResourceState, put: str, get: str) -> object:
    def test(self: ConditionTests) -> None:
        conditions = read_preconditions(*fields)
        self.assertIs(conditions.verdict(state, state_of), Verdict(put))
        self.assertIs(conditions.verdict(state, state_of, reading=True), Verdict(get))

    return test


for _number, _row in enumerate(READ):
    setattr(ConditionTests, f"test_read_{_number}", _read(*_row))
for _number, _field in enumerate(MALFORMED):
    setattr(ConditionTests, f"test_malformed_{_number}", _malformed(_field))
for _number, _case in enumerate(JUDGED):
    setattr(ConditionTests, f"test_judged_{_number}", _judged(_case[:3], *_case[3:]))
