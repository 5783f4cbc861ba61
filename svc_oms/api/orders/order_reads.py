"""Reads of orders: one by its id, and pages; from copies where they are current."""

from kernel.nanoseconds import to_us
from kernel.ulid import valid_ulid
from mesh.auth.tokens import Principal
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.api.paging import ROWS_READ_MAX, page_start, page_token
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.service.as_of.book_in_the_past import BookInThePast
from svc_oms.service.book.order_accounts import OrderAccounts
from svc_oms.service.errors import order_not_found
from svc_oms.service.ports import ExecutionRow, ListFilter, OrderStore
from svc_oms.service.reads.checked_reads import CheckedReads

PAGE_ORDERS_DEFAULT = 100


class OrderReads:
    """Answers Get and List. Answers are bytes, so that a copy is sent as it was kept."""

    def __init__(
        self, store: OrderStore, past: BookInThePast, reads: CheckedReads, accounts: OrderAccounts
    ) -> None:
        self._store = store
        self._past = past
        self._reads = reads
        self._accounts = accounts

    async def get(self, request: order_service_pb2.GetRequest, reader: Principal) -> bytes:
        """Answer Get.

        Raises:
            MeshError: ORDER_NOT_FOUND, also if the reader may not see the order.
        """
        order_id = request.order_id
        if not valid_ulid(order_id):
            raise order_not_found(order_id)
        known = await self._accounts.find([order_id], self._store.account_of)
        account_id = known.get(order_id)
        if account_id is None or not reader.may_view(account_id):
            raise order_not_found(order_id)
        if request.HasField("as_of"):
            return await self._get_as_of(request)

        async def load() -> bytes:
            row = await self._store.order(order_id)
            if row is None:
                raise order_not_found(order_id)
            executions = await self._store.order_executions(order_id)
            return order_service_pb2.GetResponse(
                order=order_pb2.Order.FromString(row.body), executions=map(_execution, executions)
            ).SerializeToString()

        return await self._reads.answer("Get", account_id, order_id.encode(), load)

    async def _get_as_of(self, request: order_service_pb2.GetRequest) -> bytes:
        row = await self._store.order(request.order_id)
        if row is None:
            raise order_not_found(request.order_id)
        order, executed = await self._past.order(row, self._past.check(request.as_of))
        return order_service_pb2.GetResponse(
            order=order, executions=map(_execution, executed)
        ).SerializeToString()

    async def list_orders(self, request: order_service_pb2.ListRequest, reader: Principal) -> bytes:
        """Answer List. First pages of one account may come from copies.

        Raises:
            MeshError: ACCOUNT_NOT_ALLOWED, INVALID_FIELD.
        """
        wanted = ListFilter(
            account_ids=accounts_of(request.account_id, reader),
            states=tuple(request.states),
            instrument_id=request.instrument_id,
            open_only=request.open_only,
            created_from_us=to_us(from_timestamp(request.created_from)),
            created_until_us=to_us(from_timestamp(request.created_until)),
            before_order_id=page_start(request),
            limit=request.page_size or PAGE_ORDERS_DEFAULT,
            rows_read_max=ROWS_READ_MAX,
        )
        if request.HasField("as_of"):
            return (await self._list_as_of(request, wanted)).SerializeToString()

        async def load() -> bytes:
            page = await self._store.list_orders(wanted)
            return order_service_pb2.ListResponse(
                orders=[order_pb2.Order.FromString(row.body) for row in page.rows],
                next_page_token=page_token(request, page.next_after),
            ).SerializeToString()

        if wanted.account_ids is None or len(wanted.account_ids) != 1 or request.page_token:
            return await load()
        name = request.SerializeToString(deterministic=True)
        return await self._reads.answer("List", wanted.account_ids[0], name, load)

    async def _list_as_of(
        self, request: order_service_pb2.ListRequest, wanted: ListFilter
    ) -> order_service_pb2.ListResponse:
        """Return a page of the orders that were there at an instant, as they stood."""
        at_ns = self._past.check(request.as_of)
        # 0 would be no bound.
        until = min(filter(None, (wanted.created_until_us, max(to_us(at_ns) + 1, 1))))
        page = await self._store.list_orders(
            wanted._replace(states=(), open_only=False, created_until_us=until)
        )
        orders = await self._past.orders(page.rows, at_ns)
        states = frozenset(wanted.states)
        return order_service_pb2.ListResponse(
            orders=[
                order
                for order in orders
                if (not states or order.progress.state in states)
                and (not wanted.open_only or OrderState(order.progress.state) not in TERMINAL)
            ],
            next_page_token=page_token(request, page.next_after),
        )


def accounts_of(account_id: str, reader: Principal) -> tuple[str, ...] | None:
    """Return the accounts that a request is about; None for all.

    Raises:
        MeshError: ACCOUNT_NOT_ALLOWED.
    """
    if account_id:
        reader.require_view(account_id)
        return (account_id,)
    return None if reader.sees_all else tuple(reader.accounts)


def _execution(row: ExecutionRow) -> order_pb2.Execution:
    message = order_pb2.Execution.FromString(row.body)
    message.busted = row.busted
    return message
