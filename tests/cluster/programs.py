"""Where the programs of a cluster are: installed, or unpacked below ``.cache`` by ``tests/interop/clients``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.interop import s3proxy
from tests.postgresql import programs

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".cache" / "cluster"
PATRONI = ROOT / ".cache" / "patroni" / "bin" / "patroni"


def found(name: str) -> Path | None:
    """The program ``name``: an installed one, else the one that was unpacked."""
    places = os.pathsep.join(
        (os.environ.get("PATH", ""), "/usr/sbin", str(UNPACKED / "usr/bin"), str(UNPACKED / "usr/sbin"))
    )
    path = shutil.which(name, path=places)
    if path is None and name == "patroni" and PATRONI.exists():
        return PATRONI
    return Path(path) if path else None


def libraries() -> dict[str, str]:
    """What the environment of an unpacked program has to say."""
    folders = [str(each) for each in (UNPACKED / "usr/lib").glob("*-linux-gnu*")]
    return {"LD_LIBRARY_PATH": os.pathsep.join(folders)} if folders else {}


def missing() -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    if programs() is None:
        return "PostgreSQL is not installed"
    absent = [name for name in ("etcd", "patroni", "haproxy") if found(name) is None]
    if absent:
        return f"{', '.join(absent)}: run tests/interop/clients/prepare and tests/interop/clients/unpack"
    return s3proxy.missing()
