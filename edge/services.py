"""The services that the edge opens to the outside, and the cluster of each."""

from collections.abc import Iterator
from pathlib import Path

from google.protobuf import any_pb2, descriptor_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from deploy.processes import PROCESSES

PUBLIC_SERVICES = {service: one.module for one in PROCESSES for service in one.opened}
"""Service -> Envoy cluster. What is not here cannot be reached from outside."""

INTERNAL_SERVICES = frozenset(service for one in PROCESSES for service in one.internal)
"""Links between our own processes. A test keeps this and the contracts in step."""

TOKENLESS_SERVICES = frozenset({"ordermesh.identity.v1.AuthService"})
"""The service that gives tokens; its rpcs need none."""

GENERATED_DESCRIPTORS = Path(__file__).parent.parent / "gen" / "descriptors.binpb"


def generated_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Read the contracts as `make gen` wrote them."""
    return descriptor_pb2.FileDescriptorSet.FromString(GENERATED_DESCRIPTORS.read_bytes())


def service_names(files: descriptor_pb2.FileDescriptorSet) -> frozenset[str]:
    """Name every service of the contracts."""
    return frozenset(
        f"{file.package}.{service.name}" for file in files.file for service in file.service
    )


def rpc_paths(
    files: descriptor_pb2.FileDescriptorSet, service_name: str, *, streaming: bool
) -> Iterator[str]:
    """Yield the path of each rpc of a service that streams in a direction, or of the others."""
    for file in files.file:
        for service in file.service:
            if f"{file.package}.{service.name}" != service_name:
                continue
            for method in service.method:
                if (method.client_streaming or method.server_streaming) == streaming:
                    yield f"/{service_name}/{method.name}"


def transcoder_descriptors() -> bytes:
    """Join the contracts and the messages of error details.

    Without these messages Envoy could not write a google.rpc.ErrorInfo as JSON.
    """
    files = generated_descriptors()
    present = {file.name for file in files.file}
    for module in (any_pb2, duration_pb2, error_details_pb2, status_pb2):
        if module.DESCRIPTOR.name not in present:
            module.DESCRIPTOR.CopyToProto(files.file.add())
    return files.SerializeToString(deterministic=True)
