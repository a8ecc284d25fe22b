"""Every fault is one row of MODES: the responses over UDP and TCP, and the outcomes that a probe should report.
Handlers are pure, except for the small Memory that a few modes need; they use no sockets and no clock."""

import enum
import hashlib
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from misbehaving import wire
from misbehaving.wire import AA, NXDOMAIN, QR, RA, TC, Message, Query, Record
from misbehaving.zone import OLDER_KEY_STRINGS, OLDER_SERIAL, Zone

PARENT = "fault.test"
# The source of responses from a wrong address. Nothing listens there.
WRONG_SOURCE_OCTET = 254
# Glue and extra records of hostile responses point here. Queries are logged and never answered: a program that sends
# one has followed what it must not follow.
TRIPWIRE_OCTET = 253


class Memory:
    """What a mode remembers between queries: bounded, and forgotten after a long time without a query for a key."""

    def __init__(self, limit: int = 4096):
        self._limit = limit
        self._entries: OrderedDict[tuple, tuple[float, int]] = OrderedDict()

    def count(self, key: tuple, now: float, quiet_seconds: float) -> int:
        """How often the key was counted since its last pause."""
        touched, seen = self._entries.pop(key, (now, 0))
        if now - touched > quiet_seconds:
            seen = 0
        self._entries[key] = (now, seen + 1)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)
        return seen

    def touch(self, key: tuple, now: float, quiet_seconds: float) -> bool:
        """Whether the key is known; this keeps it known."""
        if key not in self._entries or now - self._entries[key][0] > quiet_seconds:
            self._entries.pop(key, None)
            return False
        self._entries[key] = (now, self._entries[key][1])
        return True

    def forget(self, key: tuple) -> None:
        self._entries.pop(key, None)


class Source(enum.Enum):
    OWN = "own"
    OTHER_ADDRESS = "other address"
    OTHER_PORT = "other port"


@dataclass
class Datagram:
    payload: bytes
    after_seconds: float = 0.0
    source: Source = Source.OWN


class End(enum.Enum):
    KEEP = "wait for the next query"
    HANG = "send nothing more and leave the connection open"
    CLOSE = "close"
    RESET = "reset"


@dataclass
class Stream:
    """Bytes for a TCP connection: each chunk after its pause in seconds, then the end."""

    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    end: End = End.KEEP


@dataclass
class Exchange:
    """One query at one mode."""

    mode: "Mode"
    zone: Zone
    query: Query
    client: str
    now: float
    memory: Memory

    @property
    def wants_text(self) -> bool:
        return self.query.qtype == wire.TXT

    @property
    def wants_key(self) -> bool:
        return self.wants_text and wire.lower(self.query.name) == self.zone.selector

    def opt(self, rcode: int = 0, more: bytes = b"", suffix: str = "") -> list[bytes]:
        """The OPT record of the response, if the query had one."""
        edns = self.query.edns
        if edns is None:
            return []
        options = b""
        if edns.option(wire.NSID) is not None:
            options = wire.option(wire.NSID, f"bad-{self.mode.name}{suffix}".encode())
        return [wire.opt_record(rcode, options + more, dnssec_ok=edns.dnssec_ok)]

    def good(self) -> Message:
        message = self.zone.answer(self.query)
        message.extra = self.opt()
        if self.query.edns is not None and self.query.edns.version != 0:
            message = self.rcode(wire.BADVERS)
        return message

    def rcode(self, rcode: int, opt: bool = True) -> Message:
        """No records but OPT."""
        message = self.zone.answer(self.query)
        flags = message.flags & ~AA
        extra = self.opt(rcode) if opt else []
        return Message(self.query.id, flags, self.query.name, self.query.question, rcode, extra=extra)

    def older(self) -> Message:
        """The good response with another key, which shows in the report of a program that accepts it."""
        message = self.good()
        rdata = wire.txt_rdata(OLDER_KEY_STRINGS)
        message.answer = [
            Record(r.owner, r.rtype, r.ttl, rdata if r.rtype == wire.TXT else r.rdata) for r in message.answer
        ]
        return message

    def denied(self, rcode: int, soa: bool = True) -> Message:
        message = self.good()
        message.answer, message.additional = [], []
        message.authority = self.zone.soa() if soa else []
        message.rcode = rcode
        return message

    def fitted(self, said: Message | bytes) -> bytes:
        """A datagram: bytes are sent as they are, a message too long for the client is truncated with TC=1."""
        if isinstance(said, bytes):
            return said
        edns = self.query.edns
        limit = 512 if edns is None else min(1232, max(512, edns.payload_bytes))
        data = said.wire()
        return data if len(data) <= limit else said.cut().wire()


Says = Callable[[Exchange], Message | bytes | None]
Datagrams = Callable[[Exchange], list[Datagram]]
Streams = Callable[[Exchange], Stream]


def good(exchange: Exchange) -> Message:
    return exchange.good()


def nothing(exchange: Exchange) -> None:
    return None


def datagram(says: Says) -> Datagrams:
    def handler(exchange: Exchange) -> list[Datagram]:
        said = says(exchange)
        return [] if said is None else [Datagram(exchange.fitted(said))]

    return handler


def framed(said: Message | bytes) -> bytes:
    data = said if isinstance(said, bytes) else said.wire()
    return struct.pack("!H", len(data)) + data


def stream(says: Says, end: End = End.KEEP) -> Streams:
    def handler(exchange: Exchange) -> Stream:
        said = says(exchange)
        return Stream([], End.HANG) if said is None else Stream([(0.0, framed(said))], end)

    return handler


def hang(exchange: Exchange) -> Stream:
    return Stream([], End.HANG)


