"""All repositories over one session."""

from __future__ import annotations

from contextlib import AbstractContextManager

from stalwart.store.blob_files import BlobFiles
from stalwart.store.sql.accounts import SqlAccounts
from stalwart.store.sql.archive import SqlArchive
from stalwart.store.sql.bans import SqlBans
from stalwart.store.sql.blobs import SqlBlobs
from stalwart.store.sql.collections import SqlCollections
from stalwart.store.sql.counters import SqlCounters
from stalwart.store.sql.factors import SqlFactors
from stalwart.store.sql.history import SqlMetricSamples, SqlTraces
from stalwart.store.sql.mail import SqlMail
from stalwart.store.sql.mail_reports import SqlMailReports, SqlTlsCounts
from stalwart.store.sql.mail_text import SqlMailText
from stalwart.store.sql.objects import SqlObjects
from stalwart.store.sql.push_subscriptions import SqlPushSubscriptions
from stalwart.store.sql.queue import SqlQueue
from stalwart.store.sql.registry import SqlRegistry
from stalwart.store.sql.secrets import SqlSecrets
from stalwart.store.sql.seen import SqlSeen
from stalwart.store.sql.session import Session
from stalwart.store.sql.shares import SqlShares
from stalwart.store.sql.sharing import SqlLocks, SqlPreferences
from stalwart.store.sql.sign_ins import SqlSignIns
from stalwart.store.sql.tokens import SqlTokens


class SqlTransaction:
    """``store.Transaction`` on a session; made once for a connection, used for work after work."""

    def __init__(self, session: Session, files: BlobFiles) -> None:
        self._session = session
        self.registry = SqlRegistry(session)
        self.tokens = SqlTokens(session)
        self.bans = SqlBans(session)
        self.counters = SqlCounters(session)
        self.secrets = SqlSecrets(session)
        self.accounts = SqlAccounts(session)
        self.sign_ins = SqlSignIns(session)
        self.factors = SqlFactors(session)
        self.metric_samples = SqlMetricSamples(session)
        self.traces = SqlTraces(session)
        self.objects = SqlObjects(session)
        self.blobs = SqlBlobs(session, files)
        self.mail = SqlMail(session, self.blobs)
        self.mail_text = SqlMailText(session)
        self.mail_reports = SqlMailReports(session)
        self.tls_counts = SqlTlsCounts(session)
        self.push_subscriptions = SqlPushSubscriptions(session)
        self.seen = SqlSeen(session)
        self.queue = SqlQueue(session, self.blobs, self.seen)
        self.collections = SqlCollections(session, self.blobs)
        self.locks = SqlLocks(session)
        self.shares = SqlShares(session)
        self.preferences = SqlPreferences(session)
        self.archive = SqlArchive(session, self.blobs, self.collections)

    def savepoint(self) -> AbstractContextManager[None]:
        """See ``store.Transaction``."""
        return self._session.savepoint()
