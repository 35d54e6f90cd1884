"""Several processes that serve together (design 5): the parent that keeps them running, and what they share.

``supervisor`` and ``launching`` are the parent, which holds the listening sockets (``socket_keeper``); ``process`` and
``member`` are a worker. ``memory`` and what lies in it (``changes``, ``counters``, ``places``) is seen by all at once.
"""
