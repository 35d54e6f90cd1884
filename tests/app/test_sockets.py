"""Sockets with the options of their listener: opened, changed while they listen, tried out."""

from __future__ import annotations

import errno
import socket
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.app import sockets as module
from stalwart.app.sockets import OptionRefused, adjust, host_and_port, open_socket, try_options, try_out
from tests.app.test_listeners import stored


class SocketCase(SynchronousTestCase):
    """Opens sockets that are closed at the end."""

    def open(self, bind: str, **members: Any) -> socket.socket:
        opened = open_socket(bind, stored("x", **members))
        self.addCleanup(opened.close)
        return opened

    def option(self, opened: socket.socket, name: str) -> int:
        """The value of an IPv4 option."""
        return opened.getsockopt(socket.IPPROTO_IP, getattr(socket, name))

    def connect(self, opened: socket.socket, host: str = "127.0.0.1") -> socket.socket:
        """The server's end of a new connection."""
        client = socket.create_connection((host, opened.getsockname()[1]), timeout=2)
        self.addCleanup(client.close)
        opened.setblocking(True)
        accepted = opened.accept()[0]
        self.addCleanup(accepted.close)
        return accepted


class OpenTests(SocketCase):
    """New sockets."""

    def test_socket_listens_and_does_not_block(self) -> None:
        opened = self.open("127.0.0.1:0")
        self.assertFalse(opened.getblocking())
        socket.create_connection(opened.getsockname(), timeout=2).close()

    def test_options_are_set(self) -> None:
        chosen = {"socketReceiveBufferSize": 20000, "socketSendBufferSize": 30000, "socketTtl": 9, "socketTosV4": 16}
        opened = self.open("127.0.0.1:0", **chosen)
        self.assertEqual(opened.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), 9)
        self.assertEqual(opened.getsockopt(socket.IPPROTO_IP, socket.IP_TOS), 16)
        self.assertGreaterEqual(opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 20000)
        self.assertGreaterEqual(opened.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), 30000)
        self.assertTrue(opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertTrue(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))

    def test_options_can_be_off(self) -> None:
        opened = self.open("127.0.0.1:0", socketNoDelay=False, socketReuseAddress=False)
        self.assertFalse(opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertFalse(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))

    def test_any_address_of_ipv6_takes_ipv4_too(self) -> None:
        if not module._has_ipv6():
            raise SkipTest("no IPv6 on this computer")
        opened = self.open("[::]:0")
        self.assertEqual(opened.family, socket.AF_INET6)
        socket.create_connection(("127.0.0.1", opened.getsockname()[1]), timeout=2).close()

    def test_any_address_falls_back_to_ipv4_where_there_is_no_ipv6(self) -> None:
        self.patch(module, "_has_ipv6", lambda: False)
        opened = self.open("[::]:0")
        self.assertEqual((opened.family, opened.getsockname()[0]), (socket.AF_INET, "0.0.0.0"))

    def test_no_ipv6_is_noticed_when_the_address_cannot_be_had(self) -> None:
        class NoIpv6(socket.socket):
            def bind(self, address: Any) -> None:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

        self.patch(module.socket, "socket", NoIpv6)
        self.assertFalse(module._has_ipv6())

    def test_address_in_use_leaves_nothing_open(self) -> None:
        made: list[socket.socket] = []

        class Kept(socket.socket):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                made.append(self)

        taken = self.open("127.0.0.1:0")
        self.patch(module.socket, "socket", Kept)
        refused = self.assertRaises(OSError, open_socket, f"127.0.0.1:{taken.getsockname()[1]}", stored("x"))
        self.assertEqual(refused.errno, errno.EADDRINUSE)
        self.assertEqual([one.fileno() for one in made], [-1])

    def test_value_that_the_system_refuses_is_told_by_its_name(self) -> None:
        refused = self.assertRaises(OptionRefused, open_socket, "127.0.0.1:0", stored("x", socketTtl=300))
        self.assertEqual((refused.property, refused.errno), ("socketTtl", errno.EINVAL))

    def test_sizes_beyond_every_integer_are_as_large_as_can_be(self) -> None:
        self.open("127.0.0.1:0", socketSendBufferSize=1 << 40, socketBacklog=1 << 40)

    def test_host_and_port_of_both_families(self) -> None:
        self.assertEqual([host_and_port(text) for text in ("[::]:443", "0.0.0.0:25")], [("::", 443), ("0.0.0.0", 25)])


