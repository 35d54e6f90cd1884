"""Debian's slapd with a directory of its own: a folder for everything, loopback ports, TLS, people and groups.

Only the service may search and read hashes; everybody else may do no more than sign in. ``memberof`` keeps the
attribute of that name, ``ppolicy`` the time at which a password was changed.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import end
from tests.net.certificates import Issued

PROGRAMS = ("slapd", "ldapadd", "ldapmodify")
SERVICE, SERVICE_SECRET = "cn=mail,ou=services,dc=example,dc=test", "the secret of the service"
SUFFIX = "dc=example,dc=test"
ADMINISTRATOR = f"cn=admin,{SUFFIX}"
_PATIENCE = 15.0

_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.77 NAME 'mailAlias'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.4203.666.3.77 NAME 'mailAddressee' AUXILIARY MAY ( mail $ mailAlias ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile {folder}/pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient never
sizelimit 500
database mdb
directory {folder}/data
maxsize 104857600
suffix "{suffix}"
rootdn "{administrator}"
rootpw "{secret}"
overlay memberof
overlay ppolicy
access to attrs=userPassword by dn.exact="{service}" read by anonymous auth by * none
access to * by dn.exact="{service}" read by * none
"""


def missing() -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    absent = [name for name in PROGRAMS if found(name) is None]
    return f"{', '.join(absent)} missing: install the Debian packages slapd and ldap-utils" if absent else None


def found(name: str) -> str | None:
    """Daemons are not in everybody's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


class Slapd:
    """A directory server in ``folder`` with ``certificate``; ``port`` stays the same when it is started again."""

    def __init__(self, folder: Path, certificate: Issued) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir()
        chain, key = certificate.save(folder / "server")
        configuration = _CONFIGURATION.format(
            folder=folder,
            certificate=chain,
            key=key,
            suffix=SUFFIX,
            administrator=ADMINISTRATOR,
            secret=SERVICE_SECRET,
            service=SERVICE,
        )
        (folder / "slapd.conf").write_text(configuration)

    def start(self) -> None:
        """Start it and wait until it listens."""
        urls = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(found("slapd")), "-f", str(self._folder / "slapd.conf"), "-h", urls, "-d", "config"],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise TimeoutError((self._folder / "log").read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            end(process, _PATIENCE)

    def add(self, dn: str, attributes: Mapping[str, Sequence[str]]) -> None:
        """A new entry."""
        lines = [_line("dn", dn)]
        lines += [_line(name, value) for name, values in attributes.items() for value in values]
        self._run("ldapadd", lines)

    def replace(self, dn: str, attribute: str, value: str) -> None:
        """Another value for an attribute."""
        self._run(
            "ldapmodify", [_line("dn", dn), "changetype: modify", f"replace: {attribute}", _line(attribute, value)]
        )

    def _run(self, program: str, lines: Sequence[str]) -> None:
        command = [str(found(program)), "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", ADMINISTRATOR]
        done = subprocess.run(
            [*command, "-w", SERVICE_SECRET], input="\n".join([*lines, ""]).encode(), capture_output=True, timeout=30
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))


def _line(name: str, value: str) -> str:
    """LDIF (RFC 2849): base64 takes anything."""
    return f"{name}:: {b64encode(value.encode()).decode()}"
