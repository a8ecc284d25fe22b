"""The little DNS that the lab itself needs: writing and reading a query with RD=0. No resolver."""

import struct

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 16: "TXT", 28: "AAAA", 43: "DS", 48: "DNSKEY", 255: "ANY"}
SOA = 6


def question(name, qtype, message_id):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    qname = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!6H", message_id, 0, 1, 0, 0, 0) + qname + struct.pack("!2H", qtype, 1)


def is_good_answer(message, message_id):
    """Whether it is a response with AA, NOERROR and at least one answer."""
    if len(message) < 12:
        return False
    got, flags, _, answers = struct.unpack("!4H", message[:8])
    return got == message_id and flags & 0x8000 and flags & 0x0400 and flags & 0x000F == 0 and answers > 0


def describe(message):
    """The header and the first question as a dict; qname is None if the message is truncated or has no question."""
    if len(message) < 12:
        return {
            "id": None,
            "rd": None,
            "opcode": None,
            "qr": None,
            "qname": None,
            "qtype": None,
            "size": len(message),
        }
    message_id, flags, questions = struct.unpack("!3H", message[:6])
    described = {
        "id": message_id,
        "rd": bool(flags & 0x0100),
        "opcode": flags >> 11 & 15,
        "qr": bool(flags & 0x8000),
        "qname": None,
        "qtype": None,
        "size": len(message),
    }
    labels, at = [], 12
    while questions and at < len(message):
        length = message[at]
        at += 1
        if length > 63 or at + length > len(message):
            break
        if length == 0:
            if at + 4 <= len(message):
                qtype = struct.unpack("!H", message[at : at + 2])[0]
                described.update(qname=".".join(labels) + ".", qtype=TYPES.get(qtype, "TYPE%d" % qtype))
            break
        label = message[at : at + length]
        labels.append(
            "".join(chr(c) if 0x21 <= c <= 0x7E and c not in b".\\" else "\\%03d" % c for c in label)
        )
        at += length
    return described
