"""What can be locked, and by whom it is."""

from __future__ import annotations

from stalwart.dav.properties import locking
from tests.dav.methods.test_lock import lockinfo
from tests.dav.world import ALICE, DavWorld


class LockingTests(DavWorld):
    def test_members_of_a_list_have_their_locks(self) -> None:
        self.assertEqual(locking.lock_discovery_of.spec, "RFC 4918 15.8")
        home = f"/dav/file/{ALICE}"
        for name in ("a", "b"):
            self.expect(201, "PUT", f"{home}/{name}", b"")
        self.expect(200, "LOCK", f"{home}/b", lockinfo("shared"))
        found = self.properties(f"{home}/", "D:lockdiscovery", "D:supportedlock", depth="1")
        locked = {href: len(each["D:lockdiscovery"]) for href, each in found.items() if each}
        self.assertEqual(locked, {f"{home}/a": 0, f"{home}/b": 1})
        self.assertEqual(len(found[f"{home}/a"]["D:supportedlock"]), 2)
