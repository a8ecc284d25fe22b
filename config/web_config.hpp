// Reads `--web.config.file`, in the format of Prometheus's exporter toolkit: TLS, client certificates, users
// and headers, as validated plain values. Opens the files named there, but no socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/basics/result.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

enum class ClientAuthentication : std::uint8_t {
  none,
  request,             ///< any certificate or none
  require_any,         ///< any certificate
  verify_if_given,     ///< none, or one issued by the authorities
  require_and_verify,  ///< one issued by the authorities
};

enum class TlsVersion : std::uint8_t { tls12, tls13 };

struct TlsServerConfig {
  std::string certificates{};                ///< PEM, the server's certificate first
  std::shared_ptr<const SecretBytes> key{};  ///< PEM, of the first certificate
  ClientAuthentication client_authentication = ClientAuthentication::none;
  std::string client_authorities{};  ///< PEM; empty: the system's trusted ones
  /// If set, a client certificate must contain one of these names.
  std::optional<std::vector<std::string>> client_names{};
  TlsVersion lowest = TlsVersion::tls12;
  TlsVersion highest = TlsVersion::tls13;
  std::vector<std::string> cipher_suites{};  ///< of TLS 1.2, as OpenSSL names them; empty: its defaults
  std::vector<std::string> curves{};         ///< as OpenSSL names them, best first; empty: its defaults
  bool server_order = true;
};

struct RateLimit {
  std::chrono::nanoseconds interval{0};  ///< between two requests
  std::uint32_t burst = 1;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls{};
  std::vector<std::pair<std::string, std::string>> headers{};  ///< safe to send
  std::map<std::string, std::string, std::less<>> users{};     ///< name and bcrypt hash; empty: no login
  std::optional<RateLimit> rate_limit{};
  std::vector<std::filesystem::path> files{};  ///< all files read: this file and those it names
  Errors warnings{};                           ///< settings that this program does not follow
};

/// Paths in the file are relative to its folder.
[[nodiscard]] Result<WebConfig> load_web_config(const std::filesystem::path& path);

}  // namespace dkimprobe::config
