"""An internet of servers that disagree: each zone can have another text on each server, and each server of the zone
above another delegation. Many Unbounds choose among these servers. The cases in paths/ define the zones; README.md
describes their format. It needs port 53, and therefore its own network namespace, which run_paths.py creates."""

import ipaddress
import json
import socket
import sys
import time

import rotation_lab
import servers
import zonetext
from internet import Server

SERVERS = (
    Server("root1", "nsd", ("127.0.1.1",)),
    Server("root2", "nsd", ("127.0.1.2",)),
    Server("tld1", "knot", ("127.0.1.11",)),
    Server("tld2", "nsd", ("127.0.1.12",)),
    Server("tld3", "nsd", ("127.0.1.13",)),
    Server("ns1", "nsd", ("127.0.2.1",)),
    Server("ns2", "knot", ("127.0.2.2",)),
    Server("ns3", "bind", ("127.0.0.1",)),  # BIND uses only addresses of an interface
    Server("ns4", "pdns", ("127.0.2.4",)),
    Server("p1", "nsd", ("127.0.3.1",)),
    Server("p2", "knot", ("127.0.3.2",)),
)
# The zones above those of the cases.
ABOVE = {
    "example": {"on": "tld1 tld2"},
    "three": {"on": "tld1 tld2 tld3"},
    "sec": {"on": "tld1 tld2", "signed": True},
}
NOBODY = "127.0.9.1"  # nothing listens there
BOXES = "127.0.66.%d"
RESOLVERS = "127.0.54.%d"
TTL = 300


class PathsLabError(Exception):
    pass


def by_server(value, on):
    """`value` by server: the same for all, or {"ns1 ns2": ..., "ns3": ...}."""
    if not isinstance(value, dict):
        return dict.fromkeys(on, value)
    return {server: each for names, each in value.items() for server in names.split()}


class Hosts:
    """The nameservers in a case: `ns1` is the host ns1.ZONE at that server or box, `ns1=ns3` the same host with the
    address of another, `dc1.corp=10.0.0.2` any host and address, `ns1=ns1,2a01::53` a host with two addresses. A name
    that ends with a dot is in another zone, which has its address."""

    def __init__(self, text, zone, places):
        self.addresses = {}  # by name
        for word in text.split():
            host, _, at = word.partition("=")
            if host.endswith("."):
                self.addresses[host] = []
                continue
            name = "%s.%s" % (host, "" if zone == "." else zone + ".")
            self.addresses[name] = [places.get(place, place) for place in (at or host).split(",")]

    @property
    def names(self):
        return list(self.addresses)

    def lines(self, zone, ttl):
        owner = zone if zone == "." else zone + "."
        lines = ["%s %d NS %s" % (owner, ttl, name) for name in self.names]
        return lines + address_lines(self.addresses, ttl)


def address_lines(addresses, ttl):
    return [
        "%s %d %s %s" % (name, ttl, "A" if ipaddress.ip_address(address).version == 4 else "AAAA", address)
        for name, each in addresses.items()
        for address in each
    ]


