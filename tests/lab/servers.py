"""The configuration and command line of each nameserver implementation: it serves its zones on its addresses and does
nothing else (no notifies, queries, caches or rate limits), with all files in one directory."""

import pathlib
import shutil


class MissingCommand(Exception):
    pass


def command(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        raise MissingCommand("%s is not installed (Debian package %s)" % (name, package))
    return found


def nsd(server, port, zones, directory, addresses, _sockets):
    lines = ["server:"]
    lines += ["  ip-address: %s@%d" % (address, port) for address in addresses]
    lines += [
        '  username: ""',
        '  chroot: ""',
        '  database: ""',
        '  zonesdir: "%s"' % directory,
        '  pidfile: "%s/nsd.pid"' % directory,
        '  xfrdfile: "%s/xfrd.state"' % directory,
        '  xfrdir: "%s"' % directory,
        '  zonelistfile: "%s/zone.list"' % directory,
        "  server-count: 1",
        "  tcp-count: 200",
        "  rrl-ratelimit: 0",
        "  hide-version: yes",
        "  verbosity: 1",
        "  reuseport: no",
        '  nsid: "ascii_%s"' % server.name,
        "remote-control:",
        "  control-enable: no",
    ]
    for name, file in zones:
        lines += ["zone:", '  name: "%s"' % name, '  zonefile: "%s"' % file]
    settings = directory / "nsd.conf"
    settings.write_text("\n".join(lines) + "\n")
    return [command("nsd", "nsd"), "-d", "-c", settings]


def knot(server, port, zones, directory, addresses, sockets):
    lines = [
        "server:",
        '  rundir: "%s"' % directory,
        "  listen: [%s]" % ", ".join("%s@%d" % (a, port) for a in addresses),
        "  udp-workers: 1",
        "  tcp-workers: 1",
        "  background-workers: 1",
        '  nsid: "%s"' % server.name,
        '  version: ""',
        '  identity: ""',
        "control:",
        '  listen: "%s/%s"' % (sockets, server.name),
        "log:",
        "  - target: stdout",
        "    any: info",
        "database:",
        '  storage: "%s"' % directory,
        "template:",
        "  - id: default",
        '    storage: "%s"' % directory,
        "    zonefile-load: whole",
        "    zonefile-sync: -1",
        "    journal-content: none",
        "zone:",
    ]
    for name, file in zones:
        lines += ['  - domain: "%s"' % name, '    file: "%s"' % file]
    settings = directory / "knot.conf"
    settings.write_text("\n".join(lines) + "\n")
    return [command("knotd", "knot"), "-c", settings]


def bind(server, port, zones, directory, addresses, _sockets):
    four = " ".join("%s;" % a for a in addresses if ":" not in a)
    six = " ".join("%s;" % a for a in addresses if ":" in a)
    lines = [
        "options {",
        '  directory "%s";' % directory,
        '  pid-file "%s/named.pid";' % directory,
        '  session-keyfile "%s/session.key";' % directory,
        '  managed-keys-directory "%s";' % directory,
        "  listen-on port %d { %s };" % (port, four),
        "  listen-on-v6 port %d { %s };" % (port, six or "none;"),
        "  recursion no; notify no; empty-zones-enable no; interface-interval 0;",
        "  check-names primary ignore;",  # nameservers below _domainkey
        "  allow-transfer { none; }; dnssec-validation no; minimal-responses yes; max-udp-size 1232;",
        '  server-id "%s"; version none; hostname none;' % server.name,
        "};",
        "controls {};",
    ]
    lines += ['zone "%s" { type primary; file "%s"; };' % zone for zone in zones]
    settings = directory / "named.conf"
    settings.write_text("\n".join(lines) + "\n")
    return [command("named", "bind9"), "-g", "-n", "1", "-c", settings]


def pdns(server, port, zones, directory, addresses, sockets):
    (directory / "zones.conf").write_text(
        "".join('zone "%s" { type master; file "%s"; };\n' % zone for zone in zones)
    )
    lines = [
        "launch=bind",
        "bind-config=%s/zones.conf" % directory,
        "bind-check-interval=0",
        "local-address=%s" % ",".join(addresses),
        "local-port=%d" % port,
        "socket-dir=%s" % sockets,
        "setuid=",
        "setgid=",
        "daemon=no",
        "guardian=no",
        "write-pid=no",
        "disable-syslog=yes",
        "security-poll-suffix=",
        "primary=no",
        "secondary=no",
        "cache-ttl=0",
        "query-cache-ttl=0",
        "negquery-cache-ttl=0",
        "zone-cache-refresh-interval=0",
        "receiver-threads=1",
        "distributor-threads=1",
        "dname-processing=yes",
        "loglevel=4",
        "log-dns-queries=no",
        "server-id=%s" % server.name,
    ]
    (directory / "pdns.conf").write_text("\n".join(lines) + "\n")
    return [command("pdns_server", "pdns-server and pdns-backend-bind"), "--config-dir=%s" % directory]


KINDS = {"nsd": nsd, "knot": knot, "bind": bind, "pdns": pdns}


def prepare(server, port, zones, directory, addresses, sockets):
    """Writes the settings into `directory` and returns the command. `zones` is a list of (name, zone file);
    `sockets` is a directory with a short path, since the path of a Unix socket has at most 107 bytes."""
    pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
    return [str(word) for word in KINDS[server.kind](server, port, zones, directory, addresses, sockets)]
