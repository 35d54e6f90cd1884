"""A Postfix of the test network's own: one master, an SMTP server per address, no file outside its folder.

It takes mail for the mailboxes of ``domains`` and throws it away, or passes it on. STARTTLS with the
certificates that it is given.
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.interop.domains import ALSO_TAKEN_BY_POSTFIX, MAILBOXES, RELAYED, MailDomain

MASTER = "/usr/lib/postfix/sbin/master"
OWN_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved")

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
myhostname = mx.good.test
mydestination = {domains}
mynetworks = 192.0.2.1/32
inet_interfaces = all
inet_protocols = all
local_transport = discard:
relay_domains = {relayed}
transport_maps = inline:{{{transports}}}
smtp_tls_security_level = may
minimal_backoff_time = 5s
queue_run_delay = 5s
local_recipient_maps = inline:{{{mailboxes}}}
alias_maps =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_session_cache_database =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_relay_restrictions = reject_unauth_destination
smtpd_timeout = 60s
default_process_limit = 300
"""

SERVICES = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def start_postfix(
    folder: Path, served: Iterable[MailDomain], chains: dict[str, Path], start: Callable[..., None]
) -> None:
    """Write the configuration below ``folder`` and start the master; ``chains``: PEM of key and chain by
    domain.
    """
    served = tuple(served)
    _make_folders(folder)
    mailboxes = ", ".join(f"{mailbox}=present" for mailbox in MAILBOXES)
    domains = ", ".join([*(row.name for row in served if row.name not in RELAYED), *ALSO_TAKEN_BY_POSTFIX])
    transports = ", ".join(f"{name}=smtp:[{address}]:25" for name, address in RELAYED.items())
    named = {"domains": domains, "mailboxes": mailboxes, "relayed": ", ".join(RELAYED), "transports": transports}
    (folder / "main.cf").write_text(MAIN.format(folder=folder, **named))
    (folder / "master.cf").write_text("".join(_service(row, chains) for row in served) + SERVICES)
    start("postfix", MASTER, "-c", str(folder), "-d")


def wait_for_greeting(address: str, until: float) -> None:
    """Return when ``address`` greets; ``until`` is by ``time.monotonic``.

    :raises TimeoutError: it does not.
    """
    while time.monotonic() < until:
        try:
            with socket.create_connection((address, 25), timeout=1) as client:
                if client.recv(512).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{address} does not greet")


def _service(row: MailDomain, chains: dict[str, Path]) -> str:
    chain = chains.get(row.name)
    how = f"smtpd_tls_chain_files={chain}" if chain else "smtpd_tls_security_level=none"
    options = f"  -o myhostname={row.exchange}\n  -o {how}\n"
    addresses = [address for address in (row.address, f"[{row.ipv6}]" if row.ipv6 else "") if address]
    return "".join(f"{address}:25 inet n - n - - smtpd\n{options}" for address in addresses)


def _make_folders(folder: Path) -> None:
    queue, data = folder / "queue", folder / "data"
    for one in (folder, queue, data, queue / "pid", queue / "public", queue / "maildrop"):
        one.mkdir(mode=0o755, exist_ok=True)
    for name in (*OWN_FOLDERS, "trace"):
        (queue / name).mkdir(mode=0o700, exist_ok=True)
        shutil.chown(queue / name, "postfix")
    shutil.chown(data, "postfix")
    shutil.chown(queue / "public", "postfix", "postdrop")
    shutil.chown(queue / "maildrop", "postfix", "postdrop")
    (queue / "public").chmod(0o710)
    (queue / "maildrop").chmod(0o730)