class Zone:
    """A zone of a case; `before`, if given, is its earlier state."""

    def __init__(self, name, described, places, backends):
        self.name, self.described, self.places, self.backends = name, described, places, backends
        self.state = {**described, **described.get("before", {})}
        hosts = described.get("on", "").split()
        self.default = described.get("on", "")
        self.on = sorted({backends.get(host, host) for host in hosts})
        self.signed = described.get("signed", False)
        self.algorithm = described.get("algorithm", rotation_lab.ALGORITHM)
        self.serial = dict.fromkeys(self.on, 0)
        self.key, self.ds, self.children, self.parent = None, [], [], None

    def moves_on(self):
        """Ends the earlier state; returns whether there was one."""
        self.state = self.described
        return "before" in self.described

    def new_serial(self, server, _generation):
        """The serial of a server: the same on all, unless the case defines a stale one."""
        moved = self.state is self.described
        self.serial[server] = by_server(self.state.get("serial", {}), self.on).get(server, 20) + moved

    def signing(self, server):
        """`good`, `none`, `expired`, `future`, `soon` (expires), `half` (of the time is left),
        `altered`: the record is not the signed one, or `spliced`: its denials deny the record."""
        return by_server(self.state.get("signing", "good" if self.signed else "none"), self.on).get(server, "good")

    @property
    def ttl(self):
        return self.state.get("ttl", TTL)

    def hosts(self, text):
        return Hosts(text, self.name, self.places)

    def delegation(self, parent_server):
        """The delegation of this zone on one server of the zone above."""
        parent = by_server(self.state.get("parent", self.default), self.parent.on)
        said = parent.get(parent_server, self.default)
        if not said:
            return []
        ds = self.ds if parent_server in self.state.get("ds_at", self.parent.on) else []
        if self.state.get("ds") == "wrong":
            ds = [line[:-4] + line[-4:].translate(str.maketrans("0123456789ABCDEF", "123456789ABCDEF0")) for line in ds]
        return self.hosts(said).lines(self.name, self.state.get("parent_ttl", self.ttl)) + ds

    def own_hosts(self, server):
        said = by_server(self.state.get("ns", self.default), self.on).get(server, self.default)
        return self.hosts(said)

    def text(self, server):
        origin = "." if self.name == "." else self.name + "."
        own = self.own_hosts(server)
        minimum = self.state.get("minimum", TTL)
        lines = [
            "$ORIGIN %s" % origin,
            "$TTL %d" % self.state.get("record_ttl", TTL),
            "@ %d SOA %s hostmaster.%s %d 1800 900 604800 %d"
            % (minimum, own.names[0], origin.lstrip("."), self.serial[server], minimum),
            *own.lines(self.name, self.state.get("ns_ttl", self.ttl)),
        ]
        # A host that only the zone above names has its address in this zone as well.
        for said in by_server(self.state.get("parent", ""), self.parent.on if self.parent else []).values():
            more = self.hosts(said).addresses
            lines += address_lines({n: a for n, a in more.items() if n not in own.addresses}, self.ttl)
            own.addresses.update(more)
        lines += by_server(self.state.get("records", []), self.on).get(server, [])
        for child in self.children:
            lines += child.delegation(server)
        unique = list(dict.fromkeys(lines))
        return zonetext.expand("\n".join(unique) + "\n", zonetext.public_keys(), self.places)


