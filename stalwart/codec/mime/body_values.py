"""Text of body parts (RFC 8621 4.1.4, ``EmailBodyValue``): decoded as far as it can be, and whole or cut."""

from __future__ import annotations

import attrs

from stalwart.codec.mime import charsets, html_text, transfer
from stalwart.codec.mime.part import Part


@attrs.frozen
class BodyValue:
    """``value``, ``isEncodingProblem``, ``isTruncated``."""

    value: str
    is_encoding_problem: bool
    is_truncated: bool

    def as_json(self) -> dict[str, str | bool]:
        """As it goes over the wire."""
        return {
            "value": self.value,
            "isEncodingProblem": self.is_encoding_problem,
            "isTruncated": self.is_truncated,
        }


def body_value(data: bytes, part: Part, most: int = 0) -> BodyValue:
    """The text of ``part``, at most ``most`` octets of UTF-8 unless that is 0.

    Of a part much longer than that only the begin is decoded, and judged.
    """
    unknown = not transfer.is_known(part.encoding)
    if most and part.size > 8 * most + 4096:
        octets = _first(data, part, 8 * most + 4096)
        value, problem = charsets.decode(octets, part.charset, partial=True)
        shown, truncated = _truncated(_shown(value), part.type, most)
        if truncated:
            return BodyValue(shown, problem or unknown, True)
    octets = b"".join(transfer.pieces(data, part.body_begin, part.body_end, part.encoding))
    value, problem = charsets.decode(octets, part.charset)
    shown, truncated = _truncated(_shown(value), part.type, most)
    return BodyValue(shown, problem or unknown, truncated)


def beginning(data: bytes, part: Part, octets: int) -> str:
    """The first ``octets`` of a part as text, without judging them; for previews and search."""
    if part.size > octets:
        return _shown(charsets.decode(_first(data, part, octets), part.charset, partial=True)[0])
    decoded = b"".join(transfer.pieces(data, part.body_begin, part.body_end, part.encoding))
    return _shown(charsets.decode(decoded, part.charset)[0])


def _shown(text: str) -> str:
    """Without CR, and without NUL, which is no part of a message (RFC 5322 2.3) and dropped from headers too."""
    text = text.replace("\r", "")
    return text.replace("\0", "") if "\0" in text else text


def _first(data: bytes, part: Part, octets: int) -> bytes:
    """The first octets of the decoded content, read from no more of the message than that takes."""
    collected: list[bytes] = []
    held = 0
    stop = min(part.body_end, part.body_begin + 3 * octets + 4096)  # hardly more than three octets stand for one
    if stop < part.body_end and part.encoding not in transfer.IDENTITY:
        line_end = data.rfind(b"\n", part.body_begin, stop)
        stop = line_end + 1 if line_end > part.body_begin else stop
    for piece in transfer.pieces(data, part.body_begin, stop, part.encoding):
        collected.append(piece)
        held += len(piece)
        if held >= octets:
            break
    return b"".join(collected)[:octets]


def _truncated(value: str, kind: str, most: int) -> tuple[str, bool]:
    """RFC 8621 4.2: at a character, and in HTML outside of tags."""
    if not most or (len(value) <= most and (value.isascii() or len(value.encode("utf-8")) <= most)):
        return value, False
    shown = value[:most].encode("utf-8")[:most].decode("utf-8", "ignore")
    if kind == "text/html":
        shown = html_text.cut(value, len(shown))
    return shown, True
