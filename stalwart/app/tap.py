"""The ``twistd stalwart`` plugin: its options and ``makeService``.

Only names are imported here; what a mode needs is imported when it starts, because ``twistd --help`` loads this module.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from twisted.python import usage

from stalwart import __version__

EXAMPLES = """
Examples:
  twistd -n stalwart --data /var/lib/stalwart
      SQLite and blobs below the folder; created with defaults at the first start.
  twistd -n stalwart --data var --http tcp:8080:interface=127.0.0.1
      The same, but HTTP only on loopback instead of the stored default listeners.
  twistd -n stalwart --data var --http tls:8443:interface=127.0.0.1
      HTTPS on loopback, with the certificates of the store: tls:... is tcp:... with TLS from the first byte.
  twistd -n stalwart --config /etc/stalwart/config.json
      The data store named in the file; without the file, bootstrap mode on port 8080.
  twistd -n stalwart --data /var/lib/stalwart --check
      Read the store only, say what is wrong in it, and leave with 1 if something is; --repair puts it right.
  twistd -n stalwart --data /var/lib/stalwart --workers auto
      As many processes as there are CPUs; they share the sockets, and one that dies is started again.
  twistd -n --logger=stalwart.app.process_log.json_lines stalwart --data /var/lib/stalwart
      The log as JSON, one object a line, from the first line on. (x:Tracer Stdout says how much, and can change the
      form of what twistd writes to standard output while it runs; --logfile and --syslog keep theirs.)

