"""A TCP relay in front of the scripted server, so that connections can be cut or frozen."""

import asyncio
import contextlib
import socket
import struct


class Relay:
    """Carries bytes between drivers and the server."""

    def __init__(self) -> None:
        self.port = 0
        self._target = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        # Of the connections that are open; set when they are frozen.
        self._frozen = asyncio.Event()

    async def start(self, target: int) -> None:
        """Listen on a port of the system's choice, and carry to a local port."""
        self._target = target
        self._server = await asyncio.start_server(self._carry_both, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self.reset()

    def reset(self) -> None:
        """Cut every connection with a TCP reset: nothing that was written is flushed."""
        for writer in list(self._writers):
            end = writer.get_extra_info("socket")
            if end is not None and end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def freeze(self) -> None:
        """Let every open connection carry nothing more, as when a cable is pulled."""
        self._frozen.set()
        self._frozen = asyncio.Event()

    async def _carry_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frozen = self._frozen
        onward, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(_carry(reader, back, frozen), _carry(onward, writer, frozen))
        finally:
            self._writers -= {writer, back}


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frozen: asyncio.Event
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            if not frozen.is_set():
                writer.write(data)
                await writer.drain()
    writer.close()
