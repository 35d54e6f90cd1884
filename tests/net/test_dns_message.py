"""Messages: the query as a foreign decoder sees it, which replies belong to it, and hostile octets."""

from __future__ import annotations

import struct
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX, TYPES, MalformedRecord
from stalwart.net.dns_answers import Lame, LookupFailed, read_answer
from stalwart.net.dns_message import (
    MalformedMessage,
    Match,
    Query,
    Reply,
    is_truncated,
    make_query,
    read_reply,
)
from tests.net.fake_dns import reply_to


def fixed_bits(count: int) -> int:
    return 0x5A5A5A5A5A5A5A5A & ((1 << count) - 1)


def query(name: str = "good.test.", rtype: str = "MX", **options: Any) -> Query:
    return make_query(name, TYPES[rtype], fixed_bits, **options)


class Asking(SynchronousTestCase):
    """What is sent, as twisted.names reads it."""

    def decoded(self, **options: Any) -> dns._EDNSMessage:
        message = dns._EDNSMessage()
        message.fromStr(query(**options).wire)
        return message

    def test_question_and_id(self) -> None:
        message = self.decoded()
        self.assertEqual(message.id, 0x5A5A)
        self.assertEqual([(one.name.name.lower(), one.type) for one in message.queries], [(b"good.test", 15)])

    def test_recursion_and_the_judgement_of_the_resolver_are_wanted(self) -> None:
        message = self.decoded()
        self.assertTrue(message.recDes)
        self.assertTrue(message.authenticData)
        self.assertFalse(message.checkingDisabled)

    def test_edns_asks_for_signatures_in_datagrams_of_1232_octets(self) -> None:
        message = self.decoded()
        self.assertEqual((message.ednsVersion, message.dnssecOK, message.maxSize), (0, True, 1232))

    def test_edns_can_be_left_out(self) -> None:
        message = self.decoded(edns=False)
        self.assertIsNone(message.ednsVersion)
        self.assertEqual(message.additional, [])

    def test_checking_can_be_disabled(self) -> None:
        self.assertTrue(self.decoded(checking_disabled=True).checkingDisabled)

    def test_case_of_the_letters_is_mixed(self) -> None:
        name = query("abcdefghijklmnop.test.").question[1:17]
        self.assertNotIn(name, (name.lower(), name.upper()))
        self.assertEqual(name.lower(), b"abcdefghijklmnop")


class Matching(SynchronousTestCase):
    """RFC 5452 9.1: id and question decide, here also the case of the letters."""

    def setUp(self) -> None:
        self.query = query()
        self.reply = reply_to(self.query.wire, "good.test. 300 MX 10 mx.good.test.")

    def changed(self, at: int, octet: int) -> bytes:
        return self.reply[:at] + bytes([octet]) + self.reply[at + 1 :]

    def test_reply_matches(self) -> None:
        self.assertIs(self.query.match(self.reply), Match.FULL)

    def test_query_itself_does_not(self) -> None:
        self.assertIs(self.query.match(self.query.wire), Match.NO)

    def test_other_id_does_not(self) -> None:
        self.assertIs(self.query.match(self.changed(1, 0)), Match.NO)

    def test_other_name_does_not(self) -> None:
        self.assertIs(self.query.match(self.changed(13, ord("f"))), Match.NO)

    def test_other_type_does_not(self) -> None:
        other = reply_to(query(rtype="TXT").wire)
        self.assertIs(self.query.match(other), Match.NO)

    def test_other_case_is_told_apart(self) -> None:
        self.assertIs(self.query.match(self.changed(13, self.reply[13] ^ 0x20)), Match.CASE_DIFFERS)

    def test_other_opcode_does_not(self) -> None:
        self.assertIs(self.query.match(self.changed(2, self.reply[2] | 0x20)), Match.NO)

    def test_header_alone_does_not(self) -> None:
        self.assertIs(self.query.match(self.reply[:12]), Match.NO)

    def test_format_error_without_a_question_does(self) -> None:
        header = struct.pack("!6H", 0x5A5A, 0x8181, 0, 0, 0, 0)
        self.assertIs(self.query.match(header), Match.FULL)

    def test_empty_datagram_does_not(self) -> None:
        self.assertIs(self.query.match(b""), Match.NO)


