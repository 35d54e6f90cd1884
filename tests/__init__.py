"""All tests. Those of properties know no deadline: others may have the cores at any time."""

import hypothesis

hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
