"""Mail at an IMAP server (RFC 3501): every folder that can be selected, read without marking anything as seen."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from attrs import frozen

from stalwart.cli.importing.items import Item, Unreadable, crlf
from stalwart.cli.importing.special_folders import ALL_MAIL, role_of
from stalwart.cli.settings.problems import Problem
from stalwart.codec.modified_utf7 import decode_name

TIME_OUT: Final = 120.0
_AT_ONCE: Final = 200
_LIST: Final = re.compile(rb'\((?P<attributes>[^)]*)\) (?:"(?P<separator>(?:\\.|[^"\\])+)"|NIL) (?P<name>.*)', re.S)
_UID: Final = re.compile(rb"UID (\d+)")
_FLAGS: Final = re.compile(rb"FLAGS \(([^)]*)\)")
_DATE: Final = re.compile(rb'INTERNALDATE "([^"]+)"')
_KEYWORDS: Final[Mapping[str, str]] = {
    "\\seen": "$seen",
    "\\answered": "$answered",
    "\\flagged": "$flagged",
    "\\draft": "$draft",
}
_KEYWORD: Final = re.compile(r"[A-Za-z0-9_$!#&'+./:;=@^`|~-]{1,64}")
_DELETED: Final = "\\deleted"


@frozen
class Folder:
    """``written`` is its name as the server has it."""

    written: bytes
    place: tuple[str, ...]
    attributes: tuple[str, ...]

    @property
    def is_to_read(self) -> bool:
        """Whether there is mail of its own in it: what shows mail of other folders would come twice."""
        lower = [attribute.lower() for attribute in self.attributes]
        return not {"\\noselect", "\\nonexistent", ALL_MAIL, "\\flagged", "\\important"} & set(lower)


class ImapSource:
    """A server at ``imaps://host`` or ``imap://host:port`` with a login of ``user``."""

    def __init__(self, url: str, user: str, password: str, into: tuple[str, ...] | None, *, insecure: bool) -> None:
        self._into = into or ()
        self._url = url
        self._selected: bytes | None = None
        self._server = _connected(url, user, password, insecure)

    def items(self) -> Iterator[Item]:
        """Folder by folder, in the order of arrival."""
        for folder in self._folders():
            validity = self._select(folder.written)
            if validity is None:
                continue
            place = (*self._into, *folder.place)
            for uid, flags, date in self._listed(folder):
                if _DELETED in flags:
                    continue
                yield Item(
                    "email",
                    f"{'/'.join(folder.place)} {validity} {uid}",
                    place,
                    partial(self._read, folder.written, uid),
                    role=role_of(folder.place, folder.attributes),
                    keywords=keywords_of(flags),
                    received_at=date,
                )

    def count(self) -> int | None:
        """What the folders say that they have."""
        total = 0
        for folder in self._folders():
            status, found = self._server.status(folder.written.decode("latin-1"), "(MESSAGES)")
            match = re.search(rb"MESSAGES (\d+)", found[0] or b"") if status == "OK" else None
            total += int(match[1]) if match else 0
        return total

    def close(self) -> None:
        """Log out."""
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):
            return

    def _folders(self) -> list[Folder]:
        status, lines = self._do(self._server.list)
        if status != "OK":
            raise Problem(f"{self._url} does not list its folders")
        found = [folder_of(line) for line in lines if line is not None]
        return [folder for folder in found if folder is not None and folder.is_to_read]

    def _select(self, written: bytes) -> str | None:
        if self._selected != written:
            status, _ = self._do(partial(self._server.select, written.decode("latin-1"), readonly=True))
            if status != "OK":
                self._selected = None
                return None
            self._selected = written
        validity = self._server.response("UIDVALIDITY")[1]
        return validity[0].decode() if validity and validity[0] else "0"

    def _listed(self, folder: Folder) -> list[tuple[int, tuple[str, ...], str | None]]:
        status, found = self._do(partial(self._server.uid, "SEARCH", "ALL"))
        uids = [int(uid) for uid in (found[0] or b"").split()] if status == "OK" else []
        listed = []
        for start in range(0, len(uids), _AT_ONCE):
            some = ",".join(map(str, uids[start : start + _AT_ONCE]))
            _, lines = self._do(partial(self._server.uid, "FETCH", some, "(FLAGS INTERNALDATE)"))
            listed += [facts for facts in map(_facts, lines) if facts is not None]
        return sorted(listed)

    def _read(self, written: bytes, uid: int) -> bytes:
        if self._select(written) is None:
            raise Unreadable("its folder cannot be opened any more")
        _, found = self._do(partial(self._server.uid, "FETCH", str(uid), "(BODY.PEEK[])"))
        for part in found:
            if isinstance(part, tuple):
                return crlf(part[1])
        raise Unreadable("the server does not give it")

    def _do(self, command: Any) -> tuple[str, Sequence[Any]]:
        try:
            status, found = command()
        except (imaplib.IMAP4.error, OSError) as failure:
            raise Problem(f"{self._url}: {failure}") from None
        return status, found


