// Sets up an OpenSSL context from the TLS part of the web configuration. It opens no socket, and no file
// except the system's list of certificate authorities.
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
