"""Debian's Prometheus with a folder and a loopback port of its own, and promtool."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import end

_PATIENCE = 30.0
_CONFIGURATION = """\
global:
  scrape_interval: {interval}s
  scrape_timeout: {interval}s
  evaluation_interval: {interval}s
rule_files: {rules}
scrape_configs:
  - job_name: stalwart
    metrics_path: /metrics/prometheus
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""
_LOGIN = """\
    basic_auth:
      username: {}
      password: {}
"""


def missing() -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"{', '.join(absent)} missing: install the Debian package prometheus" if absent else None


def promtool(*arguments: str, standard_input: bytes = b"", folder: Path | None = None) -> tuple[int, str]:
    """Exit status and output of promtool."""
    done = subprocess.run(["promtool", *arguments], input=standard_input, capture_output=True, timeout=60, cwd=folder)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


class Prometheus:
    """It scrapes the daemon on ``port`` every ``interval`` seconds, with ``login`` if that is wanted; runs at once."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        interval: float = 1,
        login: tuple[str, str] | None = None,
        rules: Iterable[Path] = (),
    ) -> None:
        self._log = folder / "prometheus.log"
        self.interval = interval
        text = _CONFIGURATION.format(interval=interval, port=port, rules=json.dumps([str(path) for path in rules]))
        if login is not None:
            text += _LOGIN.format(*map(json.dumps, login))
        (folder / "prometheus.yml").write_text(text)
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        if self._process.poll() is None:
            end(self._process)

    @property
    def log(self) -> str:
        """What it has complained of."""
        return self._log.read_text(errors="replace")

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """The result of an expression at a moment, by default now: ``metric`` and ``value`` or ``values``."""
        answer = self._get("query", {"query": expression} | ({} if at is None else {"time": str(at)}))
        found: list[dict[str, Any]] = answer["result"]
        return found

    def values(self, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The result of an expression now, by the values of ``labels``."""
        return {
            tuple(each["metric"].get(label, "") for label in labels): float(each["value"][1])
            for each in self.query(expression)
        }

    def query_range(self, expression: str, start: float, until: float, step: float) -> list[dict[str, Any]]:
        """The series of an expression: ``metric`` and ``values``, pairs of moment and text."""
        asked = {"query": expression, "start": str(start), "end": str(until), "step": str(step)}
        found: list[dict[str, Any]] = self._get("query_range", asked)["result"]
        return found

    def exemplars(self, expression: str, start: float, until: float) -> list[dict[str, Any]]:
        """The exemplars of the series in an expression."""
        asked = {"query": expression, "start": str(start), "end": str(until)}
        found: list[dict[str, Any]] = self._get("query_exemplars", asked)
        return found

    def target(self) -> dict[str, Any]:
        """What it thinks of the daemon: ``health``, ``lastError``, ``lastScrape`` ..."""
        (found,) = self._get("targets", {})["activeTargets"]
        told: dict[str, Any] = found
        return told

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Those that are pending or firing."""
        found: Sequence[Mapping[str, Any]] = self._get("alerts", {})["alerts"]
        return found

    def scraped_since(self, moment: float) -> None:
        """Wait until a scrape that began after ``moment`` (seconds since 1970) can be asked for."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            found = self.query('timestamp(up{job="stalwart"}) and up{job="stalwart"} == 1')
            if found and float(found[0]["value"][1]) > moment:
                return
            time.sleep(0.1)
        raise TimeoutError(f"no scrape succeeds: {self.target()}\n{self.log[-2000:]}")

    def _get(self, what: str, asked: Mapping[str, str]) -> Any:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urlencode(asked)}", timeout=_PATIENCE) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as problem:
            raise ValueError(f"{asked}: {problem.read().decode(errors='replace')}") from problem
        assert told["status"] == "success", told
        return told["data"]

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(f"Prometheus does not start: {self.log[-2000:]}")
