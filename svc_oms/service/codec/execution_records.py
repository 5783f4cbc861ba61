"""The rows of fills and corrections."""

from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.model import Execution
from svc_oms.service.codec.values import execution_message, execution_value
from svc_oms.service.ports import ExecutionRow


def execution_row(execution: Execution, sequence: int, exec_type: str) -> ExecutionRow:
    """Fill every column from a fill or correction."""
    message = execution_message(execution)
    return ExecutionRow(
        execution.venue_mic,
        execution.exec_id,
        execution.order_id,
        execution.account_id,
        sequence,
        exec_type,
        message.quantity,
        message.price,
        message.SerializeToString(),
        False,
    )


def found_execution(row: ExecutionRow) -> Execution | None:
    """Decode a stored fill or correction; None for the bust of one, which is none."""
    if not row.body:
        return None
    value = execution_value(order_pb2.Execution.FromString(row.body))
    return value._replace(busted=row.busted)
