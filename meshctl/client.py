"""The client of the mesh that `ordermesh up` runs on this machine."""

from pathlib import Path

from meshctl.session import SessionFile
from meshctl.stack.home import Home, find_home
from meshctl.stack.settings import stack_settings
from ordermesh_client import MeshClient, MeshUnreachableError


def local_mesh(home: Home | None = None, *, keep_login: bool = True) -> MeshClient:
    """Connect to the local mesh.

    Args:
        home: Its folder; else ORDERMESH_HOME, else the first found upwards from here.
        keep_login: Use the terminal's login, and keep a new one for it.
    """
    where = home or find_home(stack_settings().home, Path.cwd())
    ca = where.tls / "ca.pem"
    if not ca.exists():
        raise MeshUnreachableError(f"no mesh was ever started in {where.root}")
    target = f"localhost:{where.ports()['edge_tls']}"
    return MeshClient(target, ca.read_bytes(), SessionFile(where) if keep_login else None)