def reset(exchange: Exchange) -> Stream:
    return Stream([], End.RESET)


def close(exchange: Exchange) -> Stream:
    return Stream([], End.CLOSE)


@dataclass(frozen=True)
class Mode:
    """One fault. With `udp` or `tcp` None, nothing is bound. The outcomes are those that a probe should report: of the
    exchange over UDP without EDNS and what follows it (TC to TCP, retries), of the same with EDNS, and of the check of
    TCP by itself. `findings` are the faults that must be found at this server beside a good one."""

    name: str
    octet: int
    sentence: str
    outcome: str
    findings: tuple[str, ...] = ()
    edns_outcome: str = ""
    tcp_outcome: str = "answered"
    udp: Datagrams | None = datagram(good)
    tcp: Streams | None = stream(good)

    @property
    def origin(self) -> str:
        return f"{self.name.replace('_', '-')}.{PARENT}"

    @property
    def address(self) -> str:
        return f"127.0.66.{self.octet}"


# Truncation.


def emptied(exchange: Exchange) -> Message:
    return exchange.good().cut()


def emptied_text(exchange: Exchange) -> Message:
    return exchange.good().cut() if exchange.wants_text else exchange.good()


def whole_with_tc(exchange: Exchange) -> Message:
    message = exchange.good()
    if exchange.wants_text:
        message.flags |= TC
    return message


# Streams.


def dripping(step_bytes: int, pause_seconds: float) -> Streams:
    def handler(exchange: Exchange) -> Stream:
        data = framed(exchange.good())
        return Stream([(pause_seconds, data[i : i + step_bytes]) for i in range(0, len(data), step_bytes)])

    return handler


def announced(difference: int) -> Streams:
    """The good message after a length that is wrong by `difference`."""

    def handler(exchange: Exchange) -> Stream:
        data = exchange.good().wire()
        return Stream([(0.0, struct.pack("!H", len(data) + difference) + data)], End.HANG)

    return handler


def half_open(exchange: Exchange) -> Stream:
    return Stream([(0.0, framed(exchange.good())[:2])], End.CLOSE)


