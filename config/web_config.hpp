// What `--web.config.file` says, in the format of Prometheus's exporter toolkit: TLS, client certificates,
// users and headers, as plain values that are checked whole. It opens the files that are named there, and no
// socket.
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
  verify_if_given,     ///< none, or one that the authorities vouch for
  require_and_verify,  ///< one that the authorities vouch for
};

enum class TlsVersion : std::uint8_t { tls12, tls13 };

struct TlsServerConfig {
  std::string certificates{};                ///< PEM, the server's own one first
  std::shared_ptr<const SecretBytes> key{};  ///< PEM, and of the first certificate
  ClientAuthentication client_authentication = ClientAuthentication::none;
  std::string client_authorities{};  ///< PEM; empty: those that the system trusts
  /// With one of these a client's certificate must hold one of the names. Absent: any names.
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
  std::map<std::string, std::string, std::less<>> users{};     ///< name and bcrypt hash; empty: everybody may
  std::optional<RateLimit> rate_limit{};
  std::vector<std::filesystem::path> files{};  ///< all that was read: the file itself and those it names
  Errors warnings{};                           ///< what it says and this program does otherwise
};

/// Paths in the file are relative to its folder.
[[nodiscard]] Result<WebConfig> load_web_config(const std::filesystem::path& path);

}  // namespace dkimprobe::config
