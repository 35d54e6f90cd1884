"""Mail: what becomes of messages is in ``messages``, the path that mail takes to other servers in ``delivery``."""
