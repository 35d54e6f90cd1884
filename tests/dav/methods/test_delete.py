"""DELETE removes what may go, all or nothing."""

from __future__ import annotations

from stalwart.dav.methods import delete
from tests.dav.world import ALICE, DavWorld, conditions


class DeleteTests(DavWorld):
    def test_what_is_there_goes_once(self) -> None:
        self.assertEqual(delete.delete.names, ("DELETE",))
        self.expect(201, "PUT", f"/dav/file/{ALICE}/note.txt", b"words")
        self.expect(204, "DELETE", f"/dav/file/{ALICE}/note.txt")
        self.expect(404, "DELETE", f"/dav/file/{ALICE}/note.txt")
        self.expect(404, "GET", f"/dav/file/{ALICE}/note.txt")

    def test_homes_services_and_the_first_calendar_stay(self) -> None:
        self.expect(403, "DELETE", f"/dav/file/{ALICE}/")
        self.expect(403, "DELETE", "/dav/file/")
        refused = self.expect(403, "DELETE", f"/dav/cal/{ALICE}/default/")
        self.assertEqual(conditions(refused), ["A:default-calendar-needed"])
        self.expect(204, "DELETE", f"/dav/card/{ALICE}/default/")

    def test_a_folder_goes_with_all_that_is_in_it(self) -> None:
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/a")
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/a/b/")
        self.expect(201, "PUT", f"/dav/file/{ALICE}/a/b/c.txt", b"words")
        self.expect(204, "DELETE", f"/dav/file/{ALICE}/a")
        self.expect(404, "PROPFIND", f"/dav/file/{ALICE}/a/b/c.txt", depth="0")

    def test_conditions_are_kept_and_others_cannot(self) -> None:
        etag = self.expect(201, "PUT", f"/dav/file/{ALICE}/note.txt", b"words").headers["etag"]
        self.expect(412, "DELETE", f"/dav/file/{ALICE}/note.txt", if_match='"other"')
        self.expect(403, "DELETE", f"/dav/file/{ALICE}/note.txt", user="bob")
        self.expect(204, "DELETE", f"/dav/file/{ALICE}/note.txt", if_match=etag)
