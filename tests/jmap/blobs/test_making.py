"""``Blob/upload``."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.errors import Unavailable
from stalwart.jmap.blobs import making
from stalwart.jmap.blobs.making import upload
from stalwart.jmap.call import Call, Request
from tests.jmap.blobs.shelf import LARGE, NOW, SMALL, ShelfCase, access


def text(content: str) -> dict[str, Any]:
    return {"data": [{"data:asText": content}]}


def parts(*sources: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(sources)}


class MakingCase(ShelfCase):
    """Creations by their ids."""

    def made(self, arguments: dict[str, Any] | None = None, **create: Any) -> dict[str, Any]:
        """All that is answered."""
        found: dict[str, Any] = self.call(upload, {"create": create} | (arguments or {}))
        return found

    def bytes_of(self, **create: Any) -> dict[str, bytes]:
        """What became of creations that succeed."""
        answer = self.made(**create)
        self.assertIsNone(answer["notCreated"])
        return {creation_id: self.content(made["id"]) for creation_id, made in answer["created"].items()}

    def refusal(self, **create: Any) -> dict[str, Any]:
        """The SetError of the creation ``x``."""
        found: dict[str, Any] = self.made(**create)["notCreated"]["x"]
        return found


class CreatedTests(MakingCase):
    """RFC 9404 4.1."""

    def test_the_example_of_the_rfc(self) -> None:
        answer = self.made(
            b4={
                "data": [{"data:asText": "The quick brown fox jumped over the "}, {"data:asBase64": "bGF6eSBkb2cu"}],
                "type": "text/plain",
            }
        )
        made = answer["created"]["b4"]
        self.assertEqual((answer["accountId"], answer["notCreated"]), ("h", None))
        self.assertEqual((made["type"], made["size"], list(made)), ("text/plain", 45, ["id", "type", "size"]))
        self.assertEqual(self.content(made["id"]), b"The quick brown fox jumped over the lazy dog.")

    def test_ids_are_known_to_later_calls(self) -> None:
        request = Request(access())
        call = Call("Blob/upload", {"accountId": "h", "create": {"b4": text("The quick")}}, "0", request)
        answer = self.settle(upload.handler(call, store=self.store, settings=self.settings, clock=self.clock))
        self.assertEqual(request.created_ids, {"b4": answer["created"]["b4"]["id"]})
        ids = {"created_ids": request.created_ids}
        create = {"cat": parts({"data:asText": "How "}, {"blobId": "#b4", "offset": 4, "length": 5})}
        made = self.call(upload, {"create": create}, **ids)["created"]["cat"]
        self.assertEqual(self.content(made["id"]), b"How quick")

    def test_nothing_is_content_too(self) -> None:
        self.assertEqual(self.bytes_of(a=parts(), b=text("")), {"a": b"", "b": b""})

    def test_ranges_of_small_and_large_blobs(self) -> None:
        for content in (SMALL, LARGE):
            id = self.uploaded(content)
            found = self.bytes_of(
                all=parts({"blobId": id}),
                rest=parts({"blobId": id, "offset": 5}),
                none=parts({"blobId": id, "offset": len(content)}, {"blobId": id, "offset": 3, "length": 0}),
                twice=parts(
                    {"blobId": id, "length": 3}, {"data:asText": "-"}, {"blobId": id, "offset": 1, "length": 2}
                ),
            )
            expected = {"all": content, "rest": content[5:], "none": b"", "twice": content[:3] + b"-" + content[1:3]}
            self.assertEqual(found, expected)

    def test_blobs_of_the_same_call_in_any_order(self) -> None:
        found = self.bytes_of(
            c=parts({"blobId": "#b", "offset": 1}, {"blobId": "#a"}),
            b=parts({"blobId": "#a", "length": 2}, {"blobId": "#a"}),
            a=text("xyz"),
        )
        self.assertEqual(found, {"a": b"xyz", "b": b"xyxyz", "c": b"yxyzxyz"})

    def test_text_that_looks_like_a_reference_is_text(self) -> None:
        self.assertEqual(self.bytes_of(a=text("#a"), b=text("#a")), {"a": b"#a", "b": b"#a"})

    def test_a_decoded_section(self) -> None:
        id = self.uploaded(b"..aGVsbG8=..") + "-2-8-b"
        self.assertEqual(self.bytes_of(a=parts({"blobId": id, "offset": 1, "length": 3})), {"a": b"ell"})

    def test_large_content_goes_to_a_file_and_is_held_as_an_upload(self) -> None:
        source = {"data:asBase64": b64encode(LARGE).decode()}
        self.assertEqual(self.bytes_of(a=parts(source)), {"a": LARGE})
        pending = self.read(lambda tx: tx.blobs.pending(7, -8, NOW))
        self.assertEqual((pending.count, pending.size, pending.next_expiry), (1, len(LARGE), NOW + 3600))


class RefusedTests(MakingCase):
    """One bad creation leaves the others alone."""

    def test_a_range_that_is_not_all_in_the_blob_is_never_clipped(self) -> None:
        id = self.uploaded(SMALL)
        for part in ({"offset": 20}, {"offset": 19, "length": 1}, {"length": 20}, {"offset": 1 << 52}):
            for blob in ({"blobId": id}, {"blobId": "#a"}):
                problem = self.refusal(a=text(SMALL.decode()), x=parts(blob | part))
                self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["data"]))

    def test_the_others_are_made(self) -> None:
        answer = self.made(a=text("a"), x=parts({"blobId": "B" + "a" * 52}), y={"data": 5})
        self.assertEqual((set(answer["created"]), set(answer["notCreated"])), ({"a"}, {"x", "y"}))

    def test_blobs_that_are_not_there_or_not_the_clients(self) -> None:
        foreign = self.uploaded(SMALL, account_id=8, by=8)
        for id in ("B" + "a" * 52, "nonsense", foreign):
            problem = self.refusal(x=parts({"blobId": id}))
            self.assertEqual(problem, {"type": "blobNotFound", "notFound": [id]})

    def test_creations_that_were_never_made(self) -> None:
        self.assertEqual(self.refusal(x=parts({"blobId": "#nobody"}))["type"], "notFound")
        self.assertEqual(self.refusal(bad={"data": 5}, x=parts({"blobId": "#bad"}))["type"], "notFound")

    def test_a_circle(self) -> None:
        create = {"a": parts({"blobId": "#b"}), "b": parts({"blobId": "#a"})}
        self.assertEqual(self.refused(upload, {"create": create}), "invalidArguments")

    def test_more_sources_than_announced(self) -> None:
        self.assertEqual(self.refusal(x=parts(*[{"data:asText": ""}] * 65))["type"], "tooLarge")
        self.assertEqual(self.bytes_of(x=parts(*[{"data:asText": "a"}] * 64)), {"x": b"a" * 64})

    def test_a_blob_that_is_too_large(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 10})
        id = self.uploaded(LARGE)
        for sources in (({"data:asText": "x" * 11},), ({"data:asText": "x"}, {"blobId": id, "length": 10})):
            self.assertEqual(self.refusal(x=parts(*sources))["type"], "tooLarge")

    def test_blobs_that_are_too_large_together(self) -> None:
        self.settings.change(Jmap={"maxUploadSize": 10})
        answer = self.made(a=text("1234567890"), x=text("1"))
        self.assertEqual((list(answer["created"]), answer["notCreated"]["x"]["type"]), (["a"], "tooLarge"))

    def test_too_much_to_decode(self) -> None:
        self.patch(making, "MOST_DECODED", 20)
        id = self.uploaded(b"..aGVsbG8=..") + "-2-8-b"
        answer = self.made(a=parts({"blobId": id}), b=parts({"blobId": id, "length": 1}), x=parts({"blobId": id}))
        self.assertEqual((list(answer["created"]), answer["notCreated"]["x"]["type"]), (["a", "b"], "tooLarge"))

    def test_the_quota(self) -> None:
        self.settings.change(Jmap={"uploadQuota": 10, "maxUploadCount": 2})
        answer = self.made(a=text("12345"), x=text("123456"), b=text("1234"), c=text("1"))
        self.assertEqual(set(answer["created"]), {"a", "b"})
        self.assertEqual({each["type"] for each in answer["notCreated"].values()}, {"overQuota"})

    def test_the_quota_counts_what_came_meanwhile(self) -> None:
        self.settings.change(Jmap={"maxUploadCount": 1})
        read = self.store.read

        def then_another_upload(work: Any) -> Any:
            result = read(work)
            self.uploaded(b"meanwhile")
            return result

        self.store.read = then_another_upload  # type: ignore[method-assign]
        self.assertEqual(self.refusal(x=text("a"))["type"], "overQuota")
        self.assertEqual(self.refusal(x=text("a" * 100_000))["type"], "overQuota")
        self.assertEqual(self.store.blob_files.names(""), [])

    def test_arguments(self) -> None:
        for arguments in ({}, {"create": None}, {"create": []}, {"create": {"a": 5}}, {"create": {"": text("")}}):
            self.assertEqual(self.refused(upload, arguments), "invalidArguments")

    def test_more_creations_than_allowed(self) -> None:
        create = {str(number): text("") for number in range(501)}
        self.assertEqual(self.refused(upload, {"create": create}), "requestTooLarge")

    def test_accounts_that_are_not_the_clients_or_not_there(self) -> None:
        create = {"create": {"a": text("")}}
        recovery = access(RECOVERY_ACCOUNT, "impersonate", kind="recovery")
        for account, who in (("i", None), ("zz", access(7, "impersonate"))):
            self.assertEqual(self.refused(upload, create | {"accountId": account}, who), "accountNotFound")
        asked = create | {"accountId": "d333333"}
        self.assertEqual(self.refused(upload, asked, recovery), "accountNotSupportedByMethod")

    def test_a_disk_that_fails_says_so(self) -> None:
        def full() -> Any:
            raise Unavailable("The disk that holds the blobs is full.")

        self.store.blob_files.begin = full  # type: ignore[method-assign]
        problem = self.refusal(x=text("x" * 70_000))
        self.assertEqual(problem["type"], "serverUnavailable")
