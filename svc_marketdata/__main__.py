"""``python -m svc_marketdata``."""

from mesh.rpc.server import run_process
from svc_marketdata.app import build
from svc_marketdata.settings import MarketDataSettings

if __name__ == "__main__":
    run_process(MarketDataSettings, build)
