"""Live trace and live figures in Chromium: EventSource with a token, as a page of an administrator reads them."""

from __future__ import annotations

import shutil

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.browser import Browser, missing
from tests.live.daemon import ADMIN, Daemon, basic, new_folder

OPEN = """
const [kind, query, credentials] = arguments;
window.seen = {ping: [], trace: [], metrics: [], errors: 0};
const headers = {Authorization: credentials};
return fetch(`/api/token/${kind}`, {headers}).then(answer => answer.text()).then(token => {
  window.source = new EventSource(`/api/live/${kind}?${query}&token=${encodeURIComponent(token)}`);
  for (const name of ["ping", "trace", "metrics"])
    source.addEventListener(name, event => seen[name].push(JSON.parse(event.data)));
  source.onerror = () => seen.errors++;
  return token.length;
});
"""


class EventSourceTests(SynchronousTestCase):
    """One window at a daemon."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, True)
        self.daemon = Daemon.with_data(self.data)
        self.addCleanup(self.daemon.close)
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.open(f"{self.daemon.url}/robots.txt")

    def begin(self, kind: str, query: str) -> None:
        self.assertGreater(self.browser.run(OPEN, kind, query, basic(*ADMIN)["Authorization"]), 20)

    def test_trace(self) -> None:
        self.begin("tracing", "events=http.request-url&url=%6Eeedle")
        self.browser.wait("seen.ping.length > 0")
        self.browser.run("return fetch('/healthz/live?needle').then(answer => answer.status)")
        self.browser.wait("seen.trace.length > 0")
        event = self.browser.run("return seen.trace[0][0]")
        values = {each["key"]: each["value"]["value"] for each in event["keyValues"].values()}
        self.assertEqual((event["event"], values["url"]), ("http.request-url", "/healthz/live?needle"))
        self.assertEqual(self.browser.run("return [seen.ping[0], seen.errors]"), [{"interval": 30000}, 0])

    def test_figures(self) -> None:
        self.begin("metrics", "interval=1&metrics=http.active-connections")
        self.browser.wait("seen.metrics.length > 1")
        found = {each["metric"]: each for each in self.browser.run("return seen.metrics[1]")}
        self.assertGreaterEqual(found["http.active-connections"]["count"], 1)

    def test_it_connects_again_by_itself_while_the_token_is_good(self) -> None:
        self.begin("tracing", "level=error")
        self.browser.wait("seen.ping.length > 0")
        self.daemon.terminate()
        self.browser.wait("seen.errors > 0")
        listener = f"tcp:{self.daemon.port}:interface=127.0.0.1"
        again = Daemon.with_data(self.data, "--http", listener)
        self.addCleanup(again.close)
        self.browser.wait("seen.ping.length > 1", patience=20)
