"""Attachments, images, links and URLs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.links import LINKS
from tests.codec.jscalendar.reading_of import changed, read, written

ATTACHED = "ATTACH;FMTTYPE=text/plain;FILENAME=note.txt;SIZE=5;MANAGED-ID=m1:https://x.example/a"


class LinkTests(SynchronousTestCase):
    def test_one_aspect_has_them_all(self) -> None:
        self.assertEqual(LINKS.keys, ("links",))

    def test_each_kind(self) -> None:
        for line, link in (
            (
                ATTACHED,
                {
                    "href": "https://x.example/a", "contentType": "text/plain", "size": 5, "title": "note.txt",
                    "rel": "enclosure",
                },
            ),
            ("ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=a/b:aGFsbG8=",
             {"href": "data:a/b;base64,aGFsbG8=", "contentType": "a/b", "rel": "enclosure"}),
            ("IMAGE;VALUE=URI;DISPLAY=BADGE,THUMBNAIL:https://x.example/i",
             {"href": "https://x.example/i", "rel": "icon", "display": {"badge": True, "thumbnail": True}}),
            ("LINK;VALUE=URI;LINKREL=describedby;LABEL=More:https://x.example/l",
             {"href": "https://x.example/l", "rel": "describedby", "title": "More"}),
            ("URL:https://x.example/u", {"href": "https://x.example/u"}),
        ):  # fmt: skip
            event = read(line)
            ((key, found),) = event["links"].items()
            self.assertEqual(found, {"@type": "Link", **link})
            again = written(links={key: found})
            self.assertEqual(read(*again)["links"], event["links"], again)
            self.assertFalse([each for each in again if each.startswith("JSPROP")], again)

    def test_links_that_are_no_uris_are_left(self) -> None:
        self.assertNotIn("links", read("LINK;VALUE=UID;LINKREL=next:abc"))

    def test_one_link_is_changed(self) -> None:
        lines = (ATTACHED, "URL:https://x.example/u")
        key = next(key for key, each in read(*lines)["links"].items() if each.get("rel"))
        self.assertEqual(
            changed(lines, {f"links/{key}/title": "other.txt"}),
            [ATTACHED.replace("note", "other"), "URL:https://x.example/u"],
        )
        self.assertEqual(changed(lines, {f"links/{key}": None}), ["URL:https://x.example/u"])

    def test_another_target_is_another_attachment(self) -> None:
        (key,) = read(ATTACHED)["links"]
        (line,) = changed((ATTACHED,), {f"links/{key}/href": "https://x.example/b"})
        self.assertNotIn("MANAGED-ID", line)
        self.assertTrue(line.endswith(f"JSID={key}:https://x.example/b"), line)

    def test_octets_are_written_as_such(self) -> None:
        line = written(links={"a": {"href": "data:text/plain;base64,aGFsbG8=", "rel": "enclosure"}})[0]
        self.assertEqual(line, "ATTACH;ENCODING=BASE64;VALUE=BINARY;JSID=a:aGFsbG8=")

    def test_there_is_one_url(self) -> None:
        links = {"a": {"href": "https://x.example/1"}, "b": {"href": "https://x.example/2"}}
        lines = written(links=links)
        self.assertEqual([line.split(":")[0] for line in lines], ["URL;JSID=a", "JSPROP;JSPTR=links/b"])
