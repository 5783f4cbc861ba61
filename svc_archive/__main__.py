"""`python -m svc_archive`."""

from mesh.rpc.server import run_process
from svc_archive.app import build
from svc_archive.settings import ArchiveSettings

if __name__ == "__main__":
    run_process(ArchiveSettings, build)
