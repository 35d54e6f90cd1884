"""Mail that is to leave, or to be delivered later: what waits for whom, when it is tried, and what became of it."""
