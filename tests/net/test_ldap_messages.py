"""LDAP messages: requests as ldaptor reads them, answers in any pieces, and nonsense."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ldaptor.protocols import pureldap
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ldap_filters import parse_filter
from stalwart.net.ldap_messages import (
    LARGEST,
    SUBTREE,
    Entry,
    EntryMessage,
    Malformed,
    MessageBuffer,
    Reference,
    Result,
    bind_request,
    search_request,
    starttls_request,
    unbind_request,
)
from tests.net.ldap_peers import done, entry, message, read_requests


def search(filter: str, value: bytes) -> Any:
    """The search request that comes of them, read again."""
    wire = search_request(7, b"dc=test", SUBTREE, parse_filter(filter), value, ("mail", "cn"), 2, 30)
    ((found),) = read_requests(wire)
    return found


class RequestTests(SynchronousTestCase):
    def test_bind(self) -> None:
        (found,) = read_requests(bind_request(300, "cn=é".encode(), b"\xff\0secret"))
        self.assertEqual((found.id, found.value.dn, found.value.auth), (300, "cn=é".encode(), b"\xff\0secret"))
        self.assertEqual((found.value.version, found.value.sasl), (3, False))

    def test_unbind_and_start_tls(self) -> None:
        unbind, start = read_requests(unbind_request(1) + starttls_request(2))
        self.assertIsInstance(unbind.value, pureldap.LDAPUnbindRequest)
        self.assertEqual(start.value.requestName, b"1.3.6.1.4.1.1466.20037")

    def test_search(self) -> None:
        found = search("(mail=?)", b"x").value
        self.assertEqual((found.baseObject, found.scope, found.derefAliases), (b"dc=test", SUBTREE, 0))
        self.assertEqual((found.sizeLimit, found.timeLimit, found.typesOnly), (2, 30, 0))
        self.assertEqual(found.attributes, [b"mail", b"cn"])

    def test_value_in_every_place(self) -> None:
        filter = search("(|(mail=?)(mail=a?*b?c*?)(cn>=?)(cn:dn:=?))", b"*)(").value.filter
        equal, substrings, greater, extensible = filter
        self.assertEqual(equal.assertionValue.value, b"*)(")
        self.assertEqual([part.value for part in substrings.substrings], [b"a*)(", b"b*)(c", b"*)("])
        self.assertEqual(greater.assertionValue.value, b"*)(")
        self.assertEqual((extensible.matchValue.value, extensible.dnAttributes.value), (b"*)(", 0xFF))

    def test_present_not_and(self) -> None:
        filter = search("(&(cn=*)(!(x~=1)))", b"").value.filter
        self.assertIsInstance(filter, pureldap.LDAPFilter_and)
        present, negated = filter
        self.assertEqual(present.value, b"cn")
        self.assertIsInstance(negated.value, pureldap.LDAPFilter_approxMatch)


class BufferTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.buffer = MessageBuffer()

    def test_bind_response(self) -> None:
        wire = message(5, pureldap.LDAPBindResponse(49, errorMessage="no\x1b such"))
        self.assertEqual(self.buffer.feed(wire), [Result(5, 0x41, 49, "no such")])

    def test_entry_with_options_and_repeated_attributes(self) -> None:
        operation = pureldap.LDAPSearchResultEntry(
            "cn=x", [("Mail", ["a"]), ("mail;lang-de", ["b"]), ("cn", [b"\xff"])]
        )
        wire = message(5, operation)
        wanted = Entry(b"cn=x", {"mail": (b"a", b"b"), "cn": (b"\xff",)})
        self.assertEqual(self.buffer.feed(wire), [EntryMessage(5, wanted, len(wire))])

    def test_reference(self) -> None:
        operation = pureldap.LDAPSearchResultReference([pureldap.LDAPString("ldap://other.test/")])
        # ldaptor nests the addresses once too often; what matters is the tag
        self.assertEqual(self.buffer.feed(message(5, operation)), [Reference(5)])

    def test_referral_in_a_result(self) -> None:
        wire = bytes.fromhex("3016 020105 6511 0a010a 0400 0400 a308 0406 6c6461703a2f".replace(" ", ""))
        self.assertEqual(self.buffer.feed(wire), [Result(5, 0x45, 10, "")])

    def test_message_in_single_octets(self) -> None:
        wire = message(5, entry("cn=x", cn=["x" * 300]))
        found = [each for octet in wire for each in self.buffer.feed(bytes([octet]))]
        self.assertEqual(len(found), 1)
        self.assertFalse(self.buffer.pending)

    def test_half_a_message_is_pending(self) -> None:
        self.assertEqual(self.buffer.feed(message(5, done())[:-1]), [])
        self.assertTrue(self.buffer.pending)

    def test_length_is_bounded_before_anything_is_kept(self) -> None:
        with self.assertRaises(Malformed):
            self.buffer.feed(b"\x30\x84" + (LARGEST + 1).to_bytes(4))

    def test_indefinite_and_overlong_lengths(self) -> None:
        for head in (b"\x30\x80", b"\x30\x85\0\0\0\0\0"):
            with self.assertRaises(Malformed):
                MessageBuffer().feed(head)

    def test_another_protocol(self) -> None:
        with self.assertRaises(Malformed):
            self.buffer.feed(b"220 mx.test ESMTP\r\n")

    def test_operation_that_is_no_answer(self) -> None:
        with self.assertRaises(Malformed):
            self.buffer.feed(bind_request(1, b"cn=x", b"y"))

    @given(st.binary(max_size=60))
    def test_any_content_is_read_or_refused(self, content: bytes) -> None:
        try:
            MessageBuffer().feed(bytes((0x30, len(content))) + content)
        except Malformed as problem:
            self.assertTrue(str(problem))

    @given(st.data())
    def test_damaged_messages_are_read_or_refused(self, data: st.DataObject) -> None:
        wire = bytearray(message(5, entry("cn=x", mail=["a", "b"], cn=["c"])))
        place = data.draw(st.integers(2, len(wire) - 1))
        wire[place] = data.draw(st.integers(0, 255))
        try:
            MessageBuffer().feed(bytes(wire))
        except Malformed as problem:
            self.assertTrue(str(problem))

    def test_deep_nesting(self) -> None:
        content = b""
        for _ in range(5000):
            size = len(content)
            head = bytes((size,)) if size < 128 else b"\x83" + size.to_bytes(3)
            content = b"\x30" + head + content
        with self.assertRaises(Malformed):
            self.buffer.feed(content)
