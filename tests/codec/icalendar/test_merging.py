"""Objects of a calendar as one stream, which other programs read."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.merging import END, HEAD, Merging

ZONE = b"BEGIN:VTIMEZONE\r\nTZID;X-A=b:Europe/\r\n Berlin\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
EVENT = (
    b"BEGIN:VEVENT\r\nUID:%d\r\nBEGIN:VALARM\r\nEND:VALARM\r\nDESCRIPTION:END:VCALENDAR\r\n\tBEGIN:X\r\nEND:VEVENT\r\n"
)


def object_of(*components: bytes) -> bytes:
    return b"BEGIN:VCALENDAR\r\nPRODID:x\r\nMETHOD:X\r\n" + b"".join(components) + b"END:VCALENDAR\r\n"


class MergingTests(SynchronousTestCase):
    def test_components_are_all_there_and_zones_once(self) -> None:
        merging = Merging()
        given = [object_of(ZONE, EVENT % 1), object_of(ZONE, EVENT % 2, EVENT % 3), object_of(EVENT % 4)]
        merged = HEAD + b"".join(map(merging.components, given)) + END
        self.assertEqual(merged, HEAD + ZONE + b"".join(EVENT % number for number in range(1, 5)) + END)

    def test_another_zone_stays_and_lines_of_unix_are_written_as_others(self) -> None:
        merging = Merging()
        merging.components(object_of(ZONE))
        other = ZONE.replace(b"Berlin", b"Rome")
        self.assertEqual(merging.components(object_of(other).replace(b"\r\n", b"\n")), other)
