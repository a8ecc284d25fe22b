#!/usr/bin/python3
"""Shows with raw sockets that each mode of the misbehaving nameserver has its fault, and no other. Valid messages are
read by dnspython, independently of the server's own code."""

import contextlib
import json
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.zone

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE / "misbehaving.py"
TEMPLATE = (HERE / "zones" / "fault.zone.template").read_text()
KEY = b"".join(part.encode() for part in re.findall(r'"([^"]*)"', TEMPLATE))
ID = 0x1234
QUIET = 0.25
HANGS_SECONDS = 60  # only a server that hangs takes so long
QR, AA, TC, RA = 0x8000, 0x0400, 0x0200, 0x0080

server = None


class Server:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self.folder.name) / "queries.jsonl"
        for _ in range(10):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.port = probe.getsockname()[1]
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, "--port", str(self.port), "--log", self.log],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            if self.process.stdout.readline() == "ready\n":
                return
            reason = self.process.communicate()[1]
        raise RuntimeError(f"the server does not start: {reason}")

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(HANGS_SECONDS), self.process.stderr.read()
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process.stderr.close()
            self.folder.cleanup()


def listed() -> dict[str, dict]:
    lines = subprocess.run([PROGRAM, "--list", "--long"], capture_output=True, text=True, check=True).stdout
    fields = ("name", "octet", "outcome", "edns", "tcp", "findings", "sentence")
    rows = [dict(zip(fields, line.split("\t"), strict=True)) for line in lines.splitlines()]
    return {row["name"]: row for row in rows}


MODES = listed()


def setUpModule():
    global server
    server = Server()
    # Its response takes five seconds: query it first and read the response in the last test.
    very_late.start()


def tearDownModule():
    very_late.socket.close()
    status, errors = server.end()
    if status != 0 or errors:
        raise AssertionError(f"the server ended with {status}: {errors}")


def query(
    name: str, qtype: str = "TXT", edns: bool = False, cookie: bytes = b"", identity: int = ID
) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    message = struct.pack("!6H", identity, 0, 1, 0, 0, int(edns or bool(cookie))) + labels
    message += struct.pack("!HH", dns.rdatatype.from_text(qtype), 1)
    if edns or cookie:
        options = struct.pack("!HH", 3, 0) + (struct.pack("!HH", 10, len(cookie)) + cookie if cookie else b"")
        message += b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options
    return message


def origin(mode: str) -> str:
    return mode.replace("_", "-") + ".fault.test"


def address(mode: str) -> tuple[str, int]:
    return f"127.0.66.{MODES[mode]['octet']}", server.port


def selector(mode: str) -> str:
    return "s1._domainkey." + origin(mode)


def end_of_question(mode: str) -> int:
    return 12 + len(selector(mode)) + 2 + 4


@contextlib.contextmanager
def udp(mode: str, message: bytes, connect: bool = False):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(HANGS_SECONDS)
        if connect:
            client.connect(address(mode))
            client.send(message)
        else:
            client.bind(("127.0.0.1", 0))
            client.sendto(message, address(mode))
        yield client


def ask(mode: str, qtype: str = "TXT", name: str = "", **more) -> bytes:
    """The first datagram, from any source."""
    with udp(mode, query(name or selector(mode), qtype, **more)) as client:
        return client.recvfrom(65535)[0]


def datagrams(mode: str, wanted: int, **more) -> list[tuple[bytes, tuple]]:
    """All datagrams until none comes for a while; on a busy machine, waits longer for the expected number."""
    found = []
    with udp(mode, query(selector(mode), **more)) as client:
        while select.select([client], [], [], HANGS_SECONDS if len(found) < wanted else QUIET)[0]:
            found.append(client.recvfrom(65535))
    return found


@contextlib.contextmanager
def tcp(mode: str, message: bytes):
    with socket.create_connection(address(mode), timeout=HANGS_SECONDS) as client:
        client.sendall(struct.pack("!H", len(message)) + message)
        yield client


def exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = client.recv(size - len(data))
        if not part:
            raise EOFError(f"closed after {len(data)} of {size} bytes")
        data += part
    return data


def frame(client: socket.socket) -> bytes:
    return exactly(client, struct.unpack("!H", exactly(client, 2))[0])


def ask_tcp(mode: str, qtype: str = "TXT", name: str = "", **more) -> bytes:
    with tcp(mode, query(name or selector(mode), qtype, **more)) as client:
        return frame(client)


def flags(data: bytes) -> int:
    return struct.unpack("!H", data[2:4])[0]


def identity(data: bytes) -> int:
    return struct.unpack("!H", data[:2])[0]


def read(data: bytes):
    return dns.message.from_wire(data, raise_on_truncation=False)


def texts(message) -> list[bytes]:
    sets = [rrset for rrset in message.answer if rrset.rdtype == dns.rdatatype.TXT]
    return [b"".join(record.strings) for rrset in sets for record in rrset]


def rcode(data: bytes) -> str:
    return dns.rcode.to_text(read(data).rcode())


def nsid(data: bytes) -> bytes | None:
    return next((option.data for option in read(data).options if option.otype == dns.edns.NSID), None)


