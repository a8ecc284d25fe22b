"""A new key is published on one server and then on all, while resolvers have cached its absence: a time is reported,
and from then on each of them finds the key. The caches of the operator's resolvers are read, and a recursive query is
sent only after that time."""

import time

from rotation_lab import CLOSED, OPEN, SECOND, VALIDATING

# With the key, `_domainkey` itself appears: the denial that counts may be that of `_domainkey`.
ZONES = {"publish.example": {"on": "nsd knot bind", "soa_ttl": 4 * SECOND, "minimum": 6 * SECOND}}
NAME = "s1._domainkey.publish.example"
NEGATIVE = 4 * SECOND  # the smaller of the TTL of the SOA and its MINIMUM


def play(stage):
    key, record = stage.make_key("s1")
    stage.is_not_ready(stage.preflight("s1", key), nsd="absent", knot="absent", bind="absent")

    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    stage.net.load(stage.zone, on=["nsd"])
    stage.is_not_ready(stage.preflight("s1", key), nsd="match", knot="absent", bind="absent")

    # Resolvers choose servers at random: for the worst case, the first server loses the key again.
    stage.wait_for_second()
    stage.zone.take("s1._domainkey", "TXT", on="nsd")
    stage.net.load(stage.zone, on=["nsd"])
    stage.publics_get("before", NAME, [])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    published = stage.net.load(stage.zone)
    held = stage.second + NEGATIVE
    stage.publics_will_get(published + 1, "one second after the publication", NAME, [], until=held)
    complete = time.time()

    run = stage.preflight("s1", key)
    stage.is_waiting(run, complete + NEGATIVE, run.ended + NEGATIVE + 1.5, "domainkey_denied")
    run = stage.preflight("s1", key, resolvers=(OPEN, CLOSED))
    stage.in_time(held, run.ended)
    # This resolver counts in whole seconds, so its cache may last up to a second longer.
    safe_at = stage.is_waiting(
        run, complete + NEGATIVE, run.ended + NEGATIVE + 2, "resolver_cache", among=True
    )
    caches = {cache["resolver"].partition(":")[0]: cache["state"] for cache in run.json["caches"]}
    stage.expect("caches", caches, {OPEN: "denied", CLOSED: "hidden"})
    early = stage.preflight("s1", key, resolvers=(OPEN,), public=True)
    stage.in_time(safe_at, early.ended)
    stage.expect("too early to ask", early.json["readiness"], "wait")

    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    run = stage.preflight("s1", key, resolvers=(OPEN, CLOSED, VALIDATING), public=True)
    stage.is_ready(run)
