"""`_domainkey` is delegated to a provider while its names were in the domain's own zone before: resolvers ask
the old servers, and hold what these said, until they learn of the cut."""

import time

ZONES = {
    "cut.example": {"on": "nsd knot", "soa_ttl": 4, "minimum": 4, "ns_ttl": 3, "parent_ns_ttl": 3},
    "_domainkey.cut.example": {
        "on": "provider provider2",
        "soa_ttl": 2,
        "minimum": 2,
        "ns_ttl": 3,
        "parent_ns_ttl": 3,
    },
}
NAME = "s1._domainkey.cut.example"


def play(stage):
    below = stage.zones["_domainkey.cut.example"]
    key, record = stage.make_key("s1")
    below.put("s1", "TXT", record, ttl=2)
    stage.net.load(below)  # nobody refers to it yet
    below.delegated_to = []
    stage.net.load(stage.zone)
    stage.is_not_ready(stage.preflight("s1", key), nsd="absent", knot="absent")

    stage.wait_for_second()
    stage.publics_get("before", NAME, [])
    below.delegated_to = list(below.on)
    moved = stage.net.load(stage.zone)
    stage.publics_will_get(moved + 1, "one second after the cut", NAME, [])
    complete = time.time()
    run = stage.preflight("s1", key)
    stage.has_progress(run.json, provider="right", provider2="right")
    # Those that knew the old servers ask them for the NS records' TTL, and hold the denial for its own.
    safe_at = stage.is_waiting(run, complete + 4, run.ended + 3 + 4 + 2, "old_nameservers")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s1", key))
