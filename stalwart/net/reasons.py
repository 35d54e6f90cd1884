"""Words for errors of the network and of OpenSSL, the same in every client that reports them."""

from __future__ import annotations

import os

from OpenSSL import SSL
from twisted.internet.error import ConnectError


def tls_reason(problem: Exception) -> str:
    """What OpenSSL says; its errors are lists of (library, function, reason)."""
    details = problem.args[0] if problem.args and isinstance(problem.args[0], list) else []
    words = [detail[2] for detail in details if len(detail) == 3 and detail[2]]
    said = "; ".join(dict.fromkeys(words))
    if not said and not isinstance(problem, SSL.Error):
        said = str(problem)
    return f"TLS error: {said or 'handshake failed'}"


def connect_reason(problem: ConnectError) -> str:
    """Why a connection could not be made, with the system's error number where it is known."""
    number = problem.osError
    if isinstance(number, int):
        return f"I/O error: {os.strerror(number)} (os error {number})"
    return f"I/O error: {problem}"