Environment: STALWART_DATA, STALWART_CONFIG (where neither --data nor --config is given), STALWART_DATA_STORE (the JSON
object of config.json; with --data), STALWART_RECOVERY_ADMIN=user:secret (an administrator in every mode),
STALWART_PUBLIC_URL, STALWART_HOSTNAME, STALWART_HTTPS_PORT (of published URLs, without STALWART_PUBLIC_URL),
STALWART_RECOVERY_MODE=1, STALWART_RECOVERY_MODE_PORT, STALWART_RECOVERY_MODE_LOG_LEVEL, STALWART_DIAGNOSIS (JSON
members of x:Diagnosis that hold while the process runs), STALWART_WORKERS (where --workers is not given),
STALWART_DRAIN (seconds after SIGTERM in which it serves on while /healthz/ready says 503, 0 to 60; default: 0),
STALWART_DATABASE_WAIT (seconds for which a start waits for a database that cannot be reached, 0 to 3600; default: 30),
STALWART_ROLE (the name of an x:ClusterRole: what this node of several does),
RUN_AS_USER, RUN_AS_GROUP, STALWART_VAULT_KEY_FILE (default: vault.key beside the store; it opens the private keys in
the store: back it up), STALWART_NEW_VAULT_KEY=1 (begin with a new key where that of before is lost), SSL_CERT_FILE.
"""

LISTENER_OPTIONS = ("http", "lmtp", "smtp", "submission")


class Options(usage.Options):
    """Command line options of the daemon."""

    synopsis = "[options]"
    longdesc = "Mail and collaboration HTTP server."
    optParameters = [
        ["config", None, None, "JSON file with the data store; a missing file means bootstrap mode"],
        ["data", None, None, "folder for the embedded store; created if missing"],
        ["workers", None, None, "processes that serve, 1 to 64, or auto for one per CPU [default: 1]"],
    ]
    optFlags = [
        ["demo", None, "make sure that demo accounts exist and print how to log in (with --data)"],
        ["check", None, "serve nothing: look for wrong counters, links and blobs in the store, and leave"],
        ["repair", None, "with --check: put right what follows from other rows"],
    ]

    def __init__(self) -> None:
        super().__init__()
        for name in LISTENER_OPTIONS:
            self[name] = []

    def getUsage(self, width: int | None = None) -> str:
        """The help text; the examples stand apart, because Twisted folds ``longdesc`` into one paragraph."""
        return super().getUsage(width) + EXAMPLES

    def opt_version(self) -> None:
        """Print the version and leave."""
        print(f"stalwart {__version__}")
        sys.exit(0)

    def opt_http(self, endpoint: str) -> None:
        """Serve HTTP here instead of on the default listeners: tcp:8080:interface=127.0.0.1, tls:443 (repeatable)."""
        self["http"].append(endpoint)

    def opt_lmtp(self, endpoint: str) -> None:
        """Take mail by LMTP here (repeatable)."""
        self["lmtp"].append(endpoint)

    def opt_smtp(self, endpoint: str) -> None:
        """Take mail by SMTP here (repeatable)."""
        self["smtp"].append(endpoint)

    def opt_submission(self, endpoint: str) -> None:
        """Take submissions here (repeatable)."""
        self["submission"].append(endpoint)

    def postOptions(self) -> None:
        """Check what belongs together.

        :raises usage.UsageError: with a sentence that says what to do.
        """
        if not self["config"] and not self["data"]:
            self["config"] = os.environ.get("STALWART_CONFIG") or None
            self["data"] = None if self["config"] else os.environ.get("STALWART_DATA") or None
        if self["config"] and self["data"]:
            raise usage.UsageError("Give --config or --data, not both.")
        if not self["config"] and not self["data"]:
            raise usage.UsageError("Give --data FOLDER for an embedded store, or --config FILE.")
        if self["workers"] is not None:
            self["workers"] = _number_of_workers("--workers", self["workers"])
        if self["demo"] and not self["data"]:
            raise usage.UsageError("--demo needs --data FOLDER.")
        for name in LISTENER_OPTIONS:
            for endpoint in self[name]:
                _check_endpoint(name, endpoint)
        if self["repair"] and not self["check"]:
            raise usage.UsageError("--repair goes with --check.")
        if self["check"]:
            sys.exit(
                _look_for_damage(Path(self["config"] or os.path.join(self["data"], "config.json")), self["repair"])
            )


def _look_for_damage(store: Path, repair: bool) -> int:
    """Leave it to ``stalwart-cli store check``; its exit code, 0 where there is nothing yet that it could look at: who
    looks before each start wants that one to go on, since it makes the store, or brings it up to date.
    """
    import subprocess

    from stalwart.store.config_file import is_missing
    from stalwart.store.moving.checking import NOT_YET

    if is_missing(store):
        print("There is no data store yet.", file=sys.stderr)
        return 0
    words = ["store", "check", str(store), *(["--repair"] if repair else [])]
    code = subprocess.run([sys.executable, "-m", "stalwart.cli", *words], check=False).returncode
    return 0 if code == NOT_YET else code


def _check_endpoint(option: str, endpoint: str) -> None:
    from twisted.internet.endpoints import serverFromString

    from stalwart.app.listeners import TLS_ENDPOINT

    has_tls = endpoint.startswith(TLS_ENDPOINT)
    if has_tls and option != "http":
        raise usage.UsageError(f"--{option} {endpoint}: {TLS_ENDPOINT}... is for --http only.")
    try:
        serverFromString(object(), f"tcp:{endpoint.removeprefix(TLS_ENDPOINT)}" if has_tls else endpoint)
    except Exception as problem:  # the parsers of endpoint strings raise whatever they like
        raise usage.UsageError(
            f"--{option} {endpoint}: not a Twisted server endpoint such as tcp:8080:interface=127.0.0.1 ({problem})"
        ) from problem


def _number_of_workers(name: str, text: str) -> int:
    from stalwart.app.environment import number_of_workers
    from stalwart.errors import Invalid

    try:
        return number_of_workers(name, text)
    except Invalid as problem:
        raise usage.UsageError(problem.detail) from problem


def makeService(options: Options) -> Any:
    """The service that ``twistd`` runs. A variable of the environment that is no use is a usage error."""
    from twisted.internet import reactor
    from twisted.logger import Logger

    from stalwart.app.generated_sources import forget_generated_sources

    forget_generated_sources()
    from stalwart.app.environment import read_environment, unknown_variables
    from stalwart.app.service import StalwartService
    from stalwart.app.startup import Startup
    from stalwart.errors import Invalid

    try:
        environment = read_environment(os.environ)
    except Invalid as problem:
        raise SystemExit(f"stalwart: {problem.detail}") from problem
    for sentence in unknown_variables(os.environ):
        Logger(namespace="stalwart").warn("{sentence}", sentence=sentence)
    endpoints = {name: list(options[name]) for name in LISTENER_OPTIONS}
    startup = Startup(options["data"], options["config"], endpoints, bool(options["demo"]))
    workers = options["workers"] or environment.workers
    if workers > 1:
        from stalwart.app.workers.supervisor import Supervisor

        return Supervisor(reactor, workers, startup, environment)
    return StalwartService(reactor, startup, environment)