class VeryLate:
    """Sends its query at the start of the run, so that other tests run until its response is due."""

    def start(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(HANGS_SECONDS)
        self.asked = time.monotonic()
        self.socket.sendto(query(selector("very_late")), address("very_late"))
        self.answered = threading.Thread(target=self._wait, daemon=True)
        self.data, self.after = b"", 0.0
        self.answered.start()

    def _wait(self):
        with contextlib.suppress(OSError):
            self.data = self.socket.recv(65535)
            self.after = time.monotonic() - self.asked


very_late = VeryLate()


class ModeTest(unittest.TestCase):
    """test_MODE for every mode; the names are compared with the list."""

    maxDiff = 400

    def good(self, mode: str, data: bytes, qtype: str = "TXT"):
        """A valid, authoritative, complete response; for TXT, the right key."""
        message = read(data)
        self.assertEqual((message.id, message.rcode()), (ID, 0))
        self.assertEqual(flags(data) & (QR | AA | TC | RA), QR | AA)
        asked = selector(mode) if qtype == "TXT" else origin(mode)
        self.assertEqual(message.question[0].name.to_text(), asked + ".")
        if qtype == "TXT":
            self.assertEqual(texts(message), [KEY])
        else:
            self.assertEqual([rrset.rdtype for rrset in message.answer], [dns.rdatatype.from_text(qtype)])

    def good_udp(self, mode: str):
        self.good(mode, ask(mode))

    def good_edns(self, mode: str):
        data = ask(mode, edns=True)
        self.good(mode, data)
        self.assertEqual(nsid(data), b"bad-" + mode.encode())

    def good_tcp(self, mode: str):
        self.good(mode, ask_tcp(mode))

    def good_apex(self, mode: str):
        for qtype in ("SOA", "NS"):
            self.good(mode, ask(mode, qtype, origin(mode)), qtype)

    def silent_udp(self, mode: str, **more):
        self.assertEqual(datagrams(mode, 0, **more), [])

    def unanswered(self, client: socket.socket):
        """Nothing is received, and the connection stays open."""
        self.assertEqual(select.select([client], [], [], QUIET)[0], [])

    def silent_tcp(self, mode: str):
        with tcp(mode, query(selector(mode))) as client:
            self.unanswered(client)

    def closed_udp(self, mode: str):
        with udp(mode, query(selector(mode)), connect=True) as client:
            self.assertRaises(ConnectionRefusedError, client.recv, 65535)

    def closed_tcp(self, mode: str):
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address(mode), timeout=HANGS_SECONDS)

    def reset_tcp(self, mode: str):
        with tcp(mode, query(selector(mode))) as client, self.assertRaises(ConnectionResetError):
            client.recv(1)

    def ended_tcp(self, mode: str):
        with tcp(mode, query(selector(mode))) as client:
            self.assertEqual(client.recv(1), b"")

    def emptied(self, data: bytes):
        self.assertEqual(flags(data) & (QR | TC), QR | TC)
        self.assertEqual((identity(data), read(data).answer, read(data).rcode()), (ID, [], 0))

    def emptied_udp(self, mode: str):
        self.emptied(ask(mode))
        self.emptied(ask(mode, edns=True))
        self.good_apex(mode)

    # Silence and closed ports.

    def test_silent(self):
        self.silent_udp("silent")
        self.silent_tcp("silent")

    def test_udp_silent(self):
        self.silent_udp("udp_silent")

    def test_tcp_silent_udp_ok(self):
        self.silent_tcp("tcp_silent_udp_ok")

    def test_tcp_refused(self):
        self.closed_tcp("tcp_refused")

    def test_tcp_reset(self):
        self.reset_tcp("tcp_reset")

    def test_tcp_closed(self):
        self.ended_tcp("tcp_closed")

    def test_closed(self):
        self.closed_udp("closed")
        self.closed_tcp("closed")

    def test_udp_closed(self):
        self.closed_udp("udp_closed")

    def test_timeout_txt_only(self):
        self.silent_udp("timeout_txt_only")
        self.silent_tcp("timeout_txt_only")
        self.good_apex("timeout_txt_only")

    # Truncation.

    def test_truncated(self):
        self.emptied_udp("truncated")

    def test_truncated_whole(self):
        for edns in (False, True):
            data = ask("truncated_whole", edns=edns)
            self.assertTrue(flags(data) & TC)
            self.assertEqual(texts(read(data)), [KEY])
        self.assertLessEqual(len(ask("truncated_whole")), 512)
        self.good_apex("truncated_whole")

    def test_truncated_tcp_refused(self):
        self.emptied_udp("truncated_tcp_refused")
        self.closed_tcp("truncated_tcp_refused")

    def test_truncated_tcp_hangs(self):
        self.emptied_udp("truncated_tcp_hangs")
        self.silent_tcp("truncated_tcp_hangs")

    def test_truncated_tcp_reset(self):
        self.emptied_udp("truncated_tcp_reset")
        self.reset_tcp("truncated_tcp_reset")

    def test_truncated_tcp_closed(self):
        self.emptied_udp("truncated_tcp_closed")
        self.ended_tcp("truncated_tcp_closed")

    def test_truncated_tcp_truncated(self):
        self.emptied_udp("truncated_tcp_truncated")
        self.emptied(ask_tcp("truncated_tcp_truncated"))

    def test_slip(self):
        self.emptied(ask("slip"))
        self.emptied(ask("slip", "SOA", origin("slip")))

    # TCP streams.

    def takes(self, seconds: float, what):
        """Pauses are never shorter, and the shortest run is not much longer; a busy machine slows down some runs."""
        took = []
        while not took or (len(took) < 20 and min(took) > seconds + 0.7):
            began = time.monotonic()
            what()
            took.append(time.monotonic() - began)
        self.assertGreater(min(took), seconds - 0.02)
        self.assertLess(min(took), seconds + 0.7)

    def dripped(self, mode: str, first: float):
        def first_octet():
            with tcp(mode, query(selector(mode))) as client:
                self.assertEqual(len(client.recv(100)), 1)

        self.takes(first, first_octet)

    def test_tcp_drip(self):
        self.dripped("tcp_drip", 0.5)

    def test_tcp_drip_slow(self):
        with tcp("tcp_drip_slow", query(selector("tcp_drip_slow"))) as client:
            self.assertEqual(select.select([client], [], [], 1.2)[0], [])
            self.assertEqual(len(client.recv(100)), 1)

    def test_tcp_drip_whole(self):
        mode = "tcp_drip_whole"
        with tcp(mode, query(selector(mode))) as client:
            first = client.recv(65535)
            self.assertLess(len(first), 400)
            rest = exactly(client, 2 + struct.unpack("!H", first[:2])[0] - len(first))
            self.good(mode, (first + rest)[2:])

    def test_tcp_false_length(self):
        mode = "tcp_false_length"
        with tcp(mode, query(selector(mode))) as client:
            size = struct.unpack("!H", exactly(client, 2))[0]
            self.good(mode, exactly(client, size - 100))
            self.unanswered(client)

    def test_tcp_short_length(self):
        mode = "tcp_short_length"
        with tcp(mode, query(selector(mode))) as client:
            data = frame(client)
            with self.assertRaises(dns.exception.DNSException):
                read(data)
            self.good(mode, data + exactly(client, 20))

    def test_tcp_half_open(self):
        with tcp("tcp_half_open", query(selector("tcp_half_open"))) as client:
            self.assertGreater(struct.unpack("!H", exactly(client, 2))[0], 400)
            self.assertEqual(client.recv(1), b"")

    def test_tcp_closed_midway(self):
        with tcp("tcp_closed_midway", query(selector("tcp_closed_midway"))) as client:
            size = struct.unpack("!H", exactly(client, 2))[0]
            with self.assertRaisesRegex(EOFError, "closed after 2"):
                exactly(client, size)

    def test_tcp_two_messages(self):
        mode = "tcp_two_messages"
        with tcp(mode, query(selector(mode))) as client:
            self.good(mode, frame(client))
            second = frame(client)
            self.assertNotEqual(identity(second), ID)
            self.assertNotEqual(texts(read(second)), [KEY])

    def test_tcp_wrong_id_first(self):
        mode = "tcp_wrong_id_first"
        with tcp(mode, query(selector(mode))) as client:
            first = frame(client)
            self.assertNotEqual(identity(first), ID)
            self.assertNotEqual(texts(read(first)), [KEY])
            self.good(mode, frame(client))

    def test_tcp_wrong_id(self):
        with tcp("tcp_wrong_id", query(selector("tcp_wrong_id"))) as client:
            self.assertNotEqual(identity(frame(client)), ID)
            self.unanswered(client)

    def test_truncated_tcp_drip(self):
        self.emptied_udp("truncated_tcp_drip")
        self.dripped("truncated_tcp_drip", 0.5)

    # Datagrams that do not match the query.

    def only(self, mode: str) -> tuple[bytes, tuple]:
        found = datagrams(mode, 1)
        self.assertEqual(len(found), 1)
        self.assertNotIn(KEY[255:], found[0][0])
        return found[0]

    def then_good(self, mode: str, wrongs: int = 1) -> tuple[bytes, tuple]:
        found = datagrams(mode, wrongs + 1)
        self.assertEqual(len(found), wrongs + 1)
        self.assertEqual(found[-1][1], address(mode))
        self.good(mode, found[-1][0])
        self.assertNotIn(KEY[255:], found[0][0])
        return found[0]

    def other_address(self, mode: str, data: bytes, source: tuple):
        self.assertEqual(source, ("127.0.66.254", server.port))
        self.assertEqual(identity(data), ID)

    def other_port(self, mode: str, data: bytes, source: tuple):
        self.assertEqual(source[0], address(mode)[0])
        self.assertNotEqual(source[1], server.port)
        self.assertEqual(identity(data), ID)

    def other_id(self, mode: str, data: bytes, source: tuple):
        self.assertEqual(source, address(mode))
        self.assertNotEqual(identity(data), ID)

    def other_question(self, mode: str, data: bytes, source: tuple):
        self.assertEqual((source, identity(data)), (address(mode), ID))
        self.assertEqual(read(data).question[0].name.to_text(), f"elsewhere._domainkey.{origin(mode)}.")
        self.assertEqual(read(data).answer[0].name.to_text(), f"elsewhere._domainkey.{origin(mode)}.")

    def test_wrong_source(self):
        self.other_address("wrong_source", *self.only("wrong_source"))

    def test_wrong_source_then_good(self):
        self.other_address("wrong_source_then_good", *self.then_good("wrong_source_then_good"))

    def test_wrong_port(self):
        self.other_port("wrong_port", *self.only("wrong_port"))

    def test_wrong_port_then_good(self):
        self.other_port("wrong_port_then_good", *self.then_good("wrong_port_then_good"))

    def test_wrong_id(self):
        self.other_id("wrong_id", *self.only("wrong_id"))

    def test_wrong_id_then_good(self):
        self.other_id("wrong_id_then_good", *self.then_good("wrong_id_then_good"))

    def test_wrong_id_flood(self):
        self.other_id("wrong_id_flood", *self.then_good("wrong_id_flood", wrongs=50))

    def test_wrong_question(self):
        self.other_question("wrong_question", *self.only("wrong_question"))

    def test_wrong_question_then_good(self):
        self.other_question("wrong_question_then_good", *self.then_good("wrong_question_then_good"))

    def test_wrong_class(self):
        data, _ = self.only("wrong_class")
        message = read(data)
        self.assertEqual(message.question[0].rdclass, 3)
        self.assertEqual(message.answer[0].rdclass, 3)

    def test_wrong_opcode(self):
        data, _ = self.only("wrong_opcode")
        self.assertEqual((flags(data) >> 11) & 15, 5)
        self.assertTrue(flags(data) & QR)

    def test_query_bit(self):
        data, _ = self.only("query_bit")
        self.assertEqual((identity(data), flags(data) & QR), (ID, 0))

    def test_no_question(self):
        data, _ = self.only("no_question")
        self.assertEqual((read(data).question, identity(data)), ([], ID))
        self.assertEqual(read(data).answer[0].name.to_text(), selector("no_question") + ".")

    def test_duplicate(self):
        (first, _), (second, _) = datagrams("duplicate", 2)
        self.assertEqual(first, second)
        self.good("duplicate", first)

    def delayed(self, mode: str, seconds: float):
        self.takes(seconds, lambda: self.good_udp(mode))

    def test_late(self):
        self.delayed("late", 0.6)

    def test_later(self):
        self.delayed("later", 1.5)

    def test_slow(self):
        self.delayed("slow", 0.3)

    def test_very_late(self):
        very_late.answered.join()
        self.good("very_late", very_late.data)
        self.assertGreater(very_late.after, 4.98)
        if very_late.after > 5.5:
            self.delayed("very_late", 5.0)

    def test_loss_first(self):
        for _ in range(2):
            self.silent_udp("loss_first")
            self.silent_udp("loss_first", edns=True)
            self.good_udp("loss_first")
            self.good_edns("loss_first")

    # Messages that cannot be read.

    def unreadable(self, mode: str, data: bytes):
        self.assertEqual(identity(data), ID)
        with self.assertRaises((dns.exception.DNSException, struct.error)):
            read(data)

    def unreadable_both(self, mode: str) -> bytes:
        data = ask(mode)
        self.unreadable(mode, data)
        self.unreadable(mode, ask(mode, edns=True))
        self.unreadable(mode, ask(mode, "SOA", origin(mode)))
        self.unreadable(mode, ask_tcp(mode))
        self.assertFalse(flags(data) & TC)
        return data

    def test_garbage(self):
        self.assertEqual(len(self.unreadable_both("garbage")), 68)

    def test_garbage_tcp_good(self):
        self.unreadable("garbage_tcp_good", ask("garbage_tcp_good"))

    def test_garbage_then_good(self):
        data, _ = self.then_good("garbage_then_good")
        self.unreadable("garbage_then_good", data)

    def test_short(self):
        self.assertEqual(len(self.unreadable_both("short")), 5)

    def test_empty(self):
        self.assertEqual([data for data, _ in datagrams("empty", 1)], [b""])
        self.assertEqual(ask_tcp("empty"), b"")

    def test_cut_short(self):
        self.assertGreater(len(self.unreadable_both("cut_short")), 400)

    def test_compression_loop(self):
        at = end_of_question("compression_loop")
        data = self.unreadable_both("compression_loop")
        self.assertEqual(data[at : at + 2], struct.pack("!H", 0xC000 | at))

    def test_compression_forward(self):
        mode = "compression_forward"
        at = end_of_question(mode)
        data = self.unreadable_both(mode)
        target = struct.unpack("!H", data[at : at + 2])[0] & 0x3FFF
        self.assertGreater(target, at)
        self.assertEqual(data[target:], query(selector(mode))[12:-4])

    def test_lying_counts(self):
        data = self.unreadable_both("lying_counts")
        self.assertEqual(struct.unpack("!4H", data[4:12]), (1, 7, 5, 3))
        self.good("lying_counts", data[:6] + struct.pack("!3H", 1, 0, 0) + data[12:])

    def test_lying_rdlength(self):
        data = self.unreadable_both("lying_rdlength")
        at = end_of_question("lying_rdlength") + 10
        size = struct.unpack("!H", data[at : at + 2])[0]
        self.assertEqual(at + 2 + size, len(data) + 300)

    def test_lying_string_length(self):
        data = self.unreadable_both("lying_string_length")
        at = end_of_question("lying_string_length") + 10
        self.assertEqual(at + 2 + struct.unpack("!H", data[at : at + 2])[0], len(data))
        self.assertEqual((data[at + 2], data[at + 2 + 256]), (255, 255))
        self.assertGreater(at + 2 + 257 + 255, len(data))

    def test_large_txt_empty_strings(self):
        mode = "large_txt_empty_strings"
        self.emptied_udp(mode)
        data = ask_tcp(mode)
        at = end_of_question(mode) + 12
        self.assertEqual(len(data), 65535)
        self.assertEqual(struct.unpack("!H", data[at - 2 : at])[0], len(data) - at)
        self.assertEqual(data[at:], bytes(len(data) - at))
        self.assertGreater(len(data) - at, 65000)

    def test_many_pointers(self):
        mode = "many_pointers"
        self.emptied_udp(mode)
        data = ask_tcp(mode)
        self.assertEqual(struct.unpack("!4H", data[4:12]), (1, 2001, 0, 0))
        at = end_of_question(mode)
        at += 12 + struct.unpack("!H", data[at + 10 : at + 12])[0]
        self.assertEqual(len(data) - at, 2000 * 14)
        steps = 0
        while data[at] >= 0xC0:
            target = struct.unpack("!H", data[at : at + 2])[0] & 0x3FFF
            self.assertLess(target, at)
            at = target
            steps += 1
        self.assertEqual(at, 12)
        self.assertGreater(steps, 8000)

    def test_many_rrs(self):
        self.emptied_udp("many_rrs")
        message = read(ask_tcp("many_rrs"))
        self.assertEqual(sum(len(rrset) for rrset in message.answer), 4000)

    # EDNS and size.

    def test_oversized_no_edns(self):
        data = ask("oversized_no_edns")
        self.good("oversized_no_edns", data)
        self.assertGreater(len(data), 1300)
        self.good_edns("oversized_no_edns")
        self.assertLess(len(ask("oversized_no_edns", edns=True)), 1232)

    def test_oversized_jumbo(self):
        for edns in (False, True):
            data = ask("oversized_jumbo", edns=edns)
            self.good("oversized_jumbo", data)
            self.assertGreater(len(data), 20000)

    def refuses_edns(self, mode: str, wanted: str):
        for data in (ask(mode, edns=True), ask_tcp(mode, edns=True)):
            self.assertEqual((identity(data), rcode(data)), (ID, wanted))
            self.assertEqual(texts(read(data)), [])
        self.good_udp(mode)
        self.good_tcp(mode)

    def test_edns_formerr(self):
        self.refuses_edns("edns_formerr", "FORMERR")
        self.assertEqual(read(ask("edns_formerr", edns=True)).edns, -1)

    def test_edns_formerr_bare(self):
        self.refuses_edns("edns_formerr_bare", "FORMERR")
        self.assertEqual(len(ask("edns_formerr_bare", edns=True)), 12)

    def test_edns_notimp(self):
        self.refuses_edns("edns_notimp", "NOTIMP")

    def test_edns_servfail(self):
        self.refuses_edns("edns_servfail", "SERVFAIL")

    def test_edns_badvers(self):
        self.refuses_edns("edns_badvers", "BADVERS")

    def test_edns_badcookie(self):
        self.refuses_edns("edns_badcookie", "BADCOOKIE")

    def test_edns_dropped(self):
        self.silent_udp("edns_dropped", edns=True)
        self.good_udp("edns_dropped")
        self.good("edns_dropped", ask_tcp("edns_dropped", edns=True))

    def test_edns_ignored(self):
        data = ask("edns_ignored", edns=True)
        self.good("edns_ignored", data)
        self.assertEqual(read(data).edns, -1)

    def test_edns_two_opts(self):
        mode = "edns_two_opts"
        for data in (ask(mode, edns=True), ask_tcp(mode, edns=True)):
            self.unreadable(mode, data)
            self.assertEqual(struct.unpack("!4H", data[4:12]), (1, 1, 0, 2))
            opt = 11 + 4 + len("bad-edns_two_opts")
            self.assertEqual(data[-opt:], data[-2 * opt : -opt])
            self.good(mode, data[:10] + b"\0\1" + data[12:-opt])
        self.good_udp(mode)
        self.good_tcp(mode)

    def test_edns_garbage_option(self):
        mode = "edns_garbage_option"
        for data in (ask(mode, edns=True), ask_tcp(mode, edns=True)):
            self.unreadable(mode, data)
            self.assertEqual(data[-9:], struct.pack("!HH", 65001, 400) + b"short")
        self.good_udp(mode)
        self.good_tcp(mode)

    def test_edns_unknown_option(self):
        self.good_edns("edns_unknown_option")
        self.assertIn(65001, [option.otype for option in read(ask("edns_unknown_option", edns=True)).options])

    def cookie(self, data: bytes) -> bytes:
        return next(bytes(option.data) for option in read(data).options if option.otype == 10)

    def test_badcookie(self):
        mode = "badcookie"
        self.good_edns(mode)
        first = ask(mode, cookie=b"12345678")
        self.assertEqual((rcode(first), texts(read(first))), ("BADCOOKIE", []))
        full = self.cookie(first)
        self.assertEqual((full[:8], len(full)), (b"12345678", 16))
        self.good(mode, ask(mode, cookie=full))
        self.assertEqual(rcode(ask(mode, cookie=full[:8] + b"87654321")), "BADCOOKIE")

    def test_badcookie_always(self):
        mode = "badcookie_always"
        self.good_edns(mode)
        full = self.cookie(ask(mode, cookie=b"12345678"))
        self.assertEqual(rcode(ask(mode, cookie=full)), "BADCOOKIE")
        self.good(mode, ask_tcp(mode, cookie=full))

    # Rcodes, authority and referrals.

    def says_rcode(self, mode: str, wanted: str, apex: bool = True):
        answers = [ask(mode), ask(mode, edns=True), ask_tcp(mode)]
        if apex:
            answers += [ask(mode, "SOA", origin(mode)), ask(mode, "NS", origin(mode))]
        else:
            self.good_apex(mode)
        for data in answers:
            self.assertEqual((identity(data), rcode(data), read(data).answer), (ID, wanted, []))

    def test_formerr_bare(self):
        self.says_rcode("formerr_bare", "FORMERR")
        self.assertEqual(len(ask("formerr_bare", edns=True)), 12)

    def test_servfail(self):
        self.says_rcode("servfail", "SERVFAIL")

    def test_servfail_txt_only(self):
        self.says_rcode("servfail_txt_only", "SERVFAIL", apex=False)

    def test_refused(self):
        self.says_rcode("refused", "REFUSED")

    def test_notimp(self):
        self.says_rcode("notimp", "NOTIMP")

    def test_notauth(self):
        self.says_rcode("notauth", "NOTAUTH")

    def has_flags(self, mode: str, wanted: int):
        for data in (ask(mode), ask(mode, edns=True), ask_tcp(mode)):
            self.assertEqual(flags(data) & (QR | AA | TC | RA), QR | wanted)
            self.assertEqual(texts(read(data)), [KEY])

    def test_not_authoritative(self):
        self.has_flags("not_authoritative", 0)

    def test_recursion_available(self):
        self.has_flags("recursion_available", RA)

    def test_ra_with_aa(self):
        self.has_flags("ra_with_aa", AA | RA)

    def refers(self, mode: str, to: str):
        for data in (ask(mode), ask(mode, "NS", origin(mode)), ask_tcp(mode)):
            message = read(data)
            self.assertEqual((flags(data) & AA, message.answer, message.rcode()), (0, [], 0))
            authority = [(r.name.to_text(), r.rdtype) for r in message.authority]
            self.assertEqual(authority, [(to, dns.rdatatype.NS)])
            self.assertEqual(message.additional[0][0].address, "127.0.66.253")

    def test_referral_up(self):
        self.refers("referral_up", ".")

    def test_referral_self(self):
        self.refers("referral_self", origin("referral_self") + ".")

    def test_refused_after_success(self):
        mode = "refused_after_success"
        for pause_seconds in (1.6, 0):
            self.good_apex(mode)
            self.good_udp(mode)
            for data in (ask(mode), ask(mode, edns=True), ask_tcp(mode), ask(mode, "SOA", origin(mode))):
                self.assertEqual((rcode(data), read(data).answer), ("REFUSED", []))
            time.sleep(pause_seconds)

    # Wrong responses.

    def denies(self, mode: str, wanted: str, soa: bool = True):
        for data in (ask(mode), ask(mode, edns=True), ask_tcp(mode)):
            message = read(data)
            self.assertEqual((rcode(data), message.answer, flags(data) & AA), (wanted, [], AA))
            self.assertEqual([r.rdtype for r in message.authority], [dns.rdatatype.SOA] if soa else [])
        self.good_apex(mode)

    def test_nxdomain_wrong(self):
        self.denies("nxdomain_wrong", "NXDOMAIN")

    def test_nodata_wrong(self):
        self.denies("nodata_wrong", "NOERROR")

    def test_nodata_without_soa(self):
        self.denies("nodata_without_soa", "NOERROR", soa=False)

    def test_negative_without_soa(self):
        mode = "negative_without_soa"
        self.good_udp(mode)
        for name, wanted in (("_domainkey", "NOERROR"), ("sibling._domainkey", "NXDOMAIN")):
            data = ask(mode, name=f"{name}.{origin(mode)}")
            self.assertEqual((rcode(data), read(data).answer, read(data).authority), (wanted, [], []))

    def test_ent_nxdomain(self):
        self.good_udp("ent_nxdomain")
        self.assertEqual(rcode(ask("ent_nxdomain", "NS", "_domainkey." + origin("ent_nxdomain"))), "NXDOMAIN")
        self.good_apex("ent_nxdomain")

    def test_wrong_owner(self):
        for data in (ask("wrong_owner"), ask_tcp("wrong_owner")):
            message = read(data)
            self.assertEqual(message.answer[0].name.to_text(), f"s2._domainkey.{origin('wrong_owner')}.")
            self.assertNotEqual(texts(message), [KEY])

    def test_cname_and_txt(self):
        mode = "cname_and_txt"
        self.good_apex(mode)
        for data in (ask(mode), ask_tcp(mode)):
            message = read(data)
            self.assertEqual({(r.name.to_text(), dns.rdatatype.to_text(r.rdtype)) for r in message.answer},
                             {(selector(mode) + ".", "CNAME"), (selector(mode) + ".", "TXT")})
            self.assertEqual(texts(message), [KEY])

    def test_out_of_bailiwick(self):
        mode = "out_of_bailiwick"
        plain = read(ask(mode))
        self.assertEqual([r.name.to_text() for r in plain.answer], [selector(mode) + ".", "test."])
        self.assertEqual(b"".join(plain.answer[0][0].strings), KEY)
        for data in (ask(mode, edns=True), ask_tcp(mode)):
            message = read(data)
            self.assertEqual([r.name.to_text() for r in message.answer],
                             [selector(mode) + ".", "test.", "s1._domainkey.healthy.test."])
            self.assertEqual(b"".join(message.answer[0][0].strings), KEY)
            self.assertEqual([r.name.to_text() for r in message.authority], ["test."])
            self.assertEqual(message.additional[0][0].address, "127.0.66.253")

    def test_txt_no_strings(self):
        for data in (ask("txt_no_strings"), ask_tcp("txt_no_strings")):
            self.assertEqual(struct.unpack("!4H", data[4:12]), (1, 1, 0, 0))
            self.assertEqual(data[end_of_question("txt_no_strings") + 2 :],
                             struct.pack("!HHIH", 16, 1, 300, 0))

    def test_txt_ansi(self):
        for data in (ask("txt_ansi"), ask_tcp("txt_ansi")):
            self.assertFalse(flags(data) & TC)
            self.assertLessEqual(len(data), 512)
            (text,) = texts(read(data))
            for part in (b"\x1b[2J", b"\r\n", b"\0", b"\xff\xc3(", b"<b>"):
                self.assertIn(part, text)
            self.assertTrue(text.endswith(KEY.partition(b" p=")[2]))
            with self.assertRaises(UnicodeDecodeError):
                text.decode()

    def test_case_changed(self):
        mode = "case_changed"
        mixed = "S1._DomainKey." + origin(mode)
        for data in (ask(mode, name=mixed), ask_tcp(mode, name=mixed)):
            self.good(mode, data)
            self.assertIn(query(selector(mode))[12:], data)

    def test_case_sensitive(self):
        mode = "case_sensitive"
        self.good_udp(mode)
        data = ask(mode, name="s1._domainKey." + origin(mode))
        self.assertEqual(rcode(data), "NXDOMAIN")
        self.assertIn(b"_domainKey", data)

    def test_two_answers_differ(self):
        mode = "two_answers_differ"
        answers = [ask(mode, edns=True), ask_tcp(mode, edns=True), ask(mode, edns=True)]
        self.assertEqual([nsid(data)[-2:] for data in answers], [b"-a", b"-b", b"-a"])
        self.assertEqual([texts(read(data)) == [KEY] for data in answers], [True, False, True])
        time.sleep(1.6)
        self.assertEqual(nsid(ask(mode, edns=True))[-2:], b"-a")

    def test_anycast_by_transport(self):
        mode = "anycast_by_transport"
        first, second = ask(mode, edns=True), ask_tcp(mode, edns=True)
        self.assertEqual((nsid(first)[-2:], nsid(second)[-2:]), (b"-a", b"-b"))
        self.good_udp(mode)
        self.assertNotEqual(texts(read(second)), [KEY])
        self.assertTrue(texts(read(second))[0].startswith(b"v=DKIM1; k=rsa; p="))

    def serial(self, mode: str) -> int:
        return read(ask(mode, "SOA", origin(mode))).answer[0][0].serial

    def test_stale_serial(self):
        self.assertEqual(self.serial("stale_serial"), 2025010101)
        self.assertNotEqual(texts(read(ask("stale_serial"))), [KEY])

    def test_older_serial_same_key(self):
        self.assertEqual(self.serial("older_serial_same_key"), 2025010101)
        self.good_udp("older_serial_same_key")

    def test_soa_serial_garbage(self):
        mode = "soa_serial_garbage"
        self.good_udp(mode)
        self.unreadable(mode, ask(mode, "SOA", origin(mode)))
        self.unreadable(mode, ask(mode, name="sibling._domainkey." + origin(mode)))


