"""Each kind of object is made by each protocol, and read, changed and destroyed by each other one, at a real daemon."""
