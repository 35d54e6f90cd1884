"""What clients are told of attachments."""

from __future__ import annotations

from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.dav.properties import attachments
from stalwart.groupware.attaching import MOST
from tests.dav.limits import limit
from tests.dav.world import ALICE, DavWorld

NAMES = ("A:managed-attachments-server-URL", "A:max-attachment-size", "A:max-attachments-per-resource")


class AttachmentPropertyTests(DavWorld):
    def test_calendars_and_their_homes_have_them(self) -> None:
        limit(self, FileStorage, maxSize=5)
        home = f"/dav/cal/{ALICE}/"
        (found,) = self.properties(home, *NAMES).values()
        self.assertEqual(found[NAMES[0]][0].text, "https://mail.example.test/")
        for path in (home, f"{home}default/"):
            self.assertEqual((self.text(path, NAMES[1]), self.text(path, NAMES[2])), ("5", str(MOST)))
        self.assertEqual(attachments.server_url.spec, "RFC 8607 6.1")

    def test_others_have_not(self) -> None:
        for path in (f"/dav/card/{ALICE}/", f"/dav/file/{ALICE}/", f"/dav/pal/{ALICE}/"):
            (found,) = self.properties(path, *NAMES).values()
            self.assertEqual(found, {})

    def test_clients_are_told(self) -> None:
        told = self.expect(200, "OPTIONS", f"/dav/cal/{ALICE}/").headers["dav"]
        self.assertIn("calendar-managed-attachments", told.split(", "))
