"""Whatever clients send to Email/set, import and copy, there is an answer, or an error of JMAP."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.errors import StalwartError
from stalwart.jmap.email.data_type import EMAIL, PART_PROPERTIES
from stalwart.jmap.errors import MethodError, method_error
from tests.jmap.email.test_any_arguments import HEADERS, ODD
from tests.jmap.email.writing import GROUP_ID, WritingCase, message

TEXT = st.text(max_size=8) | st.sampled_from(("a\r\nB: c", "\x00", "é" * 90, "=?utf-8?q?x?=", "text/plain", "a@b"))
ADDRESS = st.fixed_dictionaries({}, optional={"name": TEXT | ODD, "email": TEXT | ODD, "addresses": ODD})
VALUE = TEXT | ODD | st.lists(ADDRESS | TEXT, max_size=2)
PART = st.recursive(
    st.dictionaries(st.sampled_from((*PART_PROPERTIES, "what")) | HEADERS, VALUE, max_size=4)
    | st.sampled_from(({"partId": "1"}, {"blobId": "#b"}, {"blobId": "b"}, {"partId": "1", "type": "text/html"})),
    lambda below: st.fixed_dictionaries(
        {"type": st.sampled_from(("multipart/mixed", "multipart/", "text/plain", "MULTIPART/Related"))},
        optional={"subParts": st.lists(below, max_size=3)},
    ),
    max_leaves=4,
)
PLACE: dict[str, st.SearchStrategy[Any]] = {
    "mailboxIds": st.sampled_from(({"INBOX": True}, {"#box": True}, {}, {"INBOX": None})) | ODD,
    "keywords": st.dictionaries(TEXT | st.sampled_from(("$seen", "A")), st.just(True) | ODD, max_size=3) | ODD,
    "receivedAt": st.sampled_from(("2020-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z")) | ODD,
}
DRAFT = st.builds(
    lambda more, known: more | known,
    st.dictionaries(st.sampled_from(sorted(EMAIL.properties)) | HEADERS, VALUE, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            **PLACE,
            "bodyStructure": PART,
            "textBody": st.lists(PART, max_size=2),
            "htmlBody": st.lists(PART, max_size=2) | ODD,
            "attachments": st.lists(PART, max_size=2),
            "bodyValues": st.sampled_from(({"1": {"value": "x\r\ny"}}, {"1": {"value": "ü", "isTruncated": 0}})) | ODD,
        },
    ),
)
PATCH = st.dictionaries(
    st.sampled_from(("keywords", "keywords/$seen", "keywords/", "mailboxIds", "mailboxIds/#box", "mailboxIds/INBOX"))
    | st.sampled_from(("id", "subject", "from/0", "~", "/", "bodyStructure", "bodyValues", "headers", "textBody"))
    | HEADERS
    | TEXT,
    VALUE,
    max_size=3,
)
IDS = st.sampled_from(("EMAIL", "#e", "#x", "zz", "", "9" * 40))
STATE = st.sampled_from(("n", "s1", "s99", None)) | ODD
ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "ifInState": STATE,
    "create": st.dictionaries(st.sampled_from(("e", "f")), DRAFT, max_size=2)
    | st.dictionaries(st.just("k"), st.fixed_dictionaries({"id": IDS | ODD}, optional=PLACE), max_size=1)
    | ODD,
    "update": st.dictionaries(IDS, PATCH | ODD, max_size=2) | ODD,
    "destroy": st.lists(IDS, max_size=3) | ODD,
    "emails": st.dictionaries(
        st.sampled_from(("i", "e")),
        st.fixed_dictionaries({}, optional={"blobId": st.sampled_from(("#b", "BLOB", "b", "", 5)), **PLACE}),
        max_size=2,
    )
    | ODD,
    "fromAccountId": st.sampled_from((GROUP_ID, "zz")) | ODD,
    "ifFromInState": STATE,
    "onSuccessDestroyOriginal": st.booleans() | ODD,
    "destroyFromIfInState": STATE,
}
TYPES = frozenset(
    ("invalidProperties", "invalidPatch", "invalidEmail", "blobNotFound", "notFound", "willDestroy", "tooManyKeywords")
)


def problem_of(failure: Failure) -> MethodError:
    """As the engine would tell it; what is no error of ours is raised."""
    failure.trap(MethodError, StalwartError)
    return failure.value if isinstance(failure.value, MethodError) else method_error(failure.value)


class AnyWritingTests(WritingCase):
    """One e-mail, one upload, and calls that change something."""

    def setUp(self) -> None:
        super().setUp()
        known = {"INBOX": self.inbox, "EMAIL": self.email(message()), "BLOB": self.upload(message("An upload"))}
        self.request.created_ids |= {"box": self.inbox, "b": known["BLOB"]}
        self.known = known

    def filled(self, value: Any) -> Any:
        """With the ids that there are."""
        if isinstance(value, dict):
            return {self.filled(name): self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if isinstance(value, str):
            for name, id in self.known.items():
                value = value.replace(name, id)
        return value

    @given(st.sampled_from(("set", "import", "copy")), st.fixed_dictionaries({}, optional=ARGUMENTS))
    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
    def test_nothing_else_comes(self, name: str, arguments: dict[str, Any]) -> None:
        running: Deferred[Any] = self.begin(name, self.filled(arguments))
        running.addErrback(lambda failure: self.assertNotEqual(problem_of(failure).type, "serverFail"))
        answer = self.successResultOf(running)
        if isinstance(answer, dict):
            for part in ("notCreated", "notUpdated", "notDestroyed"):
                for problem in (answer.get(part) or {}).values():
                    self.assertIn(problem["type"], TYPES)
