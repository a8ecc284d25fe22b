#!/usr/bin/env python3
"""Writes the seeds of the fuzzers, one file each: for messages the wire vectors up to 2,000 octets, for records
the texts of the record vectors named below, for keys the octets of all keys that the vectors are made of, for
signatures the messages of the signature vectors.

Usage: make_seeds.py  (from anywhere; seeds that are there already and come from elsewhere are kept)
"""
import base64
import json
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


RECORDS = """domainkeys_legacy_key healthy_ed25519 healthy_hash_and_service key_base64_urlsafe
    key_base64_whitespace key_double_base64_ed25519 key_double_base64_pem key_ed25519_bad_point key_ed25519_spki
    key_pem_armor key_private_leaked_cut key_truncated notes_bad_qp shape_everything_lenient
    shape_line_break_in_key shape_line_feeds_in_key shape_pkcs1_1024 shape_revoked_small_version
    shape_spaces_everywhere shape_stray_no_key shape_type_list_bad_base64 tag_comma_separator
    tag_missing_semicolon_colon tag_name_bad_underscore tag_stray_token_slides tag_syntax_error_leading
    txt_control_char_nul txt_embedded_quotes_escaped txt_embedded_quotes_seam txt_escaped_semicolon
    txt_html_entity_quotes txt_non_ascii txt_not_dkim_adsp txt_smart_punctuation
    txt_smart_punctuation_zero_width txt_zonefile_leak txt_zonefile_leak_owner tag_syntax_error_hash_comma txt_escaped_semicolon_near_notes
    tag_missing_semicolon_near_notes tag_missing_semicolon_notes txt_control_char_between_tags""".split()


def key_text(match):
    name, _, part = match[1].partition(":")
    text = (TESTS / "checks" / "vectors" / "keys" / f"{name}.b64").read_text().strip()
    if not part:
        return text
    return text[int(part[:-1]):] if part.endswith("-") else text[:int(part)]


def record_octets(name):
    vector = json.loads((TESTS / "checks" / "vectors" / "records" / f"{name}.json").read_text())
    return re.sub(r"\{([^}]*)\}", key_text, "".join(vector["texts"][0])).encode()


def signed_message_octets(vector):
    lines = json.loads(vector.read_text())["message"]
    return "".join(re.sub(r"\{([^}]*)\}", key_text, line) + "\r\n" for line in lines).encode()


def main():
    corpus = TESTS / "fuzz" / "corpus" / "record"
    corpus.mkdir(parents=True, exist_ok=True)
    for name in RECORDS:
        (corpus / name).write_bytes(record_octets(name))
    corpus = TESTS / "fuzz" / "corpus" / "key"
    corpus.mkdir(parents=True, exist_ok=True)
    for key in sorted((TESTS / "checks" / "vectors" / "keys").glob("*.b64")):
        (corpus / key.stem).write_bytes(base64.b64decode(key.read_text()))
    corpus = TESTS / "fuzz" / "corpus" / "signature"
    corpus.mkdir(parents=True, exist_ok=True)
    for vector in sorted((TESTS / "checks" / "vectors" / "signatures").glob("*.json")):
        (corpus / vector.stem).write_bytes(signed_message_octets(vector))
    corpus = TESTS / "fuzz" / "corpus" / "message"
    corpus.mkdir(parents=True, exist_ok=True)
    for vector in sorted((TESTS / "probe" / "vectors" / "wire").glob("*.txt")):
        octets = message_octets(vector.read_text())
        if len(octets) <= 2000:
            (corpus / vector.stem).write_bytes(octets)


if __name__ == "__main__":
    main()
