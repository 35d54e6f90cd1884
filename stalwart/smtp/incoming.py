"""A message while it arrives: from the decoder into the spool, within its size.

What goes wrong is remembered and told when the message has ended; until then its octets are let pass.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.data_decoder import ChunkDecoder, DataDecoder
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Envelope
from stalwart.smtp.reception import Spool

Fault = Callable[[BaseException], Reply]


class Incoming:
    """``spool`` takes the message of ``envelope`` up to ``limit`` octets; ``fault`` makes a reply of an error."""

    def __init__(
        self, envelope: Envelope, spool: Spool, decoder: DataDecoder | ChunkDecoder, limit: int, fault: Fault
    ) -> None:
        self.envelope = envelope
        self.spool = spool
        self.decoder = decoder
        self.size = 0
        self.refusal: Reply | None = None
        self._aborted = False
        self._limit = limit
        self._fault = fault

    @property
    def is_chunked(self) -> bool:
        """Whether it comes by BDAT."""
        return isinstance(self.decoder, ChunkDecoder)

    @property
    def is_complete(self) -> bool:
        """Whether the end was found in it."""
        return isinstance(self.decoder, DataDecoder) and self.decoder.ended

    @property
    def rest(self) -> bytes:
        """What followed it."""
        return self.decoder.rest if isinstance(self.decoder, DataDecoder) else b""

    def feed(self, data: bytes) -> Deferred[None] | None:
        """Take what has arrived; with a Deferred no more, until it fires. It never fails."""
        octets = self.decoder.feed(data)
        return self._write(octets) if octets else None

    def close(self) -> Deferred[None] | None:
        """There is no more to come. Answers like ``feed``."""
        octets = self.decoder.finish() if isinstance(self.decoder, ChunkDecoder) else b""
        return self._write(octets) if octets else None

    def refuse(self, answer: Reply) -> None:
        """Nobody wants it any more."""
        if self.refusal is None:
            self.refusal = answer
            self.abort()

    def abort(self) -> None:
        """Have the spool drop what it has, once."""
        if self._aborted:
            return
        self._aborted = True
        try:
            self.spool.abort()
        except Exception as error:
            self._fault(error)

    def _write(self, octets: bytes) -> Deferred[None] | None:
        self.size += len(octets)
        if self.refusal is not None:
            return None
        if self.size > self._limit:
            self.refuse(replies.TOO_LARGE)
            return None
        try:
            waiting = self.spool.write(octets)
        except Exception as error:
            self.refuse(self._fault(error))
            return None
        return None if waiting is None else waiting.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        self.refuse(self._fault(error if isinstance(error, Exception) else Exception(repr(error))))
