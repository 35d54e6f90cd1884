"""The published clients and suites against a cluster: two daemons behind HAProxy, of which one after the other ends.

They do not repeat what they ask, so each daemon ends as it does when it is told to: it says so, and finishes what it
has begun. What happens when one dies is ``test_ledger``. Without SOAK, litmus speaks for all of them. Those who read
streams, and programs that keep a folder as it is elsewhere, go on when daemons die: they can be run again.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator

from twisted.trial.unittest import SynchronousTestCase

from tests.cluster.cluster import Node
from tests.cluster.in_turn import InCluster, Repeating
from tests.cluster.programs import missing
from tests.cluster.readers import Asker, FigureReader, Reader, SocketReader, StreamReader
from tests.cluster.shared import world
from tests.interop import test_dav_clients, test_jmap_clients, test_litmus, test_oauth_clients
from tests.interop.dav_clients import DavClientCase
from tests.interop.dav_clients import missing as absent
from tests.live.daemon import PATIENCE
from tests.live.push_clients import MailUser

_MISSING = missing() or ""
_LONG = _MISSING or ("" if os.environ.get("SOAK") else "minutes long: SOAK=1")


class LitmusInClusterTests(InCluster, test_litmus.LitmusTests):
    if _MISSING:
        skip = _MISSING


class JmapClientsInClusterTests(InCluster, test_jmap_clients.ClientTests):
    if _LONG:
        skip = _LONG


class OAuthClientsInClusterTests(InCluster, test_oauth_clients.OAuthClientTests):
    if _LONG:
        skip = _LONG


class VdirsyncerInClusterTests(InCluster, test_dav_clients.VdirsyncerTests):
    if _LONG:
        skip = _LONG


class CaldavLibraryInClusterTests(InCluster, test_dav_clients.CaldavLibraryTests):
    if _LONG:
        skip = _LONG


class CadaverInClusterTests(InCluster, test_dav_clients.CadaverTests):
    if _LONG:
        skip = _LONG


class RcloneInClusterTests(InCluster, test_dav_clients.RcloneTests):
    if _LONG:
        skip = _LONG


class VdirsyncerRepeatsInClusterTests(Repeating, DavClientCase):
    replica = test_dav_clients.VdirsyncerTests.replica
    test_two_replicas_follow_each_other = test_dav_clients.VdirsyncerTests.test_two_replicas_follow_each_other
    test_tasks_and_journals = test_dav_clients.VdirsyncerTests.test_tasks_and_journals_come_back_as_they_were
    test_cards_with_photos = test_dav_clients.VdirsyncerTests.test_cards_with_photos_come_back_as_they_were
    if reason := _LONG or absent("vdirsyncer"):
        skip = reason


class RcloneRepeatsInClusterTests(Repeating, DavClientCase):
    retries = 5
    rclone, tree = test_dav_clients.RcloneTests.rclone, test_dav_clients.RcloneTests.tree
    test_a_tree_is_kept_the_same = test_dav_clients.RcloneTests.test_a_tree_is_kept_the_same
    test_twenty_megabytes = test_dav_clients.RcloneTests.test_twenty_megabytes_go_up_and_come_back
    if reason := _LONG or absent("rclone"):
        skip = reason


class ReadingTests(SynchronousTestCase):
    """reader reads, somebody asks, and something changes now and again."""

    if _MISSING:
        skip = _MISSING

    def setUp(self) -> None:
        self.cluster = world().cluster
        self.names = (f"{self.id()}-{number}" for number in itertools.count())
        self.user = MailUser(self.cluster, *world().new_user("reader"))

    def change(self) -> str:
        """Make a mailbox; the state after that. A daemon may die while it is asked."""
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
                return self.user.mailbox(next(self.names))

    def until(self, condition: Callable[[], object], what: str) -> None:
        late = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), late, what)
            time.sleep(0.05)

    def told(self, state: str, reader: Reader) -> None:
        self.until(lambda: state in reader.states, f"{reader}: {state} is not told, but {reader.states[-3:]}")

    def told_more(self, reader: FigureReader) -> None:
        frames = reader.frames
        self.until(lambda: reader.frames > frames, "no figures come")

    def ends(self) -> list[tuple[Node, bool]]:
        """Which daemon ends next, and whether it is killed."""
        if not os.environ.get("SOAK"):
            return list(zip(self.cluster.nodes, (False, True), strict=True))
        return list(itertools.product(self.cluster.nodes, (False, True))) * 4

    def both_serve(self) -> None:
        self.cluster.balancer.until(lambda: len(self.cluster.balancer.serving()) == 2, "both daemons")

    @contextlib.contextmanager
    def reading(self) -> Iterator[tuple[StreamReader, SocketReader, FigureReader]]:
        """Readers that have begun."""
        port = self.cluster.port
        readers = StreamReader(port, self.user), SocketReader(port, self.user), FigureReader(port, self.user)
        try:
            self.until(lambda: all(each.visits for each in readers), "nobody reads")
            self.until(lambda: self.have_states(readers[:2]), "nothing is told")
            yield readers
        finally:
            for each in readers:
                each.stop()

    def have_states(self, readers: Iterable[Reader]) -> bool:
        """Whether each has been told something, so that it can say what it knows when it comes again."""
        self.change()
        return all(each.states for each in readers)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Requests one after the other, of which each is answered."""
        askers = [Asker(self.cluster, pause) for pause in (0.0, 0.02, 0.3)]
        try:
            yield
        finally:
            for each in askers:
                each.stop()
        self.assertEqual([each.lost for each in askers], [[]] * len(askers))
        if os.environ.get("TELL"):
            print([each.answered for each in askers])

    def test_no_request_is_lost_when_a_daemon_stops_and_nothing_is_missed_when_one_dies(self) -> None:
        self.both_serve()
        with self.reading() as (stream, socket, figures):
            for node, is_killed in self.ends():
                if is_killed:
                    node.kill()
                else:
                    with self.asking():
                        node.stop()
                state = self.change()
                self.told(state, stream)
                self.told(state, socket)
                self.told_more(figures)
                node.start()
                node.wait_until_ready()
                self.both_serve()
