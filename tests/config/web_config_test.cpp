// The web configuration beside `promtool check web-config`, whose verdicts on good and bad files are ours
// too, and the errors of the bad ones.
#include "config/web_config.hpp"

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace dkimprobe::config;
namespace fs = std::filesystem;

namespace {

int run(const std::string& command) {
  const int status = std::system(fmt::format("({}) >/dev/null 2>&1", command).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A folder with certificates that are made for this run.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "web-config.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    const std::string curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    REQUIRE(run(fmt::format(
                "cd {} && openssl req -x509 {} -subj /CN=a -keyout key.pem -out cert.pem && openssl req "
                "-x509 {} -subj /CN=b -keyout other.pem -out b.pem && openssl ec -in key.pem -aes128 "
                "-passout pass:x -out locked.pem && cat cert.pem key.pem >both.pem",
                name, curve, curve)) == 0);
  }
  ~Scratch() { fs::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] fs::path write(const std::string& text) const {
    std::ofstream(folder_ / "web.yml", std::ios::binary) << text;
    return folder_ / "web.yml";
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Errors without the folder.
  [[nodiscard]] std::string lines_of(const Errors& errors) const {
    std::string text;
    for (const auto& [where, message] : errors) text += fmt::format("{}: {}\n", where, message);
    const std::string folder = folder_.string() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.erase(at, folder.size());
    return text;
  }

 private:
  fs::path folder_{};
};

const std::string tls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
const std::string hash = "$2y$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e";

enum class Oracle {
  agrees,
  differs,  ///< by intent; the row says why
  varies,   ///< by the release of promtool: an older one does not know the key, a newer one refuses the suite
};

struct Row {
  std::string name{};
  std::string text{};
  bool good = false;
  Oracle oracle = Oracle::agrees;
};

