"""Texts and secrets that may live outside the settings: in the environment or in a file (settings A.7).

``kept_text`` reads one, wherever it is; it may wait for the disk, so it is for threads. Only regular files are read, so
that no pipe or device holds the thread up. What is read is never part of an error.
"""

from __future__ import annotations

import os
import stat
from typing import Any

from stalwart.errors import Invalid
from stalwart.schema import EnvironmentVariable, File

LONGEST = 200_000  # bytes


class Unreadable(ValueError):
    """The text cannot be had; the message is half a sentence."""


def kept_text(place: Any) -> str:
    """The text of a ``SecretKey``, ``SecretText``, ``PublicText`` or an optional one of them; ``""`` for none.

    White space at the end is cut. Raises ``Unreadable``, also if a variable or file is empty or too long.
    """
    if isinstance(place, File):
        return _filled(_of_file(place.file_path), "the file")
    if isinstance(place, EnvironmentVariable):
        return _filled(os.environ.get(place.variable_name, ""), "the environment variable")
    text: str = getattr(place, "secret", None) or getattr(place, "value", None) or ""
    return text.rstrip()


def text_of(object: str, place: Any, name: str) -> str:
    """The text of the member ``name`` of a settings object; ``""`` for none. Raises Invalid, which names the member."""
    try:
        return kept_text(place)
    except Unreadable as problem:
        raise Invalid(f"The {name} of {object} cannot be read: {problem}.", (name,)) from None


def _filled(text: str, where: str) -> str:
    if len(text) > LONGEST:
        raise Unreadable(f"{where} is too long")
    if not text.strip():
        raise Unreadable(f"{where} is not there or empty")
    return text.rstrip()


def _of_file(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable("the path is not that of a file")
            content = file.read(LONGEST + 1)
    except (OSError, ValueError) as problem:
        if isinstance(problem, Unreadable):
            raise
        reason = problem.strerror if isinstance(problem, OSError) else None
        raise Unreadable(f"the file cannot be read ({reason or 'bad path'})") from None
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unreadable("the file is not text") from None
