"""What an account may hold, by its own quotas, those of its tenant, and the settings."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.email import Email
from stalwart.config.identity.tenant import Tenant
from stalwart.errors import OverQuota
from stalwart.mail.messages.quota import Quotas, Room
from stalwart.store.mail_rows import NewEmail
from tests.directory.world import NOW, World


class QuotaTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.quotas = Quotas(self.settings, self.clock)
        self.alice = self.user()

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def use(self, account_id: int, octets: int) -> None:
        self.write(lambda tx: tx.objects.insert(account_id, 99, now=NOW, size=octets))

    def fits(self, octets: int, emails: int = 0, account_id: int | None = None) -> bool:
        work = self.store.read(lambda tx: self.quotas.check(tx, account_id or self.alice, octets, emails))
        return self.successResultOf(work.addErrback(lambda failure: failure.trap(OverQuota))) is None

    def test_without_quotas_all_fits(self) -> None:
        self.use(self.alice, 1000)
        self.assertTrue(self.fits(1 << 50, 1))
        limits = self.write(lambda tx: self.quotas.limits(tx, self.alice))
        self.assertEqual((limits.octets, limits.emails, dict(limits.quotas)), (None, None, {}))
        self.assertEqual(self.write(lambda tx: self.quotas.used(tx, self.alice)), 1000)
        self.assertEqual(self.write(lambda tx: self.quotas.used(tx, 99)), 0)

    def test_octets_of_an_account_are_limited(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 1000, "maxMailboxes": 7}})
        self.use(self.alice, 900)
        self.assertEqual((self.fits(100), self.fits(101)), (True, False))
        limits = self.write(lambda tx: self.quotas.limits(tx, self.alice))
        self.assertEqual((limits.octets, limits.quotas["maxMailboxes"]), (1000, 7))

    def test_messages_are_limited_by_the_account_or_else_by_the_settings(self) -> None:
        def fill(tx: Any) -> None:
            inbox = tx.mail.mailboxes.create(self.alice, "Inbox", "inbox", now=NOW).id
            for number in range(3):
                add(tx, self.alice, inbox, number)

        self.write(fill)
        self.settle(self.settings.change(Email, {"maxMessages": 3}))
        self.assertEqual((self.fits(1), self.fits(1, 1)), (True, False))
        self.patch_account(self.alice, {"quotas": {"maxEmails": 5}})
        self.assertEqual((self.fits(1, 2), self.fits(1, 3)), (True, False))

    def test_members_of_a_tenant_share_its_quota(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "t", "quotas": {"maxDiskQuota": 1000}}))
        bob = self.user("bob", memberTenantId=encode_id(tenant))
        carol = self.user("carol", memberTenantId=encode_id(tenant))
        self.use(bob, 700)
        self.assertEqual((self.fits(300, account_id=carol), self.fits(301, account_id=carol)), (True, False))
        self.assertTrue(self.fits(5000))
        self.use(bob, 300)
        self.clock.advance(11)
        self.assertFalse(self.fits(1, account_id=carol))

    def room(self, account_id: int | None = None, emails: int = 1) -> Room:
        """What there is room for."""
        return self.successResultOf(self.store.read(lambda tx: self.quotas.room(tx, account_id or self.alice, emails)))

    def test_room_is_what_fits(self) -> None:
        self.assertEqual(self.room(), Room(None, None))
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 1000, "maxEmails": 4}})
        self.use(self.alice, 900)
        self.assertEqual((self.room(), self.room().message), (Room(100, 4), 100))
        self.use(self.alice, 900)
        self.assertEqual(self.room().octets, -800)

    def test_room_for_several_is_not_too_little_where_messages_are_in_many_mailboxes(self) -> None:
        def fill(tx: Any) -> None:
            boxes = [tx.mail.mailboxes.create(self.alice, name, name, now=NOW).id for name in "abc"]
            blob = tx.blobs.put(b"x", NOW)
            new = NewEmail(blob=blob.hash, size=1, received_at=NOW, mailboxes=frozenset(boxes))
            tx.mail.add_email(self.alice, new, now=NOW)

        self.write(fill)
        self.patch_account(self.alice, {"quotas": {"maxEmails": 4}})
        self.assertGreaterEqual(self.room(emails=1).emails or 0, 1)
        self.assertEqual([self.room(emails=many).emails for many in (2, 3, 9)], [3, 3, 3])
        self.patch_account(self.alice, {"quotas": {"maxEmails": 1}})
        self.assertEqual((self.room().emails, self.room().message), (0, 0))

    def test_room_of_a_tenant(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "t", "quotas": {"maxDiskQuota": 1000}}))
        bob = self.user("bob", memberTenantId=encode_id(tenant), quotas={"maxDiskQuota": 800})
        self.use(bob, 300)
        self.assertEqual(self.room(bob).octets, 500)
        self.use(self.user("carol", memberTenantId=encode_id(tenant)), 400)
        self.clock.advance(11)
        self.assertEqual(self.room(bob).octets, 300)

    def test_what_is_taken_is_no_room_any_more(self) -> None:
        room = Room(100, 3)
        room.take(60)
        self.assertRaises(OverQuota, room.check, 41)
        self.assertRaises(OverQuota, room.take, 41)
        room.take(40)
        room.take(0)
        self.assertEqual(room, Room(0, 0))
        self.assertRaises(OverQuota, room.check, 0)
        Room(None, None).take(1 << 50)

    def test_a_tenant_without_a_quota_limits_nothing(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "t"}))
        self.assertTrue(self.fits(1 << 50, account_id=self.user("bob", memberTenantId=encode_id(tenant))))


def add(tx: Any, account_id: int, inbox: int, number: int) -> None:
    """A message of a few octets."""
    blob = tx.blobs.put(b"%d" % number, NOW)
    new = NewEmail(blob=blob.hash, size=1, received_at=NOW, mailboxes=frozenset({inbox}))
    tx.mail.add_email(account_id, new, now=NOW)
