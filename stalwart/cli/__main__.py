"""``python -m stalwart.cli``."""

from stalwart.cli.main import main

main()
