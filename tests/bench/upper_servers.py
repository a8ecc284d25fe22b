"""The servers above the domains of a benchmark: those of the root and of one top-level domain. They refer to the
servers of the domains and log every query."""

import asyncio
import contextlib
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

ROOT = ["127.0.1.1", "127.0.1.2"]
TOP_LEVEL = ["127.0.2.%d" % number for number in range(1, 5)]
TOP = dns.name.from_text("example")


def records(owner, ttl, rdtype, *data):
    return dns.rrset.from_text(owner, ttl, "IN", rdtype, *data)


class Zone:
    """The responses of a server of the zone `origin`, which delegates each name directly below it."""

    def __init__(self, origin, addresses, ns_ttl, servers_below):
        self.origin, self.ns_ttl, self.servers_below = origin, ns_ttl, servers_below
        names = ["ns%d.nic.%s" % (number, TOP) for number in range(1, len(addresses) + 1)]
        if origin == dns.name.root:
            names = ["%s.root-servers.net." % "ab"[number] for number in range(len(addresses))]
        self.ns = records(origin, ns_ttl, "NS", *names)
        self.soa = records(origin, 3600, "SOA", "%s hostmaster.%s 1 3600 900 604800 300" % (names[0], TOP))
        self.hosts = {name: records(name, ns_ttl, "A", at) for name, at in zip(map(dns.name.from_text, names), addresses)}

    def below(self, name):
        """The zone cut at or above this name, or None."""
        depth = len(self.origin) + 1
        return name.split(depth)[1] if len(name) >= depth and name.is_subdomain(self.origin) else None

    def respond(self, query):
        response = dns.message.make_response(query)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        cut = self.below(name)
        servers = self.servers_below(cut) if cut and name not in self.hosts else None
        if servers and not (name == cut and rdtype == dns.rdatatype.DS):
            names = [name for name, _ in servers]
            response.authority.append(records(cut, self.ns_ttl, "NS", *names))
            response.additional += [records(name, self.ns_ttl, "A", address) for name, address in servers]
            return response
        response.flags |= dns.flags.AA
        found = {dns.rdatatype.NS: self.ns, dns.rdatatype.SOA: self.soa}.get(rdtype) if name == self.origin else None
        if name in self.hosts and rdtype == dns.rdatatype.A:
            found = self.hosts[name]
        if found:
            response.answer.append(found)
        else:
            response.authority.append(self.soa)
            if name != self.origin and name not in self.hosts and not servers:
                response.set_rcode(dns.rcode.NXDOMAIN)
        return response


class UpperServers:
    """A context manager. `domain_servers` returns the names and addresses of a domain's servers, or None."""

    def __init__(self, port, ns_ttl, domain_servers):
        self.asked = []  # (time, zone, the name directly below that zone)
        self.port = port
        top_hosts = [("ns%d.nic.%s" % (number, TOP), address) for number, address in enumerate(TOP_LEVEL, 1)]
        self.zones = {at: Zone(dns.name.root, ROOT, ns_ttl, lambda cut: top_hosts if cut == TOP else None) for at in ROOT}
        self.zones |= {at: Zone(TOP, TOP_LEVEL, ns_ttl, domain_servers) for at in TOP_LEVEL}
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()

    def answer(self, address, octets):
        zone = self.zones[address]
        query = dns.message.from_wire(octets)
        self.asked.append((time.monotonic(), zone.origin, zone.below(query.question[0].name)))
        return zone.respond(query).to_wire()

    async def listen(self):
        servers = self

        class Datagrams(asyncio.DatagramProtocol):
            def __init__(self, address):
                self.address = address

            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, octets, client):
                self.transport.sendto(servers.answer(self.address, octets), client)

        def streams(address):
            async def serve(reader, writer):
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
                    while True:
                        octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                        answer = self.answer(address, octets)
                        writer.write(len(answer).to_bytes(2, "big") + answer)

            return serve

        for address in self.zones:
            await self.loop.create_datagram_endpoint(lambda at=address: Datagrams(at), local_addr=(address, self.port))
            await asyncio.start_server(streams(address), address, self.port)
        self.ready.set()

    def __enter__(self):
        self.loop.create_task(self.listen())
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        if not self.ready.wait(60):
            raise SystemExit("serve_bench: the servers above the domains did not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)


def most_in_one_period(times, seconds):
    """The highest number of these sorted times within that many seconds."""
    most, first = 0, 0
    for last, moment in enumerate(times):
        while moment - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
