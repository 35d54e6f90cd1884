"""Mail in files: mbox (RFC 4155) and Maildir with its folders (Maildir++)."""

from __future__ import annotations

import calendar
import mailbox
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from stalwart.cli.importing.items import Item, Unreadable, crlf
from stalwart.cli.importing.special_folders import role_of
from stalwart.cli.settings.problems import Problem
from stalwart.codec.modified_utf7 import decode_name

_QUOTED: Final = re.compile(rb"(?m)^>(>*From )")
_FLAGS: Final[Mapping[str, str]] = {"S": "$seen", "R": "$answered", "F": "$flagged", "D": "$draft", "P": "$forwarded"}
_STATUS: Final[Mapping[str, str]] = {"R": "$seen", "A": "$answered", "F": "$flagged", "T": "$draft"}
_HEAD: Final = 64 << 10
_KEYWORD: Final = re.compile(r"[A-Za-z0-9_$!#&'+./:;=@^`|~-]{1,64}")


class MboxSource:
    """One file; ``into`` is the folder that its mail goes to, by default one of its name."""

    def __init__(self, path: Path, into: tuple[str, ...] | None) -> None:
        if not path.is_file():
            raise Problem(f"{path} is no file")
        self._mbox = mailbox.mbox(path, create=False)
        self._place = into or (path.stem if path.suffix.lower() in (".mbox", ".mbx") else path.name,)

    def items(self) -> Iterator[Item]:
        """In the order of the file; a message is named by its number and its first line."""
        for key in self._mbox.iterkeys():
            separator, head = self._head(key)
            yield Item(
                "email",
                f"{key} {separator[:100]}",
                self._place,
                partial(self._read, key),
                role=role_of(self._place),
                keywords=_of_status(head),
                received_at=_since(separator),
            )

    def count(self) -> int | None:
        """How many messages the file has."""
        return len(self._mbox)

    def close(self) -> None:
        """Close the file."""
        self._mbox.close()

    def _head(self, key: Any) -> tuple[str, bytes]:
        file = self._mbox.get_file(key, from_=True)
        first = file.readline(1000).decode("latin-1").strip()
        return first, file.read(_HEAD).replace(b"\r\n", b"\n").partition(b"\n\n")[0]

    def _read(self, key: Any) -> bytes:
        try:
            return crlf(_QUOTED.sub(rb"\1", self._mbox.get_bytes(key)))
        except (OSError, KeyError) as failure:
            raise Unreadable(str(failure)) from None


class MaildirSource:
    """A folder with ``cur``, ``new`` and ``tmp``; those in it are named ``.Sent`` or ``.Work.Projects``."""

    def __init__(self, path: Path, into: tuple[str, ...] | None) -> None:
        if not (path / "cur").is_dir():
            raise Problem(f"{path} is no Maildir: there is no folder cur in it")
        self._path = path
        self._into = into

    def items(self) -> Iterator[Item]:
        """Folder by folder; a message is named by its file, without its flags."""
        for folder, place in self._folders():
            box = mailbox.Maildir(folder, create=False)
            for key in sorted(box.iterkeys()):
                file = _file_of(box, folder, key)
                flags = file.name.rpartition(":2,")[2] if ":2," in file.name else ""
                if "T" in flags:  # on its way out
                    continue
                yield Item(
                    "email",
                    "/".join((*place, key)),
                    place,
                    partial(_content, file),
                    role=role_of(place),
                    keywords=tuple(_FLAGS[flag] for flag in flags if flag in _FLAGS),
                    received_at=_file_time(file),
                )

    def count(self) -> int | None:
        """How many files there are."""
        return sum(len(mailbox.Maildir(folder, create=False)) for folder, _ in self._folders())

    def close(self) -> None:
        """Nothing is open."""

    def _folders(self) -> Iterator[tuple[Path, tuple[str, ...]]]:
        top = self._into or ("Inbox",)
        yield self._path, top
        for folder in sorted(self._path.iterdir()):
            if folder.name.startswith(".") and (folder / "cur").is_dir():
                names = tuple(decode_name(name) for name in folder.name[1:].split(".") if name)
                if names:
                    yield folder, (*(self._into or ()), *names)


def _file_of(box: mailbox.Maildir, folder: Path, key: str) -> Path:
    return folder / box._lookup(key)  # type: ignore[attr-defined]  # what has the flags, without reading the message


def _content(file: Path) -> bytes:
    try:
        return crlf(file.read_bytes())
    except OSError as failure:
        raise Unreadable(failure.strerror or str(failure)) from None


def _file_time(file: Path) -> str | None:
    try:
        return utc(file.stat().st_mtime)
    except OSError:
        return None


def utc(seconds: float) -> str:
    """As JMAP has it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(separator: str) -> str | None:
    """When the line ``From x@y Thu Jan  1 00:00:00 2026`` says that a message came."""
    words = separator.split()
    for count in (6, 5):
        try:
            moment = time.strptime(" ".join(words[-count:])[:24], "%a %b %d %H:%M:%S %Y")
            return utc(calendar.timegm(moment))
        except (ValueError, OverflowError, OSError):
            continue
    try:
        return utc(parsedate_to_datetime(" ".join(words[2:])).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def _of_status(head: bytes) -> tuple[str, ...]:
    """Keywords by Status, X-Status and X-Keywords, as mail programs on Unix write them."""
    found: list[str] = []
    for line in head.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        if name.lower() in ("status", "x-status"):
            found += (_STATUS[letter] for letter in value.strip() if letter in _STATUS)
        elif name.lower() == "x-keywords":
            found += (word.lower() for word in value.replace(",", " ").split() if _KEYWORD.fullmatch(word))
    return tuple(dict.fromkeys(found))
