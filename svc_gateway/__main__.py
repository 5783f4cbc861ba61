"""Start the gateway: `python -m svc_gateway`."""

import sys

from mesh.rpc.server import run_process
from svc_gateway.app import build
from svc_gateway.settings import GatewaySettings

# How long a QuickFIX thread waits at most for Python while the event loop computes. The default of
# 5 ms would be most of an order's way to the venue and back.
SWITCH_INTERVAL_S = 0.0005

if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    run_process(GatewaySettings, build)
