"""JSPROP."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.unknown import apply_patches, patch_of, property_of
from stalwart.codec.vcard.lines import property_of as line
from tests.codec.jscontact.figures import members


class UnknownTests(SynchronousTestCase):
    def test_there_and_back(self) -> None:
        for parts, value in (
            (("example.com:a", 'b"c', "d/e~f", "g\nh"), {"x": [1, None, "a,b;c\\"]}),
            (("someday",), "\r\u2028"),
            (("someday",), None),
        ):
            self.assertEqual(patch_of(property_of(parts, value)), (parts, value))

    def test_what_is_not_well_formed(self) -> None:
        for text in (
            "JSPROP:1",
            'JSPROP;JSPTR="":1',
            'JSPROP;JSPTR="a~2":1',
            "JSPROP;JSPTR=a:x",
            "JSPROP;JSPTR=a:NaN",
            "JSPROP;JSPTR=a:" + "[" * 5000,
            "JSPROP;JSPTR=a:" + "9" * 5000,
            "JSPROP;JSPTR=@type:1",
            "JSPROP;JSPTR=version:1",
            'JSPROP;JSPTR=uid:"x"',
            'JSPROP;JSPTR=id:"x"',
            "JSPROP;JSPTR=addressBookIds/x:true",
            "JSPROP;JSPTR=myRights:{}",
            "JSPROP;JSPTR=shareWith:{}",
            "JSPROP;JSPTR=vCard:5",
            'JSPROP;JSPTR=media/m/blobId:"x"',
        ):
            item = line(text)
            assert item is not None
            self.assertIsNone(patch_of(item), text[:40])

    def test_lines_name_no_blobs(self) -> None:
        item = line('JSPROP;JSPTR=media:{"m":{"uri":"a:b"\\,"blobId":"x"}}')
        assert item is not None
        self.assertEqual(patch_of(item), (("media",), {"m": {"uri": "a:b"}}))

    def test_all_or_nothing(self) -> None:
        """RFC 9555 3.2.1; what is for an entry that is gone does not count."""
        card: dict[str, Any] = {"uid": "u"}
        good = (1, ("example.com:a",), 1)
        self.assertEqual(
            apply_patches(card, [good, (2, ("emails", "e"), 1)]), ({"uid": "u", "example.com:a": 1}, [good])
        )
        for wrong in ((2, ("example.com:a", "b"), 1), (2, ("kind",), 5), (2, ("example.com:a",), 2)):
            found, applied = apply_patches({**card, "example.com:a": {}}, [good, wrong])
            self.assertEqual((found, applied), ({**card, "example.com:a": {}}, []))

    def test_what_does_not_count_is_kept(self) -> None:
        found = members("JSPROP;JSPTR=emails/e/x:1", "JSPROP;JSPTR=kind:5")
        self.assertEqual([each[1] for each in found["vCardProps"]], [{"jsptr": "emails/e/x"}, {"jsptr": "kind"}])
