"""`_domainkey`, so far in the zone of the domain, is delegated to a provider: until resolvers learn of the cut, they
ask the old servers and cache their answers."""

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
    stage.net.load(below)  # no server refers to it yet
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
    # Resolvers that know the old servers ask them until the TTL of the NS records ends, and then cache the denial.
    safe_at = stage.is_waiting(run, complete + NEGATIVE, run.ended + NS_TTL + NEGATIVE + 2, "old_nameservers")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s1", key))
