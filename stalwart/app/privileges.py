"""Dropping root after the sockets are bound: RUN_AS_USER and RUN_AS_GROUP (http-service 1.1).

The data folder is handed over first, so that the store can still write after the change.
"""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from stalwart.errors import Invalid


def drop_privileges(user: str, group: str | None, data: Path | None) -> None:
    """Become ``user`` (and ``group``, by default the user's own). Does nothing for a process that is not root.

    :raises Invalid: there is no such user or group.
    """
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam(user)
        gid = grp.getgrnam(group).gr_gid if group else account.pw_gid
    except KeyError as missing:
        raise Invalid(f"RUN_AS_USER or RUN_AS_GROUP: {missing.args[0]}.") from missing
    if data is not None and data.exists():
        _hand_over(data, account.pw_uid, gid)
    os.setgid(gid)
    os.initgroups(user, gid)
    os.setuid(account.pw_uid)


def _hand_over(data: Path, uid: int, gid: int) -> None:
    os.chown(data, uid, gid)
    for folder, folders, files in os.walk(data):
        for name in (*folders, *files):
            os.chown(os.path.join(folder, name), uid, gid, follow_symlinks=False)
