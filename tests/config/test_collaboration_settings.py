"""x:WebDav, x:Calendar, x:AddressBook, x:Email and their like: bounds, null as "no limit", folders (settings C.9)."""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.config.collaboration.alarm import CalendarAlarm
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.email import Email
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.config.collaboration.sharing import Sharing
from stalwart.config.collaboration.webdav import WebDav
from stalwart.schema import ValidationFailed

# What is wrong with a change: type, patch, path, what is said of it.
REFUSED: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "lock_of_no_length": (WebDav, {"maxLockTimeout": 0}, "maxLockTimeout", "Invalid duration value"),
    "body_of_any_size": (WebDav, {"requestMaxSize": None}, "requestMaxSize", "Invalid value"),
    "too_many_attendees": (Calendar, {"maxAttendees": 100_001}, "maxAttendees", "MaxValue"),
    "no_calendars": (Calendar, {"maxCalendars": 0}, "maxCalendars", "MinValue"),
    "no_books": (AddressBook, {"maxAddressBooks": 0}, "maxAddressBooks", "MinValue"),
    "invitations_too_small": (CalendarScheduling, {"itipMaxSize": 99}, "itipMaxSize", "MinValue"),
    "answer_page_without_an_address": (CalendarScheduling, {"httpRsvpUrl": "x y"}, "httpRsvpUrl", "Invalid URI"),
    "reminders_without_a_sender": (CalendarAlarm, {"fromName": ""}, "fromName", "Required"),
    "reminders_from_nowhere": (CalendarAlarm, {"fromEmail": "x"}, "fromEmail", "Invalid email address"),
    "no_files": (FileStorage, {"maxFiles": 0}, "maxFiles", "MinValue"),
    "nobody_to_share_with": (Sharing, {"maxShares": 0}, "maxShares", "MinValue"),
    "purpose_that_does_not_exist": (
        Email,
        {"defaultFolders": {"attic": {"name": "Attic"}}},
        "defaultFolders",
        "Invalid key",
    ),
    "folder_without_a_name": (Email, {"defaultFolders": {"inbox": {}}}, "defaultFolders/inbox/name", "Required"),
    "compression_that_does_not_exist": (
        Email,
        {"compressionAlgorithm": "zip"},
        "compressionAlgorithm",
        "Invalid value for enum",
    ),
}


class RefusalTests(SynchronousTestCase):
    """One method a refusal."""


def _refused(type: Any, patch: dict[str, Any], path: str, said: str) -> Callable[[RefusalTests], None]:
    def test(self: RefusalTests) -> None:
        failed = self.assertRaises(ValidationFailed, type.patched, registry.defaults(type), patch)
        (found,) = failed.violations
        self.assertEqual(found.path, path)
        self.assertIn(said, found.sentence())

    return test


for _name, _refusal in REFUSED.items():
    setattr(RefusalTests, f"test_{_name}_is_refused", _refused(*_refusal))


class CollaborationTests(SynchronousTestCase):
    def test_null_takes_a_limit_away(self) -> None:
        self.assertIsNone(Calendar.patched(registry.defaults(Calendar), {"maxCalendars": None}).max_calendars)

    def test_null_refuses_dead_properties(self) -> None:
        self.assertIsNone(
            WebDav.patched(registry.defaults(WebDav), {"deadPropertyMaxSize": None}).dead_property_max_size
        )

    def test_first_calendar_can_be_left_out(self) -> None:
        self.assertIsNone(Calendar.from_wire({"defaultDisplayName": ""}).default_display_name)

    def test_wire_names_keep_the_names_of_the_formats(self) -> None:
        self.assertIn("maxICalendarSize", Calendar.properties)
        self.assertIn("maxVCardSize", AddressBook.properties)

    def test_folder_is_made_and_subscribed_unless_stated(self) -> None:
        made = Email.from_wire({"defaultFolders": {"archive": {"name": "Old", "aliases": {"Older": True}}}})
        folder = made.default_folders["archive"]
        self.assertEqual((folder.name, folder.create, folder.subscribe, folder.aliases), ("Old", True, True, {"Older"}))
