"""Rights as privileges, both ways."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.acl_body import Ace
from stalwart.codec.dav.elements import Element, read_document
from stalwart.codec.dav.errors import UnmetCondition
from stalwart.codec.dav.multistatus import document
from stalwart.codec.dav.names import name
from stalwart.codec.dav.privileges import (
    Kind,
    acl_property,
    current_user_privilege_set,
    granted,
    home_privileges,
    member_privileges,
    privilege_elements,
    reported,
    scheduling_privileges,
    supported_privilege_set,
)
from stalwart.codec.dav.rights import Rights

WRITE = Rights.MODIFY | Rights.DELETE | Rights.ADD_ITEMS | Rights.MODIFY_ITEMS | Rights.REMOVE_ITEMS
READ = Rights.READ | Rights.READ_ITEMS
FREE_BUSY = Rights.SCHEDULING_READ_FREE_BUSY
SCHEDULING = FREE_BUSY | Rights.SCHEDULING_INVITE | Rights.SCHEDULING_REPLY

GRANTS: list[tuple[str, Kind, Rights]] = [
    ("D:read", "calendar", READ),
    ("D:write", "addressbook", WRITE),
    ("D:write", "folder", WRITE | Rights.RENAME),
    ("D:write-content", "folder", Rights.ADD_ITEMS | Rights.MODIFY | Rights.MODIFY_ITEMS),
    ("D:write-properties", "file", Rights.MODIFY),
    ("D:write-acl", "calendar", Rights.SHARE),
    ("D:bind", "calendar", Rights.ADD_ITEMS),
    ("D:unbind", "calendar", Rights.REMOVE_ITEMS),
    ("A:read-free-busy", "calendar", FREE_BUSY),
    ("A:schedule-query-freebusy", "calendar", FREE_BUSY),
    ("A:schedule-deliver", "calendar", SCHEDULING),
    ("A:schedule-send", "calendar", SCHEDULING),
    ("D:read-acl D:read-current-user-privilege-set D:unlock", "file", Rights.NONE),
    ("D:read D:write-acl", "card", READ | Rights.SHARE),
    ("", "calendar", Rights.NONE),
]

REFUSED: list[tuple[Ace, Kind, str]] = [
    (Ace("href", "/", (name("D:all"),)), "calendar", "D:no-abstract"),
    (Ace("href", "/", (name("A:read-free-busy"),)), "addressbook", "D:not-supported-privilege"),
    (Ace("href", "/", (name("{urn:x}y"),)), "calendar", "D:not-supported-privilege"),
    (Ace("href", "/", (), invert=True), "calendar", "D:no-invert"),
    (Ace("href", "/", (), deny=True), "calendar", "D:grant-only"),
    (Ace("all", None, ()), "calendar", "D:allowed-principal"),
    (Ace("self", None, ()), "calendar", "D:allowed-principal"),
]

REPORTED: list[tuple[Rights, Kind, str]] = [
    (Rights.NONE, "calendar", ""),
    (Rights.READ, "calendar", "read read-current-user-privilege-set"),
    (Rights.READ_ITEMS, "event", "read read-current-user-privilege-set"),
    (Rights.MODIFY, "calendar", "write-properties"),
    (Rights.MODIFY, "event", ""),
    (Rights.MODIFY, "file", "write write-properties write-content"),
    (Rights.MODIFY_ITEMS, "calendar", "write-content"),
    (Rights.MODIFY_ITEMS, "card", "write-properties write-content"),
    (Rights.ADD_ITEMS, "folder", "bind"),
    (Rights.REMOVE_ITEMS | Rights.DELETE, "folder", "unbind"),
    (WRITE, "calendar", "write write-properties write-content bind unbind"),
    (WRITE, "event", "write write-properties write-content bind unbind"),
    (Rights.SHARE, "calendar", "read-acl write-acl"),
    (FREE_BUSY, "calendar", "read-free-busy"),
    (FREE_BUSY, "folder", ""),
    (Rights.SCHEDULING_INVITE, "calendar", "schedule-send-invite"),
    (Rights.SCHEDULING_REPLY, "calendar", "schedule-send-reply"),
    (Rights.SCHEDULING_INVITE, "event", ""),
]


class PrivilegeTests(SynchronousTestCase):
    def test_members_have_all(self) -> None:
        self.assertIn(name("D:all"), member_privileges("folder"))
        self.assertNotIn(name("A:read-free-busy"), member_privileges("folder"))
        self.assertIn(name("A:read-free-busy"), member_privileges("event"))
        self.assertEqual(home_privileges(member=True), member_privileges("folder"))
        self.assertEqual(home_privileges(member=False), (name("D:read"),))

    def test_inbox_and_outbox(self) -> None:
        inbox = scheduling_privileges("inbox", member=False)
        self.assertIn(name("A:schedule-deliver-invite"), inbox)
        self.assertNotIn(name("D:all"), inbox)
        outbox = scheduling_privileges("outbox", member=True)
        self.assertLess({name("A:schedule-send-freebusy"), name("D:all"), name("D:write-acl")}, set(outbox))

    def test_the_set_of_the_reader(self) -> None:
        self.assertEqual(
            current_user_privilege_set((name("D:read"), name("A:read-free-busy"))),
            b"<D:current-user-privilege-set><D:privilege><D:read/></D:privilege><D:privilege><A:read-free-busy/>"
            b"</D:privilege></D:current-user-privilege-set>",
        )
        self.assertEqual(privilege_elements(()), b"")

    def test_the_list_of_a_calendar(self) -> None:
        written = acl_property([("/dav/pal/a%40b/", FREE_BUSY), ("/dav/pal/c/", Rights.SHARE)], "calendar")
        self.assertEqual(
            written,
            b"<D:acl><D:ace><D:principal><D:href>/dav/pal/a%40b/</D:href></D:principal><D:grant><D:privilege>"
            b"<A:read-free-busy/></D:privilege></D:grant></D:ace><D:ace><D:principal><D:href>/dav/pal/c/</D:href>"
            b"</D:principal><D:grant><D:privilege><D:read-acl/></D:privilege><D:privilege><D:write-acl/></D:privilege>"
            b"</D:grant></D:ace></D:acl>",
        )
        self.assertEqual(acl_property([], "file"), b"<D:acl/>")

    def tree(self, kind: Kind) -> object:
        body = document(name("D:prop"), supported_privilege_set(kind), namespaces=["urn:ietf:params:xml:ns:caldav"])
        return _tree(read_document(body).children[0])

    def test_the_tree_of_privileges(self) -> None:
        read = ("D:read", [("D:read-current-user-privilege-set", [])])
        parts = ["D:write-properties", "D:write-content", "D:bind", "D:unbind", "D:unlock"]
        write = ("D:write", [(part, []) for part in parts])
        inner: list[object] = [read, write, ("D:read-acl", []), ("D:write-acl", [])]
        self.assertEqual(self.tree("folder"), [("D:all", inner)])
        more = [("A:read-free-busy", []), ("A:schedule-send-invite", []), ("A:schedule-send-reply", [])]
        self.assertEqual(self.tree("calendar"), [("D:all", [*inner, *more])])
        self.assertEqual(self.tree("event"), [("D:all", [*inner, more[0]])])

    def test_what_is_in_the_tree_can_be_granted_unless_abstract(self) -> None:
        self.assertEqual(supported_privilege_set("calendar").count(b"<D:abstract/>"), 1)
        self.assertIn(b"<D:all/></D:privilege><D:abstract/>", supported_privilege_set("calendar"))
        self.assertIn(b"<A:schedule-query-freebusy/>", supported_privilege_set("inbox"))
        self.assertIn(b"<A:schedule-send-freebusy/>", supported_privilege_set("outbox"))

    def test_bits_are_as_stored(self) -> None:
        self.assertEqual(Rights.SCHEDULING_READ_FREE_BUSY, 256)
        self.assertEqual(int(Rights.all()), sum(right.value for right in Rights))

    def test_what_is_granted_is_reported(self) -> None:
        for privilege in ("D:read", "D:write", "D:write-properties", "D:write-content", "D:write-acl", "D:bind"):
            rights = granted(Ace("href", "/", (name(privilege),)), "calendar")
            self.assertIn(name(privilege), reported(rights, "calendar"))


def _tree(element: Element) -> list[object]:
    found: list[object] = []
    for child in element.all(name("D:supported-privilege")):
        privilege = child.first(name("D:privilege"))
        assert privilege is not None and child.first(name("D:description")) is not None
        found.append((str(privilege.children[0].name), _tree(child)))
    return found


def _granted(written: str, kind: Kind, wanted: Rights) -> object:
    entry = Ace("href", "/dav/pal/a/", tuple(map(name, written.split())))
    return lambda self: self.assertEqual(granted(entry, kind), wanted)


def _refused(entry: Ace, kind: Kind, condition: str) -> object:
    def test(self: PrivilegeTests) -> None:
        error = self.assertRaises(UnmetCondition, granted, entry, kind)
        self.assertEqual(str(error.condition), condition)

    return test


def _reported(rights: Rights, kind: Kind, wanted: str) -> object:
    return lambda self: self.assertEqual(" ".join(each.local for each in reported(rights, kind)), wanted)


for _number, _grant in enumerate(GRANTS):
    setattr(PrivilegeTests, f"test_granted_{_number}", _granted(*_grant))
for _number, _entry in enumerate(REFUSED):
    setattr(PrivilegeTests, f"test_refused_{_number}", _refused(*_entry))
for _number, _report in enumerate(REPORTED):
    setattr(PrivilegeTests, f"test_reported_{_number}", _reported(*_report))
