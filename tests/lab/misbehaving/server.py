"""The sockets: binds the address of every mode, logs each query, and sends what the handler of the mode returns. Time,
connections and bytes are limited."""

import asyncio
import contextlib
import json
import pathlib
import signal
import socket
import struct
import time
from typing import IO

from misbehaving import modes, wire, zone
from misbehaving.modes import Datagram, End, Exchange, Memory, Mode, Source

CONNECTION_SECONDS = 40.0
QUERIES_PER_CONNECTION = 100
CONNECTIONS_PER_MODE = 64
DELAYED_DATAGRAMS = 20_000


class Log:
    """A line with a JSON object for each query, written before the response."""

    def __init__(self, file: IO[str]):
        self._file = file

    def write(
        self, address: str, transport: str, client: tuple, data: bytes, query: wire.Query | None
    ) -> None:
        line = {
            "time": time.time(),
            "address": address,
            "transport": transport,
            "client": f"{client[0]}:{client[1]}",
        }
        if query is None:
            line |= dict.fromkeys(("id", "rd", "qname", "qtype", "edns"))
            line["unreadable"] = data[:64].hex()
        else:
            edns = query.edns
            line |= {
                "id": query.id,
                "rd": bool(query.flags & wire.RD),
                "qname": wire.name_text(query.name),
                "qtype": query.type_text,
                "edns": edns
                and {
                    "size": edns.payload_bytes,
                    "version": edns.version,
                    "do": edns.dnssec_ok,
                    "options": [code for code, _ in edns.options],
                },
            }
        self._file.write(json.dumps(line | {"size": len(data)}) + "\n")


def bind(kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, kind)
    try:
        bound.setblocking(False)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        bound.bind((address, port))
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"cannot bind {address} port {port}: {error.strerror}") from error
    return bound


class Station:
    """One mode at its address."""

    def __init__(self, mode: Mode, template: str, port: int, log: Log, wrong_source: socket.socket):
        self.mode = mode
        self._zone = zone.Zone(mode.origin, mode.address, template)
        self._port = port
        self._log = log
        self._memory = Memory()
        self._sockets = {Source.OTHER_ADDRESS: wrong_source}
        self._delayed = 0
        self._connections: set[asyncio.Task] = set()

    async def open(self, stack: contextlib.ExitStack) -> None:
        loop = asyncio.get_running_loop()
        if self.mode.udp is not None:
            own = stack.enter_context(bind(socket.SOCK_DGRAM, self.mode.address, self._port))
            other = stack.enter_context(bind(socket.SOCK_DGRAM, self.mode.address, 0))
            self._sockets |= {Source.OWN: own, Source.OTHER_PORT: other}
            loop.add_reader(own, self._receive, own)
            stack.callback(loop.remove_reader, own)
        if self.mode.tcp is not None:
            listener = stack.enter_context(bind(socket.SOCK_STREAM, self.mode.address, self._port))
            server = await asyncio.start_server(self._serve, sock=listener, backlog=128)
            stack.callback(server.close)

    def _exchange(self, query: wire.Query, client: tuple) -> Exchange:
        return Exchange(self.mode, self._zone, query, client[0], time.monotonic(), self._memory)

    def _receive(self, own: socket.socket) -> None:
        for _ in range(64):
            try:
                data, client = own.recvfrom(wire.MESSAGE_LIMIT_BYTES)
            except OSError:
                return
            query = wire.read_query(data)
            self._log.write(self.mode.address, "udp", client, data, query)
            if query is None:
                continue
            for datagram in self.mode.udp(self._exchange(query, client)):
                if datagram.after_seconds == 0.0:
                    self._send(datagram, client)
                elif self._delayed < DELAYED_DATAGRAMS:
                    self._delayed += 1
                    asyncio.get_running_loop().call_later(
                        datagram.after_seconds, self._send_delayed, datagram, client
                    )

    def _send_delayed(self, datagram: Datagram, client: tuple) -> None:
        self._delayed -= 1
        self._send(datagram, client)

    def _send(self, datagram: Datagram, client: tuple) -> None:
        # If a buffer is full or the client is gone, the datagram is lost, as in a network.
        with contextlib.suppress(OSError):
            self._sockets[datagram.source].sendto(datagram.payload, client)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if len(self._connections) >= CONNECTIONS_PER_MODE:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            async with asyncio.timeout(CONNECTION_SECONDS):
                await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")
        for _ in range(QUERIES_PER_CONNECTION):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            data = await reader.readexactly(length)
            query = wire.read_query(data)
            self._log.write(self.mode.address, "tcp", client, data, query)
            if query is None:
                return
            stream = self.mode.tcp(self._exchange(query, client))
            for pause_seconds, chunk in stream.chunks:
                if pause_seconds:
                    await asyncio.sleep(pause_seconds)
                writer.write(chunk)
                await writer.drain()
            if stream.end is End.KEEP:
                continue
            if stream.end is End.HANG:
                while await reader.read(4096):
                    pass
            elif stream.end is End.RESET:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            return


async def serve(port: int, log_path: pathlib.Path) -> None:
    """Serves until SIGTERM or SIGINT; prints `ready` once every socket is bound."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    template = zone.TEMPLATE.read_text()
    with contextlib.ExitStack() as stack:
        # Line by line, so that a reader sees a query no later than its response.
        log = Log(stack.enter_context(log_path.open("a", buffering=1)))
        wrong_source = stack.enter_context(
            bind(socket.SOCK_DGRAM, f"127.0.66.{modes.WRONG_SOURCE_OCTET}", port)
        )
        tripwire = Mode("tripwire", modes.TRIPWIRE_OCTET, "", "timeout",
                        udp=modes.datagram(modes.nothing), tcp=modes.hang)
        for mode in [*modes.MODES, tripwire]:
            await Station(mode, template, port, log, wrong_source).open(stack)
        print("ready", flush=True)
        await stop.wait()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
