"""Downloads over HTTP."""

from __future__ import annotations

from stalwart.directory.access import Access
from stalwart.jmap.blobs.download import wanted_type
from tests.jmap.blobs.counter import HttpCase
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, access


class DownloadTests(HttpCase):
    """jmap.md 8, RFC 8620 6.2, http-service 5.4."""

    def test_the_documented_headers(self) -> None:
        id = self.uploaded(SMALL)
        response = self.get(f"/jmap/download/h/{id}/mail.eml?accept=message/rfc822")
        self.assertEqual((response.status, response.body), (200, SMALL))
        expected = {
            "content-type": "message/rfc822",
            "content-disposition": 'attachment; filename="mail.eml"',
            "cache-control": "private, immutable, max-age=31536000",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
            "etag": f'"{id}"',
            "accept-ranges": "bytes",
        }
        self.assertEqual(response.headers | expected, response.headers)

    def test_a_name_may_be_left_empty(self) -> None:
        response = self.get(f"/jmap/download/h/{self.uploaded(SMALL)}/?accept=text/plain")
        self.assertEqual((response.status, response.body), (200, SMALL))
        self.assertEqual(response.headers["content-disposition"], "attachment")
        self.assertEqual(response.headers["content-type"], "text/plain")

    def test_large_content(self) -> None:
        self.assertEqual(self.get(f"/jmap/download/h/{self.uploaded(LARGE)}/x").body, LARGE)

    def test_a_range_of_small_and_large_content(self) -> None:
        for content in (SMALL, LARGE):
            response = self.get(f"/jmap/download/h/{self.uploaded(content)}/x", Range="bytes=4-8")
            self.assertEqual((response.status, response.body), (206, content[4:9]))
            self.assertEqual(response.headers["content-range"], f"bytes 4-8/{len(content)}")

    def test_a_range_behind_the_end(self) -> None:
        self.assertEqual(self.get(f"/jmap/download/h/{self.uploaded(SMALL)}/x", Range="bytes=99-").status, 416)

    def test_what_the_client_has_already(self) -> None:
        id = self.uploaded(SMALL)
        self.assertEqual(self.get(f"/jmap/download/h/{id}/x", If_None_Match=f'"{id}"').status, 304)

    def test_head(self) -> None:
        response = self.get(f"/jmap/download/h/{self.uploaded(LARGE)}/x", "HEAD")
        self.assertEqual((response.status, response.headers["content-length"]), (200, str(len(LARGE))))

    def test_sections(self) -> None:
        id = self.uploaded(b"..aGVsbG8=..")
        self.assertEqual(self.get(f"/jmap/download/h/{id}-2-8-b/x").body, b"hello")
        self.assertEqual(self.get(f"/jmap/download/h/{id}-2-8-n/x").body, b"aGVsbG8=")
        self.assertEqual(self.get(f"/jmap/download/h/{id}-2-8-b/x", Range="bytes=1-").body, b"ello")

    def test_names_are_decoded_and_cannot_break_out(self) -> None:
        id = self.uploaded(SMALL)
        for name, expected in (
            ("na%22me.eml", 'attachment; filename="na\\"me.eml"; filename*=UTF-8\'\'na%22me.eml'),
            ("%C3%A4.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt"),
            ("a%0D%0AX-Evil:%20b", 'attachment; filename="aX-Evil: b"'),
            ("a%2Fb", 'attachment; filename="a_b"'),
            ("%E2%80%AEgpj.exe", 'attachment; filename="gpj.exe"'),
            ("a/ignored", 'attachment; filename="a"'),
        ):
            response = self.get(f"/jmap/download/h/{id}/{name}")
            self.assertEqual(response.headers["content-disposition"], expected)
            self.assertNotIn("x-evil", response.headers)

    def test_without_a_name(self) -> None:
        """What a template gives for an empty ``name``."""
        id = self.uploaded(SMALL)
        for path in (f"/jmap/download/h/{id}/?accept=text/plain", f"/jmap/download/h/{id}?accept=text/plain"):
            response = self.get(path)
            self.assertEqual((response.status, response.body), (200, SMALL))
            found = response.headers["content-disposition"], response.headers["content-type"]
            self.assertEqual(found, ("attachment", "text/plain"))

    def test_a_condition_that_fails(self) -> None:
        self.assertEqual(self.get(f"/jmap/download/h/{self.uploaded(SMALL)}/x", If_Match='"other"').status, 412)

    def test_a_name_that_is_not_utf_8(self) -> None:
        response = self.get(f"/jmap/download/h/{self.uploaded(SMALL)}/%FF.txt")
        self.assertIn("filename*=UTF-8''%EF%BF%BD.txt", response.headers["content-disposition"])

    def test_a_type_that_is_none_becomes_the_default(self) -> None:
        id = self.uploaded(SMALL)
        for accept in ("", "?accept=", "?accept=nonsense", "?accept=text/html%0D%0AX-Evil:%20b", "?accept=*/*"):
            response = self.get(f"/jmap/download/h/{id}/x{accept}")
            self.assertEqual(response.headers["content-type"], "application/octet-stream")
            self.assertNotIn("x-evil", response.headers)

    def test_json_is_sent_as_it_is(self) -> None:
        id = self.uploaded(b" " * 5000)
        response = self.get(
            f"/jmap/download/h/{id}/x?accept=application/json", Accept_Encoding="gzip", Range="bytes=0-1"
        )
        self.assertEqual((response.status, response.body), (206, b"  "))

    def test_a_plus_may_come_unescaped(self) -> None:
        self.assertEqual(wanted_type("image/svg xml"), "image/svg+xml")
        self.assertEqual(wanted_type("text/plain; charset=utf-8"), "text/plain; charset=utf-8")
        self.assertEqual(wanted_type(None), "application/octet-stream")


