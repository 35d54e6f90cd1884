"""What is wrong with a value, said so that JMAP's SetError can repeat it word for word (RFC 8620 5.3,
settings A.8).

One reading of an object collects every problem; ``ValidationFailed`` carries them all. Choosing the one
SetError that a client sees is the face's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from attrs import frozen

from stalwart.errors import Invalid

Path = tuple[str, ...]
Kind = Literal["invalidPatch", "invalidProperties", "validation"]
Fault = Literal["Required", "Invalid", "MinLength", "MaxLength", "MinValue", "MaxValue"]

MASK: Final = "****"

INVALID_PROPERTY = "Invalid property"
INVALID_PATH = "Invalid path"
INVALID_OBJECT = "Invalid value for object property"
INVALID_KEY = "Invalid key for object property"
INVALID_BOOLEAN = "Invalid value for boolean property (expected true or false)"
INVALID_TAG = "Missing or invalid '@type' property in object"
SERVER_SET = "Cannot modify server set property"
READ_ONLY = "Cannot modify read-only property"


@frozen
class Violation:
    """One problem. ``kind`` is the SetError it belongs to (``validation``: an entry of ``validationErrors``).

    ``path`` is complete and escaped as in RFC 6901 (``rateLimitAnonymous/count``); ``fault``, ``required``
    and ``value`` are set for ``validation`` only, ``description`` for the other two.
    """

    kind: Kind
    path: str
    description: str | None = None
    fault: Fault | None = None
    required: int | None = None
    value: str | None = None

    @property
    def property(self) -> str:
        """The leaf name, which ``validationErrors`` wants (``count``)."""
        return self.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def entry(self) -> dict[str, Any]:
        """The member of ``validationErrors`` for a ``validation`` problem (settings A.8)."""
        shape: dict[str, Any] = {"type": self.fault, "property": self.property}
        if self.required is not None:
            shape["required"] = self.required
        if self.value is not None:
            shape["value"] = self.value
        return shape

    def sentence(self) -> str:
        """The problem in words, for logs and for faces without a shape of their own."""
        if self.description is not None:
            return f"{self.path}: {self.description}" if self.path else self.description
        limit = f" {self.required}" if self.required is not None else ""
        reason = f": {self.value}" if self.value else ""
        return f"{self.path}: {self.fault}{limit}{reason}"


class ValidationFailed(Invalid):
    """An object does not satisfy its declaration; ``violations`` has every problem found."""

    title = "Validation failed"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(
            "; ".join(violation.sentence() for violation in self.violations),
            tuple(dict.fromkeys(violation.path for violation in self.violations)),
        )


class Failed:
    """The type of ``FAILED``: what a reader returns after it has noted a problem."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = Failed()


class Reading:
    """One pass over wire data: whose data it is, and the problems met so far.

    ``stored``: our own row, so server-set members are welcome, unknown ones skipped and the mask is nothing
    special. ``by_server``: our own code writes; server-set and immutable members may be given.
    """

    def __init__(self, *, stored: bool = False, by_server: bool = False) -> None:
        self.stored = stored
        self.by_server = by_server or stored
        self.violations: list[Violation] = []

    def refuse(self, path: Path, description: str) -> Failed:
        """Note an ``invalidPatch`` problem."""
        self.violations.append(Violation("invalidPatch", pointer(path), description))
        return FAILED

    def object_to(self, path: Path, description: str) -> Failed:
        """Note an ``invalidProperties`` problem: well formed, but not acceptable for what it means."""
        self.violations.append(Violation("invalidProperties", pointer(path), description))
        return FAILED

    def fault(self, path: Path, fault: Fault, required: int | None = None, value: str | None = None) -> Failed:
        """Note a ``validation`` problem."""
        self.violations.append(Violation("validation", pointer(path), None, fault, required, value))
        return FAILED

    def result(self, value: Any) -> Any:
        """``value``, or ``ValidationFailed`` with all that was noted."""
        if self.violations:
            raise ValidationFailed(self.violations)
        return value


def pointer(path: Path) -> str:
    """``path`` as a JSON pointer without the leading slash (RFC 6901 3, RFC 8620 5.3)."""
    return "/".join(segment.replace("~", "~0").replace("/", "~1") for segment in path)


def segments(text: str) -> Path:
    """The reverse of ``pointer``."""
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in text.split("/"))
