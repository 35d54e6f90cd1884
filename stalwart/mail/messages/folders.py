"""The folders that every account begins with (x:Email.defaultFolders), made when its mail is first asked for.

Whether an account has had them is told by the state of its mailboxes: one whose state is 0 never had any. So they are
made once, whoever asks first, in whatever process, and a folder that was deleted does not come back.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.config.collaboration.email import Email, EmailFolder
from stalwart.config.settings import Settings
from stalwart.store import Store, Transaction
from stalwart.store.mail_rows import MailboxRow
from stalwart.store.object_types import MAILBOX

INBOX: Final = "inbox"
_REMEMBERED = 50_000
_MOST_NAMES = 100


@frozen
class NewFolder:
    """A folder to be made."""

    role: str
    name: str
    subscribe: bool = True


USUAL: Final = (
    NewFolder(INBOX, "Inbox"),
    NewFolder("trash", "Deleted Items"),
    NewFolder("junk", "Junk Mail"),
    NewFolder("drafts", "Drafts"),
    NewFolder("sent", "Sent Items"),
)
"""What accounts get where the settings name nothing; the order is that of the ids."""

_ORDER: Final = [folder.role for folder in USUAL]


def name_key(name: str) -> str:
    """What the names of siblings must differ in: NFC, case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def mailbox_data(subscribed: bool) -> dict[str, Any]:
    """``data`` of a mailbox."""
    return {"isSubscribed": True} if subscribed else {}


class Folders:
    """Makes default folders; remembers which accounts have them. ``clock`` tells the time."""

    def __init__(self, store: Store, settings: Settings, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._known: OrderedDict[int, None] = OrderedDict()

    async def ensure(self, account_id: int) -> None:
        """The account has its folders when this comes back; nothing happens where there is no such account."""
        if account_id in self._known:
            self._known.move_to_end(account_id)
            return
        if not await self._store.read(lambda tx: has_folders(tx, account_id)):
            now = int(self._clock.seconds())
            if not await self._store.write(lambda tx: self._made(tx, account_id, now)):
                return
        self._known[account_id] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def ensure_in(self, tx: Transaction, account_id: int, now: int) -> None:
        """The same in a write transaction. Raises NotFound (account)."""
        if not has_folders(tx, account_id):
            make(tx, account_id, wanted(self._settings.of(Email).default_folders), now)

    def place(self, tx: Transaction, account_id: int, role: str, now: int) -> int:
        """The mailbox with a role, which is made if there is none; for delivery. Raises NotFound (account)."""
        found = tx.mail.mailboxes.by_role(account_id, role)
        if found is None:
            self.ensure_in(tx, account_id, now)
            found = tx.mail.mailboxes.by_role(account_id, role)
        if found is None:
            found = _create(tx, account_id, _folder(self._settings.of(Email).default_folders, role), now)
        return found.id

    def _made(self, tx: Transaction, account_id: int, now: int) -> bool:
        if tx.accounts.get(account_id) is None:
            return False
        self.ensure_in(tx, account_id, now)
        return True


def has_folders(tx: Transaction, account_id: int) -> bool:
    """Whether the account has, or once had, mailboxes."""
    return tx.objects.state(account_id, MAILBOX) > 0


def wanted(configured: Mapping[str, EmailFolder]) -> tuple[NewFolder, ...]:
    """The folders of a new account by the settings; there is an Inbox always."""
    if not configured:
        return USUAL
    found = [NewFolder(role, folder.name, folder.subscribe) for role, folder in configured.items() if folder.create]
    if all(folder.role != INBOX for folder in found):
        found.append(USUAL[0])
    return tuple(sorted(found, key=lambda folder: _place(folder.role)))


def make(tx: Transaction, account_id: int, folders: Iterable[NewFolder], now: int) -> None:
    """Make folders in an account. Raises NotFound (account)."""
    for folder in folders:
        _create(tx, account_id, folder, now)


def _place(role: str) -> tuple[int, str]:
    return (_ORDER.index(role) if role in _ORDER else len(_ORDER), role)


def _folder(configured: Mapping[str, EmailFolder], role: str) -> NewFolder:
    """The folder with a role, even if new accounts do not get it."""
    if role in configured:
        return NewFolder(role, configured[role].name, configured[role].subscribe)
    return next((each for each in USUAL if each.role == role), NewFolder(role, role.title()))


def _create(tx: Transaction, account_id: int, folder: NewFolder, now: int) -> MailboxRow:
    """A folder at the top, under another name if its own is taken."""
    mailboxes = tx.mail.mailboxes
    name = _free_name(folder.name.strip(), lambda key: mailboxes.by_name(account_id, None, key) is not None)
    data = mailbox_data(folder.subscribe)
    return mailboxes.create(account_id, name, name_key(name), now=now, role=folder.role, data=data)


def _free_name(name: str, taken: Callable[[str], bool]) -> str:
    candidates = (name, *(f"{name} {number}" for number in range(2, _MOST_NAMES)))
    return next(each for each in candidates if not taken(name_key(each)))
