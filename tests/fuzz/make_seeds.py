#!/usr/bin/env python3
"""Writes the seeds of the message fuzzer from the wire vectors: those up to 2,000 octets, one file each.

Usage: make_seeds.py  (from anywhere; seeds that are there already and come from elsewhere are kept)
"""
import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parent.parent


def name_octets(text):
    """The wire form of a name; vectors of the fuzzer need no escapes."""
    labels = [] if text == "." else text.split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def token_octets(token):
    if token.startswith('"'):
        return token[1:-1].encode()
    if token.startswith("'"):
        return bytes([len(token) - 2]) + token[1:-1].encode()
    if token.startswith("name:"):
        return name_octets(token[5:])
    return bytes.fromhex(token)


def message_octets(text):
    octets, starts = bytearray(), []
    body = text.split("message:\n", 1)[1].split("match:", 1)[0]
    for token, times in re.findall(r"""("[^"]*"|'[^']*'|[^\s*]+)(?:\*(\d+))?""", body):
        if token == "rdata{":
            starts.append(len(octets))
            octets += b"\0\0"
        elif token == "}":
            start = starts.pop()
            octets[start:start + 2] = (len(octets) - start - 2).to_bytes(2, "big")
        else:
            octets += token_octets(token) * int(times or 1)
    return bytes(octets)


def main():
    corpus = TESTS / "fuzz" / "corpus" / "message"
    corpus.mkdir(parents=True, exist_ok=True)
    for vector in sorted((TESTS / "probe" / "vectors" / "wire").glob("*.txt")):
        octets = message_octets(vector.read_text())
        if len(octets) <= 2000:
            (corpus / vector.stem).write_bytes(octets)


if __name__ == "__main__":
    main()