def folder_of(line: Any) -> Folder | None:
    """A line of LIST; a name may be sent as a literal."""
    written = line[0] + line[1] if isinstance(line, tuple) else line
    match = _LIST.match(re.sub(rb"\{\d+\}$", b"", line[0]) + line[1] if isinstance(line, tuple) else written)
    if match is None:
        return None
    name = match["name"].strip()
    plain = re.sub(rb"\\(.)", rb"\1", name[1:-1]) if name[:1] == b'"' and name[-1:] == b'"' else name
    separator = re.sub(rb"\\(.)", rb"\1", match["separator"]) if match["separator"] else None
    quoted = b'"' + plain.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    names = plain.split(separator) if separator else [plain]
    place = tuple(decode_name(each.decode("utf-8", "replace")) for each in names if each)
    return Folder(quoted, place, tuple(match["attributes"].decode("latin-1").split())) if place else None


def keywords_of(flags: Sequence[str]) -> tuple[str, ...]:
    """Flags as keywords of JMAP (RFC 8621 4.1.1)."""
    found = (_KEYWORDS.get(flag) or (flag if not flag.startswith("\\") else "") for flag in flags)
    return tuple(dict.fromkeys(each for each in found if _KEYWORD.fullmatch(each)))


def _facts(line: Any) -> tuple[int, tuple[str, ...], str | None] | None:
    text = b" ".join(each for each in line if isinstance(each, bytes)) if isinstance(line, tuple) else line
    uid, flags, date = (pattern.search(text or b"") for pattern in (_UID, _FLAGS, _DATE))
    if uid is None:
        return None
    listed = flags[1].decode("latin-1").lower().split() if flags else []
    return int(uid[1]), tuple(listed), _utc(date[1].decode("latin-1")) if date else None


def _utc(text: str) -> str | None:
    try:
        moment = datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _connected(url: str, user: str, password: str, insecure: bool) -> imaplib.IMAP4:
    parts = urlsplit(url if "://" in url else f"imaps://{url}")
    if parts.scheme not in ("imap", "imaps") or not parts.hostname:
        raise Problem(f"{url} is no imap or imaps URL")
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    server: imaplib.IMAP4 | None = None
    try:
        if parts.scheme == "imaps":
            server = imaplib.IMAP4_SSL(parts.hostname, parts.port or 993, ssl_context=context, timeout=TIME_OUT)
        else:
            server = imaplib.IMAP4(parts.hostname, parts.port or 143, timeout=TIME_OUT)
            if "STARTTLS" in server.capabilities:
                server.starttls(context)
            elif not insecure:
                raise Problem(f"{url} has no TLS, so the password would be sent for all to read; -k does it")
        server.login(unquote(parts.username) if parts.username else user, password)
    except (imaplib.IMAP4.error, OSError, Problem) as failure:
        if server is not None:
            server.shutdown()
        raise failure if isinstance(failure, Problem) else Problem(f"{url}: {failure}") from None
    return server
