"""Locks stand in the way of what they guard, and of nothing else."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.dav import guarding
from tests.dav.methods.test_lock import lockinfo
from tests.dav.world import ALICE, DavWorld, conditions

HOME = f"/dav/file/{ALICE}"


class GuardTests(DavWorld):
    """``a/b/c`` are folders, ``a/b/1`` is a file."""

    def setUp(self) -> None:
        super().setUp()
        for folder in ("a", "a/b", "a/b/c"):
            self.expect(201, "MKCOL", f"{HOME}/{folder}")
        self.expect(201, "PUT", f"{HOME}/a/b/1", b"x")

    def lock(self, path: str, depth: str = "0") -> dict[str, str]:
        """What shows that one has it."""
        answer = self.expect(200, "LOCK", f"{HOME}/{path}", lockinfo(), depth=depth)
        return {"if": f"({answer.headers['lock-token']})"}

    def test_a_locked_folder_keeps_its_names(self) -> None:
        self.assertTrue(guarding.Touch.NAME)
        shown = self.lock("a/b")
        self.expect(204, "PUT", f"{HOME}/a/b/1", b"y")  # its content is not the folder's
        self.expect(201, "PUT", f"{HOME}/a/b/c/2", b"y")
        refused = self.expect(423, "PUT", f"{HOME}/a/b/2", b"y")
        self.assertEqual(conditions(refused), ["D:lock-token-submitted"])
        self.assertIn(f"<D:href>{HOME}/a/b</D:href>".encode(), refused.body)
        self.expect(423, "DELETE", f"{HOME}/a/b/1")
        self.expect(423, "MOVE", f"{HOME}/a/b/1", destination=f"{HOME}/1")
        self.expect(423, "COPY", f"{HOME}/a/b/1", destination=f"{HOME}/a/b/3")
        self.expect(201, "COPY", f"{HOME}/a/b/1", destination=f"{HOME}/1")
        self.expect(201, "PUT", f"{HOME}/a/b/2", b"y", **{"if": f"<{HOME}/a/b> {shown['if']}"})

    def test_an_infinite_lock_guards_all_below(self) -> None:
        shown = self.lock("a", "infinity")
        for method, path in (("PUT", "a/b/1"), ("PUT", "a/b/c/2"), ("DELETE", "a/b"), ("MKCOL", "a/b/c/d")):
            self.expect(423, method, f"{HOME}/{path}")
        self.expect(204, "DELETE", f"{HOME}/a/b", **shown)

    def test_all_locks_below_have_to_be_shown(self) -> None:
        first, second = self.lock("a/b/1"), self.lock("a/b/c")
        for shown in ({}, first, second):
            self.expect(423, "DELETE", f"{HOME}/a", **shown)
        self.expect(204, "DELETE", f"{HOME}/a", **{"if": f"<{HOME}/a/b/1> {first['if']} <{HOME}/a/b/c> {second['if']}"})

    def test_a_token_is_no_good_in_other_hands(self) -> None:
        staff = "/dav/file/staff%40example.test/x"
        self.patch_account(self.carol, {"memberGroupIds": {encode_id(self.staff): True}})
        token = self.expect(201, "LOCK", staff, lockinfo(), user="bob").headers["lock-token"]
        self.expect(423, "PUT", staff, b"x", user="carol", **{"if": f"({token})"})
        self.expect(403, "UNLOCK", staff, user="carol", lock_token=token)
        self.expect(204, "UNLOCK", staff, user="bob", lock_token=token)

    def test_states_of_other_resources_are_conditions(self) -> None:
        etag = self.text(f"{HOME}/a/b/1", "D:getetag")
        self.expect(201, "PUT", f"{HOME}/n", b"x", **{"if": f"<{HOME}/a/b/1> ([{etag}])"})
        self.expect(412, "PUT", f"{HOME}/m", b"x", **{"if": f'<{HOME}/a/b/1> (["x"])'})
        self.expect(412, "PUT", f"{HOME}/m", b"x", **{"if": f"<{HOME}/none> ([{etag}])"})
        self.expect(400, "PUT", f"{HOME}/m", b"x", **{"if": "(["})
        token = self.text(f"{HOME}/a/b", "D:sync-token")
        self.expect(201, "PUT", f"{HOME}/a/b/9", b"x", **{"if": f"<{HOME}/a/b> (<{token}>)"})
        self.expect(412, "PUT", f"{HOME}/a/b/8", b"x", **{"if": f"<{HOME}/a/b> (<{token}>)"})