def closed_midway(exchange: Exchange) -> Stream:
    data = framed(exchange.good())
    return Stream([(0.0, data[: len(data) // 2])], End.CLOSE)


def other_id(message: Message) -> Message:
    message.id ^= 0x5555
    return message


def two_messages(exchange: Exchange) -> Stream:
    return Stream([(0.0, framed(exchange.good()) + framed(other_id(exchange.older())))])


def wrong_id_first(exchange: Exchange) -> Stream:
    return Stream([(0.0, framed(other_id(exchange.older())) + framed(exchange.good()))])


# Datagrams that do not match the query. All of them have the older key.


def other_question(exchange: Exchange) -> Message:
    message = exchange.older()
    name = (b"elsewhere",) + exchange.query.name[1:]
    message.question = wire.name_wire(name) + exchange.query.question[-4:]
    message.name = name
    message.answer = [Record(name, r.rtype, r.ttl, r.rdata) for r in message.answer]
    return message


def other_class(exchange: Exchange) -> Message:
    message = exchange.older()
    message.question = message.question[:-2] + struct.pack("!H", wire.CHAOS)
    message.answer = [Record(r.owner, r.rtype, r.ttl, r.rdata, wire.CHAOS) for r in message.answer]
    return message


def other_opcode(exchange: Exchange) -> Message:
    message = exchange.older()
    message.flags |= 5 << wire.OPCODE_SHIFT
    return message


def as_query(exchange: Exchange) -> Message:
    message = exchange.older()
    message.flags &= ~QR
    return message


def no_question(exchange: Exchange) -> Message:
    message = exchange.older()
    message.question = b""
    return message


def wrong_id(exchange: Exchange) -> Message:
    return other_id(exchange.older())


def from_elsewhere(source: Source) -> Datagrams:
    def handler(exchange: Exchange) -> list[Datagram]:
        return [Datagram(exchange.fitted(exchange.older()), source=source)]

    return handler


def then_good(bad: Datagrams) -> Datagrams:
    def handler(exchange: Exchange) -> list[Datagram]:
        return bad(exchange) + [Datagram(exchange.fitted(exchange.good()), after_seconds=0.005)]

    return handler


def repeated(bad: Datagrams, times: int) -> Datagrams:
    return lambda exchange: bad(exchange) * times


def delayed(seconds: float) -> Datagrams:
    return lambda exchange: [Datagram(exchange.fitted(exchange.good()), after_seconds=seconds)]


# Messages that cannot be read, or only with limits.


def header(exchange: Exchange, counts: tuple[int, int, int, int], flags: int = QR | AA) -> bytes:
    return struct.pack("!6H", exchange.query.id, flags | (exchange.query.flags & wire.RD), *counts)


def one_record(exchange: Exchange, owner: bytes, rdata: bytes, announced_bytes: int | None = None) -> bytes:
    """A whole message with one TXT record whose owner and rdata are given as bytes."""
    length = len(rdata) if announced_bytes is None else announced_bytes
    record = owner + struct.pack("!HHIH", wire.TXT, wire.IN, 300, length) + rdata
    return header(exchange, (1, 1, 0, 0)) + exchange.query.question + record


def key_rdata(exchange: Exchange) -> bytes:
    return exchange.zone.find(exchange.zone.selector, wire.TXT)[0].rdata


def at_question() -> bytes:
    return wire.pointer(wire.HEADER_BYTES)


def after_question(exchange: Exchange) -> int:
    return wire.HEADER_BYTES + len(exchange.query.question)


def garbage(exchange: Exchange) -> bytes:
    """Noise after the right id and QR=1 in place of counts and question: only its id matches."""
    return struct.pack("!HH", exchange.query.id, QR | AA) + hashlib.sha512(exchange.query.question).digest()


def short(exchange: Exchange) -> bytes:
    return exchange.good().wire()[:5]


def cut_short(exchange: Exchange) -> bytes:
    """The good response cut in the middle of its last record or question, with TC=0."""
    message = exchange.good()
    message.extra = []
    return message.wire()[:-7]


def compression_loop(exchange: Exchange) -> bytes:
    return one_record(exchange, wire.pointer(after_question(exchange)), key_rdata(exchange))


def compression_forward(exchange: Exchange) -> bytes:
    """The owner points forward to a name after the rdata of the record."""
    rdata = key_rdata(exchange)
    target = after_question(exchange) + 2 + 10 + len(rdata)
    return one_record(exchange, wire.pointer(target), rdata) + wire.name_wire(exchange.zone.selector)


def lying_counts(exchange: Exchange) -> bytes:
    data = exchange.good().wire()
    return data[:6] + struct.pack("!3H", 7, 5, 3) + data[12:]


def lying_rdlength(exchange: Exchange) -> bytes:
    rdata = key_rdata(exchange)
    return one_record(exchange, at_question(), rdata, announced_bytes=len(rdata) + 300)


def lying_string_length(exchange: Exchange) -> bytes:
    """The length of the last string points past the end of the rdata."""
    rdata = key_rdata(exchange)
    return one_record(exchange, at_question(), rdata[:256] + b"\xff" + rdata[257:])


def empty_strings(exchange: Exchange) -> Message | bytes:
    if not exchange.wants_text:
        return exchange.good()
    room = wire.MESSAGE_LIMIT_BYTES - after_question(exchange) - 12
    return one_record(exchange, at_question(), bytes(room))


def many_pointers(exchange: Exchange) -> Message | bytes:
    """A record of a private type holds a chain of pointers, each strictly backwards to the one before; the
    owners of two thousand records start at its end, about 8,100 steps from the name."""
    if not exchange.wants_text:
        return exchange.good()
    start = after_question(exchange) + 12
    chain = at_question()
    while start + len(chain) < 0x3FFE:
        chain += wire.pointer(start + len(chain) - 2)
    last = wire.pointer(start + len(chain) - 2)
    holder = at_question() + struct.pack("!HHIH", wire.PRIVATE_TYPE, wire.IN, 300, len(chain)) + chain
    record = last + struct.pack("!HHIH", wire.TXT, wire.IN, 300, 2) + b"\1x"
    return header(exchange, (1, 2001, 0, 0)) + exchange.query.question + holder + record * 2000


def many_records(exchange: Exchange) -> Message | bytes:
    if not exchange.wants_text:
        return exchange.good()
    fixed = at_question() + struct.pack("!HHIH", wire.TXT, wire.IN, 300, 3)
    records = b"".join(fixed + b"\2" + struct.pack("!H", number) for number in range(4000))
    return header(exchange, (1, 4000, 0, 0)) + exchange.query.question + records


def padded(exchange: Exchange, strings: int) -> bytes:
    """The good answer with a long record in the additional section, whatever the client can take."""
    message = exchange.good()
    pad = wire.txt_rdata([b"x" * 255] * strings)
    message.additional.append(Record(exchange.zone.name(b"padding"), wire.TXT, 300, pad))
    return message.wire()


def oversized_plain(strings: int) -> Says:
    return lambda exchange: exchange.good() if exchange.query.edns else padded(exchange, strings)


# EDNS.


def to_edns(bad: Says) -> Says:
    return lambda exchange: bad(exchange) if exchange.query.edns else exchange.good()


def two_opts(exchange: Exchange) -> Message:
    message = exchange.good()
    message.extra = message.extra * 2
    return message


def overrunning_option(exchange: Exchange) -> Message:
    message = exchange.good()
    message.extra = [wire.opt_record(0, struct.pack("!HH", 65001, 400) + b"short")]
    return message


def unknown_option(exchange: Exchange) -> Message:
    message = exchange.good()
    message.extra = exchange.opt(more=wire.option(65001, b"unheard of"))
    return message


def without_opt(exchange: Exchange) -> Message:
    message = exchange.good()
    message.extra = []
    return message


def badvers(exchange: Exchange) -> Message:
    return exchange.rcode(wire.BADVERS)


def cookie_refused(forgiving: bool) -> Says:
    """BADCOOKIE with a server cookie; a forgiving server then takes its own cookie (RFC 7873 section 5.2)."""

    def says(exchange: Exchange) -> Message:
        edns = exchange.query.edns
        cookie = edns.option(wire.COOKIE) if edns else None
        if cookie is None or len(cookie) < 8:
            return exchange.good()
        full = cookie[:8] + hashlib.sha256(cookie[:8] + exchange.mode.name.encode()).digest()[:8]
        message = exchange.good()
        if not forgiving or cookie != full:
            message = exchange.rcode(wire.BADCOOKIE)
        message.extra = exchange.opt(message.rcode, wire.option(wire.COOKIE, full))
        return message

    return says


# Well-formed wrong responses.


def always(rcode: int) -> Says:
    return lambda exchange: exchange.rcode(rcode)


def bare_formerr(exchange: Exchange) -> bytes:
    return header(exchange, (0, 0, 0, 0), QR | wire.FORMERR)


def for_text(bad: Says) -> Says:
    return lambda exchange: bad(exchange) if exchange.wants_text else exchange.good()


def for_key(bad: Says) -> Says:
    return lambda exchange: bad(exchange) if exchange.wants_key else exchange.good()


def reflagged(cleared: int, added: int) -> Says:
    def says(exchange: Exchange) -> Message:
        message = exchange.good()
        message.flags = message.flags & ~cleared | added
        return message

    return says


def tripwire_glue(owner: wire.Name) -> Record:
    return Record(owner, wire.A, 300, bytes([127, 0, 66, TRIPWIRE_OCTET]))


def referral(to: Callable[[Zone], wire.Name]) -> Says:
    """NOERROR without AA and an NS set whose only address is the tripwire's."""

    def says(exchange: Exchange) -> Message:
        message = exchange.rcode(wire.NOERROR)
        server = wire.name_of("followed.invalid") if not to(exchange.zone) else exchange.zone.name(b"ns1")
        message.authority = [Record(to(exchange.zone), wire.NS, 300, wire.name_wire(server))]
        message.additional = [tripwire_glue(server)]
        return message

    return says


def unsourced_negative(exchange: Exchange) -> Message:
    message = exchange.good()
    if not message.answer:
        message.authority = []
    return message


def missing_non_terminal(exchange: Exchange) -> Message:
    asked = wire.lower(exchange.query.name)
    return exchange.denied(NXDOMAIN) if asked == exchange.zone.name(b"_domainkey") else exchange.good()


def other_owner(exchange: Exchange) -> Message:
    message = exchange.older()
    owner = exchange.zone.name(b"s2", b"_domainkey")
    message.answer = [Record(owner, r.rtype, r.ttl, r.rdata) for r in message.answer]
    return message


def cname_and_text(exchange: Exchange) -> Message:
    """The target is compressed, so that the answer fits 512 bytes."""
    message = exchange.good()
    domainkey = wire.HEADER_BYTES + 1 + len(exchange.query.name[0])
    target = b"\5other" + wire.pointer(domainkey)
    message.answer.insert(0, Record(exchange.query.name, wire.CNAME, 300, target))
    return message


def foreign_text(exchange: Exchange) -> Message:
    """As many out-of-bailiwick records as fit into 512 bytes: a TXT record of the parent that looks like a key."""
    message = exchange.good()
    message.answer.append(Record(wire.name_of("test"), wire.TXT, 300, wire.txt_rdata([b"v=DKIM1; p="])))
    return message


def out_of_bailiwick(exchange: Exchange) -> Message:
    message = foreign_text(exchange)
    server = wire.name_of("followed.invalid")
    revoked = wire.txt_rdata([b"v=DKIM1; p="])
    message.answer.append(Record(wire.name_of("s1._domainkey.healthy.test"), wire.TXT, 300, revoked))
    message.authority.append(Record(wire.name_of("test"), wire.NS, 300, wire.name_wire(server)))
    message.additional.append(tripwire_glue(server))
    return message


def out_of_bailiwick_datagram(exchange: Exchange) -> Message:
    return out_of_bailiwick(exchange) if exchange.query.edns else foreign_text(exchange)


HOSTILE_TEXT = b'n=\x1b[2J\x1b[31m\r\n\x00\xff\xc3(<b>"&\\|; '


def with_text(strings: Callable[[bytes], list[bytes]]) -> Says:
    """The record of the key, split into other strings."""

    def says(exchange: Exchange) -> Message:
        message = exchange.good()
        rdata = message.answer[0].rdata
        joined = rdata[1 : 1 + rdata[0]] + rdata[2 + rdata[0] :]
        message.answer[0] = Record(exchange.query.name, wire.TXT, 300, wire.txt_rdata(strings(joined)))
        return message

    return says


def hostile_strings(joined: bytes) -> list[bytes]:
    text = joined.replace(b"p=", HOSTILE_TEXT + b"p=", 1)
    return [text[:255], text[255:]]


def lowered_question(exchange: Exchange) -> Message:
    message = exchange.good()
    message.name = wire.lower(message.name)
    message.question = wire.name_wire(message.name) + message.question[-4:]
    return message


def lower_only(exchange: Exchange) -> Message:
    same = exchange.query.name == wire.lower(exchange.query.name)
    return exchange.good() if same else exchange.denied(NXDOMAIN)


def without_serial(exchange: Exchange) -> Message:
    """The SOA record ends after its two names."""
    message = exchange.good()
    for records in (message.answer, message.authority):
        for i, record in enumerate(records):
            if record.rtype == wire.SOA:
                records[i] = Record(record.owner, wire.SOA, record.ttl, record.rdata[:-20])
    return message


def with_older_serial(message: Message) -> Message:
    for records in (message.answer, message.authority):
        for i, record in enumerate(records):
            if record.rtype == wire.SOA:
                serial = struct.pack("!I", OLDER_SERIAL)
                rdata = record.rdata[:-20] + serial + record.rdata[-16:]
                records[i] = Record(record.owner, wire.SOA, record.ttl, rdata)
    return message


def instance(exchange: Exchange, second: bool) -> Message:
    message = exchange.older() if second else exchange.good()
    message.extra = exchange.opt(suffix="-b" if second else "-a")
    return message


# Responses that depend on earlier queries.

LOSS_SECONDS = 10.0
QUIET_SECONDS = 1.5


def question_key(exchange: Exchange) -> tuple:
    query = exchange.query
    return exchange.mode.octet, exchange.client, wire.lower(query.name), query.qtype, query.edns is not None


def loss_first(exchange: Exchange) -> list[Datagram]:
    key = question_key(exchange)
    if exchange.memory.count(key, exchange.now, LOSS_SECONDS) == 0:
        return []
    exchange.memory.forget(key)
    return [Datagram(exchange.fitted(exchange.good()))]


def refused_after_success(exchange: Exchange) -> Message:
    key = (exchange.mode.octet, exchange.client)
    if exchange.memory.touch(key, exchange.now, QUIET_SECONDS):
        return exchange.rcode(wire.REFUSED)
    if exchange.wants_key:
        exchange.memory.count(key, exchange.now, QUIET_SECONDS)
    return exchange.good()


def alternating(exchange: Exchange) -> Message:
    if not exchange.wants_key:
        return instance(exchange, second=False)
    key = (exchange.mode.octet, exchange.client, exchange.query.qtype)
    return instance(exchange, second=exchange.memory.count(key, exchange.now, QUIET_SECONDS) % 2 == 1)


def both(says: Says) -> dict:
    """The same over UDP and TCP."""
    return {"udp": datagram(says), "tcp": stream(says)}


NO_TCP = ("ns_no_tcp_after_tc",)
DIFFERS = ("answer_differs_between_ns",)
ABSENT_HERE = ("presence_differs_between_ns",)

MODES = [
    # Silence and closed ports.
    Mode("silent", 1, "Never answers: not over UDP, and TCP accepts and stays silent.", "timeout",
         ("ns_timeout_udp", "ns_timeout_tcp"), tcp_outcome="tcp_timeout", udp=datagram(nothing), tcp=hang),
    Mode("udp_silent", 2, "Never answers over UDP; TCP is good.", "timeout", ("ns_timeout_udp",),
         udp=datagram(nothing)),
    Mode("tcp_silent_udp_ok", 3, "UDP is good; TCP accepts and never answers.", "answered",
         ("ns_timeout_tcp",), tcp_outcome="tcp_timeout", tcp=hang),
    Mode("tcp_refused", 4, "UDP is good; nothing listens for TCP.", "answered", ("ns_tcp_refused",),
         tcp_outcome="tcp_refused", tcp=None),
    Mode("tcp_reset", 5, "UDP is good; TCP is reset after the query.", "answered", ("ns_tcp_refused",),
         tcp_outcome="tcp_reset", tcp=reset),
    Mode("tcp_closed", 6, "UDP is good; TCP is closed after the query without an answer.", "answered",
         ("ns_tcp_refused",), tcp_outcome="tcp_closed", tcp=close),
    Mode("closed", 7, "Nothing is bound: UDP is answered by ICMP port unreachable, TCP refused.",
         "icmp_unreachable", ("ns_unreachable", "ns_tcp_refused"), tcp_outcome="tcp_refused", udp=None,
         tcp=None),
    Mode("udp_closed", 8, "Nothing is bound for UDP (ICMP port unreachable); TCP is good.",
         "icmp_unreachable", ("ns_unreachable",), udp=None),
    Mode("timeout_txt_only", 9, "SOA and NS are good; TXT is never answered, over UDP or TCP.", "timeout",
         ("ns_type_dropped",), tcp_outcome="tcp_timeout", **both(for_text(nothing))),

    # Truncation.
    Mode("truncated", 20, "TXT over UDP is empty with TC=1; TCP is good.", "answered", ("ns_tc_unneeded",),
         udp=datagram(emptied_text)),
    Mode("truncated_whole", 21, "TXT over UDP is complete and still has TC=1; TCP is good.", "answered",
         ("ns_tc_unneeded",), udp=datagram(whole_with_tc)),
    Mode("truncated_tcp_refused", 22, "TXT over UDP has TC=1; nothing listens for TCP.", "tcp_refused",
         NO_TCP + ("ns_tcp_refused",), tcp_outcome="tcp_refused", udp=datagram(emptied_text), tcp=None),
    Mode("truncated_tcp_hangs", 23, "TXT over UDP has TC=1; TCP accepts and never answers.", "tcp_timeout",
         NO_TCP + ("ns_timeout_tcp",), tcp_outcome="tcp_timeout", udp=datagram(emptied_text), tcp=hang),
    Mode("truncated_tcp_reset", 24, "TXT over UDP has TC=1; TCP is reset after the query.", "tcp_reset",
         NO_TCP + ("ns_tcp_refused",), tcp_outcome="tcp_reset", udp=datagram(emptied_text), tcp=reset),
    Mode("truncated_tcp_closed", 25, "TXT over UDP has TC=1; TCP is closed without an answer.", "tcp_closed",
         NO_TCP + ("ns_tcp_refused",), tcp_outcome="tcp_closed", udp=datagram(emptied_text), tcp=close),
    Mode("truncated_tcp_truncated", 26, "TXT has TC=1 and no records over UDP and over TCP.", "malformed",
         NO_TCP, tcp_outcome="malformed", **both(emptied_text)),
    Mode("slip", 27, "Every UDP answer is empty with TC=1, as a rate limiter slips; TCP is good.", "answered",
         ("ns_tc_unneeded",), udp=datagram(emptied)),

    # TCP streams. UDP is good.
    Mode("tcp_drip", 40, "TCP sends the answer one byte every 0.5 s.", "answered", ("ns_timeout_tcp",),
         tcp_outcome="tcp_timeout", tcp=dripping(1, 0.5)),
    Mode("tcp_drip_slow", 41, "TCP sends the answer one byte every 1.5 s.", "answered", ("ns_timeout_tcp",),
         tcp_outcome="tcp_timeout", tcp=dripping(1, 1.5)),
    Mode("tcp_drip_whole", 42, "TCP sends the answer in pieces of 7 bytes, 2 ms apart: slow, whole and "
         "valid.", "answered", tcp=dripping(7, 0.002)),
    Mode("tcp_false_length", 43, "TCP announces 100 bytes more than it sends, then waits.", "answered",
         ("ns_timeout_tcp",), tcp_outcome="tcp_timeout", tcp=announced(100)),
    Mode("tcp_short_length", 44, "TCP announces 20 bytes fewer than the message has.", "answered",
         ("ns_malformed",), tcp_outcome="malformed", tcp=announced(-20)),
    Mode("tcp_half_open", 45, "TCP closes after the two bytes of the length.", "answered",
         ("ns_tcp_refused",), tcp_outcome="tcp_closed", tcp=half_open),
    Mode("tcp_closed_midway", 46, "TCP closes after half of the message.", "answered", ("ns_tcp_refused",),
         tcp_outcome="tcp_closed", tcp=closed_midway),
    Mode("tcp_two_messages", 47, "TCP sends the answer and a message with another id and key in one segment.",
         "answered", tcp=two_messages),
    Mode("tcp_wrong_id_first", 48, "TCP sends a message with another id and key, then the answer, in one "
         "segment.", "answered", tcp=wrong_id_first),
    Mode("tcp_wrong_id", 49, "TCP answers with another id, then waits.", "answered", ("ns_timeout_tcp",),
         tcp_outcome="tcp_timeout", tcp=stream(wrong_id, End.HANG)),
    Mode("truncated_tcp_drip", 50, "TXT over UDP has TC=1; TCP sends one byte every 0.5 s.", "tcp_timeout",
         NO_TCP + ("ns_timeout_tcp",), tcp_outcome="tcp_timeout", udp=datagram(emptied_text),
         tcp=dripping(1, 0.5)),

    # Datagrams that do not match the query; they have another key. TCP is good.
    Mode("wrong_source", 60, "Answers come from 127.0.66.254.", "wrong_source", ("ns_wrong_source",),
         udp=from_elsewhere(Source.OTHER_ADDRESS)),
    Mode("wrong_source_then_good", 61, "Another key from 127.0.66.254, 5 ms later the right answer.",
         "answered", udp=then_good(from_elsewhere(Source.OTHER_ADDRESS))),
    Mode("wrong_port", 62, "Answers come from another port of the right address.", "wrong_source",
         ("ns_wrong_source",), udp=from_elsewhere(Source.OTHER_PORT)),
    Mode("wrong_port_then_good", 63, "Another key from another port, 5 ms later the right answer.",
         "answered", udp=then_good(from_elsewhere(Source.OTHER_PORT))),
    Mode("wrong_id", 64, "Answers have another id.", "timeout", ("ns_timeout_udp",), udp=datagram(wrong_id)),
    Mode("wrong_id_then_good", 65, "Another id and key, 5 ms later the right answer.", "answered",
         udp=then_good(datagram(wrong_id))),
    Mode("wrong_id_flood", 66, "50 datagrams with another id and key, 5 ms later the right answer.",
         "answered", udp=then_good(repeated(datagram(wrong_id), 50))),
    Mode("wrong_question", 67, "Answers have another name as question and owner.", "wrong_question",
         ("ns_wrong_question",), udp=datagram(other_question)),
    Mode("wrong_question_then_good", 68, "Another question and key, 5 ms later the right answer.", "answered",
         udp=then_good(datagram(other_question))),
    Mode("wrong_class", 69, "Answers have the class CHAOS in question and records.", "wrong_question",
         ("ns_wrong_question",), udp=datagram(other_class)),
    Mode("wrong_opcode", 70, "Answers have the opcode UPDATE.", "timeout", ("ns_timeout_udp",),
         udp=datagram(other_opcode)),
    Mode("query_bit", 71, "Answers have QR=0.", "timeout", ("ns_timeout_udp",), udp=datagram(as_query)),
    Mode("no_question", 72, "Answers have an empty question section.", "wrong_question",
         ("ns_wrong_question",), udp=datagram(no_question)),
    Mode("duplicate", 73, "Every answer comes twice.", "answered", udp=repeated(datagram(good), 2)),
    Mode("late", 74, "Answers come after 600 ms, when the first try is over.", "answered", ("ns_slow",),
         udp=delayed(0.6)),
    Mode("later", 198, "Answers come after 1.5 s, when the second try is over.", "answered", ("ns_slow",),
         udp=delayed(1.5)),
    Mode("very_late", 75, "Answers come after 5 s, when every try is over.", "timeout", ("ns_timeout_udp",),
         udp=delayed(5.0)),
    Mode("slow", 76, "Answers come after 300 ms.", "answered", ("ns_slow",), udp=delayed(0.3)),
    Mode("loss_first", 77, "The first datagram of each question is lost (with and without EDNS counted "
         "apart), the second answered, and so on by turns; 10 s without a query begin anew.", "answered",
         udp=loss_first),

    # Messages that cannot be read.
    Mode("garbage", 90, "The right id, QR=1 and 64 bytes of noise, over UDP and TCP.", "malformed",
         ("ns_malformed",), tcp_outcome="malformed", **both(garbage)),
    Mode("garbage_tcp_good", 91, "The right id, QR=1 and 64 bytes of noise over UDP; TCP is good.",
         "answered", ("ns_malformed",), udp=datagram(garbage)),
    Mode("garbage_then_good", 92, "The right id, QR=1 and noise over UDP, 5 ms later the right answer.",
         "answered", udp=then_good(datagram(garbage))),
    Mode("short", 93, "Five bytes of the answer, over UDP and TCP.", "malformed", ("ns_malformed",),
         tcp_outcome="malformed", **both(short)),
    Mode("empty", 94, "A datagram of no bytes; over TCP a message of length 0.", "malformed",
         ("ns_malformed",), tcp_outcome="malformed", **both(lambda exchange: b"")),
    Mode("cut_short", 95, "The answer lacks its last 7 bytes and has TC=0, over UDP and TCP.", "malformed",
         ("ns_malformed",), tcp_outcome="malformed", **both(cut_short)),
    Mode("compression_loop", 96, "The owner is a pointer to itself.", "malformed", ("ns_malformed",),
         tcp_outcome="malformed", **both(compression_loop)),
    Mode("compression_forward", 97, "The owner is a pointer forward to the right name behind the record.",
         "malformed", ("ns_malformed",), tcp_outcome="malformed", **both(compression_forward)),
    Mode("lying_counts", 98, "The header counts 7, 5 and 3 records; the message has fewer.", "malformed",
         ("ns_malformed",), tcp_outcome="malformed", **both(lying_counts)),
    Mode("lying_rdlength", 99, "The record's length points 300 bytes past the end of the message.",
         "malformed", ("ns_malformed",), tcp_outcome="malformed", **both(lying_rdlength)),
    Mode("lying_string_length", 100, "The length of the second TXT string points past the end of the record.",
         "malformed", ("ns_malformed",), tcp_outcome="malformed", **both(lying_string_length)),
    Mode("large_txt_empty_strings", 101, "TXT over UDP has TC=1, over TCP it is one record of 65,000 and "
         "more empty strings.", "malformed", ("ns_malformed",), tcp_outcome="malformed",
         udp=datagram(emptied_text), tcp=stream(empty_strings)),
    Mode("many_pointers", 102, "TXT over UDP has TC=1, over TCP the owners of 2,000 records are chains of "
         "8,000 pointers.", "malformed", ("ns_malformed",), tcp_outcome="malformed",
         udp=datagram(emptied_text), tcp=stream(many_pointers)),
    Mode("many_rrs", 103, "TXT over UDP has TC=1, over TCP it is 4,000 records.", "malformed",
         ("ns_malformed",), tcp_outcome="malformed", udp=datagram(emptied_text), tcp=stream(many_records)),

    # EDNS and size.
    Mode("oversized_no_edns", 120, "Over UDP without EDNS answers have more than 1,300 bytes and TC=0.",
         "answered", ("ns_edns_violation",), udp=datagram(oversized_plain(4))),
    Mode("oversized_jumbo", 121, "Over UDP answers have more than 20,000 bytes, whatever the client "
         "announced.", "answered", ("ns_edns_violation",),
         udp=datagram(lambda exchange: padded(exchange, 80))),
    Mode("edns_formerr", 122, "Queries with EDNS get FORMERR without OPT.", "answered", ("ns_edns_formerr",),
         **both(to_edns(lambda exchange: exchange.rcode(wire.FORMERR, opt=False)))),
    Mode("edns_formerr_bare", 123, "Queries with EDNS get FORMERR as 12 bytes of header.", "answered",
         ("ns_edns_formerr",), **both(to_edns(bare_formerr))),
    Mode("edns_notimp", 124, "Queries with EDNS get NOTIMP without OPT.", "answered", ("ns_edns_formerr",),
         **both(to_edns(lambda exchange: exchange.rcode(wire.NOTIMP, opt=False)))),
    Mode("edns_servfail", 125, "Queries with EDNS get SERVFAIL.", "answered", ("ns_edns_formerr",),
         **both(to_edns(always(wire.SERVFAIL)))),
    Mode("edns_badvers", 126, "Queries with EDNS version 0 get BADVERS.", "answered", ("ns_edns_badvers",),
         **both(to_edns(badvers))),
    Mode("edns_badcookie", 197, "Queries with EDNS get BADCOOKIE, though they bring no cookie.", "answered",
         ("ns_cookie_bad",), **both(to_edns(always(wire.BADCOOKIE)))),
    Mode("edns_dropped", 127, "Queries with EDNS are not answered over UDP; TCP is good.", "answered",
         ("ns_edns_dropped",), udp=datagram(to_edns(nothing))),
    Mode("edns_ignored", 128, "Answers never have OPT; nothing else is wrong.", "answered",
         **both(without_opt)),
    Mode("edns_two_opts", 129, "Answers to EDNS have two OPT records.", "answered", ("ns_malformed",),
         edns_outcome="malformed", **both(to_edns(two_opts))),
    Mode("edns_garbage_option", 130, "An option of the OPT record is longer than the record.", "answered",
         ("ns_malformed",), edns_outcome="malformed", **both(to_edns(overrunning_option))),
    Mode("edns_unknown_option", 131, "The OPT record has an unknown option; nothing is wrong.", "answered",
         **both(to_edns(unknown_option))),
    Mode("badcookie", 132, "A client cookie alone gets BADCOOKIE and the server's; with that all is good.",
         "answered", **both(cookie_refused(forgiving=True))),
    Mode("badcookie_always", 133, "Over UDP every query with a cookie gets BADCOOKIE; TCP is good.",
         "answered", ("ns_cookie_bad",), udp=datagram(cookie_refused(forgiving=False))),

    # Rcodes, authority and referrals.
    Mode("formerr_bare", 150, "Every query gets FORMERR as 12 bytes of header.", "formerr", ("ns_formerr",),
         tcp_outcome="formerr", **both(bare_formerr)),
    Mode("servfail", 151, "Every query gets SERVFAIL.", "servfail", ("ns_servfail",), tcp_outcome="servfail",
         **both(always(wire.SERVFAIL))),
    Mode("servfail_txt_only", 152, "SOA and NS are good; TXT gets SERVFAIL.", "servfail", ("ns_servfail",),
         tcp_outcome="servfail", **both(for_text(always(wire.SERVFAIL)))),
    Mode("refused", 153, "Every query gets REFUSED.", "refused", ("ns_refused",), tcp_outcome="refused",
         **both(always(wire.REFUSED))),
    Mode("notimp", 154, "Every query gets NOTIMP.", "notimp", ("ns_notimp",), tcp_outcome="notimp",
         **both(always(wire.NOTIMP))),
    Mode("notauth", 155, "Every query gets NOTAUTH.", "other_rcode", ("rcode_differs_between_ns",),
         tcp_outcome="other_rcode", **both(always(wire.NOTAUTH))),
    Mode("not_authoritative", 156, "Answers are right but for AA=0.", "not_authoritative", ("ns_lame",),
         tcp_outcome="not_authoritative", **both(reflagged(AA, 0))),
    Mode("recursion_available", 157, "Answers are right but for AA=0 and RA=1.", "not_authoritative",
         ("ns_lame", "ns_recursion_available"), tcp_outcome="not_authoritative", **both(reflagged(AA, RA))),
    Mode("ra_with_aa", 158, "Answers are right and have RA=1.", "answered", ("ns_recursion_available",),
         **both(reflagged(0, RA))),
    Mode("referral_up", 159, "Every query gets a referral to the root.", "upward_referral", ("ns_lame",),
         tcp_outcome="upward_referral", **both(referral(lambda zone: ()))),
    Mode("referral_self", 160, "Every query gets a referral to the zone itself.", "self_referral",
         ("ns_lame",), tcp_outcome="self_referral", **both(referral(lambda zone: zone.origin))),
    Mode("refused_after_success", 161, "After the first answer with the key a client gets REFUSED to "
         "everything, until it was silent for 1.5 s.", "answered", ("ns_rate_limited",),
         edns_outcome="refused", tcp_outcome="refused", **both(refused_after_success)),

    # Wrong responses.
    Mode("nxdomain_wrong", 180, "TXT at the selector gets NXDOMAIN though the name exists.", "nxdomain",
         ABSENT_HERE, tcp_outcome="nxdomain", **both(for_key(lambda exchange: exchange.denied(NXDOMAIN)))),
    Mode("nodata_wrong", 181, "TXT at the selector gets NODATA though the record exists.", "nodata",
         ABSENT_HERE, tcp_outcome="nodata", **both(for_key(lambda exchange: exchange.denied(wire.NOERROR)))),
    Mode("nodata_without_soa", 182, "TXT at the selector gets NODATA without SOA.", "nodata",
         ABSENT_HERE + ("soa_missing_in_negative",), tcp_outcome="nodata",
         **both(for_key(lambda exchange: exchange.denied(wire.NOERROR, soa=False)))),
    Mode("negative_without_soa", 183, "The key is right; NXDOMAIN and NODATA come without SOA.", "answered",
         ("soa_missing_in_negative",), **both(unsourced_negative)),
    Mode("ent_nxdomain", 184, "The key is right; `_domainkey` above it gets NXDOMAIN.", "answered",
         ("ent_nxdomain",), **both(missing_non_terminal)),
    Mode("wrong_owner", 185, "TXT is answered with a record of another selector, which holds another key.",
         "nodata", ABSENT_HERE, tcp_outcome="nodata", **both(for_key(other_owner))),
    Mode("cname_and_txt", 186, "TXT at the selector gets a CNAME and the key at the same name.", "answered",
         ("cname_with_other_data",), **both(for_key(cname_and_text))),
    Mode("out_of_bailiwick", 187, "The right answer comes with TXT, NS and A records of other names; without "
         "EDNS with a TXT record alone.", "answered", udp=datagram(out_of_bailiwick_datagram),
         tcp=stream(out_of_bailiwick)),
    Mode("txt_no_strings", 188, "TXT at the selector has no strings (length 0).", "answered", DIFFERS,
         **both(for_key(with_text(lambda joined: [])))),
    Mode("txt_ansi", 189, "The key's record has escape codes, line ends, NUL, bad UTF-8 and HTML in n=.",
         "answered", DIFFERS + ("txt_control_char", "txt_non_ascii"),
         **both(for_key(with_text(hostile_strings)))),
    Mode("case_changed", 190, "The question comes back in lower case.", "answered",
         ("ns_case_not_preserved",), **both(lowered_question)),
    Mode("case_sensitive", 191, "A name with a capital letter gets NXDOMAIN.", "answered",
         ("ns_case_sensitive",), **both(lower_only)),
    Mode("two_answers_differ", 192, "The key is one of two by turns for each client, with two NSIDs; 1.5 s "
         "without a query begins with the right one.", "answered", ("anycast_instances_differ",) + DIFFERS,
         **both(alternating)),
    Mode("anycast_by_transport", 193, "UDP gives the right key, TCP another with another NSID.", "answered",
         ("anycast_instances_differ",), udp=datagram(lambda exchange: instance(exchange, second=False)),
         tcp=stream(lambda exchange: instance(exchange, second=True))),
    Mode("stale_serial", 194, "An older serial and an older key.", "answered", DIFFERS + ("ns_stale",),
         **both(lambda exchange: with_older_serial(exchange.older()))),
    Mode("older_serial_same_key", 195, "An older serial; the key is right.", "answered",
         **both(lambda exchange: with_older_serial(exchange.good()))),
    Mode("soa_serial_garbage", 196, "The key is right; SOA records end after the names, without a serial.",
         "answered", ("ns_malformed",), **both(without_serial)),
]