std::vector<Row> rows() {
  std::vector<Row> all = {
      {"empty", "", true},
      {"empty map", "{}\n", true},
      {"null section", "tls_server_config:\n", true},
      {"a scalar", "abc\n", false},
      {"certificate and key", tls, true},
      {"both in one file", "tls_server_config:\n  cert_file: both.pem\n  key_file: both.pem\n", true},
      {"another key", "tls_server_config:\n  cert_file: cert.pem\n  key_file: other.pem\n", false},
      {"a locked key", "tls_server_config:\n  cert_file: cert.pem\n  key_file: locked.pem\n", false},
      {"no key", "tls_server_config:\n  cert_file: cert.pem\n", false},
      {"no certificate", "tls_server_config:\n  key_file: key.pem\n", false},
      {"a missing file", "tls_server_config:\n  cert_file: none.pem\n  key_file: key.pem\n", false},
      {"a folder", "tls_server_config:\n  cert_file: cert.pem\n  key_file: .\n", false},
      {"key for certificate", "tls_server_config:\n  cert_file: key.pem\n  key_file: key.pem\n", false},
      {"texts that are empty", "tls_server_config:\n  cert_file: \"\"\n  key_file:\n", true},
      {"a version alone", "tls_server_config:\n  min_version: TLS12\n", true},
      {"authentication alone", "tls_server_config:\n  client_auth_type: RequireAnyClientCert\n", false},
      {"unknown authentication", tls + "  client_auth_type: Require\n", false},
      {"old word", tls + "  client_auth_type: RequireClientCert\n", true},
      {"authorities for nothing", tls + "  client_ca_file: b.pem\n", false},
      {"authorities", tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: b.pem\n",
       true},
      {"no certificate in it",
       tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: key.pem\n", true},
      {"no such authorities",
       tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: none.pem\n", false},
      {"the system's authorities", tls + "  client_auth_type: RequireAndVerifyClientCert\n", true},
      {"no version at all", tls + "  min_version:\n", true},
      {"suites that are no list", tls + "  cipher_suites: TLS_AES_128_GCM_SHA256\n", false},
      {"no suites", tls + "  cipher_suites:\n", true},
      {"an empty list of suites", tls + "  cipher_suites: []\n", true},
      {"http2", "http_server_config:\n  http2: true\n", true},
      {"unknown header", "http_server_config:\n  headers:\n    X-Foo: a\n", false},
      {"header in small letters", "http_server_config:\n  headers:\n    x-frame-options: deny\n", false},
      {"frames denied", "http_server_config:\n  headers:\n    X-Frame-Options: deny\n", true},
      {"frames DENIED", "http_server_config:\n  headers:\n    X-Frame-Options: DENY\n", false},
      {"frames of nothing", "http_server_config:\n  headers:\n    X-Frame-Options:\n", false},
      {"sniffing", "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n", false},
      {"empty policy", "http_server_config:\n  headers:\n    Content-Security-Policy:\n", true},
      {"line break", "http_server_config:\n  headers:\n    Content-Security-Policy: \"a\\r\\nb\"\n", true},
      {"transport security", "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n",
       true},
      {"unknown section", "foo: 1\n", false},
      {"unknown key", tls + "  foo: 1\n", false},
      {"a key twice", tls + "  key_file: key.pem\n", false},
      {"a user twice", "basic_auth_users:\n  a: " + hash + "\n  a: " + hash + "\n", false},
      // Nobody could ever connect, which an operator hears before rather than after.
      {"only old versions", tls + "  max_version: TLS11\n", false, Oracle::differs},
      {"no version between", tls + "  max_version: TLS12\n  min_version: TLS13\n", false, Oracle::differs},
      // What YAML can do beyond plain values is read nowhere in this program.
      {"two documents", "{}\n---\nfoo: 1\n", false, Oracle::differs},
      {"an anchor", "http_server_config: &a\n  http2: false\n", false, Oracle::differs},
      {"names", tls + "  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [a]\n", true,
       Oracle::varies},
      {"names of nobody", tls + "  client_allowed_sans: [a]\n", false, Oracle::varies},
      {"inline rubbish", "tls_server_config:\n  cert: abc\n  key: abc\n", false, Oracle::varies},
      {"rate", "rate_limit:\n  interval: 1.5s\n  burst: 3\n", true, Oracle::varies},
      {"rate without burst", "rate_limit:\n  interval: 1s\n", false, Oracle::varies},
      {"rate of nothing", "rate_limit:\n  interval: 0\n", true, Oracle::varies},
      {"rate without unit", "rate_limit:\n  interval: 5\n  burst: 1\n", false, Oracle::varies},
  };
  const auto add = [&](const std::string& key, const std::vector<std::string>& values, bool good,
                       Oracle oracle = Oracle::agrees) {
    for (const auto& value : values)
      all.push_back(
          {fmt::format("{} {}", key, value), fmt::format("{}  {}: {}\n", tls, key, value), good, oracle});
  };
  add("min_version", {"TLS10", "TLS11", "TLS12", "TLS13"}, true);
  add("min_version", {"TLS14", "tls12", "1.2", "\"\""}, false);
  add("prefer_server_cipher_suites", {"true", "False", "yes", "NO", "on", "off", "y", "N"}, true);
  add("prefer_server_cipher_suites", {"1", "maybe", "tRUE"}, false);
  add("curve_preferences", {"[CurveP256, CurveP384, CurveP521, X25519]"}, true);
  add("curve_preferences", {"[P256]", "[x25519]"}, false);
  add("cipher_suites",
      {"[TLS_AES_128_GCM_SHA256]", "[TLS_AES_256_GCM_SHA384]", "[TLS_CHACHA20_POLY1305_SHA256]",
       "[TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]", "[TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA]",
       "[TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]", "[TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]",
       "[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", "[TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]",
       "[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]", "[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]",
       "[TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]", "[TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]"},
      true);
  add("cipher_suites",
      {"[TLS_RSA_WITH_AES_128_CBC_SHA]", "[TLS_RSA_WITH_AES_256_CBC_SHA]",
       "[TLS_RSA_WITH_AES_128_GCM_SHA256]", "[TLS_RSA_WITH_AES_256_GCM_SHA384]"},
      true, Oracle::varies);
  add("cipher_suites",
      {"[TLS_RSA_WITH_RC4_128_SHA]", "[TLS_RSA_WITH_AES_128_CBC_SHA256]",
       "[TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305]", "[ECDHE-RSA-AES128-GCM-SHA256]"},
      false);
  const auto add_hashes = [&](const std::vector<std::string>& hashes, bool good) {
    for (const auto& each : hashes)
      all.push_back({"hash " + each, fmt::format("basic_auth_users:\n  alice: {}\n", each), good});
  };
  const std::string rest = hash.substr(6);
  add_hashes({hash, "$2a$04" + rest, "$2b$31" + rest, "$2x$04" + rest, "$2$04" + rest, "$2q$04" + rest,
              hash + "x", hash.substr(0, 59), hash + hash},
             true);
  add_hashes({"plain", "", "\"\"", "$2y$03" + rest, "$2y$32" + rest, "$2y$4x" + rest, "$3y$04" + rest,
              "$1$salt$qJH7.N4xYta3aEG/dfqo/0", hash.substr(0, 58)},
             false);
  return all;
}

}  // namespace

TEST_CASE("valid and invalid web configurations are distinguished as promtool does") {
  const Scratch scratch;
  const bool has_promtool = run("command -v promtool") == 0;
  if (!has_promtool)
    std::cerr << "SKIPPED: promtool is not installed, so no verdict is compared with its own\n";
  for (const auto& row : rows()) {
    INFO(row.name);
    const fs::path path = scratch.write(row.text);
    const auto config = load_web_config(path);
    if (!config) UNSCOPED_INFO(scratch.lines_of(config.error()));
    CHECK(config.has_value() == row.good);
    if (!has_promtool || row.oracle == Oracle::varies) continue;
    const bool promtool_says_good = run("promtool check web-config " + path.string()) == 0;
    CHECK(promtool_says_good == (row.good != (row.oracle == Oracle::differs)));
  }
}

TEST_CASE("a web configuration is read as intended") {
  const Scratch scratch;
  const auto indented = [](const std::string& pem) {
    std::string text;
    for (const char c : pem) text += c == '\n' ? std::string("\n    ") : std::string(1, c);
    return text;
  };
  const auto config = load_web_config(scratch.write(
      "tls_server_config:\n  cert: |\n    " + indented(scratch.read("cert.pem")) + "\n  key: |\n    " +
      indented(scratch.read("key.pem")) +
      "\n  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a.example, 192.0.2.1]\n"
      "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n  curve_preferences: [CurveP256]\n"
      "  prefer_server_cipher_suites: off\nhttp_server_config:\n  http2: true\n  headers:\n"
      "    Content-Security-Policy: \"a\\r\\nb\"\nbasic_auth_users:\n  alice: " +
      hash + "\n  b:ob: " + hash + "\n  carol: " + hash +
      "x\nrate_limit:\n  interval: 1m0.5s\n  burst: 3\n"));
  if (!config) FAIL(scratch.lines_of(config.error()));
  REQUIRE(config->tls);
  CHECK(config->tls->client_authentication == ClientAuthentication::require_any);
  CHECK(config->tls->client_names == std::vector<std::string>{"a.example", "192.0.2.1"});
  CHECK(config->tls->cipher_suites == std::vector<std::string>{"ECDHE-RSA-AES128-GCM-SHA256"});
  CHECK(config->tls->curves == std::vector<std::string>{"P-256"});
  CHECK(!config->tls->server_order);
  CHECK(config->headers ==
        std::vector<std::pair<std::string, std::string>>{{"Content-Security-Policy", "a  b"}});
  CHECK(config->users.size() == 3);
  REQUIRE(config->rate_limit);
  CHECK(config->rate_limit->interval == std::chrono::milliseconds(60'500));
  CHECK(config->rate_limit->burst == 3);
  const std::string warnings = scratch.lines_of(config->warnings);
  CHECK(warnings.find("http_server_config.http2: HTTP/2 is not supported") != std::string::npos);
  CHECK(warnings.find("basic_auth_users.b:ob: a user name with a colon") != std::string::npos);
  CHECK(warnings.find("basic_auth_users.carol: the hash is corrupted") != std::string::npos);
}

TEST_CASE("cipher suites of TLS 1.3 alone disable TLS 1.2") {
  const Scratch scratch;
  const auto config = load_web_config(scratch.write(tls + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"));
  REQUIRE(config);
  CHECK(config->tls->lowest == TlsVersion::tls13);
}

TEST_CASE("all errors in a web configuration are reported at once, each with its position") {
  const Scratch scratch;
  const auto config = load_web_config(
      scratch.write("tls_server_config:\n  cert_file: none.pem\n  key_file: key.pem\n  client_auth_typ: x\n"
                    "  curve_preferences: [P256]\nbasic_auth_users:\n  alice: plain\n"));
  REQUIRE(!config);
  CHECK(
      scratch.lines_of(config.error()) ==
      "web.yml:2:14: tls_server_config.cert_file: `none.pem`: it cannot be read: No such file or directory\n"
      "web.yml:4:3: tls_server_config.client_auth_typ: unknown key; did you mean client_auth_type?\n"
      "web.yml:5:23: tls_server_config.curve_preferences: `P256` cannot be used: it must be CurveP256, "
      "CurveP384, "
      "CurveP521 or X25519\n"
      "web.yml:7:10: basic_auth_users.alice: a bcrypt hash was expected, which begins with `$2`; `htpasswd "
      "-nB NAME` makes one\n");
  const auto missing = load_web_config("no_such_file.yml");
  REQUIRE(!missing);
  CHECK(scratch.lines_of(missing.error()) ==
        "no_such_file.yml: the web configuration cannot be read: No such file or directory\n");
}

TEST_CASE("an error in a web configuration that follows from another is not reported") {
  const Scratch scratch;
  const auto errors_of = [&](const std::string& text) {
    const auto config = load_web_config(scratch.write(text));
    REQUIRE(!config);
    return scratch.lines_of(config.error());
  };
  CHECK(errors_of("tls_server_config:\n  cert_fil: cert.pem\n  key_file: key.pem\n") ==
        "web.yml:2:3: tls_server_config.cert_fil: unknown key; did you mean cert_file?\n");
  CHECK(errors_of(tls + "  client_auth_typ: RequireAnyClientCert\n  client_ca_file: cert.pem\n"
                        "  client_allowed_sans: [a.example]\n") ==
        "web.yml:4:3: tls_server_config.client_auth_typ: unknown key; did you mean client_auth_type?\n");
  CHECK(errors_of("rate_limit: {interval: 1s, brust: 3}\n") ==
        "web.yml:1:28: rate_limit.brust: unknown key; did you mean burst?\n");
  CHECK(errors_of("rate_limit: {interval: 0d}\n") ==
        "web.yml:1:24: rate_limit.interval: `0d` cannot be used: it must be a time such as `1s`, `100ms` or "
        "`0`, at most a day\n");
}
