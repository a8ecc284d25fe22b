#!/usr/bin/python3
"""Middleboxes between a resolver and a nameserver: load balancers, filters, bad lines. Each box has its own address and
forwards each query to the server behind it and the response back, unless a rule says otherwise. Boxes know no zones.
Usage: middlebox.py PORT BOXES.json; it prints `ready` once all sockets are bound.

BOXES.json is a list of {"address", "before", "rules"}. The first rule that matches a query applies:
    "type"/"not_type": "TXT"       the query type
    "name", "under": "a.example"   the query name; that name or one below it
    "transport": "udp"             both if not given
    "over": 512                    the response has more octets than this
    "of_ten": 7                    that many of ten queries of each client, spread evenly
    "do"                           "drop"; seconds to wait before the response; the name of an rcode, which
                                   is returned without records; "empty" (NOERROR without records);
                                   "NXDOMAIN" (the response of the server with this rcode)"""

import asyncio
import collections
import contextlib
import json
import signal
import socket
import struct
import sys

from misbehaving import wire

RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NOTIMP": 4, "REFUSED": 5}
SERVER_SECONDS = 5.0
DROPPED = None


def fits(rule, query, answer, transport):
    name = wire.name_text(wire.lower(query.name)).rstrip(".")
    under = rule.get("under", "").lower()
    return (
        rule.get("type", query.type_text) == query.type_text
        and rule.get("not_type") != query.type_text
        and rule.get("name", name).lower() == name
        and ("." + name).endswith(("." + under) if under else "")
        and rule.get("transport", transport) == transport
        and len(answer) > rule.get("over", 0)
    )


def bare(query, rcode):
    """A response with AA and the question only."""
    flags = wire.QR | wire.AA | query.flags & wire.RD
    message = wire.Message(query.id, flags, query.name, query.question, rcode)
    if query.edns is not None:
        message.extra = [wire.opt_record(rcode)]
    return message.wire()


class Box:
    def __init__(self, address, before, rules, port):
        self.address, self.before, self.rules, self.port = address, before, rules, port
        self.counted = collections.Counter()

    def share(self, rule, client):
        """Whether the rule applies to this query; evenly spread, so that all runs are alike."""
        if "of_ten" not in rule:
            return True
        self.counted[client] += 1
        return self.counted[client] * 7 % 10 < rule["of_ten"]

    async def meddle(self, data, answer, transport, client):
        """The response to return, or DROPPED."""
        query = wire.read_query(data)
        if query is None:
            return answer
        for rule in self.rules:
            if not fits(rule, query, answer, transport) or not self.share(rule, client):
                continue
            what = rule["do"]
            if what == "drop":
                return DROPPED
            if what == "empty":
                return bare(query, wire.NOERROR)
            if what == "NXDOMAIN":
                return answer[:3] + bytes([answer[3] & 0xF0 | wire.NXDOMAIN]) + answer[4:]
            if what in RCODES:
                return bare(query, RCODES[what])
            await asyncio.sleep(what)
            return answer
        return answer

    # ---- UDP ----

    async def serve_udp(self, stack):
        own = stack.enter_context(contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        own.bind((self.address, self.port))
        own.setblocking(False)
        loop = asyncio.get_running_loop()
        pending = set()
        while True:
            data, client = await loop.sock_recvfrom(own, wire.MESSAGE_LIMIT_BYTES)
            task = asyncio.create_task(self.pass_datagram(own, data, client))
            pending.add(task)
            task.add_done_callback(pending.discard)

    async def pass_datagram(self, own, data, client):
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, TimeoutError), socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM
        ) as behind:
            behind.setblocking(False)
            behind.connect((self.before, self.port))
            await loop.sock_sendall(behind, data)
            async with asyncio.timeout(SERVER_SECONDS):
                answer = await loop.sock_recv(behind, wire.MESSAGE_LIMIT_BYTES)
            said = await self.meddle(data, answer, "udp", client[0])
            if said is not DROPPED:
                await loop.sock_sendto(own, said, client)

    # ---- TCP ----

    async def serve_tcp(self, stack):
        server = await asyncio.start_server(self.pass_stream, self.address, self.port)
        await stack.enter_async_context(server)

    async def pass_stream(self, reader, writer):
        client = writer.get_extra_info("peername")[0]
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                data = await framed(reader)
                behind_reader, behind = await asyncio.open_connection(self.before, self.port)
                behind.write(struct.pack("!H", len(data)) + data)
                async with asyncio.timeout(SERVER_SECONDS):
                    answer = await framed(behind_reader)
                behind.close()
                said = await self.meddle(data, answer, "tcp", client)
                if said is not DROPPED:
                    writer.write(struct.pack("!H", len(said)) + said)
                    await writer.drain()
        writer.close()


async def framed(reader):
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    return await reader.readexactly(length)


async def serve(port, boxes):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        made = [Box(box["address"], box["before"], box["rules"], port) for box in boxes]
        for box in made:
            await box.serve_tcp(stack)
        tasks = [asyncio.create_task(box.serve_udp(stack)) for box in made]
        print("ready", flush=True)
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in [stopped, *tasks]:
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)
        for task in done - {stopped}:
            task.result()


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        asyncio.run(serve(int(sys.argv[1]), json.load(file)))
