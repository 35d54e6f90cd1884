"""The command line ``stalwart-cli``: the second entry point beside the daemon."""
