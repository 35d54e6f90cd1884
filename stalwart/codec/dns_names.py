"""Domain names in their three forms: what people write, A-labels, and the wire (RFC 1035 3.1 and 4.1.4, RFC
5890).

Names that people give are mapped by UTS #46 (non-transitional) and checked as host or service names. Names
that come from DNS may hold any octet: they are shown in presentation form with a trailing dot, ASCII letters
in lower case (RFC 4343), odd octets escaped. Reading is bounded: compression pointers only lead back, and no
octet is read twice. Search lists and relative names are left out.
"""

from __future__ import annotations

import ipaddress
import re

import idna

LONGEST_LABEL = 63
LONGEST_NAME = 253
LONGEST_WIRE = 255
MOST_JUMPS = 32
_LONGEST_INPUT = 1000  # characters; more cannot map to a valid name and is not worth looking at

_LABEL = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)").fullmatch
_PLAIN_OCTETS = re.compile(rb"[A-Za-z0-9_-]+").fullmatch
_SPECIAL = frozenset(b'."\\();@$')
_ESCAPE = re.compile(r"\\([0-9]{3}|[^0-9])|([^\\])", re.DOTALL)


class InvalidName(ValueError):
    """The text or the octets are not a domain name; the message is a sentence that says why."""


class MalformedName(ValueError):
    """The octets of a message do not hold a name where one should be."""


def to_ascii(name: str) -> str:
    """``name`` as lower-case A-labels without the trailing dot; the root stays ``.``.

    :raises InvalidName: empty, too long, or holding a character that no host or service name can have.
    """
    if name == ".":
        return name
    if len(name) > _LONGEST_INPUT:
        raise InvalidName(f"The name is longer than {LONGEST_NAME} characters.")
    mapped = name.lower() if name.isascii() else _mapped(name)
    labels = [_a_label(label) for label in mapped.removesuffix(".").split(".")]
    if labels[-1].isdigit():
        raise InvalidName("The name ends in a number, which no domain does.")  # RFC 3696 2
    result = ".".join(labels)
    if len(result) > LONGEST_NAME:
        raise InvalidName(f"The name is longer than {LONGEST_NAME} characters.")
    return result


def to_unicode(name: str) -> str:
    """``name`` for people: A-labels that IDNA accepts are shown as U-labels, all others stay as they are."""
    return ".".join(_u_label(label) for label in name.split("."))


def reverse_name(ip: str) -> str:
    """The name below ``in-addr.arpa`` or ``ip6.arpa`` that belongs to an address (RFC 1035 3.5, RFC 3596
    2.5).

    :raises InvalidName: ``ip`` is not an IP address.
    """
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError as problem:
        raise InvalidName(f"{_shown(ip)} is not an IP address.") from problem
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.reverse_pointer
    return address.reverse_pointer


def absolute(name: str) -> str:
    """``name`` as lookups compare it: ASCII, lower case, trailing dot. Presentation form is taken as it is.

    :raises InvalidName: empty, or not ASCII and not an IDN either.
    """
    if not name:
        raise InvalidName("The name is empty.")
    plain = name.lower() if name.isascii() else to_ascii(name)
    if plain.endswith(".") and not plain.endswith("\\."):
        return plain
    return plain + "."


def escaped(name: str) -> str:
    """``name``, in which every character but the dot stands for itself, in presentation form (RFC 1035 5.1).

    :raises InvalidName: it is not ASCII.
    """
    try:
        return ".".join(_label_text(label) for label in name.encode("ascii").split(b"."))
    except UnicodeEncodeError as problem:
        raise InvalidName("The name holds a character that DNS does not.") from problem


def name_to_wire(name: str) -> bytes:
    """The uncompressed wire form of a name in ASCII presentation form (RFC 1035 3.1); any octet may be
    escaped.

    :raises InvalidName: an empty label, or one of the lengths is exceeded.
    """
    if name == ".":
        return b"\0"
    wire = bytearray()
    for label in _octet_labels(name):
        if not label:
            raise InvalidName("The name has an empty label.")
        if len(label) > LONGEST_LABEL:
            raise InvalidName(f"A label of the name is longer than {LONGEST_LABEL} characters.")
        wire.append(len(label))
        wire += label
    wire.append(0)
    if len(wire) > LONGEST_WIRE:
        raise InvalidName(f"The name is longer than {LONGEST_NAME} characters.")
    return bytes(wire)


