"""ACL: what is granted can be done at once, and what is taken cannot."""

from __future__ import annotations

from stalwart.config.collaboration.sharing import Sharing
from stalwart.dav.methods import acl
from tests.dav.world import ALICE, BOB, DavWorld, conditions

CALENDAR = f"/dav/cal/{ALICE}/default/"
BOBS = f"/dav/pal/{BOB}/"


def ace(*privileges: str, principal: str = f"<D:href>{BOBS}</D:href>", action: str = "grant") -> str:
    listed = "".join(f"<D:privilege><{privilege}/></D:privilege>" for privilege in privileges)
    return f"<D:ace><D:principal>{principal}</D:principal><D:{action}>{listed}</D:{action}></D:ace>"


def entries(*aces: str) -> str:
    return f"<D:acl>{''.join(aces)}</D:acl>"


class AclTests(DavWorld):
    def privileges(self, path: str, user: str) -> set[str]:
        (of_one,) = self.properties(path, "D:current-user-privilege-set", user=user).values()
        return {each[0].tag.partition("}")[2] for each in of_one["D:current-user-privilege-set"]}

    def test_what_is_granted_can_be_done_until_it_is_taken(self) -> None:
        self.assertEqual(acl.acl.names, ("ACL",))
        self.expect(207, "PROPFIND", CALENDAR, depth="0")
        self.expect(403, "PROPFIND", CALENDAR, depth="0", user="bob")
        before = self.text(CALENDAR, "D:getetag")
        self.assertEqual(self.expect(200, "ACL", CALENDAR, entries(ace("D:read"))).body, b"")
        self.assertNotEqual(self.text(CALENDAR, "D:getetag"), before)
        self.assertEqual(self.privileges(CALENDAR, "bob"), {"read", "read-current-user-privilege-set"})
        self.expect(403, "PROPPATCH", CALENDAR, "<D:propertyupdate/>", user="bob")
        self.expect(403, "ACL", CALENDAR, entries(), user="bob")
        self.expect(200, "ACL", CALENDAR, entries(ace("D:read", "D:write"), ace("D:write-acl")))
        self.assertLess({"write", "bind", "unbind", "write-acl"}, self.privileges(CALENDAR, "bob"))
        self.expect(204, "PROPPATCH", CALENDAR, "<D:propertyupdate/>", user="bob")
        self.expect(200, "ACL", CALENDAR, entries(), user="bob")
        self.expect(403, "PROPFIND", CALENDAR, depth="0", user="bob")

    def test_the_list_shows_who_has_what(self) -> None:
        self.expect(200, "ACL", CALENDAR, entries(ace("D:read", "A:read-free-busy")))
        shown = self.properties(CALENDAR, "D:acl")[CALENDAR]["D:acl"]
        self.assertEqual([each.findtext("{DAV:}principal/{DAV:}href") for each in shown], [BOBS])
        granted = {each[0].tag.partition("}")[2] for each in shown[0].iter("{DAV:}privilege")}
        self.assertEqual(granted, {"read", "read-current-user-privilege-set", "read-free-busy"})
        found = self.properties(CALENDAR, "D:acl", user="bob")
        self.assertEqual(len(found[CALENDAR]["D:acl"]), 0)

    def test_entries_that_are_none(self) -> None:
        for entry, condition in (
            (ace("D:all"), "D:no-abstract"),
            (ace("D:read", action="deny"), "D:grant-only"),
            (ace("D:read", principal="<D:all/>"), "D:allowed-principal"),
            (ace("D:read", principal="<D:href>/dav/pal/nobody%40example.test/</D:href>"), "D:allowed-principal"),
            (ace("D:read", principal="<D:href>/elsewhere</D:href>"), "D:allowed-principal"),
            (ace("D:fly"), "D:not-supported-privilege"),
        ):
            refused = self.expect(403, "ACL", CALENDAR, entries(entry))
            self.assertEqual(conditions(refused), [condition])
        everybody_else = f"<D:invert><D:principal><D:href>{BOBS}</D:href></D:principal></D:invert>"
        inverted = entries(f"<D:ace>{everybody_else}<D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>")
        self.assertEqual(conditions(self.expect(403, "ACL", CALENDAR, inverted)), ["D:no-invert"])
        book = f"/dav/card/{ALICE}/default/"
        refused = self.expect(403, "ACL", book, entries(ace("A:read-free-busy")))
        self.assertEqual(conditions(refused), ["D:not-supported-privilege"])
        self.expect(400, "ACL", CALENDAR, "<D:acl><D:ace/></D:acl>")

    def test_only_so_many_get_something(self) -> None:
        self.settle(self.settings.change(Sharing, {"maxShares": 1}))
        carol = ace("D:read", principal="<D:href>/dav/cal/carol%40example.test/</D:href>")
        refused = self.expect(403, "ACL", CALENDAR, entries(ace("D:read"), carol))
        self.assertEqual(conditions(refused), ["D:limited-number-of-aces"])
        myself = ace("D:read", principal=f"<D:href>/dav/pal/{ALICE}/</D:href>")
        self.expect(200, "ACL", CALENDAR, entries(ace("D:read"), ace("D:write"), myself))

    def test_places(self) -> None:
        self.expect(404, "ACL", f"/dav/cal/{ALICE}/", entries())
        self.expect(404, "ACL", f"/dav/cal/{ALICE}/none", entries())
        self.expect(405, "ACL", f"/dav/pal/{ALICE}/", entries())
        note = f"/dav/file/{ALICE}/note"
        self.expect(201, "PUT", note, b"words")
        self.expect(200, "ACL", note, entries(ace("D:read")))
        self.assertEqual(self.expect(200, "GET", note, user="bob").body, b"words")
        self.expect(403, "PUT", note, b"other", user="bob")
        self.expect(200, "ACL", note, entries(ace("D:read", "D:write-content")))
        self.expect(204, "PUT", note, b"other", user="bob")
        self.expect(403, "DELETE", note, user="bob")

    def test_files_in_a_folder_that_is_shared_are_shared(self) -> None:
        folder = f"/dav/file/{ALICE}/a"
        self.expect(201, "MKCOL", folder)
        self.expect(201, "PUT", f"{folder}/before", b"")
        staff = ace("D:read", "D:write", principal="<D:href>/dav/pal/staff%40example.test</D:href>")
        self.expect(200, "ACL", folder, entries(staff))
        self.expect(201, "PUT", f"{folder}/after", b"")
        self.expect(403, "GET", f"{folder}/before", user="bob")
        self.expect(200, "GET", f"{folder}/after", user="bob")
        self.expect(201, "PUT", f"{folder}/his", b"", user="bob")
        self.expect(403, "GET", f"{folder}/after", user="carol")
        self.expect(200, "ACL", folder, entries(ace("D:read")))
        self.expect(403, "PUT", f"{folder}/his", b"more", user="bob")
        self.expect(200, "GET", f"{folder}/his", user="bob")
        self.expect(200, "ACL", folder, entries())
        for name in ("his", "after"):
            self.expect(403, "GET", f"{folder}/{name}", user="bob")

    def test_what_leaves_a_shared_folder_is_shared_no_more(self) -> None:
        for folder in ("a", "b"):
            self.expect(201, "MKCOL", f"/dav/file/{ALICE}/{folder}")
        self.expect(200, "ACL", f"/dav/file/{ALICE}/a", entries(ace("D:read")))
        for name in ("x", "y", "own"):
            self.expect(201, "PUT", f"/dav/file/{ALICE}/a/{name}", b"")
        self.expect(200, "ACL", f"/dav/file/{ALICE}/a/own", entries(ace("D:read", "D:write-content")))
        for name, to in (("x", "x"), ("y", "b/y"), ("own", "own")):
            self.expect(201, "MOVE", f"/dav/file/{ALICE}/a/{name}", destination=f"/dav/file/{ALICE}/{to}")
        for path, status in (("x", 403), ("b/y", 403), ("own", 200)):
            self.expect(status, "GET", f"/dav/file/{ALICE}/{path}", user="bob")

    def test_nobody_hears_of_what_is_not_shared_with_him(self) -> None:
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/private")
        self.expect(200, "ACL", CALENDAR, entries(ace("D:read")))
        for path in ("private/", "none/", "private/x.ics", "none/x.ics"):
            for method in ("GET", "PROPFIND", "DELETE"):
                self.expect(403, method, f"/dav/cal/{ALICE}/{path}", user="bob", depth="0")
        self.expect(404, "GET", f"{CALENDAR}none.ics", user="bob")
        etag = self.text(f"/dav/cal/{ALICE}/private/", "D:getetag")
        own = f"/dav/cal/{BOB}/default/"
        for path in (f"/dav/cal/{ALICE}/private/", f"/dav/cal/{ALICE}/"):
            tag = f"<{path}> ([{etag}])"
            self.expect(412, "PROPPATCH", own, "<D:propertyupdate/>", user="bob", **{"if": tag})
        tag = f"<{CALENDAR}> ([{self.text(CALENDAR, 'D:getetag')}])"
        self.expect(204, "PROPPATCH", own, "<D:propertyupdate/>", user="bob", **{"if": tag})
