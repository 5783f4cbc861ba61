"""`python -m svc_identity`."""

from mesh.rpc.server import run_process
from svc_identity.app import build
from svc_identity.settings import IdentitySettings

if __name__ == "__main__":
    run_process(IdentitySettings, build)
