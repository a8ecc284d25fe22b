#include "config/web_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <system_error>
#include <type_traits>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"
#include "config/keys/pem.hpp"
#include "config/yaml/yaml_reader.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::size_t longest_pem_bytes = 1U << 20U;

// ---- Words ----

struct CipherSuite {
  std::string_view name{};
  std::string_view openssl{};  ///< empty for TLS 1.3, where all suites are served
};

/// The suites that the toolkit knows. The weak ones of TLS 1.2 are not served by default.
constexpr CipherSuite known_suites[] = {
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
};

std::optional<std::string> parse_curve(std::string_view text) {
  if (text == "CurveP256") return "P-256";
  if (text == "CurveP384") return "P-384";
  if (text == "CurveP521") return "P-521";
  if (text == "X25519") return "X25519";
  return std::nullopt;
}

/// 10 to 13, for TLS 1.0 to 1.3.
std::optional<int> parse_version(std::string_view text) {
  if (text == "TLS10") return 10;
  if (text == "TLS11") return 11;
  if (text == "TLS12") return 12;
  if (text == "TLS13") return 13;
  return std::nullopt;
}

std::optional<ClientAuthentication> parse_authentication(std::string_view text) {
  if (text.empty() || text == "NoClientCert") return ClientAuthentication::none;
  if (text == "RequestClientCert") return ClientAuthentication::request;
  if (text == "RequireAnyClientCert" || text == "RequireClientCert") return ClientAuthentication::require_any;
  if (text == "VerifyClientCertIfGiven") return ClientAuthentication::verify_if_given;
  if (text == "RequireAndVerifyClientCert") return ClientAuthentication::require_and_verify;
  return std::nullopt;
}

/// The words for true and false in YAML 1.1, which the toolkit uses.
std::optional<bool> parse_truth(std::string_view text) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
  };
  if (is_one_of({"true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"})) return true;
  if (is_one_of({"false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"})) return false;
  return std::nullopt;
}

