"""The client of Ordermesh: login, calls that are repeated safely, streams that resume."""

from ordermesh_client.client import MeshClient
from ordermesh_client.errors import MeshRefusedError, MeshUnreachableError, NotLoggedInError
from ordermesh_client.orders import OrderCopies
from ordermesh_client.session import Session, SessionStore
from ordermesh_client.settings import ClientSettings

__all__ = [
    "ClientSettings",
    "MeshClient",
    "MeshRefusedError",
    "MeshUnreachableError",
    "NotLoggedInError",
    "OrderCopies",
    "Session",
    "SessionStore",
]
