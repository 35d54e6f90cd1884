"""What a script may know beside the message, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from attrs import define, field, frozen

from stalwart.codec.sieve.syntax import SieveError

_LOOK: Final = 64
"""Steps after which the time is looked at."""


REDIRECTED_BY: Final = "X-Sieve-Redirected-From"
"""The field that tells who has sent a message on."""

_TRACES: Final = frozenset(("received", REDIRECTED_BY.lower()))  # what is in a circle is known by them


@frozen
class Bounds:
    """How far a script may go. Lengths count characters; ``protected`` are fields, in lower case, that stay, like those
    that are traces in any case.
    """

    steps: int = 100_000
    seconds: float = 1.0
    redirects: int = 5
    messages: int = 6
    variables: int = 128
    longest_variable: int = 4096
    longest_string: int = 64 << 10
    received: int = 50
    filings: int = 20
    remembered: int = 7 * 86_400
    """Seconds for which the ``duplicate`` test remembers an id, if the script does not say it."""
    protected: frozenset[str] = frozenset(("received", "auto-submitted", "original-subject", "original-from"))

    def protects(self, name: str) -> bool:
        """Whether scripts can neither add nor delete a field (RFC 5293 6)."""
        return name.lower() in _TRACES or name.lower() in self.protected


USUAL: Final = Bounds()


@frozen
class Folder:
    """A mailbox of the account: its wire id, its path from the top, its special use."""

    id: str
    path: str
    role: str = ""


@frozen
class Folders:
    """Those of the account, as scripts name them: levels apart by ``/``, whatever case a name has, INBOX the Inbox."""

    by_path: Mapping[str, Folder] = field(factory=dict)
    by_id: Mapping[str, Folder] = field(factory=dict)
    by_role: Mapping[str, Folder] = field(factory=dict)

    def named(self, name: str) -> Folder | None:
        """The folder of that name."""
        return self.by_path.get(path_key(name))


def path_key(name: str) -> str:
    """What names of one folder have in common."""
    return "/".join(part.strip().casefold() for part in name.strip().strip("/").split("/"))


def folders_of(folders: list[Folder]) -> Folders:
    """Made findable."""
    by_path = {path_key(folder.path): folder for folder in folders}
    by_role = {folder.role: folder for folder in folders if folder.role}
    if "inbox" in by_role:
        by_path["inbox"] = by_role["inbox"]
    return Folders(by_path, {folder.id: folder for folder in folders}, by_role)


@frozen
class World:
    """``now`` is the time of the run in the zone of the server, ``seen`` the digests of ids that were met before."""

    bounds: Bounds = USUAL
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    folders: Folders = Folders()
    seen: frozenset[bytes] = frozenset()
    environment: Mapping[str, str] = field(factory=dict)
    clock: Callable[[], float] = monotonic


@define
class Budget:
    """What is left of the steps and the time of a run."""

    steps: int
    deadline: float
    clock: Callable[[], float]
    line: int = 1
    used: int = 0
    _looked: int = 0

    def spend(self, steps: int) -> None:
        """Take steps. Raises ``SieveError`` when there are no more."""
        self.used += steps
        if self.used > self.steps:
            raise SieveError("The script takes more steps than are allowed.", self.line)
        if self.used - self._looked >= _LOOK:
            self._looked = self.used
            if self.clock() > self.deadline:
                raise SieveError("The script takes more time than is allowed.", self.line)
