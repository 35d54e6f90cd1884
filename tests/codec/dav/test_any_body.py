"""Bodies made of elements that are known, in any order and nesting: they are read or refused, nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.acl_body import read_acl
from stalwart.codec.dav.bodies import read_lock, read_mkcol, read_propfind, read_proppatch
from stalwart.codec.dav.errors import MalformedXml, UnmetCondition
from stalwart.codec.dav.reports import read_report, report_names

DECLARED = (
    'xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav" xmlns:B="urn:ietf:params:xml:ns:carddav" xmlns:X="urn:x"'
)
ROOTS = (
    *("D:propfind", "D:propertyupdate", "D:mkcol", "A:mkcalendar", "D:lockinfo", "D:acl"),
    *map(str, report_names()),
)
NAMES = (
    *("D:prop", "D:allprop", "D:include", "D:set", "D:remove", "D:href", "D:ace", "D:principal", "D:grant", "D:invert"),
    *("D:privilege", "D:all", "D:lockscope", "D:locktype", "D:write", "D:shared", "D:owner", "D:property", "D:match"),
    *("D:property-search", "D:sync-level", "D:limit", "D:nresults", "A:filter", "A:comp-filter", "A:prop-filter"),
    *("A:param-filter", "A:text-match", "A:time-range", "A:is-not-defined", "A:calendar-data", "A:expand", "A:comp"),
    *("A:timezone", "B:filter", "B:prop-filter", "B:param-filter", "B:text-match", "B:address-data", "B:prop", "X:y"),
)
ATTRIBUTES = (
    *("", ' name="VCALENDAR"', ' name="x"', ' start="20270101T000000Z"', ' end="20260101T000000Z"', ' start="?"'),
    *(' collation="i;octet"', ' collation="?"', ' match-type="?"', ' xml:lang="de"', ' namespace="urn:y" name="z"'),
)

_elements = st.recursive(
    st.sampled_from(["", "1", "infinite", " 99999999999999999999 ", "٣", "text"]),
    lambda inner: st.builds(
        lambda called, extra, parts: f"<{called}{extra}>{''.join(parts)}</{called}>",
        st.sampled_from(NAMES),
        st.sampled_from(ATTRIBUTES),
        st.lists(inner, max_size=4),
    ),
    max_leaves=14,
)


class AnyBodyTests(SynchronousTestCase):
    @given(st.sampled_from(ROOTS), st.lists(_elements, max_size=4))
    @settings(max_examples=120)
    def test_it_is_read_or_refused(self, root: str, inner: list[str]) -> None:
        body = f"<{root} {DECLARED}>{''.join(inner)}</{root}>".encode()
        for reader in (read_propfind, read_proppatch, read_mkcol, read_lock, read_acl, read_report):
            try:
                reader(body)
            except (MalformedXml, UnmetCondition) as error:
                self.assertTrue(str(error))
