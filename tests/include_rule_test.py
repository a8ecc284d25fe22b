#!/usr/bin/python3
"""Reads the include lines of the sources: a file includes its own room, the rooms before it in its folder, and
folders to its left; each outside library is included in its place alone, nothing asks the system's resolver, and
RD=1 has its one place.

    include_rule_test.py SOURCE_DIRECTORY"""

import pathlib
import re
import sys

# The folders in the order in which data flows, each with its rooms in theirs; "" holds the files of the folder itself.
ROOMS = {
    "config": ["basics", "names", "keys", "yaml", "records", ""],
    "probe": ["", "wire", "transport", "discovery", "collection", "resolver", "schedule"],
    "checks": [
        "report", "dnssec", "weakness", "record", "verifiers", "answers", "history", "message", "catalogue", "rules", "judgement",
        "rotation",
        "fleet"
    ],
    "exporters": ["text", "store", "formats", "terminal", "json", "metrics", "http", "status"],
    "cli": ["io", "command_line", "plan", "daemon", "commands", ""],
}
FLOW = list(ROOMS)
SEEN_OF_PROBE = "probe/observation.hpp"  # all that folders to the right of probe see of it; cli composes, and sees all

# Outside libraries: how their headers begin, and the folders or files (without suffix) that may include them.
EVERYWHERE = [""]
LIBRARIES = {
    "fmt/": EVERYWHERE,
    "tl/": EVERYWHERE,
    "boost/url/": ["exporters/http/request_target"],
    "boost/": [
        "exporters/http/client_connection",
        "exporters/http/http_server",
        "exporters/http/http_session",
        "exporters/http/listeners",
        "exporters/http/upstream_connection",
        "probe/",
    ],
    "gmp": ["checks/weakness/"],
    "idn2.h": ["config/names/internationalized_name"],
    "ldns/": ["config/master_file", "probe/"],
    "openssl/": [
        "checks/dnssec/algorithms",
        "checks/record/digest",
        "checks/record/ed25519_point",
        "config/keys/blocklist",
        "config/keys/der",
        "config/keys/key_decryption",
        "config/keys/openssl_memory",
        "config/keys/openssl_objects",
        "config/keys/private_key",
        "config/keys/public_key",
        "config/web_config",
        "exporters/http/",
    ],
    "yaml-cpp/": ["config/yaml/yaml_tree"],
    "nlohmann/": ["config/records/json_lines", "config/records/terraform_json", "exporters/formats/record_formats", "exporters/json/"],
    "SQLiteCpp/": ["exporters/store/history_connection"],
    "sqlite3.h": ["exporters/store/history_store"],
    "CLI/": ["cli/command_line/flags"],
    "civetweb.h": ["exporters/http/civetweb_server"],
    "crypt.h": ["exporters/http/password_check"],
    "systemd/": ["cli/commands/serve", "exporters/http/listeners"],
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
MAY_RECURSE = ["probe/transport/public_question", "probe/transport/query_engine", "probe/resolver/resolver_probe", "cli/commands/preflight"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    return "/".join(path.split("/")[1:-1])


def offences(path, text, exists=lambda header: True):
    """What is wrong in one file, as sentences; `path` is relative to the sources."""
    folder = path.split("/")[0]
    pair = path.rsplit(".", 1)[0]
    rooms = ROOMS[folder]
    if room_of(path) not in rooms:
        yield "%s: %s has no room of that name" % (path, folder)
        return
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
                yield place + '"%s" must be written from the root, such as "config/basics/result.hpp"' % header
            elif not exists(header):
                yield place + '"%s" does not exist' % header
            elif FLOW.index(target) > FLOW.index(folder):
                yield place + "%s is to the right of %s: data flows %s" % (target, folder, " -> ".join(FLOW))
            elif target == folder and room_of(header) in rooms[rooms.index(room_of(path)) + 1 :]:
                yield place + "%s comes after the room of this file: %s" % (header, " -> ".join(rooms))
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
    ("checks/a.cpp", "#include <vector>"),
    ("checks/kitchen/a.cpp", "#include <vector>"),
    ("checks/record/a.cpp", '#include "checks/answers/chain_answers.hpp"'),
    ("config/names/a.cpp", '#include "config/settings.hpp"'),
    ("config/a.cpp", '#include "probe/observation.hpp"'),
    ("probe/a.hpp", '#include "checks/report/report.hpp"'),
    ("checks/rules/a.cpp", '#include "probe/collection/prober.hpp"'),
    ("checks/rules/a.cpp", '#include "exporters/terminal/report_table.hpp"'),
    ("exporters/text/a.cpp", '  #  include "cli/commands/check.hpp"'),
    ("checks/rules/a.cpp", '#include "report.hpp"'),
    ("checks/rules/a.cpp", '#include "../config/result.hpp"'),
    ("checks/rules/a.cpp", "#include <boost/asio.hpp>"),
    ("checks/judgement/judge.cpp", "#include <openssl/evp.h>"),
    ("checks/record/digest_of_all.cpp", "#include <openssl/evp.h>"),
    ("checks/rules/a.cpp", "#include <ldns/ldns.h>"),
    ("exporters/terminal/report_table.cpp", "#include <nlohmann/json.hpp>"),
    ("cli/main.cpp", "#include <CLI/CLI.hpp>"),
    ("cli/commands/history.cpp", "#include <sqlite3.h>"),
    ("exporters/terminal/history_text.cpp", "#include <SQLiteCpp/SQLiteCpp.h>"),
    ("probe/collection/a.cpp", "#include <yaml-cpp/yaml.h>"),
    ("config/settings_file.cpp", "#include <yaml-cpp/yaml.h>"),
    ("exporters/http/request_target.cpp", "#include <boost/asio/ip/tcp.hpp>"),
    ("cli/commands/serve.cpp", "#include <civetweb.h>"),
    ("config/keys/expected_key.cpp", "#include <openssl/evp.h>"),
    ("probe/collection/a.cpp", "  getaddrinfo(name, nullptr, nullptr, &result);"),
    ("probe/collection/a.cpp", "  boost::asio::ip::udp::resolver resolver(context);"),
    ("config/a.cpp", "  ldns_resolver_new();"),
    ("probe/collection/domain_probe.cpp", "  request.right_to_recursion = &right;"),
    ("cli/commands/check.cpp", "  const auto right = probe::PublicQuestion::after(then, now);"),
    ("probe/collection/prober.hpp", '#include "probe/transport/public_question.hpp"'),
]
MUST_PASS = [
    ("checks/answers/a.cpp", '#include "checks/record/digest.hpp"'),
    ("config/a.cpp", '#include "config/names/selector.hpp"'),
    ("cli/commands/check.cpp", '#include "probe/collection/prober.hpp"'),
    ("checks/rules/a.cpp", '#include "probe/observation.hpp"'),
    ("checks/rules/a.cpp", '#include "config/basics/result.hpp"'),
    ("probe/collection/a.cpp", "#include <boost/asio/io_context.hpp>"),
    ("probe/collection/a.cpp", "#include <netinet/in.h>"),
    ("probe/collection/a.cpp", "#include <sys/socket.h>"),
    ("checks/record/digest.cpp", "#include <openssl/evp.h>"),
    ("config/a.hpp", "#include <vector>"),
    ("cli/commands/preflight.cpp", "  const auto right = probe::PublicQuestion::after(then, now);"),
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
