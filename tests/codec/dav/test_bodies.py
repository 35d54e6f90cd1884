"""Bodies of PROPFIND, PROPPATCH, MKCOL, MKCALENDAR, LOCK and ACL."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.acl_body import Ace, read_acl
from stalwart.codec.dav.bodies import (
    LockRequest,
    document,
    read_lock,
    read_mkcol,
    read_propfind,
    read_proppatch,
)
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.vcard.conditions import AddressData
from tests.codec.dav.transcripts import LOCK, MKCALENDAR, PROPPATCH


def dav(inner: str) -> bytes:
    """``inner`` with the usual prefixes declared in its first tag."""
    tag, mark, rest = inner.partition(">")
    closing = "/" if tag.endswith("/") else ""
    return (
        f'{tag.rstrip("/")} xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav" '
        f'xmlns:B="urn:ietf:params:xml:ns:carddav"{closing}{mark}{rest}'
    ).encode()


class PropfindTests(SynchronousTestCase):
    def test_an_empty_body_asks_for_all(self) -> None:
        self.assertEqual(read_propfind(b" \r\n"), PropertyRequest("allprop"))

    def test_names_come_once_in_the_order_of_the_request(self) -> None:
        request = read_propfind(dav('<D:propfind><D:prop><A:x/><D:y/><z xmlns=""/><A:x/></D:prop></D:propfind>'))
        self.assertEqual(request, PropertyRequest("prop", (name("A:x"), name("D:y"), Name("", "z"))))

    def test_all_and_more(self) -> None:
        request = read_propfind(dav("<D:propfind><D:allprop/><D:include><A:x/></D:include></D:propfind>"))
        self.assertEqual(request, PropertyRequest("allprop", (name("A:x"),)))

    def test_names_only(self) -> None:
        self.assertEqual(read_propfind(dav("<D:propfind><D:propname/></D:propfind>")).kind, "propname")

    def test_unknown_elements_are_ignored(self) -> None:
        request = read_propfind(dav("<D:propfind><D:new/><D:allprop/></D:propfind>"))
        self.assertEqual(request, PropertyRequest("allprop"))

    def test_data_can_be_asked_for(self) -> None:
        body = dav(
            '<D:propfind><D:prop><A:calendar-data><A:comp name="vcalendar"/></A:calendar-data>'
            '<B:address-data version="3.0"/></D:prop></D:propfind>'
        )
        request = read_propfind(body)
        assert request.calendar_data is not None and request.calendar_data.comp is not None
        self.assertEqual(request.calendar_data.comp.name, "VCALENDAR")
        self.assertEqual(request.address_data, AddressData(version="3.0"))

    def test_what_names_no_properties_is_refused(self) -> None:
        for body in (dav("<D:propfind/>"), dav("<D:prop/>"), b"<propfind/>", b"x"):
            self.assertRaises(MalformedXml, read_propfind, body)

    def test_the_root_is_checked(self) -> None:
        self.assertEqual(document(b'<a xmlns="DAV:"/>', "D:a").name, name("D:a"))
        self.assertRaises(MalformedXml, document, b'<b xmlns="DAV:"/>', "D:a")


class ProppatchTests(SynchronousTestCase):
    def test_instructions_come_in_document_order(self) -> None:
        found = read_proppatch(PROPPATCH).instructions
        self.assertEqual(
            [(each.name, each.remove) for each in found],
            [(name("D:displayname"), False), (Name("urn:x", "colour"), False), (name("D:getetag"), True)],
        )
        self.assertEqual(found[0].element.text, "New")
        self.assertEqual(found[1].verbatim(), '<X:colour xmlns:X="urn:x">red</X:colour>')

    def test_the_nearest_language_holds(self) -> None:
        body = dav(
            '<D:propertyupdate xml:lang="de"><D:set><D:prop><a/></D:prop></D:set><D:set xml:lang="fr">'
            '<D:prop><b/></D:prop><D:prop xml:lang="it"><c/></D:prop></D:set></D:propertyupdate>'
        )
        self.assertEqual([each.language for each in read_proppatch(body).instructions], ["de", "fr", "it"])

    def test_an_update_may_be_empty(self) -> None:
        self.assertEqual(read_proppatch(dav("<D:propertyupdate/>")).instructions, ())

    def test_another_document_is_refused(self) -> None:
        self.assertRaises(MalformedXml, read_proppatch, dav("<D:propfind/>"))


class MkcolTests(SynchronousTestCase):
    def test_a_calendar_with_properties(self) -> None:
        found = read_mkcol(MKCALENDAR)
        self.assertEqual(found.root, "mkcalendar")
        self.assertEqual(
            [str(each.name) for each in found.properties],
            ["D:displayname", "A:calendar-timezone-id", "A:supported-calendar-component-set"],
        )

    def test_a_collection(self) -> None:
        found = read_mkcol(dav("<D:mkcol><D:set><D:prop><D:resourcetype/></D:prop></D:set></D:mkcol>"))
        self.assertEqual((found.root, len(found.properties)), ("mkcol", 1))

    def test_nothing_is_removed_from_what_is_new(self) -> None:
        self.assertEqual(
            read_mkcol(dav("<D:mkcol><D:remove><D:prop><D:a/></D:prop></D:remove></D:mkcol>")).properties, ()
        )


class LockTests(SynchronousTestCase):
    def test_an_exclusive_lock(self) -> None:
        found = read_lock(LOCK)
        self.assertEqual((found.exclusive, found.owner_xml, found.owner_size), (True, "<D:owner>me</D:owner>", 11))

    def test_a_lock_of_nobody(self) -> None:
        found = LockRequest(False)
        self.assertEqual((found.owner_xml, found.owner_size), (None, 0))

    def test_a_shared_lock_whose_owner_is_xml(self) -> None:
        body = (
            b'<lockinfo xmlns="DAV:"><locktype><write/></locktype><lockscope><shared/></lockscope>'
            b"<owner><href>http://a.test/</href></owner></lockinfo>"
        )
        owner = '<D:owner><href xmlns="DAV:">http://a.test/</href></D:owner>'
        found = read_lock(body)
        self.assertEqual((found.exclusive, found.owner_xml), (False, owner))

    def test_what_is_no_lock_is_refused(self) -> None:
        for inner in (
            "<D:lockscope><D:exclusive/></D:lockscope>",
            "<D:locktype><D:write/></D:locktype>",
            "<D:locktype><D:write/></D:locktype><D:lockscope/>",
            "<D:locktype><D:write/></D:locktype><D:lockscope><D:shared/><D:exclusive/></D:lockscope>",
            "<D:locktype><D:read/></D:locktype><D:lockscope><D:shared/></D:lockscope>",
        ):
            self.assertRaises(MalformedXml, read_lock, dav(f"<D:lockinfo>{inner}</D:lockinfo>"))


class AclTests(SynchronousTestCase):
    def test_entries(self) -> None:
        body = dav(
            "<D:acl><D:ace><D:principal><D:href> /dav/pal/a/ </D:href></D:principal><D:grant><D:privilege><D:read/>"
            "</D:privilege><D:privilege><A:read-free-busy/></D:privilege></D:grant></D:ace>"
            "<D:ace><D:invert><D:principal><D:all/></D:principal></D:invert><D:deny><D:privilege><D:write/>"
            "</D:privilege></D:deny></D:ace>"
            "<D:ace><D:principal><D:self/></D:principal><D:grant/><D:protected/></D:ace></D:acl>"
        )
        self.assertEqual(
            read_acl(body).aces,
            (
                Ace("href", "/dav/pal/a/", (name("D:read"), name("A:read-free-busy"))),
                Ace("all", None, (name("D:write"),), invert=True, deny=True),
            ),
        )

    def test_an_empty_list(self) -> None:
        self.assertEqual(read_acl(dav("<D:acl/>")).aces, ())

    def test_entries_without_somebody_or_something_are_refused(self) -> None:
        for inner in (
            "<D:grant/>",
            "<D:principal><D:all/></D:principal>",
            "<D:principal/><D:grant/>",
            "<D:principal><D:nobody/></D:principal><D:grant/>",
            "<D:principal><D:all/></D:principal><D:grant/><D:deny/>",
        ):
            self.assertRaises(MalformedXml, read_acl, dav(f"<D:acl><D:ace>{inner}</D:ace></D:acl>"))
