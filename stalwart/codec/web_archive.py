"""Zip files of web interfaces: their entries by names that can be addresses, as much of them as may be unpacked
(http-service 8, design 8).

Nothing is written anywhere: an entry is bytes under its name, so no name can lead out of a folder; those that would are
left out all the same, with links, and named. What an entry holds is counted while it is unpacked.
"""

from __future__ import annotations

import stat
import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from attrs import frozen

MOST_ENTRIES = 10_000
MOST_OCTETS = 64 * 1024 * 1024
MOST_OF_ONE = 16 * 1024 * 1024
LONGEST_NAME = 1024


class ArchiveBroken(ValueError):
    """It is no zip file, or more is in it than may be."""


@frozen
class Unpacked:
    """The ``files`` by their names, and the names that were ``skipped``."""

    files: dict[str, bytes]
    skipped: tuple[str, ...]


def unpack(
    archive: bytes, *, entries: int = MOST_ENTRIES, octets: int = MOST_OCTETS, largest: int = MOST_OF_ONE
) -> Unpacked:
    """What is in a zip file.

    :raises ArchiveBroken: it cannot be read, or has more than ``entries`` entries, ``octets`` octets in all or
        ``largest`` octets in one of them.
    """
    files: dict[str, bytes] = {}
    skipped = []
    left = octets
    try:
        with ZipFile(BytesIO(archive)) as opened:
            found = opened.infolist()
            if len(found) > entries:
                raise ArchiveBroken(f"There are more than {entries} entries.")
            for entry in found:
                if entry.is_dir():
                    continue
                if not _is_usable(entry):
                    skipped.append(entry.filename)
                    continue
                with opened.open(entry) as reading:
                    body = reading.read(min(left, largest) + 1)
                if len(body) > largest:
                    raise ArchiveBroken(f"There are more than {largest} octets in one file.")
                if len(body) > left:
                    raise ArchiveBroken(f"There are more than {octets} octets in it.")
                left -= len(body)
                files[entry.filename] = body
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as problem:
        if isinstance(problem, ArchiveBroken):
            raise
        raise ArchiveBroken("It is no zip file that can be read.") from problem
    return Unpacked(files, tuple(skipped))


def _is_usable(entry: ZipInfo) -> bool:
    name = entry.filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or not name or len(name) > LONGEST_NAME or "\\" in name or ":" in name:
        return False
    return all(part not in ("", ".", "..") for part in name.split("/")) and name.isprintable()
