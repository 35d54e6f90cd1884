"""For suites that are written for one daemon: they run against a cluster whose daemons end in turn, one at a time, and
again until each of the daemons has ended in the middle of it.
"""

from __future__ import annotations

import itertools
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
    """One whose people are of a domain of their own: tests share the cluster."""

    def new_user(self, name: str, **members: Any) -> tuple[str, str]:
        if self._domain is None:
            self._name = f"test{next(_numbers)}.example.org"
            self._domain = self.create("Domain", {"name": self._name})["id"]
        user = {"@type": "User", "name": name, "domainId": self._domain}
        self.create("Account", {**user, "credentials": {"0": {"@type": "Password", "secret": PASSWORD}}, **members})
        return f"{name}@{self._name}", PASSWORD


class InTurn:
    """Ends one daemon after the other, each when the one before is back; in a thread until ``stop``."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopped = threading.Event()
        self.ends = 0
        self.problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave all of them running."""
        self._stopped.set()
        self._thread.join(120)
        if self.problem is not None:
            raise self.problem

    def _run(self) -> None:
        try:
            for node in itertools.cycle(self._cluster.nodes):
                self._cluster.balancer.until(lambda: len(self._cluster.balancer.serving()) == 2, "both daemons")
                if self._stopped.wait(_PAUSE):
                    return
                node.stop()
                self.ends += 1
                node.start()
                node.wait_until_ready()
        except BaseException as problem:
            self.problem = problem


class InCluster:
    """Takes the place of ``served`` in a suite; ``ends`` are those of daemons."""

    ends: InTurn | None = None

    def __init_subclass__(cls) -> None:
        for name in dir(cls):
            if name.startswith("test_"):
                setattr(cls, name, _until_each_has_ended(getattr(cls, name)))

    def served(self) -> Administrator:
        """Of the cluster, of which a daemon ends now and again until the test does."""
        cluster = world().cluster
        if self.ends is None:
            self.ends = InTurn(cluster)
            self.addCleanup(self.ends.stop)  # type: ignore[attr-defined]
        return OfCluster(cluster)


def _until_each_has_ended(test: Callable[[Any], None]) -> Callable[[Any], None]:
    """``test``, with new people each time."""

    @wraps(test)
    def tested(case: Any) -> None:
        test(case)
        while case.ends.problem is None and case.ends.ends < 2:
            case.setUp()
            test(case)

    return tested