class Internet(rotation_lab.Internet):
    servers = SERVERS

    def __init__(self, directory, cases, resolvers):
        super().__init__(directory, [])
        self.boxes, self.backends = [], {}
        self.places = {server.name: server.addresses[0] for server in SERVERS}
        self.places["nobody"] = NOBODY
        for case in cases.values():
            self.add_boxes(case.get("boxes", {}))
        described = {".": {"on": "root1 root2", "signed": True, "ttl": 86400, "minimum": 86400}, **ABOVE}
        for name, case in cases.items():
            for zone, how in case["zones"].items():
                if zone in described:
                    raise PathsLabError("%s: another case has the zone %s" % (name, zone))
                described[zone] = how
        self.zones = {name: Zone(name, how, self.places, self.backends) for name, how in described.items()}
        for zone in self.zones.values():
            if zone.name != ".":
                zone.parent = self.parent_of(zone)
                zone.parent.children.append(zone)
        self.resolvers = [RESOLVERS % number for number in range(1, resolvers + 1)]

    def add_boxes(self, boxes):
        for name, box in boxes.items():
            if name in self.places:
                raise PathsLabError("%s is the name of two boxes or servers" % name)
            self.places[name] = BOXES % (len(self.boxes) + 1)
            self.backends[name] = box["before"]
            self.boxes.append(
                {"address": self.places[name], "before": self.places[box["before"]], "rules": box["rules"]}
            )

    def start(self):
        for name in ("zones", "keys"):
            (self.directory / name).mkdir(parents=True)
        for zone in self.zones.values():
            if zone.signed or zone.described.get("ds_left"):
                self.make_key(zone)
        for zone in self.zones.values():
            for server in zone.on:
                self.write(zone, server)
        root = self.zones["."].own_hosts("root1").lines(".", 3600000)
        self.root_hints.write_text("\n".join(root) + "\n")
        self.start_servers()
        self.start_boxes()
        self.wait_for_servers()
        for number, resolver in enumerate(self.resolvers):
            self.start_resolver(resolver, minimise=number % 2 == 0)
        deadline = time.monotonic() + rotation_lab.READY_SECONDS
        for resolver in self.resolvers:
            self.wait_for_resolver(resolver, deadline)

    @property
    def trust_anchor(self):
        return self.directory / "keys" / (self.zones["."].key + ".key")

    def start_boxes(self):
        file = self.directory / "boxes.json"
        file.write_text(json.dumps(self.boxes))
        program = rotation_lab.HERE / "middlebox.py"
        self.add("boxes", [sys.executable, program, rotation_lab.PORT, file])
        deadline = time.monotonic() + rotation_lab.READY_SECONDS
        while "ready" not in self.children["boxes"].log.read_text():
            if self.children["boxes"].process.poll() is not None or time.monotonic() > deadline:
                raise PathsLabError("the boxes did not start:\n" + self.children["boxes"].tail())
            time.sleep(0.01)

    # ---- Unbound ----

    def control_of(self, resolver):
        return "%s/%s" % (self.sockets, resolver)

    def start_resolver(self, address, minimise):
        """The default configuration of its newest version, except that it may query 127/8; it validates with the key of the lab's root."""
        directory = self.directory / ("unbound-" + address)
        directory.mkdir()
        lines = [
            "server:",
            "interface: %s" % address,
            "outgoing-interface: %s" % address,
            "access-control: 127.0.0.0/8 allow",
            "do-not-query-localhost: no",
            'root-hints: "%s"' % self.root_hints,
            'trust-anchor-file: "%s"' % self.trust_anchor,
            "qname-minimisation: %s" % ("yes" if minimise else "no"),
            "aggressive-nsec: yes",
            "do-ip6: no",
            "num-threads: 1",
            "outgoing-range: 256",
            "num-queries-per-thread: 128",
            "outgoing-num-tcp: 10",
            "incoming-num-tcp: 2",
            "msg-cache-size: 1m",
            "rrset-cache-size: 1m",
            "key-cache-size: 1m",
            "neg-cache-size: 256k",
            "do-daemonize: no",
            'chroot: ""',
            'username: ""',
            'directory: "%s"' % directory,
            'pidfile: ""',
            "use-syslog: no",
            'logfile: ""',
            "verbosity: 1",
            "remote-control:",
            "control-enable: yes",
            "control-interface: %s" % self.control_of(address),
            "control-use-cert: no",
        ]
        settings = directory / "unbound.conf"
        settings.write_text("\n".join(lines) + "\n")
        self.add("unbound-" + address, [servers.command("unbound", "unbound"), "-d", "-c", settings])

    def forget(self, resolver, name):
        """Removes only the TXT records of one name from the caches of this Unbound."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self.control_of(resolver))
            control.sendall(b"UBCT1 flush_type %s TXT\n" % name.encode())
            said = control.recv(4096)
        if said.split() != [b"ok"]:
            raise PathsLabError("%s does not forget %s: %r" % (resolver, name, said))

    # ---- Changes ----

    def move_on(self):
        """Ends the earlier state of every zone that has one."""
        moved = [zone for zone in self.zones.values() if zone.moves_on()]
        if moved:
            parents = {zone.parent.name: zone.parent for zone in moved}
            self.load(*{zone.name: zone for zone in [*moved, *parents.values()]}.values())
