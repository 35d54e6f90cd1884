"""The sockets behind listeners: opened with the options of their listener, changed while they listen, tried out.

Whatever the kernel lets change on a listening socket is changed in place, and connections that are accepted from then
on have it. A socket that takes the place of another one of ours at the same port (``[::]:80`` after ``127.0.0.1:80``)
is open before the old one closes: for that moment both are marked SO_REUSEPORT, which the kernel allows to sockets of
one owner.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from attrs import frozen

from stalwart.config.network.listener import NetworkListener

BACKLOG = 1024
_LARGEST = (1 << 30) - 1  # the kernel has limits of its own below it


class OptionRefused(OSError):
    """The system does not take the value of an option; ``property`` is the option's name in the settings."""

    def __init__(self, problem: OSError, property: str) -> None:
        super().__init__(*problem.args)
        self.property = property


@frozen
class _Option:
    property: str
    level: int
    name: int
    value: int | None
    unset: int | None = None  # what brings the system's own value back


def open_socket(bind: str, settings: NetworkListener, *, instead_of: Iterable[int] = ()) -> socket.socket:
    """A bound, listening, non-blocking socket for ``[::]:443`` or ``0.0.0.0:25`` with the listener's options.

    ``[::]`` takes IPv4 too, and falls back to ``0.0.0.0`` on a host without IPv6. ``instead_of`` are descriptors of
    our listening sockets that will be closed next, so their port does not count as taken.

    :raises OSError: the address cannot be had; nothing stays open.
    """
    with ExitStack() as failing:
        opened, address = _made(bind, settings)
        failing.callback(opened.close)
        with _shared(opened, instead_of):
            opened.bind(address)
            opened.listen(_backlog(settings))
        opened.setblocking(False)
        failing.pop_all()
    return opened


def try_out(bind: str, settings: NetworkListener, *, instead_of: Iterable[int] = ()) -> None:
    """Bind as ``open_socket`` would, but do not listen, and close again.

    :raises OSError: the address cannot be had, or an option has a value that the system refuses.
    """
    opened, address = _made(bind, settings)
    with opened, _shared(opened, instead_of):
        opened.bind(address)


def try_options(bind: str, settings: NetworkListener) -> None:
    """Set the options on a socket that is thrown away. Raises OptionRefused."""
    _made(bind, settings)[0].close()


def adjust(descriptor: int, settings: NetworkListener) -> None:
    """Give the listening socket ``descriptor`` the options of ``settings``, and the system's own where there are none.

    :raises OptionRefused: the system refuses a value.
    """
    with socket.socket(fileno=os.dup(descriptor)) as handle:
        with socket.socket(handle.family, socket.SOCK_STREAM) as fresh:
            _set_options(handle, settings, fresh)
        handle.listen(_backlog(settings))


def host_and_port(bind: str) -> tuple[str, int]:
    """``("::", 443)`` of ``[::]:443``."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _made(bind: str, settings: NetworkListener) -> tuple[socket.socket, tuple[str, int]]:
    """A socket that is not bound yet, and the address for it."""
    host, port = host_and_port(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if host == "::" and not _has_ipv6():
        host, family = "0.0.0.0", socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        _set_options(opened, settings)
    except BaseException:
        opened.close()
        raise
    return opened, (host, port)


def _options(settings: NetworkListener) -> tuple[_Option, ...]:
    transport, network = socket.SOL_SOCKET, socket.IPPROTO_IP
    return (
        _Option("socketReuseAddress", transport, socket.SO_REUSEADDR, int(settings.socket_reuse_address)),
        _Option("socketSendBufferSize", transport, socket.SO_SNDBUF, settings.socket_send_buffer_size),
        _Option("socketReceiveBufferSize", transport, socket.SO_RCVBUF, settings.socket_receive_buffer_size),
        _Option("socketNoDelay", socket.IPPROTO_TCP, socket.TCP_NODELAY, int(settings.socket_no_delay)),
        _Option("socketTtl", network, socket.IP_TTL, settings.socket_ttl, unset=-1),
        _Option("socketTosV4", network, socket.IP_TOS, settings.socket_tos_v4, unset=0),
    )


def _set_options(opened: socket.socket, settings: NetworkListener, fresh: socket.socket | None = None) -> None:
    """Set what ``settings`` says; with ``fresh``, a new socket, also unset what they leave to the system."""
    for option in _options(settings):
        value = option.value
        if value is None and fresh is not None:
            value = option.unset
            if value is None:
                value = fresh.getsockopt(option.level, option.name) // 2  # Linux doubles sizes when they are set
                if opened.getsockopt(option.level, option.name) == value * 2:
                    continue
        if value is None:
            continue
        try:
            opened.setsockopt(option.level, option.name, min(value, _LARGEST))
        except OSError as problem:
            raise OptionRefused(problem, option.property) from problem


def _backlog(settings: NetworkListener) -> int:
    return min(settings.socket_backlog or BACKLOG, 65535)


@contextmanager
def _shared(opened: socket.socket, others: Iterable[int]) -> Iterator[None]:
    """For the duration, ``opened`` may have the port of ``others``."""
    reuse_port = getattr(socket, "SO_REUSEPORT", None)
    with ExitStack() as closing:
        handles = [closing.enter_context(socket.socket(fileno=os.dup(each))) for each in others]
        if not handles or reuse_port is None:
            yield
            return
        for each in (opened, *handles):
            each.setsockopt(socket.SOL_SOCKET, reuse_port, 1)
            closing.callback(each.setsockopt, socket.SOL_SOCKET, reuse_port, 0)
        yield


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True
