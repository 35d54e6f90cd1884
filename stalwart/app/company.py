"""What a process shares with the others of its server (``Company``). One that serves alone has nobody to tell.

The house is built the same way in both cases; ``app.workers`` brings the company of several processes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from stalwart.app.foundations import Foundations
from stalwart.app.listeners import OwnSockets, Sockets
from stalwart.app.process_log import LogForm, shape_log
from stalwart.directory.places import MemoryPlaces, Places
from stalwart.provider.keys import SigningKeys
from stalwart.tasks.runner import TaskRunner
from stalwart.telemetry.tracing.subscriptions import Subscriptions
from stalwart.web.limits import Counters, MemoryCounters
from stalwart.web.pipeline import Changes


class HearsOfCertificates(Protocol):
    """Whoever serves TLS, as far as it is told by other processes."""

    def hear_certificate(self, id: int | None) -> None:
        """A certificate, or any number of them, has changed."""

    def hear_challenge(self, domain_id: int) -> None:
        """What proves the names of a domain has changed."""


class HearsOfObjects(Protocol):
    """Whoever pushes, as far as it is told by other processes; ids are those of accounts, None is all of them."""

    def hear_objects(self, account_ids: Collection[int] | None) -> None:
        """Objects of these accounts have changed."""

    def hear_subscriptions(self, account_ids: Collection[int] | None) -> None:
        """Push subscriptions of these accounts have changed."""

    def hear_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """An alarm of an account is due: the CalendarAlert that its clients are told."""


class Company(Protocol):
    """Counters of rate limits (which may be reset) and lasting ones, places, and what the others must know.

    ``is_first``: of all processes this one tells the administrator what concerns them all. ``daemon`` names the daemon
    that they are of: the number of its process, a space, and what no other one has.
    """

    is_first: bool
    daemon: str
    limits: Counters
    lasting: Counters
    places: Places

    @property
    def settling(self) -> float:
        """Seconds after which all of them have heard."""

    def sockets(self, reactor: Any) -> Sockets:
        """Where listening sockets come from."""

    def forgot(self, account_id: int | None) -> None:
        """What was remembered of an account, or of all, has been forgotten here, and must be everywhere."""

    def changed_settings(self) -> None:
        """Settings were written, and must be read anew everywhere."""

    def changed_keys(self) -> None:
        """Keys were looked at, and may be others now."""

    def forgot_world(self, answers_only: bool) -> None:
        """What was remembered of the outside world, or only of its name service, has been forgotten here."""

    def changed_certificate(self, id: int | None) -> None:
        """A certificate (None: any number of them) is another one now."""

    def changed_challenges(self, domain_id: int) -> None:
        """What proves the names of a domain to an authority is something else now."""

    def changed_objects(self, account_id: int) -> None:
        """Objects of an account have changed."""

    def changed_subscriptions(self, account_id: int) -> None:
        """Push subscriptions of an account have changed."""

    def told_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """Clients of an account are told of an alarm here, and must be everywhere."""

    def watches_objects(self, watches: bool) -> None:
        """Whether anybody here wants to hear of objects that change elsewhere."""

    def share_objects(self, hearer: HearsOfObjects) -> None:
        """Tell ``hearer`` what the others change."""

    def changes(self, below: Foundations, keys: SigningKeys, tls: HearsOfCertificates) -> Changes | None:
        """What the others tell, for the parts of this process."""

    def tasks(self, runner: TaskRunner) -> Any:
        """What ``x:Task`` asks instead of ``runner``."""

    def letters(self, wake: Callable[[], None]) -> Callable[[], None]:
        """What to call when there are letters in the queue of mail, so that ``wake`` is called where they are sent."""

    def share_trace(self, subscriptions: Subscriptions) -> None:
        """Give the readers here what happens in the other processes, and the other way round."""

    def shape_log(self, form: LogForm, reactor: Any) -> None:
        """Give the log of the server, which one process writes, a form."""

    def lead(self, begin: Callable[[], object]) -> None:
        """Call ``begin`` once this process does what only one may do; in the same turn if it does already."""

    def opened(self, mode: str, reload: Callable[[], object]) -> None:
        """The house is open; ``reload`` is for the wish of somebody else."""

    def closing(self) -> None:
        """It will be closed."""


class Alone:
    """Nobody else is there. See ``Company`` for the methods."""

    is_first = True
    settling = 0.0

    def __init__(self) -> None:
        self.daemon = f"{os.getpid()} {secrets.token_hex(8)}"
        self.limits: Counters = MemoryCounters()
        self.lasting: Counters = MemoryCounters()
        self.places: Places = MemoryPlaces()

    def sockets(self, reactor: Any) -> Sockets:
        """Its own."""
        return OwnSockets(reactor)

    def forgot(self, account_id: int | None) -> None:
        """Nobody to tell."""

    def changed_settings(self) -> None:
        """Nobody to tell."""

    def changed_keys(self) -> None:
        """Nobody to tell."""

    def forgot_world(self, answers_only: bool) -> None:
        """Nobody to tell."""

    def changed_certificate(self, id: int | None) -> None:
        """Nobody to tell."""

    def changed_challenges(self, domain_id: int) -> None:
        """Nobody to tell."""

    def changed_objects(self, account_id: int) -> None:
        """Nobody to tell."""

    def changed_subscriptions(self, account_id: int) -> None:
        """Nobody to tell."""

    def told_alert(self, account_id: int, alert: Mapping[str, Any]) -> None:
        """Nobody to tell."""

    def watches_objects(self, watches: bool) -> None:
        """Nobody asks."""

    def share_objects(self, hearer: HearsOfObjects) -> None:
        """Nothing changes elsewhere."""

    def changes(self, below: Foundations, keys: SigningKeys, tls: HearsOfCertificates) -> Changes | None:
        """There are none."""
        return None

    def tasks(self, runner: TaskRunner) -> Any:
        """The runner itself."""
        return runner

    def letters(self, wake: Callable[[], None]) -> Callable[[], None]:
        """They are sent here."""
        return wake

    def share_trace(self, subscriptions: Subscriptions) -> None:
        """Nothing happens elsewhere."""

    def shape_log(self, form: LogForm, reactor: Any) -> None:
        """It writes the log itself."""
        shape_log(form, reactor)

    def lead(self, begin: Callable[[], object]) -> None:
        """It does."""
        begin()

    def opened(self, mode: str, reload: Callable[[], object]) -> None:
        """Nobody waits for it."""

    def closing(self) -> None:
        """Nobody minds."""
