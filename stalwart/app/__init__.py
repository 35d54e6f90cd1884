"""Wiring: the options of ``twistd stalwart``, the one place where everything is built, and the listeners."""
