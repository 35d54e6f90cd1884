"""``twistd -ny run.tac``: the same service as ``twistd stalwart``, with its options from the environment.

STALWART_DATA names the data folder, or STALWART_CONFIG the configuration file; without either it is ``var``.
"""

import os

from twisted.application.service import Application

from stalwart.app.tap import Options, makeService

options = Options()
named = os.environ.get("STALWART_CONFIG") or os.environ.get("STALWART_DATA")
options.parseOptions([] if named else ["--data", "var"])

application = Application("stalwart")
makeService(options).setServiceParent(application)