class AccessTests(HttpCase):
    """Everything that may not be had is 404."""

    def status(self, path: str, who: Access | None = None) -> int:
        self.sign_in(who or access())
        return self.get(f"/jmap/download/{path}/x").status

    def test_without_credentials(self) -> None:
        self.assertEqual(self.server.request("GET", f"/jmap/download/h/{self.uploaded(SMALL)}/x").status, 401)

    def test_ids_that_are_none_and_blobs_that_are_not_there(self) -> None:
        id = self.uploaded(SMALL)
        for path in (
            f"H/{id}",
            f"zzzzzzzzzzzzzzz/{id}",
            "h/nonsense",
            "h/B" + "a" * 52,
            f"h/{id}-90-1-n",
            f"h/{id}%00",
        ):
            self.assertEqual(self.status(path), 404, path)

    def test_an_account_that_is_not_the_clients(self) -> None:
        id, _ = self.held(SMALL, account_id=8)
        self.assertEqual([self.status(f"i/{id}"), self.status(f"h/{id}")], [404, 404])
        self.assertEqual(self.status(f"i/{id}", access(8)), 200)
        self.assertEqual(self.status(f"i/{id}", access(7, "impersonate")), 200)
        self.assertEqual(self.status(f"iaaaaaaaaaaaa/{id}", access(7, "impersonate")), 404)

    def test_an_upload_of_somebody_else_in_a_shared_account(self) -> None:
        id = self.uploaded(SMALL, account_id=9, by=8)
        self.assertEqual([self.status(f"j/{id}"), self.status(f"j/{id}", access(8))], [404, 200])

    def test_one_permission_opens_all(self) -> None:
        id = self.uploaded(SMALL, account_id=8, by=8)
        self.assertEqual(self.status(f"i/{id}", access(7, "fetchAnyBlob")), 200)

    def test_an_upload_that_has_expired(self) -> None:
        id = self.uploaded(SMALL, ttl=60)
        self.assertEqual(self.status(f"h/{id}"), 200)
        self.clock.advance(60)
        self.assertEqual(self.status(f"h/{id}"), 404)

    def test_a_file_that_is_missing_is_not_found_but_later_breaks_the_answer(self) -> None:
        id = self.uploaded(LARGE)
        self.store.blob_files.remove(self.store.blob_files.names("")[0], NOW + 1)
        connected = self.server.connect()
        connected.send(
            f"GET /jmap/download/h/{id}/x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n".encode()
        )
        self.assertTrue(connected.wire.aborted)
