"""HTTP/2 with clients of others: curl, nghttp, h2load, and h2spec where it is installed (RFC 9113)."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.web.http2.frames import PREFACE, SETTINGS, frame_bytes
from tests.interop.internet import ROOT
from tests.live.daemon import ADMIN, LOOPBACK, Daemon, new_folder
from tests.live.people import USING, Administrator
from tests.live.test_daemon import ENDED

LISTENING = re.compile(r"listening https 127\.0\.0\.1:(\d+)")
CLIENTS = ("curl", "nghttp", "h2load")
PATIENCE = 30.0
BODY = bytes(range(256)) * 80_000  # 20 MB


class Running:
    """The site as a process; ``log`` is what it prints."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="test-http2-"))
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.interop.http2_site"], cwd=ROOT, stdout=log, stderr=log
            )
        self.port = int(self.wait_for(r"listening (\d+)")[1])

    def wait_for(self, pattern: str) -> re.Match[str]:
        """What is printed sooner or later."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.search(pattern, self.log.read_text(errors="replace"))
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern} is not in the log: {self.log.read_text(errors='replace')[-2000:]}")

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Http2Case(SynchronousTestCase):
    """A site, and how to call clients."""

    def setUp(self) -> None:
        absent = [name for name in CLIENTS if shutil.which(name) is None]
        if absent:
            raise SkipTest(f"not installed: {', '.join(absent)}")
        self.site = Running()
        self.addCleanup(self.site.close)
        self.url = f"https://127.0.0.1:{self.site.port}"
        self.upload = self.site.folder / "upload"

    def run_client(self, *words: str, status: int | None = 0) -> str:
        """What a client prints; its exit must be ``status``."""
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE)
        text = (done.stdout + done.stderr).decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status, text[-2000:])
        return text

    def curl(self, path: str, *words: str) -> str:
        """A request over HTTP/2: version, status and body."""
        told = ("-w", "\n%{http_version} %{http_code}")
        return self.run_client("curl", "-sk", "--http2", "--max-time", "20", *told, *words, self.url + path)

    def nghttp(self, paths: Sequence[str], *options: str) -> str:
        """nghttp with ``options`` on paths."""
        return self.run_client("nghttp", "-t", "20", *options, *(self.url + path for path in paths))


class CurlTests(Http2Case):
    """curl with nghttp2."""

    def test_alpn_chooses(self) -> None:
        self.assertEqual(self.curl("/open"), "hello\n2 200")
        self.assertEqual(self.curl("/open", "--http1.1"), "hello\n1.1 200")
        self.assertEqual(self.curl("/open", "--no-alpn"), "hello\n1.1 200")

    def test_bodies_in_both_directions(self) -> None:
        self.upload.write_bytes(BODY)
        self.assertEqual(self.curl("/upload", "--data-binary", f"@{self.upload}"), sha256(BODY).hexdigest() + "\n2 200")
        taken = self.site.folder / "taken"
        self.assertEqual(self.curl("/download/20000000", "-o", str(taken)), "\n2 200")
        self.assertEqual(taken.read_bytes(), bytes(20_000_000))

    def test_a_client_that_waits_for_100(self) -> None:
        self.upload.write_bytes(BODY[:2_000_000])
        words = ("-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data-binary", f"@{self.upload}")
        begun = time.monotonic()
        self.assertEqual(self.curl("/upload", *words), sha256(BODY[:2_000_000]).hexdigest() + "\n2 200")
        self.assertLess(time.monotonic() - begun, 10)

    def test_refusals(self) -> None:
        self.assertTrue(self.curl("/open", "-H", "X-Large: " + "y" * 20_000).endswith("\n2 431"))
        self.assertTrue(self.curl("/nowhere").endswith("\n2 404"))
        self.upload.write_bytes(BODY)
        self.assertTrue(self.curl("/small", "--data-binary", f"@{self.upload}").endswith("\n2 413"))
        self.assertEqual(self.curl("/open", "--head").splitlines()[-1], "2 200")

    def test_events_arrive_and_end_with_the_client(self) -> None:
        client = subprocess.Popen(["curl", "-skN", "--http2", self.url + "/events"], stdout=subprocess.PIPE)
        assert client.stdout is not None
        self.assertEqual(client.stdout.readline(), b"data: begun\n")
        client.kill()
        client.wait()
        client.stdout.close()
        self.site.wait_for("cancelled")


class DaemonTests(SynchronousTestCase):
    """The daemon itself, on a listener with implicit TLS."""

    def setUp(self) -> None:
        if shutil.which("curl") is None:
            raise SkipTest("not installed: curl")
        data = new_folder()
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        self.daemon = Daemon.with_data(data, *LOOPBACK, "--http", "tls:0:interface=127.0.0.1")
        self.addCleanup(self.daemon.close)
        self.url = f"https://127.0.0.1:{self.daemon.wait_for(LISTENING)[1]}"

    def curl(self, *words: str) -> tuple[str, str]:
        """A request as the administrator: the body, and what ``-w`` tells."""
        told = ("-sk", "--max-time", "20", "-u", ":".join(ADMIN), "-w", "\n%{http_version} %{http_code}")
        done = subprocess.run(("curl", *told, *words), capture_output=True, timeout=PATIENCE, check=True)
        body, _, end = done.stdout.decode().rpartition("\n")
        return body, end

    def test_jmap_over_http_2(self) -> None:
        session, end = self.curl(self.url + "/jmap/session")
        self.assertEqual(end, "2 200")
        self.assertIn("urn:ietf:params:jmap:core", json.loads(session)["capabilities"])
        body = json.dumps({"using": USING, "methodCalls": [["x:Http/get", {"ids": ["singleton"]}, "0"]]})
        answer, end = self.curl("-H", "Content-Type: application/json", "-d", body, self.url + "/jmap/")
        self.assertEqual(end, "2 200")
        self.assertTrue(json.loads(answer)["methodResponses"][0][1]["list"][0]["http2"])

    def test_it_can_be_switched_off_and_on(self) -> None:
        administrator = Administrator(self.daemon)
        for http2, version in ((False, "1.1"), (True, "2")):
            administrator.change("Http", {"http2": http2})
            self.assertEqual(self.curl(self.url + "/healthz/live")[1], f"{version} 200")

    def test_a_diagnosis_is_streamed(self) -> None:
        stages, end = self.curl("-N", self.url + "/api/live/delivery/nowhere.invalid?timeout=10")
        self.assertEqual(end, "2 200")
        self.assertGreater(stages.count("data: "), 2)

    def test_it_stops_though_somebody_is_connected(self) -> None:
        address = ("127.0.0.1", int(self.url.rpartition(":")[2]))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(socket.create_connection(address, PATIENCE)) as client:
            self.assertEqual(client.selected_alpn_protocol(), "h2")
            client.sendall(PREFACE + frame_bytes(SETTINGS, 0, 0))
            self.assertTrue(client.recv(1))
            status, seconds = self.daemon.terminate()
        self.assertIn(status, ENDED)
        self.assertLess(seconds, 8)
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)


class NghttpTests(Http2Case):
    """nghttp: many streams of one connection, small windows."""

    def test_many_streams_of_one_connection(self) -> None:
        text = self.nghttp([f"/named/{number}" for number in range(80)], "-ns")
        self.assertEqual(len(re.findall(r"\s200\s+\d+ /named/\d+$", text, re.M)), 80, text)

    def test_a_window_of_nearly_nothing(self) -> None:
        text = self.nghttp(["/download/100000", "/open"], "-nv", "-w", "8", "-W", "12")
        self.assertEqual(text.count(":status: 200"), 2)
        self.assertEqual(text.count("END_STREAM"), 4)  # of two requests and two answers
        sizes = [int(size) for size in re.findall(r"recv DATA frame <length=(\d+)", text)]
        self.assertEqual(sum(sizes), 100_005)
        self.assertLessEqual(max(sizes), 255)

    def test_an_upload_with_trailers_beside_other_requests(self) -> None:
        self.upload.write_bytes(BODY[:3_000_000])
        text = self.nghttp(["/upload"], "-v", "-d", str(self.upload), "--trailer", "x-checksum: 1")
        self.assertIn(sha256(BODY[:3_000_000]).hexdigest(), text)

    def test_a_reset_cancels_what_runs(self) -> None:
        text = self.run_client("nghttp", "-nv", "-t", "1", self.url + "/events", status=None)
        self.assertIn(":status: 200", text)
        self.site.wait_for("cancelled")

    def test_the_server_stops_after_its_answers(self) -> None:
        client = subprocess.Popen(
            ["nghttp", "-v", self.url + "/slow"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.site.wait_for("waiting")
        self.site.process.terminate()
        text = client.communicate(timeout=PATIENCE)[0].decode(errors="replace")
        self.assertIn("GOAWAY", text)
        self.assertIn("done", text)
        self.assertEqual(self.site.process.wait(PATIENCE), 0)


class LoadTests(Http2Case):
    """h2load: nothing is lost."""

    def test_nothing_is_lost_under_load(self) -> None:
        text = self.run_client("h2load", "-n", "5000", "-c", "8", "-m", "50", self.url + "/open")
        self.assertIn("5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout", text)

    def test_uploads_under_load(self) -> None:
        self.upload.write_bytes(BODY[:200_000])
        text = self.run_client(
            "h2load", "-n", "200", "-c", "4", "-m", "10", "-d", str(self.upload), self.url + "/upload"
        )
        self.assertIn("200 done, 200 succeeded, 0 failed, 0 errored, 0 timeout", text)

    def test_downloads_under_load(self) -> None:
        text = self.run_client("h2load", "-n", "200", "-c", "4", "-m", "10", self.url + "/download/500000")
        self.assertIn("200 done, 200 succeeded, 0 failed, 0 errored, 0 timeout", text)


class ConformanceTests(Http2Case):
    """h2spec, every case, also those that are only recommended."""

    def test_h2spec(self) -> None:
        if shutil.which("h2spec") is None:
            raise SkipTest("not installed: h2spec (go install github.com/summerwind/h2spec/cmd/h2spec@latest)")
        port = str(self.site.port)
        for path in ("/upload", "/open"):
            text = self.run_client("h2spec", "--strict", "-t", "-k", "-h", "127.0.0.1", "-p", port, "-P", path)
            self.assertRegex(text, r"\d{3} tests, \d{3} passed, 0 skipped, 0 failed")
