"""Let buf call the code generators inside the grpcio-tools wheel.

buf speaks the protoc plugin protocol (a CodeGeneratorRequest on standard input);
grpcio-tools has protoc and its Python generators compiled in, but not as
programs. This hands the request's descriptors to that protoc and returns the
files it wrote. ``python -m tools.protoc_plugin python|pyi|grpc_python``.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def main() -> int:
    """Run one generator; the exit code is protoc's."""
    generator = sys.argv[1]
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder, "descriptors.binpb")
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        arguments = ["protoc", f"--descriptor_set_in={descriptors}", f"--{generator}_out={out}"]
        code = int(protoc.main([*arguments, *request.file_to_generate]))
        if code:
            return code
        for path in sorted(out.rglob("*")):
            if path.is_file() and not _is_empty_service_stub(path):
                name = path.relative_to(out).as_posix()
                response.file.add(name=name, content=path.read_text("utf-8"))
    sys.stdout.buffer.write(response.SerializeToString())
    return 0


def _is_empty_service_stub(path: Path) -> bool:
    """Return whether this is a ``_pb2_grpc.py`` without services, which nothing imports."""
    return path.name.endswith("_pb2_grpc.py") and "class " not in path.read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main())
