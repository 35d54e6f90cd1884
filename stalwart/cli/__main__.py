"""``python -m stalwart.cli``: the same as ``stalwart-cli``, wherever the programs of the package are."""

from stalwart.cli.main import main

main()
