"""Taking over what other workers have changed, before the next request goes on (design 5).

Accounts and caches are forgotten at once. Settings and keys are read anew, and requests wait for that: whoever has
changed them was answered after the change was told here. A read that fails is tried again by the next request.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.app.company import HearsOfCertificates, HearsOfObjects
from stalwart.app.foundations import Foundations
from stalwart.app.workers.changes import Kind, News, NewsSource
from stalwart.config.settings import SettingsBroken
from stalwart.provider.keys import SigningKeys

_READ_ANEW = frozenset((Kind.SETTINGS, Kind.KEYS))


class Following:
    """``web.pipeline.Changes`` over ``ring``, for the parts of this process. Without ``tls`` nobody serves TLS;
    ``objects`` hears of objects that have changed."""

    def __init__(
        self, ring: NewsSource, below: Foundations, keys: SigningKeys, tls: HearsOfCertificates | None = None
    ) -> None:
        self._ring = ring
        self._below = below
        self._keys = keys
        self._tls = tls
        self.objects: HearsOfObjects | None = None
        self._due: set[Kind] = set()
        self._is_reading = False
        self._waiting: dict[Deferred[None], None] = {}

    def look(self) -> Deferred[None] | None:
        """See ``Changes``."""
        if self._ring.is_behind:
            self._take()
        elif not self._due and not self._is_reading:
            return None
        if not self._due and not self._is_reading:
            return None
        waiting: Deferred[None] = Deferred(self._forget_waiting)
        self._waiting[waiting] = None
        if not self._is_reading:
            self._is_reading = True
            Deferred.fromCoroutine(self._read()).addBoth(self._have_read)
        return waiting

    def agreed(self) -> None:
        """See ``Changes``: who is told by shared memory knows at once."""

    def _take(self) -> None:
        news = self._ring.take()
        directory, outgoing = self._below.directory, self._below.outgoing
        for account_id in news.accounts:
            directory.hear(account_id)
        if Kind.ACCOUNTS in news.kinds:
            directory.hear(None)
        if Kind.WORLD in news.kinds:
            outgoing.hear()
        elif Kind.ANSWERS in news.kinds:
            outgoing.hear(answers_only=True)
        if self._tls is not None:
            for id in news.certificates:
                self._tls.hear_certificate(id)
            if Kind.CERTIFICATES in news.kinds:
                self._tls.hear_certificate(None)
            for domain_id in news.challenges:
                self._tls.hear_challenge(domain_id)
        self._due |= news.kinds & _READ_ANEW
        if self.objects is not None:
            self._tell_objects(self.objects, news)

    def _tell_objects(self, hearer: HearsOfObjects, news: News) -> None:
        if Kind.ALL_OBJECTS in news.kinds:
            hearer.hear_objects(None)
        elif news.objects:
            hearer.hear_objects(news.objects)
        if Kind.ALL_SUBSCRIPTIONS in news.kinds:
            hearer.hear_subscriptions(None)
        elif news.subscriptions:
            hearer.hear_subscriptions(news.subscriptions)

    async def _read(self) -> None:
        """Until nothing is due: more may come while something is being read."""
        while self._due:
            due, self._due = self._due, set()
            try:
                if Kind.SETTINGS in due:
                    await self._reload()
                if Kind.KEYS in due:
                    await self._keys.load()
            except BaseException:
                self._due |= due
                raise

    async def _reload(self) -> None:
        try:
            await self._below.settings.reload(announced=True)
        except SettingsBroken:
            return  # which is an event already; they stay as they were

    def _have_read(self, result: Any) -> None:
        self._is_reading = False
        waiting, self._waiting = self._waiting, {}
        for each in waiting:
            if isinstance(result, Failure):
                each.errback(result)
            else:
                each.callback(None)

    def _forget_waiting(self, waiting: Deferred[None]) -> None:
        self._waiting.pop(waiting, None)
