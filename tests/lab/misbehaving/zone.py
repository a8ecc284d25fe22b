"""The right answers: one zone for each mode, from the template that the good server beside it also serves."""

import ipaddress
import pathlib
import struct

from misbehaving import wire
from misbehaving.wire import Message, Name, Query, Record

TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "zones" / "fault.zone.template"
OLDER_SERIAL = 2025010101
OLDER_KEY = (
    b"v=DKIM1; k=rsa; p="
    b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv5FFxTNms/6fU6maTFS0wDzJDZQwb3c5ImyGaU+DqdiluvlJlTgM"
    b"ER7NRZgYB4c8w7P6SoR1a//uIkz9YnGdt8mnu1Q6LYBDf/m9w9DNn2AX9G0SQeHEylAXWJKSl3u4pMH60ErjPse2kNE7O8m2"
    b"58tnEF2ITZlMVuW3GKlZDzwVKClzf/Z+0WX74wFapRFrPT2cc48ilCvbxPbbTI1esvrUgDvdtTnZPZBOK2OFDeCe9rKSL08C"
    b"R4joGKWcIn+kUQQF7g3T2Ro4VEeNXkitJTo4RFTOOfOgiVhmi+MMLya1Je6tU5pN+qOeR6Pts+A2F1uOmsIBCTNDhm7FiXv8"
    b"BQIDAQAB"
)
OLDER_KEY_STRINGS = [OLDER_KEY[:255], OLDER_KEY[255:]]


def words_of(line: str) -> list[str]:
    """The words of a line without quotes; the template has no escapes and no parentheses."""
    words = []
    rest = line.strip()
    while rest and not rest.startswith(";"):
        if rest.startswith('"'):
            word, _, rest = rest[1:].partition('"')
            words.append(word)
        else:
            word, _, rest = rest.partition(" ")
            words.append(word)
        rest = rest.lstrip()
    return words


def rdata_of(rtype: str, words: list[str]) -> tuple[int, bytes]:
    if rtype == "SOA":
        numbers = struct.pack("!5I", *map(int, words[2:7]))
        names = b"".join(wire.name_wire(wire.name_of(word)) for word in words[:2])
        return wire.SOA, names + numbers
    if rtype == "NS":
        return wire.NS, wire.name_wire(wire.name_of(words[0]))
    if rtype == "A":
        return wire.A, ipaddress.IPv4Address(words[0]).packed
    if rtype == "TXT":
        return wire.TXT, wire.txt_rdata([word.encode() for word in words])
    raise ValueError(f"{TEMPLATE.name}: no record type {rtype}")


class Zone:
    def __init__(self, origin: str, bad_address: str, template: str):
        self.origin: Name = wire.name_of(origin)
        self.records: list[Record] = []
        ttl = 0
        for line in template.replace("@ORIGIN@", origin).replace("@BAD@", bad_address).splitlines():
            words = words_of(line)
            if not words:
                continue
            if words[0] == "$TTL":
                ttl = int(words[1])
                continue
            if len(words) < 4 or words[1] != "IN":
                raise ValueError(f"{TEMPLATE.name}: not OWNER IN TYPE DATA: {line}")
            rtype, rdata = rdata_of(words[2], words[3:])
            self.records.append(Record(wire.name_of(words[0]), rtype, ttl, rdata))

    @property
    def selector(self) -> Name:
        return (b"s1", b"_domainkey") + self.origin

    def name(self, *labels: bytes) -> Name:
        return labels + self.origin

    def find(self, name: Name, rtype: int) -> list[Record]:
        wanted = wire.lower(name)
        return [r for r in self.records if r.rtype == rtype and wire.lower(r.owner) == wanted]

    def soa(self) -> list[Record]:
        return self.find(self.origin, wire.SOA)

    def holds(self, name: Name) -> bool:
        above = len(name) - len(self.origin)
        return above >= 0 and wire.lower(name)[above:] == self.origin

    def exists(self, name: Name) -> bool:
        """Whether the name owns records or is an empty non-terminal above one that does."""
        wanted = wire.lower(name)
        owners = (wire.lower(record.owner) for record in self.records)
        return any(owner[max(0, len(owner) - len(wanted)) :] == wanted for owner in owners)

    def answer(self, query: Query) -> Message:
        """The response of a good server, without EDNS."""
        flags = wire.QR | query.flags & (wire.RD | wire.OPCODE_BITS)
        message = Message(query.id, flags, query.name, query.question)
        if query.opcode != 0:
            message.rcode = wire.NOTIMP
            return message
        if query.qclass != wire.IN or not self.holds(query.name):
            message.rcode = wire.REFUSED
            return message
        message.flags |= wire.AA
        message.answer = self.find(query.name, query.qtype)
        if not message.answer:
            message.authority = self.soa()
            message.rcode = wire.NOERROR if self.exists(query.name) else wire.NXDOMAIN
        elif query.qtype == wire.NS:
            message.additional = [r for r in self.records if r.rtype == wire.A]
        return message
