"""Every awkward message of ``corpus``: what is said of it, and what must hold of any message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import (
    body_lists,
    body_values,
    header_forms,
    headers,
    part,
    preview,
    scanner,
    search_text,
    transfer,
)
from tests.codec.mime.corpus import Sample, samples

SAMPLES = samples()


def look(sample: Sample) -> dict[str, Any]:
    """All that expectations may speak of."""
    raw = sample.raw
    root = scanner.scan(raw)
    fields = headers.fields(raw, root.header_begin, root.header_end)
    shown = header_forms.values_of(raw, fields, header_forms.CONVENIENCE)
    lists = body_lists.body_lists(root)
    everything = list(part.walk(root))
    text = body_values.body_value(raw, lists.text[0]) if lists.text else None
    html = body_values.body_value(raw, lists.html[0]) if lists.html else None
    return shown | {
        "types": [each.type for each in everything],
        "count": len(everything),
        "sizes": [each.size for each in everything if not each.is_multipart],
        "text": text.value if text else None,
        "problem": text.is_encoding_problem if text else None,
        "html": html.value if html else None,
        "names": [each.filename for each in lists.attachments],
        "offered": lists.has_attachment,
        "preview": preview.preview(raw, lists.text),
        "cid": everything[-1].cid,
        "language": everything[-1].language,
        "location": everything[-1].location,
    }


class CorpusTests(SynchronousTestCase):
    """The corpus as a whole; each sample has a test of its own below."""

    def test_it_is_large_and_names_are_unique(self) -> None:
        self.assertGreaterEqual(len(SAMPLES), 300)
        self.assertEqual(len({sample.name for sample in SAMPLES}), len(SAMPLES))

    def check(self, sample: Sample) -> None:
        """What is expected, and what holds of all."""
        found = look(sample)
        wrong = {key: found[key] for key, value in sample.expected.items() if found[key] != value}
        self.assertEqual(str(wrong)[:2000], "{}", str({key: sample.expected[key] for key in wrong})[:2000])
        self.assertLessEqual(len(found["preview"]), 256)
        root = scanner.scan(sample.raw)
        self.assertEqual(part.unpack(part.pack(root)), root)
        self.assertEqual([each.number for each in part.walk(root)], list(range(found["count"])))
        for each in part.walk(root):
            places = (0, each.header_begin, each.header_end, each.body_begin, each.body_end, len(sample.raw))
            self.assertEqual(sorted(places), list(places))
            if each.is_multipart:
                self.assertTrue(all(each.body_begin <= below.header_begin for below in each.parts))
                self.assertTrue(all(below.body_end <= each.body_end for below in each.parts))
            else:
                pieces = transfer.pieces(sample.raw, each.body_begin, each.body_end, each.encoding)
                self.assertEqual(sum(map(len, pieces)), each.size)
        fields = headers.fields(sample.raw, root.header_begin, root.header_end)
        words = search_text.search_text(sample.raw, root, fields, body_lists.body_lists(root))
        self.assertLessEqual(len(words.body), 4 * search_text.MOST_BODY)


def _test(sample: Sample) -> Callable[[CorpusTests], None]:
    return lambda case: case.check(sample)


for _number, _sample in enumerate(SAMPLES):
    _name = "".join(character if character.isalnum() and character.isascii() else "_" for character in _sample.name)
    setattr(CorpusTests, f"test_{_number:03d}_{_name[:60]}", _test(_sample))
