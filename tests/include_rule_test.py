#!/usr/bin/python3
"""Reads the include lines of the sources: a file includes its own folder and folders to its left, each outside
library is spoken to from its place alone, nothing asks the system's resolver, and RD=1 has its one place.

    include_rule_test.py SOURCE_DIRECTORY"""

import pathlib
import re
import sys

FLOW = ["config", "probe", "checks", "exporters", "cli"]
SEEN_OF_PROBE = "probe/observation.hpp"  # all that folders to the right of probe see of it; cli composes, and sees all

# Outside libraries: how their headers begin, and the folders or files (without suffix) that may include them.
EVERYWHERE = [""]
LIBRARIES = {
    "fmt/": EVERYWHERE,
    "tl/": EVERYWHERE,
    "boost/": ["exporters/http/front_door", "exporters/http/listeners", "probe/"],
    "idn2.h": ["config/internationalized_name"],
    "ldns/": ["config/root_hints", "probe/"],
    "openssl/": [
        "checks/digest",
        "checks/ed25519_point",
        "checks/public_key",
        "config/pem",
        "config/private_key",
        "config/web_config",
        "exporters/http/",
    ],
    "yaml-cpp/": ["config/yaml_tree"],
    "nlohmann/": [
        "exporters/catalogue_json",
        "exporters/history_json",
        "exporters/observation_json",
        "exporters/record_formats",
        "exporters/record_lines",
        "exporters/report_json",
        "exporters/rotation_json",
        "exporters/status/status_json",
    ],
    "SQLiteCpp/": ["exporters/history_store"],
    "sqlite3.h": ["exporters/history_store"],
    "CLI/": ["cli/command_line/flags"],
    "civetweb.h": ["exporters/http/web_server"],
    "crypt.h": ["exporters/http/password_check"],
    "systemd/": ["cli/serve", "exporters/http/listeners"],
    "zlib.h": ["exporters/metrics/metric_page"],
}
ONE_PAIR_OF_PROBE = "ldns/"
SYSTEM_FOLDERS = ("sys/", "arpa/", "net/", "netinet/", "linux/")
# The names of keys must never reach a recursive resolver, so the ways to one do not exist.
FORBIDDEN = re.compile(
    r"\b(getaddrinfo\w*|gethostbyname\w*|getnameinfo|res_n?(?:query|search|send|init)|ldns_resolver\w*"
    r"|(?:udp|tcp|basic)(?:::|_)resolver)\b"
)
# A query with RD=1 needs this right, which the engine demands; only these files (without suffix) know it.
RIGHT_TO_RECURSION = re.compile(r"\bPublicQuestion\b|\bright_to_recursion\b|public_question\.hpp")
MAY_RECURSE = ["probe/public_question", "probe/query_engine", "probe/resolver_look", "cli/preflight"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def offences(path, text, exists=lambda header: True):
    """What is wrong in one file, as sentences; `path` is relative to the sources."""
    folder = path.split("/")[0]
    pair = path.rsplit(".", 1)[0]
    for number, line in enumerate(text.splitlines(), 1):
        place = "%s:%d: " % (path, number)
        for word in FORBIDDEN.findall(line):
            yield place + "%s is used nowhere: no name may reach a recursive resolver" % word
        if RIGHT_TO_RECURSION.search(line) and pair not in MAY_RECURSE:
            yield place + "only %s may ask with RD=1" % " and ".join(MAY_RECURSE)
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        if bracket == '"':
            target = header.split("/")[0]
            if "/" not in header or target not in FLOW:
                yield place + '"%s" must be written from the root, such as "config/result.hpp"' % header
            elif not exists(header):
                yield place + '"%s" does not exist' % header
            elif FLOW.index(target) > FLOW.index(folder):
                yield place + "%s is to the right of %s: data flows %s" % (target, folder, " -> ".join(FLOW))
            elif target == "probe" and folder in ("checks", "exporters") and header != SEEN_OF_PROBE:
                yield place + "%s may include %s alone of probe" % (folder, SEEN_OF_PROBE)
            continue
        library = next((start for start in LIBRARIES if header.startswith(start)), None)
        if library is None:
            if header.startswith(SYSTEM_FOLDERS) or re.fullmatch(r"[a-z0-9_]+(\.h)?", header):
                continue
            yield place + "<%s> is of a library that has no place yet; give it one in %s" % (
                header,
                pathlib.Path(__file__).name,
            )
        elif not any(path.startswith(at) if at.endswith("/") or not at else pair == at for at in LIBRARIES[library]):
            yield place + "<%s> may be included by %s alone" % (header, " and ".join(LIBRARIES[library]))


def scattered(includers):
    """The files of probe that speak to ldns, when they are more than one pair."""
    pairs = sorted({path.rsplit(".", 1)[0] for path in includers if path.startswith("probe/")})
    if len(pairs) > 1:
        yield "<%s> may be included by one file pair of probe, not by %s" % (ONE_PAIR_OF_PROBE, ", ".join(pairs))


# A rule that cannot fail is none: each of these lines must be found.
MUST_FAIL = [
    ("config/a.cpp", '#include "probe/observation.hpp"'),
    ("probe/a.hpp", '#include "checks/report.hpp"'),
    ("checks/a.cpp", '#include "probe/prober.hpp"'),
    ("checks/a.cpp", '#include "exporters/report_table.hpp"'),
    ("exporters/a.cpp", '  #  include "cli/check.hpp"'),
    ("checks/a.cpp", '#include "report.hpp"'),
    ("checks/a.cpp", '#include "../config/result.hpp"'),
    ("checks/a.cpp", "#include <boost/asio.hpp>"),
    ("checks/judge.cpp", "#include <openssl/evp.h>"),
    ("checks/digest_of_all.cpp", "#include <openssl/evp.h>"),
    ("checks/a.cpp", "#include <ldns/ldns.h>"),
    ("exporters/report_table.cpp", "#include <nlohmann/json.hpp>"),
    ("cli/main.cpp", "#include <CLI/CLI.hpp>"),
    ("cli/history.cpp", "#include <sqlite3.h>"),
    ("exporters/history_text.cpp", "#include <SQLiteCpp/SQLiteCpp.h>"),
    ("probe/a.cpp", "#include <yaml-cpp/yaml.h>"),
    ("config/settings_file.cpp", "#include <yaml-cpp/yaml.h>"),
    ("exporters/http/web_service.cpp", "#include <boost/asio/ip/tcp.hpp>"),
    ("cli/serve.cpp", "#include <civetweb.h>"),
    ("config/expected_key.cpp", "#include <openssl/evp.h>"),
    ("probe/a.cpp", "  getaddrinfo(name, nullptr, nullptr, &result);"),
    ("probe/a.cpp", "  boost::asio::ip::udp::resolver resolver(context);"),
    ("config/a.cpp", "  ldns_resolver_new();"),
    ("probe/round.cpp", "  request.right_to_recursion = &right;"),
    ("cli/check.cpp", "  const auto right = probe::PublicQuestion::after(then, now);"),
    ("probe/prober.hpp", '#include "probe/public_question.hpp"'),
]
MUST_PASS = [
    ("cli/check.cpp", '#include "probe/prober.hpp"'),
    ("checks/a.cpp", '#include "probe/observation.hpp"'),
    ("checks/a.cpp", '#include "config/result.hpp"'),
    ("probe/a.cpp", "#include <boost/asio/io_context.hpp>"),
    ("probe/a.cpp", "#include <netinet/in.h>"),
    ("probe/a.cpp", "#include <sys/socket.h>"),
    ("checks/digest.cpp", "#include <openssl/evp.h>"),
    ("config/a.hpp", "#include <vector>"),
    ("cli/preflight.cpp", "  const auto right = probe::PublicQuestion::after(then, now);"),
]


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = ["the rule does not find: %s: %s" % case for case in MUST_FAIL if not list(offences(*case))]
    wrong += ["the rule forbids: %s: %s" % case for case in MUST_PASS if list(offences(*case))]
    if not list(scattered(["probe/a.cpp", "probe/b.hpp"])) or list(scattered(["probe/a.cpp", "probe/a.hpp"])):
        wrong.append("the rule of one pair does not hold")

    files = sorted(path for folder in FLOW for path in (root / folder).rglob("*") if path.suffix in (".cpp", ".hpp"))
    if len(files) < 10:
        wrong.append("only %d source files below %s" % (len(files), root))
    includers = []
    for file in files:
        path, text = file.relative_to(root).as_posix(), file.read_text()
        wrong += offences(path, text, lambda header: (root / header).is_file())
        if "#include <" + ONE_PAIR_OF_PROBE in text:
            includers.append(path)
    wrong += scattered(includers)
    print("\n".join(wrong) if wrong else "%d files keep the rule" % len(files))
    return 1 if wrong else 0


sys.exit(main())
