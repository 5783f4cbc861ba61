"""Services of the contracts that answer as a test says, whatever their rpcs are."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

Note = Callable[[str, Any, Any], Awaitable[None]]


def scripted_service(
    service: ServiceDescriptor, note: Note, answers: dict[str, Any]
) -> grpc.GenericRpcHandler:
    """Serve every unary rpc of a service.

    Args:
        service: From the generated module: `limit_service_pb2.DESCRIPTOR.services_by_name[...]`.
        note: Called first, with "LimitService/SetLimit", the request and the context.
        answers: By the same name: the fields of an answer, or a list of which each is used once
            and the last stays; an empty answer where there is none.
    """
    handlers = {
        method.name: _handler(f"{service.name}/{method.name}", method, note, answers)
        for method in service.methods
        if not method.server_streaming
    }
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _handler(
    name: str, method: MethodDescriptor, note: Note, answers: dict[str, Any]
) -> grpc.RpcMethodHandler:
    request = message_factory.GetMessageClass(method.input_type)
    answer = message_factory.GetMessageClass(method.output_type)

    async def handle(asked: Any, context: Any) -> Any:
        await note(name, asked, context)
        known = answers.get(name)
        if isinstance(known, list):
            known = known.pop(0) if len(known) > 1 else known[0]
        return answer(**(known or {}))

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=request.FromString,
        response_serializer=answer.SerializeToString,
    )
