"""``twistd -ny run.tac``: the same service as ``twistd stalwart``, with its options from the environment.

STALWART_DATA names the data folder, or STALWART_CONFIG the configuration file.
"""

import os

from twisted.application.service import Application

from stalwart.app.tap import Options, makeService

options = Options()
if os.environ.get("STALWART_CONFIG"):
    options.parseOptions(["--config", os.environ["STALWART_CONFIG"]])
else:
    options.parseOptions(["--data", os.environ.get("STALWART_DATA", "var")])

application = Application("stalwart")
makeService(options).setServiceParent(application)
