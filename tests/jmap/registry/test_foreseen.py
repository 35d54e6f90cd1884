"""Slow work is done before the transaction, once, and again only where things turned out otherwise."""

from __future__ import annotations

from typing import Any

from stalwart.errors import Invalid, StalwartError
from stalwart.jmap.types import certificate as certificates
from stalwart.jmap.types import dkim
from tests.codec.pem import pem
from tests.jmap.registry.world import RegistryWorld
from tests.jmap.types.test_certificate import GOOD, OTHER, key, secret, text


class ForeseenTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.read: list[str] = []
        self.writing = False
        described, write = certificates.described, self.store.write

        def seen(vault: Any, values: Any) -> Any:
            self.read.append("inside" if self.writing else "before")
            return described(vault, values)

        def watched(work: Any) -> Any:
            self.writing = True
            try:
                return write(work)
            finally:
                self.writing = False

        self.patch(certificates, "described", seen)
        self.patch(self.store, "write", watched)

    def test_work_is_done_before_the_transaction(self) -> None:
        id = self.create("Certificate", **GOOD)
        self.update("Certificate", id, certificate=text(OTHER), privateKey__secret=pem(key("p256", 2)))
        self.assertEqual(self.read, ["before", "before"])

    def test_object_changed_in_the_call_that_makes_it(self) -> None:
        patch = {"certificate": text(OTHER), "privateKey": secret(pem(key("p256", 2)))}
        answer = self.ask("x:Certificate/set", {"create": {"a": GOOD}, "update": {"#a": patch}})
        self.assertIsNone(answer["notUpdated"])
        self.assertEqual(self.read, ["before", "inside"])
        self.assertEqual(self.get("Certificate", answer["created"]["a"]["id"])["issuer"], "CN=other.test")

    def test_unreadable_changes_cost_nothing(self) -> None:
        self.not_created("Certificate", **{**GOOD, "privateKey": {"@type": "Else"}})
        self.not_created("Certificate", certificate=GOOD["certificate"])
        error = self.not_updated("Certificate", "b", certificate=text(OTHER))
        self.assertEqual((error["type"], self.read), ("notFound", []))

    def test_bad_object_does_not_hide_a_worse_fault(self) -> None:
        error = self.not_created("Certificate", **{**GOOD, "certificate": text("x")}, unknown=True)
        self.assertEqual(error["type"], "invalidPatch")

    def test_update_of_another_member_needs_no_work(self) -> None:
        members = {"@type": "Dkim1Ed25519Sha256", "domainId": "b", "selector": "s"}
        id = self.create("DkimSignature", **members, privateKey=secret(pem(key("ed25519"))))

        def fail(values: Any) -> StalwartError:
            return Invalid("It was read again.")

        self.patch(dkim, "problem", fail)
        self.update("DkimSignature", id, stage="retired")
