#!/usr/bin/python3
"""The classes in the record vectors, compared with a real verifier: dkimpy reads each record that is alone at its name.
It must be able to use those that are valid or weak, and no others, apart from the checks named here.

    dkimpy_agreement_test.py VECTORS"""

import json
import pathlib
import re
import sys

import dkim

# dkimpy rejects what most verifiers use.
STRICTER = {
    "key_base64_unpadded": "it demands the padding",
}
# dkimpy uses what other verifiers reject, or what it should reject.
MORE_LENIENT = {
    "hash_case": "it ignores h=",
    "hash_empty": "it ignores h=",
    "hash_excludes_sha256": "it ignores h=",
    "service_case": "it ignores s=",
    "service_empty": "it ignores s=",
    "service_excludes": "it ignores s=",
    "version_not_first": "it reads tags in any order",
    "key_base64_junk": "it leaves out what is not base64",
    "key_der_trailing_bytes": "it reads to the end of the key",
    "key_ed25519_bad_point": "it looks at the point when it verifies",
    "key_rsa_exponent_invalid": "it uses an exponent of any size",
    "key_rsa_oversize": "it uses a modulus of any size",
    "key_private_leaked": "it reads a public key out of a private one",
    "tag_missing_semicolon": "it leaves out what follows the key",
    "tag_syntax_error": "it splits at semicolons, whatever is between them",
    "txt_control_char": "it takes any text for the name of a tag",
    "txt_escape_sequence": "it leaves out what is not base64",
    "txt_seam_quotes": "it leaves out what is not base64",
    "txt_smart_punctuation": "it leaves out what is not base64",
    "txt_zonefile_leak": "it takes any text for the name of a tag",
}


def with_keys(text, keys):
    """The text with `{name}`, `{name:END}` and `{name:BEGIN-}` replaced by keys or parts of them."""

    def key(match):
        whole = (keys / (match[1] + ".b64")).read_text().strip()
        part = match[2] or ""
        return whole[int(part[:-1]) :] if part.endswith("-") else whole[: int(part) if part else None]

    return re.sub(r"\{([a-z0-9_]+)(?::([0-9]+-?))?\}", key, text)


def is_usable(text):
    try:
        dkim.evaluate_pk("the record", text.encode("latin-1", "replace"))
        return True
    except Exception:  # of many kinds, some from the libraries below
        return False


def main():
    vectors = pathlib.Path(sys.argv[1])
    wrong, used, compared = [], set(), 0
    for file in sorted((vectors / "records").glob("*.json")):
        vector = json.loads(file.read_text())
        texts = vector.get("texts", [])
        if "class" not in vector or len(texts) != 1:
            continue
        compared += 1
        usable = is_usable(with_keys("".join(texts[0]), vectors / "keys"))
        if usable == (vector["class"] in ("valid", "weak")):
            continue
        found = {each[0] if isinstance(each, list) else each["check"] for each in vector["findings"]}
        reasons = found & (MORE_LENIENT if usable else STRICTER).keys()
        used |= reasons
        if not reasons:
            wrong.append("%s: %s, but dkimpy %s it" % (file.stem, vector["class"], "uses" if usable else "rejects"))
    wrong += ["%s: no vector needs this exception" % name for name in sorted(STRICTER | MORE_LENIENT) if name not in used]
    if compared < 300:
        wrong.append("only %d records were compared" % compared)
    print("\n".join(wrong) if wrong else "dkimpy agrees about %d records" % compared)
    return 1 if wrong else 0


sys.exit(main())
