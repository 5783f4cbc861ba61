"""`python -m svc_relay`."""

from mesh.rpc.server import run_process
from svc_relay.app import build
from svc_relay.settings import RelaySettings

if __name__ == "__main__":
    run_process(RelaySettings, build)
