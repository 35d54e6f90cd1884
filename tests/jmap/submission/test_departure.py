"""Messages as they leave; see also ``test_email_submission``."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.errors import Invalid, NotFound
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.submission.departure import Copy, Source
from stalwart.store.blob_files import LARGE, Stored
from tests.jmap.submission.sending_case import SendingCase, message


class DepartureTests(SendingCase):
    def setUp(self) -> None:
        super().setUp()
        self.departure = self.sending.departure(0)

    def copied(self, content: bytes) -> Copy:
        return self.settle(self.departure.copied(Source(b"", len(content), content)))

    def filed(self, content: bytes) -> Source:
        def work(files: object) -> Stored:
            with files.begin() as writer:  # type: ignore[attr-defined]
                writer.write(content)
                return writer.commit()  # type: ignore[no-any-return]

        stored = self.successResultOf(self.store.blob_work(work))
        return Source(stored.hash, stored.size, None)

    def test_small(self) -> None:
        content = message("To: bob@example.test")
        copy = self.copied(content)
        self.assertEqual((copy.content, copy.size), (content, len(content)))
        self.assertEqual([path.text for path in copy.authors.paths], ["alice@example.test"])
        self.assertEqual((copy.is_8bit, copy.is_utf8_header), (False, False))
        self.assertEqual(self.departure.files, [])

    def test_what_it_is_made_of(self) -> None:
        copy = self.copied(message("Subject: ä", body="ä"))
        self.assertEqual((copy.is_8bit, copy.is_utf8_header), (True, True))
        assert isinstance(copy.content, bytes)
        self.assertEqual(copy.size, len(copy.content))

    def test_files_that_were_made_are_noted(self) -> None:
        fine = self.filed(message(body="x\r\n" * LARGE))
        copy = self.settle(self.departure.copied(fine))
        self.assertEqual((copy.content, copy.size), (Stored(fine.hash, fine.size), fine.size))
        self.assertEqual(self.departure.files, [])
        other = self.settle(self.departure.copied(self.filed(message("Bcc: x@y.test", body="x\r\n" * LARGE))))
        self.assertEqual(other.size, fine.size)
        self.assertEqual(self.departure.files, [other.content])
        signed = self.settle(self.departure.signed(copy.content, "example.test"))
        self.assertIn(signed, self.departure.files)

    def test_what_the_queue_does_not_take(self) -> None:
        async def refuse(content: object) -> object:
            raise Invalid("It runs in a circle.")

        self.patch(self.queue, "prepare", refuse)
        problem = self.failureResultOf(self.begun(b"x"), SetRefused).value
        self.assertEqual((problem.type, problem.description), ("invalidEmail", "It runs in a circle."))

    def begun(self, content: bytes) -> Deferred[object]:
        return Deferred.fromCoroutine(self.departure.signed(content, "example.test"))

    def test_content_that_is_gone(self) -> None:
        work = self.departure.copied(Source(b"\0" * 32, 5, None))
        self.failureResultOf(Deferred.fromCoroutine(work), NotFound)
