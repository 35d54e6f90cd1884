"""Members written by templates are as they are written one by one."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.dav.declaring import On
from stalwart.dav.responses import response
from stalwart.dav.rows import Rows
from stalwart.dav.shown import Shown
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.store.collection_rows import Member
from stalwart.store.object_types import CALENDAR_EVENT, FILE_NODE

ASKED = (
    *map(name, ("D:getetag", "D:displayname", "D:getcontenttype", "D:getcontentlength", "D:resourcetype", "D:owner")),
    *(Name("urn:x%", "a%b"), Name("urn:y", "dead"), name("A:calendar-data"), name("D:getlastmodified")),
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "displayName": st.text(max_size=5),
        "type": st.sampled_from(["text/plain", "a/b%s"]),
        "dead": st.just([["urn:y", "dead", "<dead xmlns='urn:y'>100%</dead>", 10]]),
    },
)
MEMBERS = st.lists(
    st.builds(
        lambda segment, seq, data: Member(
            3, segment, seq, FILE_NODE, False, 1, seq, False, 7, seq, seq % 9**9, seq % 8**9, data
        ),
        *(st.text("abc ä%&<", min_size=1, max_size=5), st.integers(1, 1 << 40), DATA),
    ),
    max_size=4,
)


ASKING = SimpleNamespace(access=SimpleNamespace(login="a"), now=0)


class RowsTests(SynchronousTestCase):
    """Files in a folder."""

    @settings(max_examples=100)
    @given(
        *(st.lists(st.sampled_from(ASKED), min_size=1, unique=True), MEMBERS, st.booleans()),
        st.sampled_from(["prop", "allprop", "propname"]),
    )
    def test_as_one_by_one(self, asked: list[Name], members: list[Member], minimal: bool, kind: str) -> None:
        wanted = PropertyRequest(kind, () if kind == "propname" else tuple(asked))  # type: ignore[arg-type]
        self.patch(Shown, "locks", [])

        def shown(member: Member) -> Shown:
            given = (None, ASKING, On.FILE, b"/dav/file/a/%b" % quoted(member), wanted, Home(1, "a"), FILES)
            return Shown(*given, (member.segment,), member)  # type: ignore[arg-type]

        rows = Rows(wanted, On.FILE, b"/dav/file/a/", shown, minimal=minimal)
        alone = [response(shown(member), minimal=minimal) for member in members]
        self.assertEqual(rows.responses(members[:1]) + rows.responses(members[1:]), alone)

    def test_data_that_are_known_are_written_as_the_property_writes_them(self) -> None:
        wanted = PropertyRequest("prop", (name("D:getetag"), name("A:calendar-data")))
        members = [Member(3, each, 1, CALENDAR_EVENT, False, 1, 2, False, 7, 1, 0, 0) for each in ("a", "b%s")]
        octets = {"a": b"BEGIN:VCALENDAR %b ]]>", "b%s": b""}

        def shown(member: Member) -> Shown:
            given = (None, ASKING, On.EVENT, b"/dav/cal/a/c/%b" % quoted(member), wanted, Home(1, "a"), CALENDARS)
            segments = ("c", member.segment)
            return Shown(*given, segments, member, octets=octets[member.segment])  # type: ignore[arg-type]

        rows = Rows(wanted, On.EVENT, b"/dav/cal/a/c/", lambda member: self.fail("it is known"), data=octets)
        self.assertEqual(rows.responses(members), [response(shown(member)) for member in members])


def quoted(member: Member) -> bytes:
    """The last segment of the path."""
    return quote(member.segment, safe="~").encode()
