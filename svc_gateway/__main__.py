"""Start the gateway: `python -m svc_gateway`."""

import sys

import uvloop

from mesh.settings import SettingsError, load_settings
from svc_gateway.app import serve
from svc_gateway.settings import GatewaySettings
from svc_gateway.venues import VenuesFileError

# How long a QuickFIX thread waits at most for Python while the event loop computes. The default of
# 5 ms would be most of an order's way to the venue and back.
SWITCH_INTERVAL_S = 0.0005


def main() -> int:
    """Read settings, serve, and end with 2 when settings or the venues file are wrong."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        uvloop.run(serve(load_settings(GatewaySettings)))
    except (SettingsError, VenuesFileError) as error:
        print(error, file=sys.stderr)  # noqa: T201  the last word before the end
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
