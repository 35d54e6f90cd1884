"""An Exim of a folder's own: sends one message, or takes mail on a port and puts it into a file.

Installed, or unpacked by ``clients/unpack`` (it cannot be installed beside Postfix). It wants a user of its own, which
there is in a mount namespace only; so it needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.interop.internet import ROOT

UNPACKED = ROOT / ".cache/exim"
PROGRAM = shutil.which("exim4", path=f"{UNPACKED}/usr/sbin:/usr/sbin:{os.environ.get('PATH', '')}")
USER, ID = "Debian-exim", 8

CONFIGURATION = """\
primary_hostname = relay.sender.test
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/pid
exim_path = {program}
dkim_verify_signers =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
acl_smtp_rcpt = everything
acl_smtp_data = everything
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {certificate}
keep_environment =
begin acl
everything:
  accept
begin routers
here:
  driver = accept
  condition = ${{if eq{{$domain}}{{exim.test}}}}
  transport = into_file
away:
  driver = manualroute
  route_list = * 127.0.0.1::{relay}
  self = send
  transport = smtp
begin transports
into_file:
  driver = appendfile
  file = {folder}/mail/taken
  user = {id}
  group = {id}
smtp:
  driver = smtp
  hosts_require_tls = {encrypts}
  tls_verify_certificates =
  allow_localhost
begin retry
* * F,1h,1m
"""


def missing() -> str | None:
    """Why there is no Exim, None if there is one."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs root and Linux namespaces"
    return None if PROGRAM is not None else "Exim is neither installed nor unpacked (tests/interop/clients/unpack)"


class Exim:
    """Writes its configuration into ``folder``. ``port`` is where it takes mail for exim.test, ``relay`` where it sends
    all other mail, encrypted if ``encrypts`` says so.
    """

    def __init__(
        self, folder: Path, *, port: int = 0, relay: int = 25, encrypts: bool = True, pem: bytes = b""
    ) -> None:
        self.folder = folder
        folder.chmod(0o755)
        for name in ("spool", "log", "mail"):
            (folder / name).mkdir()
            os.chown(folder / name, ID, ID)
        certificate = folder / "certificate.pem"
        certificate.write_bytes(pem)
        os.chown(certificate, ID, ID)
        named = {"folder": folder, "port": port, "relay": relay, "certificate": certificate, "id": ID}
        named["program"] = PROGRAM
        (folder / "conf").write_text(CONFIGURATION.format(**named, encrypts="*" if encrypts else ""))
        for name, line in (("passwd", f"{USER}:x:{ID}:{ID}::/tmp:/bin/false"), ("group", f"{USER}:x:{ID}:")):
            (folder / name).write_text(f"{Path('/etc', name).read_text()}{line}\n")

    def send(self, sender: str, recipients: Sequence[str], message: bytes) -> None:
        """Deliver a message now; raises AssertionError with the log if that fails."""
        done = subprocess.run(
            self._command("-odf", "-f", sender, *recipients),
            input=message,
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode or "=>" not in self.log:
            raise AssertionError(done.stderr.decode() + self.log)

    def serve(self) -> subprocess.Popen[bytes]:
        """Take mail until the process is ended."""
        return subprocess.Popen(self._command("-bdf"), stdin=subprocess.DEVNULL)

    @property
    def log(self) -> str:
        """What it has noted."""
        return "".join(each.read_text() for each in sorted((self.folder / "log").iterdir()))

    @property
    def taken(self) -> bytes:
        """What has come for exim.test."""
        path = self.folder / "mail/taken"
        return path.read_bytes() if path.exists() else b""

    def _command(self, *words: str) -> list[str]:
        mounts = "; ".join(f"mount --bind '{self.folder}/{name}' /etc/{name}" for name in ("passwd", "group"))
        start = f'{mounts}; exec "$0" "$@"'
        return ["unshare", "--mount", "sh", "-c", start, str(PROGRAM), "-C", str(self.folder / "conf"), *words]
