"""LOCK and UNLOCK: who holds one may write, nobody else may."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.methods import lock
from tests.dav.world import ALICE, DavWorld, conditions

FILE = f"/dav/file/{ALICE}"
NOTE = f"{FILE}/note"


def lockinfo(scope: str = "exclusive", owner: str = "") -> str:
    return f"<D:lockinfo><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/></D:locktype>{owner}</D:lockinfo>"


class LockTests(DavWorld):
    def lock(self, path: str, status: int = 200, scope: str = "exclusive", **given: Any) -> str:
        """Its token in angle brackets."""
        answer = self.expect(status, "LOCK", path, lockinfo(scope), **given)
        return answer.headers.get("lock-token", "")

    def discovered(self, path: str) -> list[Any]:
        return list(self.properties(path, "D:lockdiscovery")[path]["D:lockdiscovery"])

    def test_a_lock_can_be_on_what_is_to_come(self) -> None:
        self.assertEqual((lock.lock.names, lock.unlock.names), (("LOCK",), ("UNLOCK",)))
        owner = "<D:owner><D:href>mailto:me</D:href></D:owner>"
        answer = self.expect(201, "LOCK", NOTE, lockinfo(owner=owner), timeout="Infinite, Second-5")
        token = answer.headers["lock-token"]
        self.assertRegex(token, "^<urn:stalwart:davlock:[0-9a-f]+>$")
        self.assertIn(b"<D:timeout>Second-3600</D:timeout>", answer.body)
        self.assertIn(f"<D:lockroot><D:href>{NOTE}</D:href></D:lockroot>".encode(), answer.body)
        self.assertIn(b">mailto:me</D:href></D:owner>", answer.body)
        self.expect(404, "PROPFIND", NOTE, depth="0")
        refused = self.expect(423, "PUT", NOTE, b"words")
        self.assertEqual(conditions(refused), ["D:lock-token-submitted"])
        self.assertIn(NOTE.encode(), refused.body)
        self.expect(201, "PUT", NOTE, b"words", **{"if": f"({token})"})
        (found,) = self.discovered(NOTE)
        self.assertEqual(found.findtext("{DAV:}locktoken/{DAV:}href"), token[1:-1])
        self.expect(204, "UNLOCK", NOTE, lock_token=token)
        self.assertEqual(self.discovered(NOTE), [])
        self.expect(204, "PUT", NOTE, b"other words")

    def test_what_is_there_keeps_its_status(self) -> None:
        self.expect(201, "PUT", NOTE, b"words")
        token = self.lock(NOTE)
        for method in ("DELETE", "PROPPATCH", "MOVE"):
            body = "<D:propertyupdate/>" if method == "PROPPATCH" else b""
            self.expect(423, method, NOTE, body, destination=f"{FILE}/x")
            self.expect(423, method, NOTE, body, destination=f"{FILE}/x", user="alice", **{"if": '(["x"])'})
        self.expect(201, "COPY", NOTE, destination=f"{FILE}/x")
        self.expect(423, "COPY", f"{FILE}/x", destination=NOTE)
        self.expect(204, "DELETE", NOTE, **{"if": f"<{NOTE}> ({token})"})

    def test_a_folder_is_locked_with_all_that_is_below(self) -> None:
        self.expect(201, "MKCOL", f"{FILE}/a")
        self.expect(201, "PUT", f"{FILE}/a/1", b"")
        token = self.lock(f"{FILE}/a", depth="infinity")
        shown = {"if": f"({token})"}
        self.lock(f"{FILE}/a/1", 423)
        self.lock(f"{FILE}/a/b", 423)
        self.expect(423, "PUT", f"{FILE}/a/1", b"x")
        self.expect(423, "MKCOL", f"{FILE}/a/b")
        self.expect(201, "MKCOL", f"{FILE}/a/b", **shown)
        (found,) = self.discovered(f"{FILE}/a/1")
        self.assertEqual(found.findtext("{DAV:}depth"), "infinity")
        self.assertEqual(found.findtext("{DAV:}lockroot/{DAV:}href"), f"{FILE}/a")
        self.expect(423, "DELETE", FILE + "/a")
        self.expect(204, "UNLOCK", f"{FILE}/a/1", lock_token=token)  # in the scope of the lock

    def test_what_is_below_keeps_a_folder(self) -> None:
        self.expect(201, "MKCOL", f"{FILE}/a")
        token = self.lock(f"{FILE}/a/1", 201)
        self.expect(423, "DELETE", f"{FILE}/a")
        self.lock(f"{FILE}/a", 423, depth="infinity")
        self.expect(204, "DELETE", f"{FILE}/a", **{"if": f"<{FILE}/a/1> ({token})"})

    def test_shared_locks_go_together(self) -> None:
        first, second = self.lock(NOTE, 201, "shared"), self.lock(NOTE, 201, "shared")
        self.assertNotEqual(first, second)
        self.lock(NOTE, 423)
        self.expect(201, "PUT", NOTE, b"x", **{"if": f"({second})"})

    def test_a_lock_lasts_as_long_as_it_is_renewed(self) -> None:
        token = self.lock(NOTE, 201, timeout="Second-100")
        self.clock.advance(60)
        self.expect(412, "LOCK", NOTE, timeout="Second-100", **{"if": "(<urn:stalwart:davlock:1>)"})
        self.expect(400, "LOCK", NOTE)
        answer = self.expect(200, "LOCK", NOTE, timeout="second-100", **{"if": f"({token})"})
        self.assertIn(b"<D:timeout>Second-100</D:timeout>", answer.body)
        self.assertNotIn("lock-token", answer.headers)
        self.clock.advance(99)
        self.expect(423, "PUT", NOTE, b"x")
        self.clock.advance(1)
        self.expect(201, "PUT", NOTE, b"x")

    def test_unlock_wants_the_token(self) -> None:
        unlocked = self.expect(409, "UNLOCK", NOTE)
        self.assertEqual(conditions(unlocked), ["D:lock-token-matches-request-uri"])
        token = self.lock(NOTE, 201)
        self.expect(400, "UNLOCK", NOTE)
        self.expect(409, "UNLOCK", NOTE, lock_token="<urn:stalwart:davlock:1>")
        self.expect(409, "UNLOCK", f"{FILE}/other", lock_token=token)
        self.expect(204, "UNLOCK", NOTE, lock_token=token[1:-1])

    def test_members_lock_and_nobody_else(self) -> None:
        self.lock(f"{FILE}/", 409)
        self.lock(f"{FILE}/none/x", 409)
        self.lock(NOTE, 403, user="bob")
        staff = "/dav/file/staff%40example.test/x"
        token = self.lock(staff, 201, user="bob")
        self.expect(423, "PUT", staff, b"x", user="bob")
        self.expect(201, "PUT", staff, b"x", user="bob", **{"if": f"({token})"})
        self.expect(400, "LOCK", NOTE, b"<x/>", content_type="text/xml")

    def test_there_are_only_so_many(self) -> None:
        for n in range(10):
            self.lock(f"{NOTE}{n}", 201)
        self.lock(NOTE, 429)
        self.lock(f"/dav/cal/{ALICE}/x", 201)
        self.clock.advance(3601)
        self.lock(NOTE, 201)
        self.settle(self.settings.change(WebDav, {"maxLocks": 0, "maxLockTimeout": 60000}))
        for n in range(12):
            self.lock(f"{NOTE}{n}", 201)

    def test_owners_are_short(self) -> None:
        self.expect(413, "LOCK", NOTE, lockinfo(owner=f"<D:owner>{'x' * 1100}</D:owner>"))

    def test_many_tags_are_read_quickly(self) -> None:
        tags = ", ".join(f'"{n}"' for n in range(1000))
        self.expect(201, "PUT", NOTE, b"x")
        self.expect(412, "PUT", NOTE, b"y", if_match=tags)
