"""What the scripted mesh knows and has seen, shared by its services."""

import asyncio
import base64
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

from client_kit.case import Fault, Opening, Script
from mesh.errors import ERROR_TABLE, STATUS_DETAILS_KEY, retry_class_name
from ordermesh.identity.v1 import auth_service_pb2 as identity

DEADLINE_S_MAX = 60.0


class World:
    """One case's server: its tokens, its script, and notes of what came.

    Attributes:
        calls: Requests by name of the rpc.
        times: When they came, on the loop's clock.
        findings: What no client may do, in words.
        released: A held driver may go on.
        reset: Cuts every connection.
        freeze: Lets every open connection carry nothing more.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: dict[str, list[Any]] = defaultdict(list)
        self.times: dict[str, list[float]] = defaultdict(list)
        self.findings: list[str] = []
        self.released = asyncio.Event()
        self.reset: Callable[[], None] = lambda: None
        self.freeze: Callable[[], None] = lambda: None
        self.token_refused = 0
        self._faults = {name: list(faults) for name, faults in script.calls.items()}
        self._openings = {"Watch": list(script.openings), "Prices": list(script.price_openings)}
        self._access: set[str] = set()
        self._refresh: str = ""
        self._used: set[str] = set()
        self._given: list[str] = []
        self._made = 0

    def tokens(self) -> identity.TokenPair:
        """Make the next pair of the one session."""
        self._made += 1
        now = time.time() + self.script.clock_skew_s
        ends = int(now + self.script.token_life_s)
        claims = {"sub": "alice", "iat": int(now), "exp": ends, "jti": str(self._made)}
        access = ".".join(_base64(part) for part in ({"alg": "ES256"}, claims, self._made))
        self._access.add(access)
        self._refresh = f"refresh-{self._made}-of-the-login-of-alice"
        self._given += [access, self._refresh]
        pair = identity.TokenPair(access_token=access, refresh_token=self._refresh)
        pair.access_expires_at.FromSeconds(ends)
        pair.refresh_expires_at.FromSeconds(int(now) + 36_000)
        return pair

    def leaks(self, text: str) -> list[str]:
        """Find tokens of this case in what a driver wrote for people."""
        secrets = [*self._given, *(f"Bearer {one[:40]}" for one in self._given)]
        leaked = any(one in text for one in secrets)
        return ["a token is in the driver's standard error"] if leaked else []

    def renew(self, refresh_token: str) -> bool:
        """Say whether a refresh token holds; it is used up."""
        if refresh_token in self._used:
            self.findings.append("a refresh token was used twice: that ends the session")
        self._used.add(refresh_token)
        return bool(self._refresh) and refresh_token == self._refresh

    async def admit(self, name: str, request: Any, context: Any, *, user: bool = True) -> Any:
        """Note a unary call and check its deadline and token; returns the fault it meets."""
        self._note(name, request)
        left = context.time_remaining()
        if left is None or left > DEADLINE_S_MAX:
            self.findings.append(f"{name}: no deadline within {DEADLINE_S_MAX:.0f} s")
        waiting = self._faults.get(name)
        fault = waiting.pop(0) if waiting else None
        self._end_tokens(fault)
        if user:
            await self._check_token(context)
        return fault

    async def opened(self, name: str, request: Any, context: Any) -> Opening:
        """Note a stream, check its token, and give what it does."""
        self._note(name, request)
        waiting = self._openings[name]
        opening = waiting.pop(0) if waiting else Opening()
        self._end_tokens(opening)
        await self._check_token(context)
        return opening

    async def strike(self, fault: Fault | None, context: Any) -> None:
        """Let a fault happen; returns if there is none."""
        if fault is None:
            return
        if fault.hang:
            await asyncio.Event().wait()
        if fault.reset or fault.freeze:
            (self.reset if fault.reset else self.freeze)()
            await asyncio.Event().wait()
        if fault.refuse or fault.code:
            await refuse(context, fault)

    def _note(self, name: str, request: Any) -> None:
        self.calls[name].append(request)
        self.times[name].append(asyncio.get_running_loop().time())

    def _end_tokens(self, fault: Fault | Opening | None) -> None:
        if fault is None:
            return
        if fault.expire_tokens:
            self._access.clear()
        if isinstance(fault, Fault) and fault.end_sessions:
            self._access.clear()
            self._refresh = ""

    async def _check_token(self, context: Any) -> None:
        for key, value in context.invocation_metadata() or ():
            if key == "authorization" and value.removeprefix("Bearer ") in self._access:
                return
        self.token_refused += 1
        await refuse(context, Fault(refuse="TOKEN_EXPIRED"))


async def refuse(context: Any, fault: Fault) -> None:
    """End a call with the status and the details of a fault."""
    rule = ERROR_TABLE.get(fault.refuse)
    code = rule.code if rule else grpc.StatusCode.FAILED_PRECONDITION
    if fault.code:
        code = grpc.StatusCode[fault.code]
    if not fault.refuse:
        await context.abort(code, "the case ends it")
    retry_class = fault.retry_class or (retry_class_name(rule.retry_class) if rule else "")
    info = error_details_pb2.ErrorInfo(reason=fault.refuse, domain="ordermesh")
    info.metadata["retry_class"] = retry_class
    if fault.field:
        info.metadata["field"] = fault.field
    status = status_pb2.Status(code=code.value[0], message=f"refused: {fault.refuse}")
    status.details.add().Pack(info)
    if fault.retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(fault.retry_after_s * 1000))
        status.details.add().Pack(retry)
    details = ((STATUS_DETAILS_KEY, status.SerializeToString()),)
    await context.abort(code, status.message, trailing_metadata=details)


def _base64(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
