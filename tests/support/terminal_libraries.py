"""Read by the server that forks `ordermesh`: what meshctl imports, and not meshctl itself."""

import sys

import meshctl.main  # noqa: F401

for name in [name for name in sys.modules if name.partition(".")[0] == "meshctl"]:
    del sys.modules[name]