class WholeTest(unittest.TestCase):
    """Properties of all modes and of the program."""

    def test_every_mode_has_its_test(self):
        tested = {name.removeprefix("test_") for name in dir(ModeTest) if name.startswith("test_")}
        self.assertEqual(tested, set(MODES))

    def test_octets_differ_and_are_free(self):
        octets = [int(mode["octet"]) for mode in MODES.values()]
        self.assertEqual(len(octets), len(set(octets)))
        self.assertTrue(set(octets) <= set(range(1, 253)))

    def test_outcomes_and_findings_are_names(self):
        outcomes = set(
            "answered nodata nxdomain servfail refused formerr notimp other_rcode not_authoritative "
            "upward_referral self_referral timeout icmp_unreachable tcp_refused tcp_reset tcp_timeout "
            "tcp_closed malformed wrong_source wrong_question".split()
        )
        for mode in MODES.values():
            with self.subTest(mode["name"]):
                self.assertLessEqual({mode["outcome"], mode["edns"], mode["tcp"]}, outcomes)
                self.assertRegex(mode["findings"], r"\A(-|[a-z0-9_]+(,[a-z0-9_]+)*)\Z")

    def test_short_list(self):
        listing = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, check=True).stdout
        wanted = [f"{mode['name']} {mode['octet']} {mode['sentence']}" for mode in MODES.values()]
        self.assertEqual(listing.splitlines(), wanted)

    def test_paths_without_fault_are_good(self):
        """A mode whose TCP outcome is good answers over TCP, whatever it does over UDP, and vice versa."""
        not_plain = {
            "tcp_wrong_id_first", "txt_no_strings", "txt_ansi", "out_of_bailiwick", "two_answers_differ",
            "anycast_by_transport", "stale_serial", "ra_with_aa",
        }
        for mode in MODES.values():
            name = mode["name"]
            if name in not_plain:
                continue
            with self.subTest(name):
                if mode["tcp"] == "answered":
                    ModeTest().good(name, ask_tcp(name))
                elif mode["outcome"] == "answered" and name != "refused_after_success":
                    ModeTest().good(name, ask(name))

    def test_template_is_a_zone(self):
        text = TEMPLATE.replace("@ORIGIN@", "silent.fault.test").replace("@BAD@", "127.0.66.1")
        zone = dns.zone.from_text(text, "silent.fault.test.")
        self.assertEqual(zone.get_soa().serial, 2026010101)
        self.assertEqual([len(s) for s in zone.find_rdataset("s1._domainkey", "TXT")[0].strings], [255, 155])

    def test_keys_are_rsa_2048(self):
        older = b"".join(read(ask("stale_serial")).answer[0][0].strings)
        self.assertNotEqual(older, KEY)
        for text in (KEY, older):
            der = subprocess.run(["openssl", "base64", "-d", "-A"], input=text.partition(b"p=")[2],
                                 capture_output=True, check=True).stdout
            command = ["openssl", "pkey", "-pubin", "-inform", "DER", "-noout", "-text"]
            shown = subprocess.run(command, input=der, capture_output=True, check=True).stdout
            self.assertIn(b"2048 bit", shown)

    def test_negatives_of_a_good_path(self):
        """Modes with good UDP: the empty non-terminal, a name that does not exist, a foreign name."""
        zone = origin("tcp_refused")
        for name, wanted in (("_domainkey." + zone, "NOERROR"), ("x._domainkey." + zone, "NXDOMAIN"),
                             ("_adsp._domainkey." + zone, "NXDOMAIN")):
            data = ask("tcp_refused", name=name)
            self.assertEqual((rcode(data), read(data).answer), (wanted, []))
            self.assertEqual([r.rdtype for r in read(data).authority], [dns.rdatatype.SOA])
        self.assertEqual(rcode(ask("tcp_refused", name="s1._domainkey.example.test")), "REFUSED")

    def test_rd_is_copied(self):
        asked = query(selector("tcp_refused"), identity=4713)
        with udp("tcp_refused", asked[:2] + b"\1\0" + asked[4:]) as client:
            self.assertEqual(flags(client.recv(65535)), QR | AA | 0x0100)
        self.assertEqual(flags(ask("tcp_refused")), QR | AA)
        self.assertEqual([line["rd"] for line in self.logged() if line["id"] == 4713], [True])

    def test_two_queries_on_one_connection(self):
        with tcp("udp_silent", query(selector("udp_silent"))) as client:
            ModeTest().good("udp_silent", frame(client))
            asked = query(origin("udp_silent"), "SOA")
            client.sendall(struct.pack("!H", len(asked)) + asked)
            ModeTest().good("udp_silent", frame(client), "SOA")

    def test_tripwire_logs_and_is_silent(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(query("seen.invalid", identity=77), ("127.0.66.253", server.port))
            self.assertEqual(select.select([client], [], [], QUIET)[0], [])
        self.assertIn(("127.0.66.253", 77, "seen.invalid."),
                      [(line["address"], line["id"], line["qname"]) for line in self.logged()])

    def logged(self) -> list[dict]:
        return [json.loads(line) for line in server.log.read_text().splitlines()]

    def test_log(self):
        before = time.time()
        ask("tcp_refused", identity=4711, edns=True)
        ask_tcp("udp_silent", "SOA", "x\x01y.test", identity=4712)
        lines = {line["id"]: line for line in self.logged()}
        first, second = lines[4711], lines[4712]
        self.assertEqual(set(first), set("time address transport client id rd qname qtype edns size".split()))
        self.assertEqual((first["address"], first["transport"], first["rd"], first["qname"], first["qtype"]),
                         (address("tcp_refused")[0], "udp", False, selector("tcp_refused") + ".", "TXT"))
        self.assertEqual(first["edns"], {"size": 1232, "version": 0, "do": False, "options": [3]})
        self.assertEqual(first["size"], len(query(selector("tcp_refused"), edns=True)))
        self.assertRegex(first["client"], r"\A127\.0\.0\.1:\d+\Z")
        self.assertTrue(before - 0.01 <= first["time"] <= time.time() + 0.01, first)
        self.assertEqual((second["transport"], second["qname"], second["qtype"], second["edns"]),
                         ("tcp", r"x\001y.test.", "SOA", None))

    def test_foreign_bytes_do_no_harm(self):
        """Only queries with one question are answered, and other input does not end the server."""
        whole = query(selector("tcp_refused"), edns=True)
        hostile = [b"", b"x", whole[:12], whole[:20], b"\xff" * 600, whole[:2] + b"\x80\0" + whole[4:],
                   whole[:12] + b"\xc0\x0c" + whole[14:], whole[:4] + b"\0\2" + whole[6:]]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for data in hostile:
                client.sendto(data, address("tcp_refused"))
            self.assertEqual(select.select([client], [], [], QUIET)[0], [])
        with tcp("udp_silent", b"\xff" * 600) as client:
            self.assertEqual(client.recv(1), b"")
        self.assertIsNone(server.process.poll())
        ModeTest().good("tcp_refused", ask("tcp_refused"))

    def test_connections_are_bounded(self):
        with contextlib.ExitStack() as stack:
            clients = [socket.create_connection(address("silent"), timeout=HANGS_SECONDS) for _ in range(80)]
            for client in clients:
                stack.enter_context(client)
            ended = []
            until = time.monotonic() + HANGS_SECONDS
            while len(ended) < 80 - 64 and time.monotonic() < until:
                ended = select.select(clients, [], [], 0.1)[0]
            time.sleep(QUIET)
            self.assertEqual(len(select.select(clients, [], [], 0)[0]), 80 - 64)

    def test_port_in_use_is_said(self):
        second = subprocess.run([PROGRAM, "--port", str(server.port), "--log", server.log],
                                capture_output=True, text=True, timeout=HANGS_SECONDS)
        self.assertEqual((second.returncode, second.stdout), (1, ""))
        self.assertRegex(second.stderr, r"\Amisbehaving: cannot bind 127\.0\.66\.\d+ port \d+: .*\n\Z")


if __name__ == "__main__":
    unittest.main()
