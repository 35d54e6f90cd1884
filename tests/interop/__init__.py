"""Tests against real servers in a network of their own: Knot, unbound, Postfix and hosts that misbehave."""