class Reading(SynchronousTestCase):
    """Decoding replies."""

    def reply(self, *records: str, **options: str) -> Reply:
        return read_reply(reply_to(query().wire, *records, **options))

    def test_values_are_decoded_on_demand(self) -> None:
        reply = self.reply("good.test. 300 MX 10 mx.good.test.")
        (record,) = reply.answers
        self.assertEqual((record.owner, record.rtype, record.ttl), ("good.test.", 15, 300))
        self.assertEqual(reply.value(record), MX(10, "mx.good.test."))

    def test_flags(self) -> None:
        reply = self.reply(flags="AD AA")
        self.assertTrue(reply.authentic)
        self.assertTrue(reply.authoritative)
        self.assertTrue(reply.recursive)

    def test_truncation_is_seen_without_decoding(self) -> None:
        self.assertTrue(is_truncated(reply_to(query().wire, flags="TC")))
        self.assertFalse(is_truncated(reply_to(query().wire)))

    def test_extended_response_code(self) -> None:
        self.assertEqual(self.reply(rcode="BADVERS").rcode, 16)

    def test_ttl_with_the_top_bit_is_zero(self) -> None:
        wire = reply_to(query().wire, "good.test. 300 A 192.0.2.1").replace(
            struct.pack("!I", 300), struct.pack("!I", 0x80000001)
        )
        self.assertEqual(read_reply(wire).answers[0].ttl, 0)

    def test_every_cut_is_refused(self) -> None:
        wire = reply_to(query().wire, "good.test. 300 MX 10 mx.good.test.")
        for size in range(len(wire)):
            self.assertRaises(MalformedMessage, read_reply, wire[:size])

    def test_counts_that_the_octets_do_not_bear_out_are_refused(self) -> None:
        wire = struct.pack("!6H", 1, 0x8180, 0, 0xFFFF, 0xFFFF, 0xFFFF)
        self.assertRaises(MalformedMessage, read_reply, wire + b"\0" * 100)

    def test_many_questions_are_refused(self) -> None:
        self.assertRaises(MalformedMessage, read_reply, struct.pack("!6H", 1, 0x8180, 2, 0, 0, 0) + b"\0" * 20)

    def test_two_opt_records_are_refused(self) -> None:
        opt = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
        self.assertRaises(MalformedMessage, read_reply, struct.pack("!6H", 1, 0x8180, 0, 0, 0, 2) + opt + opt)

    def test_records_of_other_classes_are_passed_over(self) -> None:
        chaos = struct.pack("!BHHIH", 0, 16, 3, 0, 0)
        self.assertEqual(read_reply(struct.pack("!6H", 1, 0x8180, 0, 1, 0, 0) + chaos).answers, ())

    def test_pointer_bomb_of_65535_octets_costs_little(self) -> None:
        data = b"\0" + b"".join(struct.pack("!H", 0xC000 | 22 + 2 * n) for n in range(8000))
        body = b"\0" + struct.pack("!HHIH", 10, 1, 0, len(data)) + data
        tail = struct.pack("!H", 0xC000 | 15000) + struct.pack("!HHIH", 5, 1, 0, 0)
        count = (65535 - 12 - len(body)) // len(tail)
        wire = struct.pack("!6H", 1, 0x8180, 0, count + 1, 0, 0) + body + tail * count
        begun = time.process_time()
        self.assertRaises(MalformedMessage, read_reply, wire)
        self.assertLess(time.process_time() - begun, 0.5)

    def test_label_bomb_of_65535_octets_costs_little(self) -> None:
        name = b"\x01a" * 126 + b"\0"
        data = name * 60
        body = b"\0" + struct.pack("!HHIH", 10, 1, 0, len(data)) + data
        tails = [struct.pack("!HHHIH", 0xC000 | 23 + 2 * n + n // 126, 5, 1, 0, 0) for n in range(126 * 60)]
        tails = tails[: (65535 - 12 - len(body)) // 12]
        wire = struct.pack("!6H", 1, 0x8180, 0, len(tails) + 1, 0, 0) + body + b"".join(tails)
        begun = time.process_time()
        self.assertEqual(len(read_reply(wire).answers), len(tails) + 1)
        self.assertLess(time.process_time() - begun, 0.5)

    def look_at(self, wire: bytes) -> None:
        try:
            reply = read_reply(wire)
            for record in (*reply.answers, *reply.authority):
                reply.value(record)
            read_answer(reply, "good.test.", TYPES["MX"])
        except (MalformedMessage, MalformedRecord, Lame, LookupFailed):
            pass
        query().match(wire)

    @given(st.binary(max_size=300))
    def test_random_octets_raise_nothing_unexpected(self, wire: bytes) -> None:
        self.look_at(wire)
        self.look_at(struct.pack("!6H", 0x5A5A, 0x8180, 0, 3, 2, 1) + wire)

    @given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8))
    def test_damaged_replies_raise_nothing_unexpected(self, damage: list[tuple[int, int]]) -> None:
        wire = bytearray(
            reply_to(
                query().wire,
                "good.test. 300 CNAME www.test.",
                "www.test. 300 MX 10 mx.good.test.",
                "www.test. 300 TXT abc",
                authority="test. 300 SOA ns.test. host.test. 1 2 3 4 60",
            )
        )
        for at, octet in damage:
            wire[at % len(wire)] = octet
        self.look_at(bytes(wire))
