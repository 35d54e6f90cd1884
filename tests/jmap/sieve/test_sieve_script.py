"""Scripts over JMAP (RFC 9661).

Tests ``stalwart.jmap.sieve.sieve_script``, ``stalwart.jmap.sieve.script_source`` and ``stalwart.jmap.sieve.content``.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.jmap.blobs.ids import parse_blob_id
from stalwart.mail.sieve.scripts import active_of
from tests.jmap.sieve.case import SieveCase

KEEP, STOP = "keep;", "stop;"


class ScriptCase(SieveCase):
    """``made`` creates a script."""

    def made(self, source: str = KEEP, **members: Any) -> Any:
        """What a creation answers."""
        more = {name: members.pop(name) for name in list(members) if name.startswith("onSuccess")}
        given = {"blobId": self.script(source), **members}
        answer = self.call("SieveScript/set", create={"k": given}, **more)
        self.assertIsNone(answer["notCreated"])
        return answer["created"]["k"]

    def problem(self, **members: Any) -> Any:
        """Why a creation is refused."""
        answer = self.call("SieveScript/set", create={"k": members})
        self.assertIsNone(answer["created"])
        return answer["notCreated"]["k"]

    def shown(self, id: str) -> Any:
        (found,) = self.call("SieveScript/get", ids=[id])["list"]
        return found

    @property
    def active(self) -> bytes | None:
        """The text of the script that would run."""
        found = self.successResultOf(self.store.read(lambda tx: active_of(tx, self.alice)))
        if found is None:
            return None
        return self.successResultOf(self.store.read(lambda tx: tx.blobs.get(found.script)))


class CreatingTests(ScriptCase):
    """New scripts."""

    def test_a_script(self) -> None:
        blob = self.script(KEEP)
        made = self.made(name="Mine")
        self.assertEqual(made, {"id": made["id"], "isActive": False})
        self.assertEqual(self.shown(made["id"]), {"id": made["id"], "name": "Mine", "blobId": blob, "isActive": False})
        self.assertIsNone(self.active)
        found = self.call("Blob/lookup", typeNames=["SieveScript"], ids=[blob])["list"]
        self.assertEqual(found[0]["matchedIds"], {"SieveScript": [made["id"]]})

    def test_a_name_is_made(self) -> None:
        first, second = self.made()["name"], self.made()["name"]
        self.assertNotEqual(first, second)
        self.assertTrue(first)

    def test_names(self) -> None:
        first = self.made(name="Ä")
        problem = self.problem(blobId=self.script(KEEP), name="A\u0308")
        self.assertEqual((problem["type"], problem["existingId"]), ("alreadyExists", first["id"]))
        for name in ("", "vacation", "x" * 513, "ä" * 257, "a\nb", 7):
            problem = self.problem(blobId=self.script(KEEP), name=name)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["name"]), name)
        self.made(name="Vacation")

    def test_what_is_no_script(self) -> None:
        problem = self.problem(blobId=self.script("keep;\nfoo;"))
        self.assertEqual(problem, {"type": "invalidSieve", "description": "line 2: foo is no command."})
        self.assertEqual(self.problem(blobId=self.script(b"\xff"))["type"], "invalidSieve")

    def test_blobs(self) -> None:
        for id in ("nothing", "B" + "a" * 52, self.script("discard;", by="bob")):
            problem = self.problem(blobId=id)
            self.assertEqual((problem["type"], problem["notFound"]), ("blobNotFound", [id]), id)
        for given in ({"name": "x"}, {"blobId": "#other"}):
            self.assertEqual(self.problem(**given)["type"], "invalidProperties")
        self.assertEqual(self.problem(blobId=7)["type"], "invalidProperties")

    def test_a_section_becomes_a_blob(self) -> None:
        whole = self.script("xx" + KEEP + "yy")
        made = self.call("SieveScript/set", create={"k": {"blobId": f"{whole}-2-5-n"}})["created"]["k"]
        self.assertEqual(made["blobId"], self.script(KEEP))
        self.assertEqual(self.shown(made["id"])["blobId"], made["blobId"])

    def test_limits(self) -> None:
        self.set(SieveUserInterpreter, maxScriptSize=10, maxScripts=1, maxScriptNameLength=3)
        self.assertEqual(self.problem(blobId=self.script(KEEP * 3))["type"], "tooLarge")
        self.assertEqual(self.problem(blobId=self.script(KEEP), name="four")["type"], "invalidProperties")
        self.made()
        self.assertEqual(self.problem(blobId=self.script(KEEP))["type"], "overQuota")

    def test_the_quota_of_the_account(self) -> None:
        self.person("carol", quotas={"maxSieveScripts": 1})
        self.alice = self.ids["carol"]
        from stalwart.codec.ids import encode_id

        self.account = encode_id(self.alice)
        self.ids["alice"] = self.alice
        self.made()
        self.assertEqual(self.problem(blobId=self.script(KEEP))["type"], "overQuota")

    def test_the_server_says_whether_it_is_active(self) -> None:
        self.assertEqual(self.problem(blobId=self.script(KEEP), isActive=True)["type"], "invalidProperties")


class ChangingTests(ScriptCase):
    """Scripts that are there."""

    def test_another_text(self) -> None:
        made = self.made(name="a", onSuccessActivateScript="#k")
        former = parse_blob_id(self.shown(made["id"])["blobId"]).hash
        blob = self.script(STOP)
        answer = self.call("SieveScript/set", update={made["id"]: {"blobId": blob}})
        self.assertEqual(answer["updated"], {made["id"]: None})
        self.assertEqual((self.shown(made["id"])["blobId"], self.active), (blob, b"stop;"))
        now = int(self.clock.seconds())
        links = self.successResultOf(self.store.read(lambda tx: tx.blobs.links(former, self.alice, now)))
        self.assertEqual([link for link in links if link.owner_id > 0], [])

    def test_the_same_text(self) -> None:
        made = self.made(name="a")
        state = self.call("SieveScript/get")["state"]
        answer = self.call("SieveScript/set", update={made["id"]: {"blobId": self.script(KEEP)}})
        self.assertEqual((answer["updated"], answer["newState"]), ({made["id"]: None}, state))

    def test_names(self) -> None:
        first, second = self.made(name="a")["id"], self.made(name="b")["id"]
        answer = self.call("SieveScript/set", update={first: {"name": "b"}})
        self.assertEqual(answer["notUpdated"][first]["type"], "alreadyExists")
        answer = self.call("SieveScript/set", update={first: {"name": "b"}, second: {"name": "c"}})
        self.assertIsNone(answer["notUpdated"])
        answer = self.call("SieveScript/set", update={first: {"name": "b"}})
        self.assertEqual(answer["updated"], {first: None})

    def test_no_script(self) -> None:
        id = self.made()["id"]
        answer = self.call("SieveScript/set", update={id: {"blobId": self.script("?")}, "zz": {"name": "x"}})
        problems = {key: problem["type"] for key, problem in answer["notUpdated"].items()}
        self.assertEqual(problems, {id: "invalidSieve", "zz": "notFound"})

    def test_destroyed(self) -> None:
        id = self.made(onSuccessActivateScript="#k")["id"]
        answer = self.call("SieveScript/set", destroy=[id])
        self.assertEqual(answer["notDestroyed"][id]["type"], "sieveIsActive")
        self.call("SieveScript/set", onSuccessDeactivateScript=True)
        self.assertEqual(self.call("SieveScript/set", destroy=[id])["destroyed"], [id])
        self.assertEqual(self.call("SieveScript/get", ids=[id])["notFound"], [id])


class ActivatingTests(ScriptCase):
    """One script is active, or none."""

    def test_with_its_creation(self) -> None:
        made = self.made(onSuccessActivateScript="#k")
        self.assertTrue(made["isActive"])
        self.assertTrue(self.shown(made["id"])["isActive"])
        self.assertEqual(self.active, b"keep;")

    def test_in_place_of_another(self) -> None:
        first = self.made(onSuccessActivateScript="#k")["id"]
        second = self.made(STOP)["id"]
        answer = self.call("SieveScript/set", onSuccessActivateScript=second)
        self.assertEqual(answer["updated"], {first: {"isActive": False}, second: {"isActive": True}})
        self.assertEqual(self.active, b"stop;")
        state = self.call("SieveScript/get")["state"]
        self.assertEqual(answer["newState"], state)
        answer = self.call("SieveScript/set", onSuccessActivateScript=second)
        self.assertEqual((answer["updated"], answer["newState"]), (None, state))

    def test_none(self) -> None:
        id = self.made(onSuccessActivateScript="#k")["id"]
        answer = self.call("SieveScript/set", onSuccessDeactivateScript=True)
        self.assertEqual((answer["updated"], self.active), ({id: {"isActive": False}}, None))
        self.assertIsNone(self.call("SieveScript/set", onSuccessDeactivateScript=True)["updated"])

    def test_not_if_something_failed(self) -> None:
        id = self.made()["id"]
        answer = self.call("SieveScript/set", destroy=["zz"], onSuccessActivateScript=id)
        self.assertIsNone(answer["updated"])
        self.assertIsNone(self.active)

    def test_what_is_not_there(self) -> None:
        for id in ("zz", "#zz", "?"):
            self.assertIsNone(self.call("SieveScript/set", onSuccessActivateScript=id)["updated"], id)

    def test_without_the_right(self) -> None:
        id = self.made()["id"]
        self.permissions -= {"jmapSieveScriptUpdate"}
        name, answer = self.ask("SieveScript/set", onSuccessActivateScript=id)
        self.assertEqual((name, answer["type"]), ("error", "forbidden"))

    def test_arguments(self) -> None:
        for arguments in ({"onSuccessActivateScript": 7}, {"onSuccessDeactivateScript": "x"}):
            name, answer = self.ask("SieveScript/set", **arguments)
            self.assertEqual((name, answer["type"]), ("error", "invalidArguments"))


class AskingTests(ScriptCase):
    """Queries, and scripts that are only looked at."""

    def query(self, **arguments: Any) -> list[str]:
        return list(self.call("SieveScript/query", **arguments)["ids"])

    def test_query(self) -> None:
        first = self.made(name="beta")["id"]
        second = self.made(name="alpha", onSuccessActivateScript="#k")["id"]
        self.assertEqual(self.query(sort=[{"property": "name"}]), [second, first])
        self.assertEqual(self.query(sort=[{"property": "isActive"}]), [first, second])
        self.assertEqual(self.query(filter={"name": "et"}), [first])
        self.assertEqual(self.query(filter={"isActive": True}), [second])
        name, answer = self.ask("SieveScript/query", filter={"size": 1})
        self.assertEqual((name, answer["type"]), ("error", "unsupportedFilter"))

    def test_validate(self) -> None:
        def error(source: str) -> Any:
            return self.call("SieveScript/validate", blobId=self.script(source))["error"]

        self.assertIsNone(error(KEEP))
        self.assertEqual(error("keep")["type"], "invalidSieve")
        self.assertEqual(self.call("SieveScript/validate", blobId="x")["error"]["type"], "blobNotFound")
        self.assertEqual(self.ask("SieveScript/validate")[1]["type"], "invalidArguments")
        self.assertEqual(self.call("SieveScript/get")["list"], [])

    def test_an_account_that_there_is_not(self) -> None:
        self.permissions |= {"impersonate"}
        for name in ("get", "validate", "set"):
            _, answer = self.ask(f"SieveScript/{name}", accountId="zzz", blobId="x")
            self.assertEqual(answer["type"], "accountNotFound", name)
