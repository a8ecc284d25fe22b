// OpenSSL set up by what the web configuration says of TLS. It opens no socket and no file but the system's
// list of authorities.
#pragma once

#include <memory>

#include <openssl/ssl.h>

#include "config/basics/result.hpp"
#include "config/web_config.hpp"

namespace dkimprobe::exporters {

using TlsContext = std::shared_ptr<SSL_CTX>;

[[nodiscard]] config::Result<TlsContext> make_tls_context(
    std::shared_ptr<const config::TlsServerConfig> config);

}  // namespace dkimprobe::exporters