class ReplacingTests(SocketCase):
    """A socket in the place of another one of ours."""

    def test_wider_address_is_open_before_the_narrow_one_closes(self) -> None:
        narrow = self.open("127.0.0.1:0")
        bind = f"0.0.0.0:{narrow.getsockname()[1]}"
        self.assertRaises(OSError, open_socket, bind, stored("x"))
        wide = open_socket(bind, stored("x"), instead_of=[narrow.fileno()])
        self.addCleanup(wide.close)
        narrow.close()
        self.connect(wide)

    def test_neither_can_be_shared_afterwards(self) -> None:
        narrow = self.open("127.0.0.1:0")
        bind = f"0.0.0.0:{narrow.getsockname()[1]}"
        wide = open_socket(bind, stored("x"), instead_of=[narrow.fileno()])
        self.addCleanup(wide.close)
        shared = [each.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) for each in (narrow, wide)]
        self.assertEqual(shared, [0, 0])

    def test_trial_takes_no_connection_and_leaves_the_address(self) -> None:
        narrow = self.open("127.0.0.1:0")
        bind = f"0.0.0.0:{narrow.getsockname()[1]}"
        try_out(bind, stored("x"), instead_of=[narrow.fileno()])
        self.connect(narrow)
        self.assertRaises(OSError, try_out, bind, stored("x"))

    def test_trial_of_a_free_address_leaves_it_free(self) -> None:
        with self.open("127.0.0.1:0") as held:
            bind = f"127.0.0.1:{held.getsockname()[1]}"
        try_out(bind, stored("x"))
        self.open(bind)

    def test_trial_of_options_needs_no_address(self) -> None:
        taken = f"127.0.0.1:{self.open('127.0.0.1:0').getsockname()[1]}"
        try_options(taken, stored("x", socketTtl=9))
        self.assertRaises(OptionRefused, try_options, taken, stored("x", socketTtl=300))


class AdjustTests(SocketCase):
    """Options of a socket that listens already."""

    def test_connections_from_then_on_have_the_new_options(self) -> None:
        opened = self.open("127.0.0.1:0")
        adjust(opened.fileno(), stored("x", socketTtl=9, socketTosV4=16, socketReceiveBufferSize=20000))
        accepted = self.connect(opened)
        self.assertEqual((self.option(accepted, "IP_TTL"), self.option(accepted, "IP_TOS")), (9, 16))
        self.assertEqual(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), 40000)

    def test_what_is_not_chosen_any_more_is_the_systems_own_again(self) -> None:
        chosen = {"socketTtl": 9, "socketTosV4": 16, "socketReceiveBufferSize": 20000}
        plain, opened = self.open("127.0.0.1:0"), self.open("127.0.0.1:0", **chosen)
        adjust(opened.fileno(), stored("x"))
        for level, name in (
            (socket.IPPROTO_IP, socket.IP_TTL),
            (socket.IPPROTO_IP, socket.IP_TOS),
            (socket.SOL_SOCKET, socket.SO_RCVBUF),
            (socket.SOL_SOCKET, socket.SO_SNDBUF),
        ):
            self.assertEqual(opened.getsockopt(level, name), plain.getsockopt(level, name), name)

    def test_refused_value_is_told_and_the_socket_listens_on(self) -> None:
        opened = self.open("127.0.0.1:0")
        self.assertRaises(OptionRefused, adjust, opened.fileno(), stored("x", socketTtl=300))
        self.connect(opened)

    def test_length_of_the_queue_changes(self) -> None:
        opened = self.open("127.0.0.1:0", socketBacklog=1)
        adjust(opened.fileno(), stored("x", socketBacklog=5))
        clients = [socket.create_connection(opened.getsockname(), timeout=2) for _ in range(4)]
        for client in clients:
            client.close()
