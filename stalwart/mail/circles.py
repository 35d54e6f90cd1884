"""When a message runs in a circle (RFC 5321 6.3): how many servers it may have passed, by its Received fields.

There is one bound for all that goes to the queue, wherever it comes from. What comes by SMTP is refused earlier, as the
settings say (x:MtaStageData maxReceivedHeaders), and never so late that the queue would not take it. Scripts stop to
redirect by a number of their own (x:SieveUserInterpreter maxReceivedHeaders), and keep the message instead.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.smtp.message_head import read_head
from stalwart.errors import Invalid

MOST_PASSED: Final = 100
"""Received fields of a letter in the queue."""
USUALLY_TAKEN: Final = 50
"""Received fields of a message that is taken, if the settings say nothing else."""
HEAD: Final = 256 << 10
"""Octets that are looked through."""


class RunsInACircle(Invalid):
    """A message has passed too many servers."""

    default_detail = "The message has passed too many servers: it seems to run in a circle."


def most_taken(wanted: int) -> int:
    """Received fields of a message that is taken, of which the settings want so many; one is added to them here."""
    return min(wanted, MOST_PASSED - 1)


def check_circle(content: bytes) -> None:
    """Raises RunsInACircle for what the queue does not take; ``content`` need not be all of the message."""
    if read_head(content[:HEAD]).received > MOST_PASSED:
        raise RunsInACircle
