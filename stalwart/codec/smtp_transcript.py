"""What was said in an SMTP session, kept for the person who diagnoses it: short, bounded, without secrets.

Only text of the dialogue is kept; message content never passes through here. Credentials of AUTH (RFC 4954)
are left out, the initial response on the command line as well as the lines that answer a 334 challenge.
"""

from __future__ import annotations

from typing import Literal

from stalwart.codec.smtp_reply import readable

Side = Literal[">", "<"]

LINE_LENGTH = 512
MOST_LINES = 200
REDACTED = "[redacted]"


class Transcript:
    """Collects lines; ``>`` is what the client said, ``<`` what the server answered. Unless it ``keeps``, none."""

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self.lines: list[tuple[Side, str]] = []
        self._challenged = False

    def take(self) -> list[tuple[Side, str]]:
        """The lines so far, which are forgotten."""
        lines, self.lines = self.lines, []
        return lines

    def sent(self, line: bytes) -> None:
        """Note a command line, without its line end."""
        if not self._keeps:
            return
        if self._challenged:
            self._note(">", REDACTED)
            return
        verb, _, rest = readable(line).partition(" ")
        if verb.upper() == "AUTH":
            mechanism, _, initial = rest.partition(" ")
            rest = f"{mechanism} {REDACTED}" if initial else mechanism
        self._note(">", f"{verb} {rest}" if rest else verb)

    def received(self, line: bytes) -> None:
        """Note a line of a reply, without its line end."""
        if not self._keeps:
            return
        self._challenged = line.startswith(b"334")  # RFC 4954 4: the next client line answers the challenge
        self._note("<", readable(line))

    def remark(self, text: str) -> None:
        """Note something that is not a line of the dialogue, such as the start of TLS."""
        self._note("<", f"[{text}]")

    def _note(self, side: Side, text: str) -> None:
        if not self._keeps:
            return
        if len(self.lines) < MOST_LINES - 1:
            self.lines.append((side, _cut(text)))
        elif len(self.lines) < MOST_LINES:
            self.lines.append((side, "[the rest is left out]"))


def _cut(text: str) -> str:
    return text if len(text) <= LINE_LENGTH else text[: LINE_LENGTH - 1] + "…"
