"""DNS messages as bytes: reads queries, writes responses, and corrupts them as a mode requires. It knows no zones,
modes or sockets."""

import struct
from dataclasses import dataclass, field

Name = tuple[bytes, ...]

A, NS, CNAME, SOA, TXT, OPT = 1, 2, 5, 6, 16, 41
PRIVATE_TYPE = 65280
IN, CHAOS = 1, 3
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
NOTAUTH, BADVERS, BADCOOKIE = 9, 16, 23
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
OPCODE_SHIFT = 11
OPCODE_BITS = 15 << OPCODE_SHIFT
NSID, COOKIE = 3, 10
HEADER_BYTES = 12
MESSAGE_LIMIT_BYTES = 65535
TYPE_NAMES = {A: "A", NS: "NS", CNAME: "CNAME", SOA: "SOA", TXT: "TXT"}
TYPE_NAMES |= {28: "AAAA", 39: "DNAME", 43: "DS", 48: "DNSKEY"}


def name_of(text: str) -> Name:
    return tuple(label.encode() for label in text.rstrip(".").split(".") if label)


def lower(name: Name) -> Name:
    return tuple(label.lower() for label in name)


def name_text(name: Name) -> str:
    def label_text(label: bytes) -> str:
        return "".join(chr(b) if 0x21 <= b <= 0x7E and b not in b'.\\"' else f"\\{b:03d}" for b in label)

    return "".join(label_text(label) + "." for label in name) or "."


def name_wire(name: Name) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def pointer(offset: int) -> bytes:
    return struct.pack("!H", 0xC000 | offset)


def txt_rdata(strings: list[bytes]) -> bytes:
    return b"".join(bytes([len(string)]) + string for string in strings)


@dataclass
class Edns:
    payload_bytes: int = 512
    version: int = 0
    dnssec_ok: bool = False
    options: list[tuple[int, bytes]] = field(default_factory=list)

    def option(self, code: int) -> bytes | None:
        return next((data for found, data in self.options if found == code), None)


@dataclass
class Query:
    id: int
    flags: int
    name: Name
    qtype: int
    qclass: int
    question: bytes
    edns: Edns | None
    size_bytes: int

    @property
    def opcode(self) -> int:
        return (self.flags >> OPCODE_SHIFT) & 15

    @property
    def type_text(self) -> str:
        return TYPE_NAMES.get(self.qtype, f"TYPE{self.qtype}")


def read_query(data: bytes) -> Query | None:
    """Returns a Query only for a query with one readable question, and never raises."""
    if len(data) < HEADER_BYTES:
        return None
    identity, flags, questions, answers, authorities, additionals = struct.unpack_from("!6H", data)
    if flags & QR or questions != 1:
        return None
    labels = []
    at = HEADER_BYTES
    while at < len(data) and data[at] != 0:
        length = data[at]
        if length > 63 or at + 1 + length > len(data):
            return None
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    if at - HEADER_BYTES > 254 or at + 5 > len(data):
        return None
    qtype, qclass = struct.unpack_from("!HH", data, at + 1)
    end = at + 5
    edns = _read_edns(data, end) if (answers, authorities) == (0, 0) and additionals else None
    return Query(identity, flags, tuple(labels), qtype, qclass, data[HEADER_BYTES:end], edns, len(data))


def _read_edns(data: bytes, at: int) -> Edns | None:
    if at + 11 > len(data) or data[at] != 0:
        return None
    rtype, payload, _, version, flags, length = struct.unpack_from("!HHBBHH", data, at + 1)
    at += 11
    end = at + length
    if rtype != OPT or end > len(data):
        return None
    edns = Edns(payload, version, bool(flags & 0x8000))
    while at + 4 <= end:
        code, size = struct.unpack_from("!HH", data, at)
        if at + 4 + size > end:
            break
        edns.options.append((code, data[at + 4 : at + 4 + size]))
        at += 4 + size
    return edns


@dataclass
class Record:
    owner: Name
    rtype: int
    ttl: int
    rdata: bytes
    rclass: int = IN

    def wire(self, question_name: Name) -> bytes:
        """Only the owner is compressed, against the question; names in rdata are uncompressed."""
        fixed = struct.pack("!HHIH", self.rtype, self.rclass, self.ttl, len(self.rdata)) + self.rdata
        owner, asked = lower(self.owner), lower(question_name)
        for kept in range(len(owner)):
            common = owner[kept:]
            if len(common) <= len(asked) and asked[len(asked) - len(common) :] == common:
                skipped = asked[: len(asked) - len(common)]
                offset = HEADER_BYTES + sum(1 + len(label) for label in skipped)
                return name_wire(self.owner[:kept])[:-1] + pointer(offset) + fixed
        return name_wire(self.owner) + fixed


def opt_record(rcode: int, options: bytes = b"", payload_bytes: int = 1232, dnssec_ok: bool = False) -> bytes:
    flags = 0x8000 if dnssec_ok else 0
    return b"\0" + struct.pack("!HHBBHH", OPT, payload_bytes, rcode >> 4, 0, flags, len(options)) + options


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


@dataclass
class Message:
    """A response before it is encoded. `question` is in wire format, which keeps the case of its letters; `extra` has
    raw additional records (OPT, or something hostile), each counted as one."""

    id: int
    flags: int
    name: Name
    question: bytes
    rcode: int = NOERROR
    answer: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    extra: list[bytes] = field(default_factory=list)

    def cut(self) -> "Message":
        """The same with TC=1 and no records but OPT."""
        return Message(self.id, self.flags | TC, self.name, self.question, self.rcode, extra=self.extra)

    def wire(self) -> bytes:
        compress_to = self.name if self.question else ()
        header = struct.pack(
            "!6H",
            self.id,
            self.flags | (self.rcode & 15),
            1 if self.question else 0,
            len(self.answer),
            len(self.authority),
            len(self.additional) + len(self.extra),
        )
        records = self.answer + self.authority + self.additional
        return header + self.question + b"".join(r.wire(compress_to) for r in records) + b"".join(self.extra)
