"""A signed zone without `_domainkey` delegates it, with the key in the new zone. A resolver that denies from NSEC
records may cache that nothing exists below, even if nobody asked for the selector; so even an unused selector must
wait. If no earlier probe saw the absence, its TTL is not known."""

import time

from rotation_lab import SECOND, VALIDATING

NEGATIVE = 4 * SECOND


def apart(name):
    """A zone, and the zone that it will delegate."""
    return {
        name: {"on": "nsd knot", "soa_ttl": NEGATIVE, "minimum": NEGATIVE, "signed": True},
        "_domainkey." + name: {"on": "provider provider2", "soa_ttl": 2 * SECOND, "minimum": 2 * SECOND},
    }


ZONES = {**apart("delegated.example"), **apart("unseen.example")}
NAME = "s2._domainkey.delegated.example"


def play(stage):
    old_key, old_record = stage.make_key("s1")
    key, record = stage.make_key("s2")
    for name in ("delegated.example", "unseen.example"):
        below = stage.zones["_domainkey." + name]
        below.put("s1", "TXT", old_record, ttl=2 * SECOND)
        below.put("s2", "TXT", record, ttl=2 * SECOND)
        below.delegated_to = []
        stage.net.load(below, stage.zones[name])
    stage.is_not_ready(stage.preflight("s1", old_key), nsd="absent", knot="absent")

    stage.wait_for_second()
    stage.expect("a neighbour", stage.public("s0._domainkey.delegated.example", VALIDATING), [])
    for name in ("delegated.example", "unseen.example"):
        below = stage.zones["_domainkey." + name]
        below.delegated_to = list(below.on)
    delegated = stage.net.load(stage.zones["delegated.example"], stage.zones["unseen.example"])
    held = stage.second + NEGATIVE
    stage.publics_will_get(delegated + 1, "one second after the delegation", NAME, [], [VALIDATING], until=held)
    complete = time.time()
    run = stage.preflight("s2", key, never_used=True)
    stage.has_progress(run.json, provider="match", provider2="match")
    latest = run.ended + NEGATIVE + 2
    safe_at = stage.is_waiting(run, complete + NEGATIVE, latest, "domainkey_denied", among=True)
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s2", key, never_used=True))

    # The first probe comes after the delegation.
    stage.zone = stage.zones["unseen.example"]
    run = stage.preflight("s2", key, never_used=True)
    stage.expect("exit", run.exit, 1)
    stage.until(run, "domainkey_unknown")