class NameReader:
    """Reads the names of one message; what a pointer leads to is decoded once, however often."""

    __slots__ = ("_known", "_wire")

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._known: dict[int, tuple[str, int]] = {}

    def read(self, offset: int) -> tuple[str, int]:
        """The name at ``offset`` in presentation form and the offset after it.

        :raises MalformedName: cut off, too long, an unknown label type, or a pointer that does not lead back.
        """
        starts, after, end = self._walk(offset)
        text, length = end
        for start in reversed(starts):
            size = self._wire[start]
            length += size + 1
            if length > LONGEST_WIRE:
                raise MalformedName("a name is longer than 255 octets")
            label = _label_text(self._wire[start + 1 : start + 1 + size])
            text = f"{label}." if text == "." else f"{label}.{text}"
            self._known[start] = (text, length)
        return text, after

    def _walk(self, offset: int) -> tuple[list[int], int, tuple[str, int]]:
        """Where the labels start, where the name ends in its place, and the known name that follows the
        labels.
        """
        wire, size = self._wire, len(self._wire)
        starts: list[int] = []
        after, position, run, jumps = -1, offset, offset, 0
        while position < size:
            kind = wire[position]
            if kind == 0:
                return starts, position + 1 if after < 0 else after, (".", 1)
            if kind < 64:
                starts.append(position)
                position += kind + 1
                if len(starts) > LONGEST_WIRE // 2:
                    raise MalformedName("a name has too many labels")
            elif kind >= 0xC0 and position + 1 < size:  # RFC 1035 4.1.4
                target = (kind & 0x3F) << 8 | wire[position + 1]
                jumps += 1
                if target >= run or jumps > MOST_JUMPS:
                    raise MalformedName("compression pointers do not lead back to a name")
                after = position + 2 if after < 0 else after
                known = self._known.get(target)
                if known is not None:
                    return starts, after, known
                position = run = target
            else:
                break
        raise MalformedName("a name is cut off or has an unknown label type")


def _mapped(name: str) -> str:
    try:
        return idna.uts46_remap(name, std3_rules=False)
    except (idna.IDNAError, ValueError) as problem:
        raise InvalidName(f"The name cannot be written in DNS: {problem}.") from problem


def _a_label(label: str) -> str:
    if not label:
        raise InvalidName("The name is empty or has an empty label.")
    if not label.isascii():
        try:
            label = idna.alabel(label).decode("ascii")
        except (idna.IDNAError, ValueError) as problem:
            raise InvalidName(f"The label {_shown(label)} cannot be written in DNS: {problem}.") from problem
    if len(label) > LONGEST_LABEL:
        raise InvalidName(f"The label {_shown(label)} is longer than {LONGEST_LABEL} characters.")
    if not _LABEL(label):
        raise InvalidName(
            f"The label {_shown(label)} is malformed: only letters, digits, underscores, and hyphens between "
            "them can be in a domain name."
        )
    return label


def _u_label(label: str) -> str:
    if label[:4].lower() != "xn--":
        return label
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, ValueError):
        return label


def _octet_labels(name: str) -> list[bytes]:
    try:
        if "\\" not in name:
            return name.removesuffix(".").encode("ascii").split(b".")
        return _escaped_labels(name)
    except UnicodeEncodeError as problem:
        raise InvalidName("The name holds a character that DNS does not.") from problem


def _escaped_labels(name: str) -> list[bytes]:
    """Labels of a name with ``\\.`` or ``\\DDD`` in it (RFC 1035 5.1)."""
    labels, label, position = [], bytearray(), 0
    while position < len(name):
        found = _ESCAPE.match(name, position)
        if found is None:
            raise InvalidName("The name ends in an incomplete escape.")
        position = found.end()
        escaped, plain = found.groups()
        if plain == ".":
            labels.append(bytes(label))
            label.clear()
        elif plain is not None:
            label += plain.encode("ascii")
        elif len(escaped) == 3:
            if int(escaped) > 255:
                raise InvalidName("The name escapes an octet above 255.")
            label.append(int(escaped))
        else:
            label += escaped.encode("ascii")
    if label:
        labels.append(bytes(label))
    return labels


def _label_text(label: bytes) -> str:
    if _PLAIN_OCTETS(label):
        return label.decode("ascii").lower()
    return "".join(_octet_text(octet) for octet in label.lower())


def _octet_text(octet: int) -> str:
    if octet in _SPECIAL:
        return "\\" + chr(octet)
    return chr(octet) if 33 <= octet <= 126 else f"\\{octet:03d}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 64 else text[:61] + "...")
