"""For suites that are written for one daemon: they run against a cluster whose daemons end in turn, one at a time, and
again until each of the daemons has ended in the middle of it.
"""

from __future__ import annotations

import http.client
import itertools
import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from tests.cluster.cluster import Cluster
from tests.cluster.shared import world
from tests.live.people import PASSWORD, Administrator

_PAUSE = 1.0
_numbers = itertools.count(1)


class OfCluster(Administrator):
    """One whose people are of a domain of their own: tests share the cluster. If ``is_patient``, it asks for others
    as long as a daemon dies while it asks.
    """

    is_patient = False

    def new_user(self, name: str, **members: Any) -> tuple[str, str]:
        while self.is_patient:
            try:
                return self._new_user(name, **members)
            except (AssertionError, OSError, http.client.HTTPException):
                self._domain = None
        return self._new_user(name, **members)

    def _new_user(self, name: str, **members: Any) -> tuple[str, str]:
        if self._domain is None:
            self._name = f"test{next(_numbers)}.example.org"
            self._domain = self.create("Domain", {"name": self._name})["id"]
        user = {"@type": "User", "name": name, "domainId": self._domain}
        self.create("Account", {**user, "credentials": {"0": {"@type": "Password", "secret": PASSWORD}}, **members})
        return f"{name}@{self._name}", PASSWORD


class InTurn:
    """Ends one daemon after the other, each when the one before is back; in a thread until ``stop``. They are told to
    end, or with ``kills`` they die.
    """

    def __init__(self, cluster: Cluster, kills: bool) -> None:
        self._cluster = cluster
        self._kills = kills
        self._stopped = threading.Event()
        self.ends = 0
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave all of them running."""
        self._stopped.set()
        self._thread.join(120)
        if os.environ.get("TELL"):
            print(f"{self.ends} ends")
        if self.problem is not None:
            raise self.problem

    def _run(self) -> None:
        try:
            for node in itertools.cycle(self._cluster.nodes):
                self._cluster.balancer.until(lambda: len(self._cluster.balancer.serving()) == 2, "both daemons")
                if self._stopped.wait(_PAUSE):
                    return
                if self._kills:
                    node.kill()
                else:
                    node.stop()
                self.ends += 1
                node.start()
                node.wait_until_ready()
        except BaseException as problem:
            self.problem = problem


class InCluster:
    """Takes the place of ``served`` in a suite; ``ends`` are those of daemons, which die if it ``kills``."""

    ends: InTurn | None = None
    kills = False

    def __init_subclass__(cls) -> None:
        for name in dir(cls):
            if name.startswith("test_") and not hasattr(getattr(cls, name), "__wrapped__"):
                setattr(cls, name, _until_each_has_ended(getattr(cls, name)))

    def served(self) -> OfCluster:
        """Of the cluster, of which a daemon ends now and again until the test does."""
        cluster = world().cluster
        if self.ends is None:
            self.ends = InTurn(cluster, self.kills)
            self.addCleanup(self.ends.stop)  # type: ignore[attr-defined]
        return OfCluster(cluster)


class Repeating(InCluster):
    """For programs that can be run again when they have found no server, or half an answer; daemons die."""

    kills = True
    tries = 5

    def served(self) -> OfCluster:
        made = super().served()
        made.is_patient = True
        return made

    def run_client(self, *command: str, is_fine: bool = True, **further: Any) -> str:
        """As often as it takes."""
        for _ in range(self.tries - 1 if is_fine else 0):
            try:
                return str(super().run_client(*command, is_fine=is_fine, **further))  # type: ignore[misc]
            except AssertionError:
                continue
        return str(super().run_client(*command, is_fine=is_fine, **further))  # type: ignore[misc]


def _until_each_has_ended(test: Callable[[Any], None]) -> Callable[[Any], None]:
    """``test``, with new people each time."""

    @wraps(test)
    def tested(case: Any) -> None:
        test(case)
        while case.ends.problem is None and case.ends.ends < 2:
            case.setUp()
            test(case)

    return tested
