"""The format of copied answers, so that replicas of two versions never read each other's copies."""

import hashlib
from collections.abc import Iterable
from typing import Final

from google.protobuf.descriptor import FileDescriptor

from ordermesh.oms.v1 import limit_service_pb2, order_service_pb2

# Raise it when a copied answer changes although its messages do not: a field is filled otherwise.
ANSWERS_REVISION: Final = 1


def format_of(files: Iterable[FileDescriptor], revision: int) -> bytes:
    """Return a digest of proto files, of all that they import, and of a revision."""
    every: dict[str, bytes] = {}
    wanted = list(files)
    while wanted:
        file = wanted.pop()
        if file.name not in every:
            every[file.name] = file.serialized_pb
            wanted += file.dependencies
    whole = hashlib.sha256(str(revision).encode())
    for _, content in sorted(every.items()):
        whole.update(hashlib.sha256(content).digest())
    return whole.digest()


ANSWERS_FORMAT: Final = format_of(
    (order_service_pb2.DESCRIPTOR, limit_service_pb2.DESCRIPTOR), ANSWERS_REVISION
)
"""Of the answers to Get, List and ListPositions, as this version writes them."""
