"""Logs every query to the port of the lab on the loopback interface, one JSON object per line. For all server
implementations, it proves that no query had RD=1. Started by lab.py with an open packet socket.

    sniffer.py SOCKET_FD PORT LOG

A line {"dropped": N} means that the kernel dropped N packets before they could be read."""

import ctypes
import ipaddress
import json
import os
import select
import socket
import struct
import sys
import time

import dnswire

PACKET_OUTGOING = 4
SOL_PACKET, PACKET_STATISTICS = 263, 6
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
OPEN_FLOWS = 4096  # TCP connections that are followed; beyond that, the oldest is dropped


def open_socket(port):
    """A packet socket on lo that receives each packet to `port` once. Needs CAP_NET_RAW."""
    sniffing = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing arrives before bind
    try:
        sniffing.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    except PermissionError:
        sniffing.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    load_half, load_word, jump_equal, accept_or_drop = 0x28, 0x20, 0x15, 0x06
    program = (
        (load_word, 0, 0, 0xFFFFF000 + 4),  # the direction: loopback shows each packet twice, out and in
        (jump_equal, 9, 0, PACKET_OUTGOING),
        (load_half, 0, 0, 12),
        (jump_equal, 0, 2, 0x86DD),
        (load_half, 0, 0, 14 + 40 + 2),
        (jump_equal, 4, 5, port),
        (jump_equal, 0, 4, 0x0800),
        (0xB1, 0, 0, 14),  # X = length of the IPv4 header
        (0x48, 0, 0, 14 + 2),
        (jump_equal, 0, 1, port),
        (accept_or_drop, 0, 0, 0x40000),
        (accept_or_drop, 0, 0, 0),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    sniffing.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code))
    )
    sniffing.bind(("lo", 3))  # ETH_P_ALL
    return sniffing


class Streams:
    """Reassembles the messages of TCP connections; loopback neither loses nor reorders packets."""

    def __init__(self):
        self.flows = {}

    def messages(self, flow, flags, data):
        if flags & 0x02:
            self.flows.pop(flow, None)
        pending = self.flows.pop(flow, b"") + data
        while len(pending) >= 2:
            length = struct.unpack("!H", pending[:2])[0]
            if len(pending) < 2 + length:
                break
            yield pending[2 : 2 + length]
            pending = pending[2 + length :]
        if flags & 0x05:  # FIN or RST: the rest is an incomplete message
            if len(pending) > 2:
                yield pending[2:]
        elif pending:
            self.flows[flow] = pending
            if len(self.flows) > OPEN_FLOWS:
                self.flows.pop(next(iter(self.flows)))


def questions(packet, streams):
    """Yields (transport, from, to, message) for each complete message in the packet."""
    if packet[12:14] == b"\x08\x00":
        header, protocol = 14 + (packet[14] & 15) * 4, packet[23]
        ends = (packet[26:30], packet[30:34])
        total = 14 + struct.unpack("!H", packet[16:18])[0]
    else:
        header, protocol = 54, packet[20]
        ends = (packet[22:38], packet[38:54])
        total = len(packet)
    source, target = (str(ipaddress.ip_address(end)) for end in ends)
    ports = struct.unpack("!2H", packet[header : header + 4])
    ends = ("%s#%d" % (source, ports[0]), "%s#%d" % (target, ports[1]))
    if protocol == socket.IPPROTO_UDP:
        yield ("udp", *ends, packet[header + 8 : total])
    elif protocol == socket.IPPROTO_TCP:
        data = header + (packet[header + 12] >> 4) * 4
        for message in streams.messages(ends, packet[header + 13], packet[data : max(total, data)]):
            yield ("tcp", *ends, message)


def main():
    sniffing = socket.socket(fileno=int(sys.argv[1]))
    log = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    streams = Streams()
    sniffing.setblocking(False)
    while True:
        select.select([sniffing], [], [])
        lines = []
        for _ in range(1000):
            try:
                packet = sniffing.recv(1 << 18)
            except BlockingIOError:
                break
            for transport, source, target, message in questions(packet, streams):
                line = {"time": round(time.time(), 3), "transport": transport, "from": source, "to": target}
                line.update(dnswire.describe(message))
                lines.append(json.dumps(line))
        dropped = struct.unpack("II", sniffing.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        if dropped:
            lines.append(json.dumps({"dropped": dropped}))
        if lines:
            os.write(log, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
