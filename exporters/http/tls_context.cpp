#include "exporters/http/tls_context.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "config/keys/pem.hpp"
#include "config/names/address.hpp"

namespace dkimprobe::exporters {
namespace {

using config::ClientAuthentication;
using config::TlsServerConfig;

/// Calls `take` with each certificate; returns whether all calls succeeded.
template <class Take>
bool each_certificate(std::string_view pem, Take take) {
  const config::OpensslOwned<BIO> bio = config::bio_over(pem);
  bool all = true;
  while (config::OpensslOwned<X509> certificate{
      PEM_read_bio_X509(bio.get(), nullptr, config::no_passphrase, nullptr)})
    all = take(std::move(certificate)) && all;
  ERR_clear_error();
  return all;
}

std::string text_of(const GENERAL_NAME& name) {
  const ASN1_STRING* string = nullptr;
  switch (name.type) {
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
      string = name.d.ia5;
      break;
    case GEN_IPADD:
      string = name.d.iPAddress;
      break;
    default:
      return {};
  }
  const auto* const octets = ASN1_STRING_get0_data(string);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(string));
  if (name.type != GEN_IPADD) return {reinterpret_cast<const char*>(octets), size};
  const auto address = config::Address::from_octets({octets, size});
  return address ? address->to_string() : std::string();
}

bool has_name_of(X509& certificate, const std::vector<std::string>& allowed) {
  const config::OpensslOwned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = text_of(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return true;
  }
  return false;
}

/// Replaces OpenSSL's verification callback and calls OpenSSL's own verification where the settings require
/// it.
int verify_client(X509_STORE_CTX* store, void* argument) {
  const auto& config = *static_cast<const TlsServerConfig*>(argument);
  const bool by_authority = config.client_authentication == ClientAuthentication::verify_if_given ||
                            config.client_authentication == ClientAuthentication::require_and_verify;
  if (by_authority && X509_verify_cert(store) != 1) return 0;
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  if (config.client_names && (certificate == nullptr || !has_name_of(*certificate, *config.client_names))) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char only[] = "\x08http/1.1";
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, only,
                                          sizeof only - 1, offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int mode_of(ClientAuthentication authentication) {
  switch (authentication) {
    case ClientAuthentication::none:
      return SSL_VERIFY_NONE;
    case ClientAuthentication::request:
    case ClientAuthentication::verify_if_given:
      return SSL_VERIFY_PEER;
    case ClientAuthentication::require_any:
    case ClientAuthentication::require_and_verify:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ":"));
}

}  // namespace

config::Result<TlsContext> make_tls_context(std::shared_ptr<const TlsServerConfig> held) {
  const TlsServerConfig& config = *held;
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  // The verification callback reads the configuration, so the context keeps it alive.
  TlsContext owner(context, [held = std::move(held)](SSL_CTX* each) { SSL_CTX_free(each); });
  const auto failed = [](std::string_view what) {
    const unsigned long code = ERR_get_error();
    const char* const reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return config::failure("", fmt::format("{} cannot be used for TLS: {}", what,
                                           reason != nullptr ? reason : "OpenSSL gives no reason"));
  };
  if (context == nullptr) return failed("OpenSSL");
  const auto number = [](config::TlsVersion version) {
    return version == config::TlsVersion::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  };
  SSL_CTX_set_min_proto_version(context, number(config.lowest));
  SSL_CTX_set_max_proto_version(context, number(config.highest));
  // Without session resumption, no session outlives the certificates and rules under which it began.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   (config.server_order ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0));
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);

  bool is_first = true;
  if (!each_certificate(config.certificates, [&](config::OpensslOwned<X509> certificate) {
        if (std::exchange(is_first, false)) return SSL_CTX_use_certificate(context, certificate.get()) == 1;
        return SSL_CTX_add1_chain_cert(context, certificate.get()) == 1;
      })) {
    return failed("the certificate");
  }
  const config::OpensslOwned<BIO> key_bytes = config::bio_over(config.key->view());
  const config::OpensslOwned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, config::no_passphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return failed("the key");
  if (!config.cipher_suites.empty() &&
      SSL_CTX_set_cipher_list(context, joined(config.cipher_suites).c_str()) != 1) {
    return failed("the list of cipher suites");
  }
  if (!config.curves.empty() && SSL_CTX_set1_groups_list(context, joined(config.curves).c_str()) != 1)
    return failed("the list of curves");

  if (config.client_authentication != ClientAuthentication::none) {
    SSL_CTX_set_verify(context, mode_of(config.client_authentication), nullptr);
    SSL_CTX_set_cert_verify_callback(context, verify_client, const_cast<TlsServerConfig*>(&config));
    if (config.client_authorities.empty()) {
      SSL_CTX_set_default_verify_paths(context);
    } else {
      X509_STORE* const store = SSL_CTX_get_cert_store(context);
      each_certificate(config.client_authorities, [&](config::OpensslOwned<X509> certificate) {
        return SSL_CTX_add_client_CA(context, certificate.get()) == 1 &&
               X509_STORE_add_cert(store, certificate.get()) == 1;
      });
    }
  }
  ERR_clear_error();
  return owner;
}

}  // namespace dkimprobe::exporters
