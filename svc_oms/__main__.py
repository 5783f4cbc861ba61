"""Run the order book: `python -m svc_oms`."""

from mesh.rpc.server import run_process
from svc_oms.app import build
from svc_oms.settings import OmsSettings

if __name__ == "__main__":
    run_process(OmsSettings, build)
