"""Debian's pebble, a certificate authority for tests (RFC 8555), with pebble-challtestsrv as its name server.

Both run on free loopback ports, with a folder of their own for certificates, configuration and logs. Every name has the
address 127.0.0.1 unless a test says otherwise. Pebble forgets everything when it ends and has new roots at each start.

    pebble = Pebble.start(folder, nonce_reject=50)
    self.addCleanup(pebble.close)
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import SkipTest
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from attrs import define, field, frozen

from tests.live.daemon import end
from tests.net.certificates import issue, make_ca

PROGRAMS = ("pebble", "pebble-challtestsrv")
LOOPBACK = "127.0.0.1"
_PATIENCE = 20.0
_ATTEMPTS = 3  # somebody else may take a port between looking for it and listening


def missing() -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(absent)} missing: install the Debian package pebble" if absent else None


@frozen(kw_only=True)
class Knobs:
    """How pebble behaves.

    ``nonce_reject`` and ``authz_reuse`` are in percent; ``validity`` is that of certificates, in seconds (pebble's own
    choice is five years); ``eab_keys`` makes external accounts necessary, MAC keys (base64url) by their ids.
    ``always_valid``: no challenge is looked at. ``answers``: challtestsrv answers HTTP-01 and TLS-ALPN-01 on the ports
    where pebble asks (``Pebble.add_http01``); else whoever listens there does. ``sleeps``: how many seconds validations
    may take. ``http_port`` and ``tls_port``: where pebble asks, free ports if None. ``dns`` is the address and port of
    the name server to ask instead of challtestsrv.
    """

    nonce_reject: int = 0
    authz_reuse: int = 0
    validity: int | None = None
    eab_keys: Mapping[str, str] = {}
    alternate_roots: int = 0
    chain_length: int = 1
    always_valid: bool = False
    strict: bool = False
    answers: bool = False
    sleeps: int = 0
    http_port: int | None = None
    tls_port: int | None = None
    dns: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that pebble reads."""
        found = {
            "PEBBLE_WFE_NONCEREJECT": str(self.nonce_reject),
            "PEBBLE_AUTHZREUSE": str(self.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(self.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(self.chain_length),
        }
        if self.always_valid:
            found["PEBBLE_VA_ALWAYS_VALID"] = "1"
        return found | ({"PEBBLE_VA_SLEEPTIME": str(self.sleeps)} if self.sleeps else {"PEBBLE_VA_NOSLEEP": "1"})


@define
class Pebble:
    """A running authority. ``directory_url`` is where clients begin, ``ca_path`` the authority of its own https."""

    folder: Path
    knobs: Knobs
    port: int
    management_port: int
    http_port: int
    tls_port: int
    dns_port: int
    control_port: int
    _programs: list[subprocess.Popen[bytes]] = field(factory=list, init=False)

    @classmethod
    def start(cls, folder: Path | str, **knobs: Any) -> Pebble:
        """Start both programs and wait until they answer; ``knobs`` are those of `Knobs`.

        :raises SkipTest: they are not installed. TimeoutError: they do not answer; the text has their logs.
        """
        absent = missing()
        if absent is not None:
            raise SkipTest(absent)
        folder = Path(folder).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        wanted = Knobs(**knobs)
        for attempt in range(_ATTEMPTS):
            ports = free_ports(6)
            ports[2], ports[3] = wanted.http_port or ports[2], wanted.tls_port or ports[3]
            pebble = cls(folder, wanted, *ports)
            try:
                pebble._run()
            except TimeoutError:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                atexit.register(pebble.close)
                return pebble
        raise AssertionError

    @property
    def directory_url(self) -> str:
        """The directory (RFC 8555 7.1.1)."""
        return f"https://{LOOPBACK}:{self.port}/dir"

    @property
    def ca_path(self) -> str:
        """A PEM file: who vouches for pebble's own https. For ``SSL_CERT_FILE``."""
        return str(self.folder / "ca.pem")

    @property
    def dns_address(self) -> tuple[str, int]:
        """The name server that pebble asks, over UDP and TCP."""
        return LOOPBACK, self.dns_port

    @property
    def log(self) -> str:
        """What pebble has said so far."""
        return self._said("pebble")

    @property
    def dns_log(self) -> str:
        """What challtestsrv has said so far."""
        return self._said("challtestsrv")

    def roots(self) -> str:
        """The roots that certificates lead to, in PEM: the usual one, then the alternate ones."""
        return "".join(self._managed(f"roots/{number}").decode() for number in range(self.knobs.alternate_roots + 1))

    def certificate_status(self, serial: int) -> dict[str, Any]:
        """What pebble knows of a certificate: ``Status`` is ``Valid`` or ``Revoked``, ``Reason`` a number."""
        found: dict[str, Any] = json.loads(self._managed(f"cert-status-by-serial/{serial:x}"))
        return found

    def set_txt(self, name: str, value: str) -> None:
        """One more TXT record."""
        self._control("set-txt", host=_absolute(name), value=value)

    def clear_txt(self, name: str) -> None:
        """No TXT records any more."""
        self._control("clear-txt", host=_absolute(name))

    def add_a(self, name: str, *addresses: str) -> None:
        """IPv4 addresses instead of 127.0.0.1."""
        self._control("add-a", host=_absolute(name), addresses=addresses)

    def clear_a(self, name: str) -> None:
        """127.0.0.1 again."""
        self._control("clear-a", host=_absolute(name))

    def add_caa(self, name: str, *issuers: str) -> None:
        """Who may issue for a name (RFC 8659)."""
        policies = [{"tag": "issue", "value": issuer} for issuer in issuers]
        self._control("add-caa", host=_absolute(name), policies=policies)

    def set_cname(self, name: str, target: str) -> None:
        """An alias."""
        self._control("set-cname", host=_absolute(name), target=_absolute(target))

    def set_servfail(self, name: str, fails: bool = True) -> None:
        """Whether questions about a name fail."""
        self._control("set-servfail" if fails else "clear-servfail", host=_absolute(name))

    def add_http01(self, token: str, content: str) -> None:
        """What challtestsrv answers to a token; with the knob ``answers``."""
        self._control("add-http01", token=token, content=content)

    def add_tlsalpn01(self, name: str, content: str) -> None:
        """The key authorization that challtestsrv proves ``name`` with; with the knob ``answers``."""
        self._control("add-tlsalpn01", host=name, content=content)

    def restart(self, **knobs: Any) -> None:
        """Stop and start at the same ports, perhaps with other knobs: accounts, orders and DNS are forgotten."""
        self.close()
        if knobs:
            self.knobs = Knobs(**knobs)
        self._run()

    def close(self) -> None:
        """End both programs and wait until they are gone."""
        while self._programs:
            end(self._programs.pop(), _PATIENCE)

    def _run(self) -> None:
        if not (self.folder / "ca.pem").exists():
            authority = make_ca(f"Authority of pebble's https at {self.port}")
            (self.folder / "ca.pem").write_bytes(authority.certificate_pem)
            issue(["localhost", LOOPBACK], 30, authority).save(self.folder / "server")
        (self.folder / "config.json").write_text(json.dumps({"pebble": self._configuration()}))
        answers = {"http01": self.http_port, "tlsalpn01": self.tls_port, "https01": None}
        command = [
            *("-defaultIPv4", LOOPBACK, "-defaultIPv6", ""),
            *("-dns01", f"{LOOPBACK}:{self.dns_port}", "-management", f"{LOOPBACK}:{self.control_port}"),
        ]
        for kind, port in answers.items():
            command += [f"-{kind}", f"{LOOPBACK}:{port}" if self.knobs.answers and port is not None else ""]
        strict = ["-strict"] if self.knobs.strict else []
        try:
            self._launch("pebble-challtestsrv", "challtestsrv", command)
            self._await(self.control_port)
            dns = self.knobs.dns or f"{LOOPBACK}:{self.dns_port}"
            self._launch("pebble", "pebble", ["-config", "config.json", "-dnsserver", dns, *strict])
            self._await(self.port)
            self._await(self.management_port)
        except BaseException:
            self.close()
            raise

    def _configuration(self) -> dict[str, Any]:
        knobs = self.knobs
        return {
            "listenAddress": f"{LOOPBACK}:{self.port}",
            "managementListenAddress": f"{LOOPBACK}:{self.management_port}",
            "certificate": "server.pem",
            "privateKey": "server.key",
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": bool(knobs.eab_keys),
            "externalAccountMACKeys": dict(knobs.eab_keys),
            **({"certificateValidityPeriod": knobs.validity} if knobs.validity is not None else {}),
        }

    def _launch(self, program: str, name: str, arguments: Sequence[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._programs.append(
                subprocess.Popen(
                    [str(shutil.which(program)), *arguments],
                    cwd=self.folder,
                    env={"PATH": os.environ.get("PATH", ""), **self.knobs.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def _await(self, port: int) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and all(program.poll() is None for program in self._programs):
            try:
                socket.create_connection((LOOPBACK, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"{self.log[-2000:]}\n{self.dns_log[-2000:]}")

    def _said(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _managed(self, path: str) -> bytes:
        context = ssl.create_default_context(cafile=self.ca_path)
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        with opener.open(f"https://{LOOPBACK}:{self.management_port}/{path}", timeout=_PATIENCE) as answer:
            body: bytes = answer.read()
        return body

    def _control(self, action: str, **told: Any) -> None:
        request = Request(f"http://{LOOPBACK}:{self.control_port}/{action}", json.dumps(told).encode())
        with build_opener(ProxyHandler({})).open(request, timeout=_PATIENCE) as answer:
            answer.read()


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on, neither for TCP nor for UDP."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            held += [tcp, udp]
            tcp.bind((LOOPBACK, 0))
            try:
                udp.bind((LOOPBACK, tcp.getsockname()[1]))
            except OSError:
                continue
            found.append(int(tcp.getsockname()[1]))
    finally:
        for one in held:
            one.close()
    return found


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
