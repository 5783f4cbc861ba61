"""Read by the server that forks commands and services: what they import, before they run."""

import sys

import conformance.venue_process  # noqa: F401
import meshctl.main  # noqa: F401
import sim_exchange.app  # noqa: F401
import svc_gateway.app  # noqa: F401
import svc_identity.admin
import svc_identity.app  # noqa: F401
import svc_marketdata.app  # noqa: F401
import svc_notify.app  # noqa: F401
import svc_oms.admin
import svc_oms.app  # noqa: F401
import svc_relay.app  # noqa: F401
import tests.support.forked  # noqa: F401

# Not the commands themselves.
for name in list(sys.modules):
    if name.partition(".")[0] == "meshctl" or name.endswith(".admin"):
        del sys.modules[name]