/// A duration in Go syntax: `1s`, `1m30s`, `0.5s`, `0`.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr double longest = 86'400e9;
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double sum = 0.0;
  while (!text.empty()) {
    double number = 0.0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || std::signbit(number)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    constexpr std::pair<std::string_view, double> units[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                                             {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    const auto unit = std::find_if(std::begin(units), std::end(units),
                                   [&](const auto& each) { return text.starts_with(each.first); });
    if (unit == std::end(units)) return std::nullopt;
    text.remove_prefix(unit->first.size());
    sum += number * unit->second;
    if (!(sum <= longest)) return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

std::optional<std::uint32_t> parse_burst(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

// ---- Certificates ----

OpensslOwned<X509> first_certificate(std::string_view pem) {
  const OpensslOwned<BIO> bio = bio_over(pem);
  OpensslOwned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

OpensslOwned<EVP_PKEY> first_key(std::string_view pem) {
  const OpensslOwned<BIO> bio = bio_over(pem);
  OpensslOwned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

bool belongs_to(EVP_PKEY& key, X509& certificate) {
  const bool same = X509_check_private_key(&certificate, &key) == 1;
  ERR_clear_error();
  return same;
}

// ---- Users ----

/// Checks a hash as `promtool` does.
std::string_view fault_of_hash(std::string_view hash) {
  constexpr std::size_t shortest = 59;
  if (!hash.starts_with("$2") || hash.size() < shortest)
    return "a bcrypt hash was expected, which begins with `$2`; `htpasswd -nB NAME` makes one";
  const std::size_t cost = hash[2] == '$' ? 3 : 4;
  const bool digits =
      hash[cost] >= '0' && hash[cost] <= '9' && hash[cost + 1] >= '0' && hash[cost + 1] <= '9';
  const int probes = digits ? (hash[cost] - '0') * 10 + (hash[cost + 1] - '0') : 0;
  return probes >= 4 && probes <= 31 ? "" : "the cost in this bcrypt hash must be a number from 04 to 31";
}

/// `promtool` accepts a hash that is not complete, but no password matches it.
bool is_whole_hash(std::string_view hash) {
  constexpr std::size_t digits = 53;
  const std::size_t start = hash[2] == '$' ? 6 : 7;
  if (hash.size() != start + digits || hash[start - 1] != '$' || hash[start - 4] != '$') return false;
  if (start == 7 && std::string_view("abxy").find(hash[2]) == std::string_view::npos) return false;
  return hash.find_first_not_of("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", start) ==
         std::string_view::npos;
}

// ---- The file ----

class WebConfigReader : YamlReader {
 public:
  WebConfigReader(std::string name, const std::filesystem::path& path)
      : YamlReader(std::move(name), path.parent_path()) {
    config_.files.push_back(path);
  }

  Result<WebConfig> read(const YamlNode& root);

 private:
  /// The value of the key; null in this format counts as left out.
  static const YamlValue* given(const YamlValues& values, std::string_view key) {
    const YamlValue* const value = find(values, key);
    return value == nullptr || value->node->kind == YamlNode::Kind::nothing ? nullptr : value;
  }
  /// The same for texts, where an empty text also counts as left out.
  static const YamlValue* given_text(const YamlValues& values, std::string_view key) {
    const YamlValue* const value = given(values, key);
    return value == nullptr || (value->node->kind == YamlNode::Kind::text && value->node->text.empty())
               ? nullptr
               : value;
  }
  /// The word that the key has; `otherwise` if it is left out or cannot be used.
  template <class T>
  T word_or(const YamlValues& values, std::string_view key, std::optional<T> (*parse)(std::string_view),
            std::string_view allowed, std::type_identity_t<T> otherwise) {
    const YamlValue* const value = given(values, key);
    return value == nullptr ? otherwise : word_of(*value, parse, allowed).value_or(otherwise);
  }

  void read_tls(const YamlValue& value);
  void read_certificate(const YamlValue& whole, const YamlValues& values, TlsServerConfig& tls);
  void read_client_certificates(const YamlValue& whole, const YamlValues& values, TlsServerConfig& tls);
  void read_versions(const YamlValues& values, TlsServerConfig& tls);
  void read_cipher_suites(const YamlValue& value, TlsServerConfig& tls);
  void read_http(const YamlValue& value);
  void read_users(const YamlValue& value);
  void read_rate_limit(const YamlValue& value);
  /// The content of the file that `key`_file names, else the text of `key`.
  [[nodiscard]] std::shared_ptr<const SecretBytes> pem_of(const YamlValues& values, const std::string& key);

  WebConfig config_{};
};

std::shared_ptr<const SecretBytes> WebConfigReader::pem_of(const YamlValues& values, const std::string& key) {
  if (const YamlValue* const file = given_text(values, key + "_file")) {
    const auto path = path_of(*file);
    if (!path) return nullptr;
    config_.files.push_back(*path);
    auto bytes = std::make_shared<SecretBytes>(longest_pem_bytes);
    const auto everybody = take(*file, read_secret_file(*path, SecretFiles::regular, "a PEM file", *bytes));
    return everybody ? bytes : nullptr;
  }
  if (const YamlValue* const inlined = given_text(values, key)) {
    const auto text = text_of(*inlined);
    if (!text) return nullptr;
    auto bytes = std::make_shared<SecretBytes>(text->size());
    std::copy(text->begin(), text->end(), bytes->room().begin());
    bytes->set_size(text->size());
    return bytes;
  }
  return nullptr;
}

void WebConfigReader::read_certificate(const YamlValue& whole, const YamlValues& values,
                                       TlsServerConfig& tls) {
  const auto place_of = [&](const std::string& key) -> const YamlValue* {
    const YamlValue* const file = given_text(values, key + "_file");
    return file != nullptr ? file : given_text(values, key);
  };
  const YamlValue* const certificate_place = place_of("cert");
  const YamlValue* const key_place = place_of("key");
  const auto report_missing = [&](const std::string& key, const char* message) {
    if (is_read(whole, key)) missing(whole, key + "_file", message);
  };
  if (certificate_place == nullptr)
    report_missing("cert", "cert_file is missing (or cert): the server's certificate");
  if (key_place == nullptr)
    report_missing("key", "key_file is missing (or key): the key of the server's certificate");

  const auto certificates = pem_of(values, "cert");
  tls.key = pem_of(values, "key");
  const auto certificate = certificates ? first_certificate(certificates->view()) : nullptr;
  const auto key = tls.key ? first_key(tls.key->view()) : nullptr;
  if (certificates && !certificate) wrong(*certificate_place, "it contains no PEM certificate");
  if (tls.key && !key) wrong(*key_place, "it contains no unencrypted PEM private key");
  if (certificate && key && !belongs_to(*key, *certificate))
    wrong(*key_place, "this key does not belong to the certificate");
  if (certificates) tls.certificates = certificates->view();
}

void WebConfigReader::read_client_certificates(const YamlValue& whole, const YamlValues& values,
                                               TlsServerConfig& tls) {
  if (const YamlValue* const type = given_text(values, "client_auth_type")) {
    const auto word = word_of(*type, parse_authentication,
                              "NoClientCert, RequestClientCert, RequireAnyClientCert, "
                              "VerifyClientCertIfGiven or RequireAndVerifyClientCert");
    tls.client_authentication = word.value_or(ClientAuthentication::none);
  }
  const bool read = is_read(whole, "client_auth_type");
  const YamlValue* authorities = given_text(values, "client_ca_file");
  if (authorities == nullptr) authorities = given_text(values, "client_ca");
  if (authorities != nullptr) {
    if (read && tls.client_authentication == ClientAuthentication::none)
      wrong(*authorities, "it has no effect without a client_auth_type that asks for certificates");
    if (const auto pem = pem_of(values, "client_ca")) {
      tls.client_authorities = pem->view();
      if (!first_certificate(pem->view()))
        warn(*authorities, "it contains no PEM certificate: every client certificate is refused");
    }
  }
  if (const YamlValue* const names = given(values, "client_allowed_sans")) {
    if (read && tls.client_authentication != ClientAuthentication::require_any &&
        tls.client_authentication != ClientAuthentication::require_and_verify) {
      wrong(*names,
            "it needs a client_auth_type that requires certificates: RequireAnyClientCert or "
            "RequireAndVerifyClientCert");
    }
    tls.client_names.emplace();
    for (const auto& item : list_of(*names)) {
      if (const auto text = text_of(item)) tls.client_names->emplace_back(*text);
    }
  }
}

void WebConfigReader::read_versions(const YamlValues& values, TlsServerConfig& tls) {
  constexpr std::string_view known = "TLS10, TLS11, TLS12 or TLS13";
  const int from = word_or(values, "min_version", parse_version, known, 12);
  const int to = word_or(values, "max_version", parse_version, known, 13);
  if (from < 12) warn(values.at("min_version"), "TLS below 1.2 is not supported; the minimum is TLS 1.2");
  if (to < 12) {
    wrong(values.at("max_version"), "TLS below 1.2 is not supported, so no client could connect");
  } else if (to < from) {
    wrong(values.at("max_version"), "it is below min_version, so no client could connect");
  }
  tls.lowest = from < 13 ? TlsVersion::tls12 : TlsVersion::tls13;
  tls.highest = to < 13 ? TlsVersion::tls12 : TlsVersion::tls13;
}

void WebConfigReader::read_cipher_suites(const YamlValue& value, TlsServerConfig& tls) {
  std::vector<std::string> names;
  for (const CipherSuite& suite : known_suites) names.emplace_back(suite.name);
  const std::size_t before = error_count();
  const auto items = list_of(value);
  for (const auto& item : items) {
    const auto text = text_of(item);
    if (!text) continue;
    const auto* const suite = std::ranges::find(known_suites, *text, &CipherSuite::name);
    if (suite == std::end(known_suites)) {
      wrong(item, fmt::format("there is no cipher suite `{}`{}", shown(*text), suggestion(*text, names)));
    } else if (!suite->openssl.empty()) {
      tls.cipher_suites.emplace_back(suite->openssl);
    }
  }
  if (items.empty() || !tls.cipher_suites.empty() || before != error_count()) return;
  // Only suites of TLS 1.3 are listed, so TLS 1.2 has none.
  if (tls.highest == TlsVersion::tls12)
    wrong(value, "none of them is for TLS 1.2, which max_version requires");
  tls.lowest = TlsVersion::tls13;
}

void WebConfigReader::read_tls(const YamlValue& value) {
  static const std::vector<std::string> keys = {"cert",
                                                "key",
                                                "client_ca",
                                                "cert_file",
                                                "key_file",
                                                "client_auth_type",
                                                "client_ca_file",
                                                "cipher_suites",
                                                "curve_preferences",
                                                "min_version",
                                                "max_version",
                                                "prefer_server_cipher_suites",
                                                "client_allowed_sans"};
  const auto values = map_of(value, keys);
  TlsServerConfig tls;
  read_versions(values, tls);
  if (const YamlValue* const suites = given(values, "cipher_suites")) read_cipher_suites(*suites, tls);
  if (const YamlValue* const curves = given(values, "curve_preferences")) {
    for (const auto& item : list_of(*curves)) {
      if (const auto curve = word_of(item, parse_curve, "CurveP256, CurveP384, CurveP521 or X25519"))
        tls.curves.push_back(*curve);
    }
  }
  tls.server_order = word_or(values, "prefer_server_cipher_suites", parse_truth, "true or false", true);
  // As in the toolkit, any of the first seven keys turns TLS on.
  const bool is_on = std::any_of(keys.begin(), keys.begin() + 7,
                                 [&](const std::string& key) { return given_text(values, key) != nullptr; });
  if (!is_on) return;
  read_certificate(value, values, tls);
  read_client_certificates(value, values, tls);
  config_.tls = std::move(tls);
}

void WebConfigReader::read_http(const YamlValue& value) {
  static const std::vector<std::string> keys = {"http2", "headers"};
  static const std::vector<std::string> names = {"Strict-Transport-Security", "X-Content-Type-Options",
                                                 "X-Frame-Options", "X-XSS-Protection",
                                                 "Content-Security-Policy"};
  const auto values = map_of(value, keys);
  if (word_or(values, "http2", parse_truth, "true or false", false))
    warn(values.at("http2"), "HTTP/2 is not supported: all clients get HTTP/1.1");
  const YamlValue* const headers = given(values, "headers");
  if (headers == nullptr) return;
  for (const auto& [name, held] : map_of(*headers, names, "this header cannot be set")) {
    std::string text;
    if (held.node->kind != YamlNode::Kind::nothing) {
      const auto said = text_of(held);
      if (!said) continue;
      text = *said;
    }
    if (name == "X-Content-Type-Options" && text != "nosniff") {
      wrong(held, fmt::format("`{}` cannot be used: it must be nosniff", shown(text)));
    } else if (name == "X-Frame-Options" && text != "deny" && text != "sameorigin") {
      wrong(held, fmt::format("`{}` cannot be used: it must be deny or sameorigin", shown(text)));
    } else if (!text.empty()) {
      // A line break would start another header.
      const auto is_unsafe = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
      std::replace_if(text.begin(), text.end(), is_unsafe, ' ');
      config_.headers.emplace_back(name, std::move(text));
    }
  }
}

void WebConfigReader::read_users(const YamlValue& value) {
  for (const auto& [name, held] : map_of(value, std::nullopt)) {
    const auto hash = held.node->kind == YamlNode::Kind::nothing ? std::string_view() : text_of(held);
    if (!hash) continue;
    if (const auto fault = fault_of_hash(*hash); !fault.empty()) {
      wrong(held, std::string(fault));
      continue;
    }
    if (!is_whole_hash(*hash)) warn(held, "the hash is corrupted: no password matches it");
    if (name.find(':') != std::string::npos)
      warn(held, "a user name with a colon cannot be used: the colon separates name and password");
    config_.users.emplace(name, *hash);
  }
}

void WebConfigReader::read_rate_limit(const YamlValue& value) {
  static const std::vector<std::string> keys = {"interval", "burst"};
  const auto values = map_of(value, keys);
  RateLimit limit;
  limit.interval = word_or(values, "interval", parse_duration,
                           "a time such as `1s`, `100ms` or `0`, at most a day", limit.interval);
  if (const YamlValue* const burst = given(values, "burst")) {
    limit.burst = word_of(*burst, parse_burst, "a whole number, at least 1").value_or(limit.burst);
  } else if (limit.interval.count() > 0 && is_read(value, "interval")) {
    missing(value, "burst", "burst is missing: how many requests may come at once");
  }
  if (limit.interval.count() > 0) config_.rate_limit = limit;
}

Result<WebConfig> WebConfigReader::read(const YamlNode& root) {
  static const std::vector<std::string> keys = {"tls_server_config", "http_server_config", "rate_limit",
                                                "basic_auth_users"};
  if (root.kind == YamlNode::Kind::nothing) return std::move(config_);
  const auto values = map_of({&root, root.place, "", root.place}, keys);
  const std::pair<const char*, void (WebConfigReader::*)(const YamlValue&)> sections[] = {
      {"tls_server_config", &WebConfigReader::read_tls},
      {"http_server_config", &WebConfigReader::read_http},
      {"rate_limit", &WebConfigReader::read_rate_limit},
      {"basic_auth_users", &WebConfigReader::read_users},
  };
  for (const auto& [key, read] : sections) {
    if (const YamlValue* const value = given(values, key)) (this->*read)(*value);
  }
  if (error_count() > 0) return tl::unexpected(take_errors());
  config_.warnings = take_warnings();
  return std::move(config_);
}

}  // namespace

Result<WebConfig> load_web_config(const std::filesystem::path& path) {
  const std::string name = escape_text(path.string());
  return read_regular_file(path, longest_yaml_bytes, "web configuration", "web configuration")
      .and_then([&](const std::string& text) {
        return read_yaml(text, name).and_then([&](const YamlNode& root) {
          return WebConfigReader(name, path).read(root);
        });
      });
}

}  // namespace dkimprobe::config
