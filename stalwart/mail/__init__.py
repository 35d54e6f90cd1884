"""Mail: mailboxes and messages later; the path that mail takes to other servers is in ``delivery``."""
