"""A mail server on more than one machine, all of it on this one: what ``make cluster`` starts, and what tests break."""
