"""The internet of the lab as tables: the server processes, their addresses, and the zones of each. lab.py and
servers.py start them; the texts of the zones are in zones/."""

from typing import NamedTuple


class Server(NamedTuple):
    """One process. It serves all its zones on all its addresses."""

    name: str
    kind: str  # nsd, knot, bind, pdns
    addresses: tuple


SERVERS = (
    Server("root", "nsd", ("127.0.1.1", "127.0.1.2")),
    Server("tld-example", "knot", ("127.0.1.11", "127.0.1.12")),
    Server("tld-test", "nsd", ("127.0.1.21", "127.0.1.22")),
    Server("nsd", "nsd", ("127.0.2.1", "127.0.2.2", "127.0.2.3", "127.0.2.4", "127.0.2.9")),
    Server("knot", "knot", ("127.0.3.1", "127.0.3.2", "127.0.3.3")),
    Server("bind", "bind", ("127.0.0.1", "::1")),  # BIND uses only addresses of an interface
    Server("pdns", "pdns", ("127.0.4.1", "127.0.4.2")),
)

TRIPWIRE = "127.0.0.53"  # a "recursor" that never responds; any packet to it is an error of the program
DEAD = "127.0.9.1"  # nothing listens here
SILENT = "127.0.9.2"  # accepts everything and never responds
MISBEHAVING_PREFIX = "127.0.66."  # the last octet is the mode's, see misbehaving.py --list
FAULT_PARENT = "fault.test"  # <mode>.fault.test: ns1 misbehaves, ns2 is a good server
GOOD_BESIDE_MISBEHAVING = ("nsd", "127.0.2.9")
MISBEHAVING_OTHERS = ("127.0.66.253", "127.0.66.254")  # where hostile responses point, and from where some are sent

ROOT_HINTS = """\
.       3600000 NS a.root.
.       3600000 NS b.root.
a.root. 3600000 A  127.0.1.1
b.root. 3600000 A  127.0.1.2
"""


class Zone(NamedTuple):
    """`on` lists server names, each with `=FILE` if that server has another text than zones/<name>.zone.
    `signed` is valid, expired or future. Each @KEY@ in the text is replaced by values[KEY]."""

    name: str
    on: str
    signed: str = ""
    file: str = ""
    values: dict = {}
    ipv6: bool = False  # left out if the machine has no ::1


def adsp(name, *texts):
    """A domain for ADSP; these domains differ only in the TXT records at _adsp._domainkey."""
    records = "\n".join("_adsp._domainkey TXT {%s}" % text for text in texts)
    return Zone(name + ".example", "nsd knot", file="adsp.zone", values={"ADSP": records})


ZONES = (
    # Root and top-level domains
    Zone(".", "root", signed="valid", file="root.zone"),
    Zone("example", "tld-example", signed="valid"),
    Zone("test", "tld-test", signed="valid"),
    Zone("hosting.example", "nsd knot"),
    Zone("provider.test", "knot pdns"),
    Zone("fault.test", "knot"),
    # Good domains
    Zone("healthy.example", "nsd knot bind pdns"),
    Zone("records.example", "nsd knot"),
    Zone("longname.example", "nsd knot"),
    Zone("untidy.example", "nsd knot=untidy.example.knot"),
    Zone("mixedchain.example", "nsd knot=mixedchain.example.knot"),
    Zone("wildcard.example", "nsd bind"),
    Zone("dual.example", "nsd bind", ipv6=True),
    Zone("v6only.example", "bind", ipv6=True),
    Zone("offsite.test", "nsd knot"),
    Zone("glueless.test", "nsd knot"),
    Zone("hidden.example", "knot"),  # without a delegation
    # Servers that differ or do not have the zone
    Zone("lame.example", "nsd"),
    Zone("dead.example", "nsd knot"),
    Zone("alldead.example", "nsd"),
    Zone("stale.example", "nsd knot pdns=stale.example.old"),
    Zone("differing.example", "nsd knot=differing.example.knot"),
    Zone("halfquoted.example", "nsd bind knot=halfquoted.example.quoted pdns=halfquoted.example.quoted"),
    Zone("halfmissing.example", "nsd knot=halfmissing.example.without"),
    # Zone cuts
    Zone("delegated.example", "nsd knot"),
    Zone("_domainkey.delegated.example", "bind pdns"),
    Zone("family.example", "nsd knot"),
    Zone("child.family.example", "nsd knot"),
    Zone("samecut.example", "nsd knot"),
    Zone("_domainkey.samecut.example", "nsd knot"),
    # Aliases
    Zone("cname.example", "nsd bind"),
    Zone("cname-local.example", "nsd knot bind pdns"),
    Zone("cname-lame.example", "nsd pdns"),
    Zone("provider-lame.test", "knot"),
    Zone("cname-taken.example", "nsd knot"),  # taken.test is delegated to these servers, which do not have it
    Zone("cname-dangling.example", "nsd bind"),
    Zone("cname-loop.example", "nsd bind"),
    Zone("cname-loop.test", "knot"),
    Zone("cname-chain.example", "nsd knot"),
    Zone("dname.example", "nsd bind"),
    # ADSP (RFC 5617); no other domain has it
    adsp("adsp-unknown", "dkim=unknown"),
    adsp("adsp-all", "dkim=all"),
    adsp("adsp-discardable", "dkim = discardable"),
    adsp("adsp-invalid", "v=ADSP1; dkim=all"),
    adsp("adsp-two", "dkim=all", "dkim=unknown"),
    adsp("adsp-duplicate", "dkim=all; dkim=discardable"),
    adsp("adsp-token", "dkim=sometimes"),
    Zone("adsp-differs.example", "nsd knot=adsp-differs.example.knot"),
    # DNSSEC
    Zone("signed.example", "nsd knot", signed="valid"),
    Zone("expired.example", "nsd knot", signed="expired"),
    Zone("future.example", "nsd knot", signed="future"),
    # Delegation faults
    Zone("nscname.example", "nsd"),
    Zone("nsmissing.example", "nsd"),
    Zone("nsunknown.example", "nsd"),
    Zone("victim.test", "nsd knot"),
    Zone("void.test", "nsd knot"),
    Zone("private.example", "nsd knot"),
    Zone("disagree.example", "nsd knot pdns"),
    Zone("gluediff.example", "nsd knot"),
    Zone("single.example", "nsd"),
)
