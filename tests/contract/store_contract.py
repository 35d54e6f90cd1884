"""What every store must do. An engine's test case inherits ``StoreContract`` beside ``TestCase``.

The Protocols are in ``stalwart.store.store``, the values they answer in ``stalwart.store.rows``.
"""

from __future__ import annotations

from typing import Any

from tests.contract.store_accounts import AccountContract
from tests.contract.store_arrivals import ArrivalContract
from tests.contract.store_blobs import BlobContract
from tests.contract.store_changes import ChangesContract
from tests.contract.store_collection_copies import CopyContract
from tests.contract.store_collections import ArchiveContract, CollectionContract, SharingContract
from tests.contract.store_history import HistoryContract
from tests.contract.store_mail import MailContract
from tests.contract.store_mail_lists import MailListsContract
from tests.contract.store_mail_reports import MailReportContract
from tests.contract.store_mail_text import MailTextContract
from tests.contract.store_mailboxes import MailboxContract
from tests.contract.store_push_subscriptions import PushSubscriptionContract
from tests.contract.store_queue import QueueContract
from tests.contract.store_registry import RegistryContract
from tests.contract.store_search import SearchContract
from tests.contract.store_seen import SeenContract
from tests.contract.store_shares import SharesContract
from tests.contract.store_small import SmallContract
from tests.contract.store_transactions import TransactionContract
from tests.contract.store_watching import WatchingContract


class StoreContract(
    TransactionContract,
    RegistryContract,
    SearchContract,
    SmallContract,
    HistoryContract,
    AccountContract,
    ChangesContract,
    BlobContract,
    MailboxContract,
    MailContract,
    MailListsContract,
    MailTextContract,
    MailReportContract,
    ArrivalContract,
    WatchingContract,
    PushSubscriptionContract,
    QueueContract,
    SeenContract,
    CollectionContract,
    CopyContract,
    SharingContract,
    SharesContract,
    ArchiveContract,
):
    """All of it. ``make_store`` returns a store that is not started yet."""

    store: Any

    def make_store(self) -> Any:
        raise NotImplementedError

    async def setUp(self) -> None:
        self.store = self.make_store()
        await self.store.start()

    async def tearDown(self) -> None:
        await self.store.close()
