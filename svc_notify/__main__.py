"""`python -m svc_notify`."""

from mesh.rpc.server import run_process
from svc_notify.app import build
from svc_notify.settings import NotifySettings

if __name__ == "__main__":
    run_process(NotifySettings, build)
