"""The key of the vault, in a file of its own beside the embedded store, so that no copy of the store holds it.

The first start makes the file, readable by the server alone; it belongs into the backup, but not beside the store's.
The store remembers what the right key opens, so that a lost or wrong file stops the start instead of making new keys
that can never be opened with the old ones. What a first set-up has stored in the clear is sealed at the start after it.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from pathlib import Path

from stalwart.config.clear_secrets import seal_clear_secrets
from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import KEY_FILE, Vault, VaultKey
from stalwart.errors import Invalid
from stalwart.store import Store, Transaction

NAME = KEY_FILE
_CHECK, _CHECKED = "vault-check", "vault"
_LONGEST, _SHORTEST = 4096, 32

LOST = (
    "The key file {path} {what}, and the store holds private keys that only the right one opens. Put the file back "
    "from where it is kept (store backup leaves it out). If it is lost, start once with STALWART_NEW_VAULT_KEY=1: "
    "certificates that are automatic are then ordered again, and other private keys (x:Certificate, x:DkimSignature, "
    "x:DnsServer) have to be entered again."
)


async def open_vault(store: Store, path: Path | None, *, anew: bool = False) -> Vault:
    """The vault with the key in the file ``path``, which is made if there is none. None is for a store in memory.

    ``anew``: whatever was sealed with another key is given up. Raises Invalid if the file cannot be used.
    """
    if path is None:
        return Vault(VaultKey(secrets.token_urlsafe(48)))
    check: bytes | None = await store.read(lambda tx: tx.secrets.get(_CHECK))
    text = await store.blob_work(lambda _: _read_or_make(path, may_make=check is None or anew))
    if text is None:
        raise Invalid(LOST.format(path=path, what="is missing"))
    vault = Vault(VaultKey(text))
    if check is not None and not _opens(vault, check):
        if not anew:
            raise Invalid(LOST.format(path=path, what="holds another key than before"))
        check = None
    if check is None:
        sealed = vault.seal(_CHECK, _CHECKED).encode("ascii")
        await store.write(lambda tx: _begin(tx, vault, sealed))
    return vault


def _begin(tx: Transaction, vault: Vault, sealed: bytes) -> None:
    seal_clear_secrets(tx, vault, time.time())
    tx.secrets.put(_CHECK, sealed)


def is_exposed(path: Path) -> bool:
    """Whether everybody on the machine can read the file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _opens(vault: Vault, check: bytes) -> bool:
    try:
        return vault.open(_CHECK, check.decode("ascii", "replace")) == _CHECKED
    except Unreadable:
        return False


def _read_or_make(path: Path, *, may_make: bool) -> str | None:
    """The key in the file; None if there is no file and none may be made. For threads. Raises Invalid."""
    try:
        with path.open("r", encoding="ascii") as file:
            text = file.read(_LONGEST + 1).strip()
    except FileNotFoundError:
        return _make(path) if may_make else None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise Invalid(f"The key file {path} cannot be read: {reason}.") from problem
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise Invalid(f"The key file {path} holds no key: {_SHORTEST} characters are the least.")
    return text


def _make(path: Path) -> str:
    """A new file with a new key, on the disk before anything is sealed with it; or that of a process that was first."""
    text = secrets.token_urlsafe(48)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        finally:
            os.unlink(draft)
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        raise Invalid(f"The key file {path} cannot be written: {problem.strerror}.") from problem
    return text
