"""Cyrus on loopback with a folder of its own, if Debian's packages are installed: what mail is measured against.

It does what a server for people does too: full text search that follows what arrives, calendars and address books.
cyrus-imapd, cyrus-admin, sasl2-bin; root, since Cyrus becomes another user. Nothing outside of the folder is touched.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from bench.measure import Skipped

MASTER = "/usr/sbin/cyrmaster"
PASSWORD = "secret"
PATIENCE = 30.0

SETTINGS = """\
configdirectory: {dir}/conf
proc_path: {dir}/conf/proc
mboxname_lockpath: {dir}/conf/lock
defaultpartition: default
partition-default: {dir}/mail
sieveusehomedir: false
sievedir: {dir}/sieve
servername: 127.0.0.1
altnamespace: yes
unixhierarchysep: yes
admins: admin
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {dir}/sasldb2
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Archive|Drafts|Junk|Sent|Trash
xlist-archive: Archive
xlist-drafts: Drafts
xlist-junk: Junk
xlist-sent: Sent
xlist-trash: Trash
httpmodules: caldav carddav webdav jmap
http_no_compress: yes
caldav_create_default: yes
conversations: yes
conversations_db: twoskip
conversations_counted_flags: \\Draft \\Flagged $HasAttachment
jmap_nonstandard_extensions: yes
maxlogins_per_host: 0
delete_mode: immediate
search_engine: xapian
defaultsearchtier: first
firstsearchpartition-default: {dir}/search
search_batchsize: 8192
sync_log: yes
sync_log_channels: squatter
umask: 077
"""

SERVICES = """\
START {{
 recover cmd="ctl_cyrusdb -C {dir}/imapd.conf -r"
}}
SERVICES {{
 http cmd="httpd -C {dir}/imapd.conf" listen="127.0.0.1:{http}" prefork=1
 lmtp cmd="lmtpd -a -C {dir}/imapd.conf" listen="127.0.0.1:{lmtp}" prefork=0
}}
EVENTS {{
}}
DAEMON {{
 squatter cmd="squatter -C {dir}/imapd.conf -R"
}}
"""


class Cyrus:
    """A running one with the users ``user1`` and ``user2``."""

    name = "Cyrus"

    def __init__(self) -> None:
        if not os.path.exists(MASTER) or os.geteuid() != 0:
            raise Skipped("there is no Cyrus (cyrus-imapd, sasl2-bin), or not the rights to start it")
        self.folder = Path(tempfile.mkdtemp(prefix="bench-cyrus-", dir="/var/tmp"))
        self.port, self.lmtp_port = _free_port(), _free_port()
        self._write()
        words = [
            MASTER,
            "-C",
            f"{self.folder}/imapd.conf",
            "-M",
            f"{self.folder}/cyrus.conf",
            "-p",
            f"{self.folder}/pid",
        ]
        self._log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(words, stdout=self._log, stderr=self._log)
        self._wait()
        self._make_accounts()

    @property
    def pid(self) -> int:
        """Of its master."""
        return self.process.pid

    @property
    def users(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Logins and passwords."""
        return ("user1", PASSWORD), ("user2", PASSWORD)

    session_path = "/jmap/"

    def stop(self) -> None:
        """End it and remove its folder."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        for name in (
            "conf/proc",
            "conf/lock",
            "conf/db",
            "conf/socket",
            "conf/user",
            "conf/quota",
            "mail",
            "sieve",
            "search",
        ):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "imapd.conf").write_text(SETTINGS.format(dir=self.folder))
        text = SERVICES.format(dir=self.folder, http=self.port, lmtp=self.lmtp_port)
        (self.folder / "cyrus.conf").write_text(text)
        for user in ("user1", "user2", "admin"):
            for realm in ("127.0.0.1", socket.gethostname()):
                words = ["saslpasswd2", "-p", "-c", "-f", f"{self.folder}/sasldb2", "-u", realm, user]
                subprocess.run(words, input=PASSWORD.encode(), check=True, capture_output=True)
        subprocess.run(["chown", "-R", "cyrus:mail", str(self.folder)], check=True)
        self.folder.chmod(0o755)

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"Cyrus does not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def _make_accounts(self) -> None:
        """Over JMAP there is no account before its first message has come."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=PATIENCE) as lmtp:
            for user, _ in self.users:
                lmtp.sendmail("bench@sender.test", user, "Subject: first\r\n\r\nThe first message.\r\n")


def tree_cpu_seconds(pid: int) -> float:
    """CPU time of a process, of all below it, and of those below it that have ended."""
    ticks, pending = 0, [pid]
    while pending:
        one = pending.pop()
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        ticks += sum(int(fields[place]) for place in (11, 12, 13, 14))
        pending.extend(int(child) for child in children)
    return ticks / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
