"""Servers that never respond: the tripwire at the address of a recursor, and the silent nameserver. They accept each
datagram and connection, and log it."""

import json
import os
import selectors
import socket
import time

import dnswire


class Mute:
    """Bound to one address over UDP and TCP; the owner's selector serves its sockets. Binding also reserves the port,
    so that no second lab uses it."""

    def __init__(self, address, port, log_path=None):
        self.address = address
        self.log_path = log_path
        self.log = None
        self.connections = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self.udp.bind((address, port))
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.tcp.bind((address, port))
        except OSError:
            self.close()
            raise

    def serve(self, selector):
        self.log = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self.tcp.listen(64)
        for listener in (self.udp, self.tcp):
            listener.setblocking(False)
        selector.register(self.udp, selectors.EVENT_READ, self._take_datagram)
        selector.register(self.tcp, selectors.EVENT_READ, lambda: self._take_connection(selector))

    def _write(self, transport, peer, message):
        line = {
            "time": round(time.time(), 3),
            "transport": transport,
            "from": "%s#%d" % peer[:2],
            "to": self.address,
        }
        line.update(dnswire.describe(message) if message is not None else {"qname": None})
        os.write(self.log, (json.dumps(line) + "\n").encode())

    def _take_datagram(self):
        message, peer = self.udp.recvfrom(65535)
        self._write("udp", peer, message)

    def _take_connection(self, selector):
        connection, peer = self.tcp.accept()
        self._write("tcp connection", peer, None)
        connection.setblocking(False)
        self.connections.append(connection)
        selector.register(
            connection, selectors.EVENT_READ, lambda: self._take_stream(selector, connection, peer)
        )

    def _take_stream(self, selector, connection, peer):
        try:
            data = connection.recv(65535)
        except OSError:
            data = b""
        if data:
            self._write("tcp", peer, data[2:])
            return
        selector.unregister(connection)
        self.connections.remove(connection)
        connection.close()

    def close(self):
        for each in (self.udp, self.tcp, *self.connections):
            each.close()
