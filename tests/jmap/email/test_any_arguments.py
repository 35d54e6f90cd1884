"""Whatever the arguments of Email methods are, there is an answer or an error of JMAP (RFC 8620 3.6.2)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.errors import StalwartError
from stalwart.jmap.email.data_type import EMAIL, PART_PROPERTIES
from stalwart.jmap.errors import MethodError
from tests.jmap.email.mail_shelf import METHODS, MailShelfCase, message

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("#x"),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=4,
)
HEADERS = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(("header:", "header", "Header:")),
    st.sampled_from(("From", "x-y", "", "Datum", "Ü", "a b", "List-Post", "date")),
    st.sampled_from(("", ":asText", ":asDate", ":asURLs", ":asGroupedAddresses", ":asraw", ":asMessageIds", ":")),
    st.sampled_from(("", ":all", ":all:all", ":ALL")),
)
CONDITION = st.dictionaries(
    st.sampled_from((*EMAIL.conditions, "nothing")),
    ODD | st.sampled_from(("b", "$seen", "2024-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 5)) | st.just(["b"]),
    max_size=3,
)
FILTER = st.recursive(
    CONDITION,
    lambda below: st.fixed_dictionaries(
        {"operator": st.sampled_from(("AND", "OR", "NOT", "not")), "conditions": st.lists(below, max_size=3)}
    ),
    max_leaves=5,
)
SORT = st.lists(
    st.fixed_dictionaries(
        {"property": st.sampled_from((*EMAIL.sorts, "id", ""))},
        optional={"isAscending": st.booleans() | ODD, "keyword": st.just("$seen") | ODD, "collation": ODD},
    ),
    max_size=3,
)
NUMBER = st.integers(-5, 5) | st.integers() | ODD
NAMES = st.lists(st.sampled_from((*EMAIL.properties, *PART_PROPERTIES, "id", "what")) | HEADERS, max_size=6)
ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "ids": st.lists(st.sampled_from(("d", "e", "zzz", "", "#x", "A", "9" * 40)), max_size=4) | ODD,
    "blobIds": st.lists(st.sampled_from(("d", "", "#x", "B1", "b" * 300)), max_size=4) | ODD,
    "properties": NAMES | ODD,
    "bodyProperties": NAMES | ODD,
    "fetchTextBodyValues": st.booleans() | ODD,
    "fetchHTMLBodyValues": st.booleans() | ODD,
    "fetchAllBodyValues": st.booleans() | ODD,
    "maxBodyValueBytes": NUMBER,
    "filter": FILTER | ODD,
    "sort": SORT | ODD,
    "position": NUMBER,
    "anchor": st.sampled_from(("d", "zzz", "#x")) | ODD,
    "anchorOffset": NUMBER,
    "limit": NUMBER,
    "calculateTotal": st.booleans() | ODD,
    "collapseThreads": st.booleans() | ODD,
    "sinceState": st.sampled_from(("n", "s1", "s3", "s9", "r5-2", "r2-5", "x")) | ODD,
    "sinceQueryState": st.sampled_from(("n", "s1", "s3", "s9", "r5-2", "x")) | ODD,
    "maxChanges": NUMBER,
    "upToId": st.sampled_from(("d", "zzz", "#x")) | ODD,
}


class AnyArgumentsTests(MailShelfCase):
    """Two e-mails, and calls of every method."""

    def setUp(self) -> None:
        super().setUp()
        self.put(message(), keywords=("$seen",))
        self.put(message("Other", body="x" * 200, Content_Type="text/html"))

    @given(st.sampled_from(sorted(METHODS)), st.fixed_dictionaries({}, optional=ARGUMENTS))
    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    def test_nothing_else_comes(self, name: str, arguments: dict[str, Any]) -> None:
        method = METHODS[name]
        call = self._call(name, arguments, {})
        running = Deferred.fromCoroutine(method.handler(call, **self._services(method)))
        running.addErrback(lambda failure: failure.trap(MethodError, StalwartError) and type(failure.value))
        self.assertIsNot(self.successResultOf(running), StalwartError)  # the root of the family is our fault
