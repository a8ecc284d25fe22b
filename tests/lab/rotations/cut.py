"""`_domainkey` is delegated to a provider while its names were in the domain's own zone before: resolvers ask
the old servers, and hold what these said, until they learn of the cut."""

import time

from rotation_lab import SECOND

NEGATIVE = 4 * SECOND
NS_TTL = 3 * SECOND
ZONES = {
    "cut.example": {
        "on": "nsd knot",
        "soa_ttl": NEGATIVE,
        "minimum": NEGATIVE,
        "ns_ttl": NS_TTL,
        "parent_ns_ttl": NS_TTL,
    },
    "_domainkey.cut.example": {
        "on": "provider provider2",
        "soa_ttl": 2 * SECOND,
        "minimum": 2 * SECOND,
        "ns_ttl": NS_TTL,
        "parent_ns_ttl": NS_TTL,
    },
}
NAME = "s1._domainkey.cut.example"


def play(stage):
    below = stage.zones["_domainkey.cut.example"]
    key, record = stage.make_key("s1")
    below.put("s1", "TXT", record, ttl=2 * SECOND)
    stage.net.load(below)  # nobody refers to it yet
    below.delegated_to = []
    stage.net.load(stage.zone)
    stage.is_not_ready(stage.preflight("s1", key), nsd="absent", knot="absent")

    stage.wait_for_second()
    stage.publics_get("before", NAME, [])
    below.delegated_to = list(below.on)
    moved = stage.net.load(stage.zone)
    stage.publics_will_get(moved + 1, "one second after the cut", NAME, [], until=stage.second + NEGATIVE)
    complete = time.time()
    run = stage.preflight("s1", key)
    stage.has_progress(run.json, provider="match", provider2="match")
    # Those that knew the old servers ask them for the NS records' TTL, and hold the denial for its own.
    safe_at = stage.is_waiting(run, complete + NEGATIVE, run.ended + NS_TTL + NEGATIVE + 2, "old_nameservers")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s1", key))
