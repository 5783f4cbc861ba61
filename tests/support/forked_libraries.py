"""Read by the server that forks commands: what they import, and not the commands themselves."""

import sys

import meshctl.main  # noqa: F401
import svc_identity.admin  # noqa: F401
import svc_oms.admin  # noqa: F401

for name in list(sys.modules):
    if name.partition(".")[0] == "meshctl" or name.endswith(".admin"):
        del sys.modules[name]
