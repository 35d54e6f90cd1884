"""What can be granted, and what who asks may do."""

from __future__ import annotations

from stalwart.dav.properties import access
from tests.dav.world import ALICE, DavWorld


class AccessTests(DavWorld):
    def test_members_may_do_everything(self) -> None:
        self.assertEqual(access.acl.spec, "RFC 3744 5.5")
        for path in (f"/dav/cal/{ALICE}/default/", f"/dav/card/{ALICE}/default/", f"/dav/file/{ALICE}/"):
            name = "D:current-user-privilege-set"
            (of_one,) = self.properties(path, name, "D:acl-restrictions", "D:group").values()
            told = {each[0].tag.partition("}")[2] for each in of_one[name]}
            self.assertLess({"all", "read", "write", "bind", "unbind", "write-acl"}, told)
            self.assertEqual("read-free-busy" in told, "cal" in path)
            self.assertEqual(len(of_one["D:acl-restrictions"]), 2)

    def test_the_tree_of_privileges(self) -> None:
        name = "D:supported-privilege-set"
        (of_one,) = self.properties(f"/dav/cal/{ALICE}/default/", name, "D:inherited-acl-set").values()
        (outermost,) = of_one[name]
        self.assertIsNotNone(outermost.find("{DAV:}abstract"))
        self.assertEqual(outermost.findtext("{DAV:}description"), "Any operation")
