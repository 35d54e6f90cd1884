"""An mbox, read back by what brings mail in, however it was cut into pieces."""

from __future__ import annotations

import mailbox
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.mail_files import MboxSource
from stalwart.codec.mbox import Mbox

HEAD = b"Subject: hello\r\n\r\n"


def written(messages: list[list[bytes]], keywords: tuple[str, ...] = ()) -> bytes:
    made, sent = Mbox(), b""
    for pieces in messages:
        sent += made.begin(1_800_000_000, keywords) + b"".join(map(made.write, pieces)) + made.end()
    return sent


class MboxTests(SynchronousTestCase):
    def read(self, octets: bytes) -> list[tuple[bytes, tuple[str, ...]]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.mbox"
            path.write_bytes(octets)
            source = MboxSource(path, None)
            found = [(item.read(), tuple(item.keywords)) for item in source.items()]
            source.close()
        return found

    @settings(max_examples=80)
    @given(
        st.lists(
            st.sampled_from([b"From me", b">From", b">From x", b"", b"body ", b"\r\n", b"x" * 70_000]), max_size=9
        ),
        st.integers(1, 9),
    )
    def test_nothing_that_is_cut_anyhow_looks_like_another_message(self, parts: list[bytes], step: int) -> None:
        message = HEAD + b"".join(parts)
        pieces = [message[at : at + step * 7919] for at in range(0, len(message), step * 7919)]
        plain = message.replace(b"\r\n", b"\n")
        for cut in (pieces, [message]):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "a"
                path.write_bytes(written([cut, [HEAD + b"next\r\n"]]))
                read = mailbox.mbox(path)
                self.assertEqual(len(read), 2)
                body = read.get_bytes(0).partition(b"\n\n")[2]  # type: ignore[arg-type]
                read.close()
            unquoted = re.sub(rb"(?m)^>(>*From )", rb"\1", body)
            self.assertEqual(unquoted.rstrip(b"\n"), plain.partition(b"\n\n")[2].rstrip(b"\n"))

    def test_what_brings_mail_in_finds_it_with_its_keywords(self) -> None:
        ((message, keywords),) = self.read(written([[HEAD + b"From me\r\n"]], ("$seen", "$flagged", "work")))
        self.assertIn(b"\r\n\r\nFrom me\r\n", message)
        self.assertEqual(set(keywords), {"$seen", "$flagged", "work"})
