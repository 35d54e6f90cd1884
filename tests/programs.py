"""Programs that tests run where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

SEARCHED = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/postfix/sbin"


def found(program: str) -> str | None:
    """The path of ``program``, also where only servers have it."""
    return shutil.which(program) or shutil.which(program, path=SEARCHED)


@cache
def lacking(program: str) -> str | None:
    """What has to be installed for ``program`` to be of use; swaks runs without its modules, but speaks no TLS then."""
    path = found(program)
    if path is None:
        return program
    if program == "swaks":
        said = subprocess.run([path, "--support"], capture_output=True, text=True, timeout=60, check=False).stdout
        modules = {"TLS": "libnet-ssleay-perl", "IPv6": "libio-socket-inet6-perl"}
        return ", ".join(name for part, name in modules.items() if f"{part} supported" not in said) or None
    return None
