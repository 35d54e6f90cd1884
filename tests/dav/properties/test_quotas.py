"""What an account has and may have."""

from __future__ import annotations

from stalwart.dav.properties import quotas
from tests.dav.world import ALICE, DavWorld


class QuotaTests(DavWorld):
    def test_what_is_used_is_not_available(self) -> None:
        home = f"/dav/file/{ALICE}/"
        self.expect(201, "PUT", f"{home}note", b"words")
        self.assertEqual(self.text(home, "D:quota-used-bytes"), "5")
        self.assertEqual(self.text(home, "D:quota-available-bytes"), str(quotas.UNLIMITED - 5))
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 7}})
        self.assertEqual(self.text(home, "D:quota-available-bytes"), "2")
        self.expect(412, "PUT", f"{home}other", b"words")
        self.expect(204, "PUT", f"{home}note", b"words12")
