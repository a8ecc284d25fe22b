#include "config/private_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "config/escape.hpp"

namespace dkimprobe::config {
namespace {

// The largest key that makes sense has a few thousand octets; comments before the PEM lines may add to it.
constexpr std::size_t longest_file = 65'536;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_SIG* sealed) const { X509_SIG_free(sealed); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

/// Bytes that may hold a private key: of a fixed place in memory, and wiped before it is given back.
class SecretBytes {
 public:
  SecretBytes() : bytes_(longest_file) {}
  ~SecretBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  [[nodiscard]] char* data() { return bytes_.data(); }
  [[nodiscard]] std::size_t room() const { return bytes_.size(); }
  void set_size(std::size_t size) { size_ = size; }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  std::size_t size_ = 0;
};

/// The errors of OpenSSL are kept by thread; what one key left there is not the next one's.
struct ErrorsForgotten {
  ErrorsForgotten() { ERR_clear_error(); }
  ~ErrorsForgotten() { ERR_clear_error(); }
  ErrorsForgotten(const ErrorsForgotten&) = delete;
  ErrorsForgotten& operator=(const ErrorsForgotten&) = delete;
};

std::string hexadecimal(const unsigned char* octets, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("{:02x}", octets[i]);
  return text;
}

Result<KeyIdentity> identity_of(const EVP_PKEY& key) {
  KeyIdentity identity;
  const int type = EVP_PKEY_get_base_id(&key);
  if (type == EVP_PKEY_RSA) {
    identity.algorithm = "rsa";
    identity.bits = static_cast<std::uint32_t>(EVP_PKEY_get_bits(&key));
  } else if (type == EVP_PKEY_ED25519) {
    identity.algorithm = "ed25519";
    identity.bits = 256;
  } else {
    const char* const name = OBJ_nid2sn(type);
    return mistake("", fmt::format("this is a key for {}; DKIM has RSA and Ed25519 alone (RFC 8463)",
                                   name == nullptr ? "another algorithm" : name));
  }
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(&key, &raw);
  const std::unique_ptr<unsigned char, Free> der(raw);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_size = 0;
  if (size <= 0 || EVP_Digest(der.get(), static_cast<std::size_t>(size), digest, &digest_size, EVP_sha256(),
                              nullptr) != 1) {
    return mistake("", "the public part of the key cannot be worked out");
  }
  identity.sha256 = hexadecimal(digest, digest_size);
  identity.spki.assign(reinterpret_cast<const char*>(der.get()), static_cast<std::size_t>(size));
  return identity;
}

/// Reads the file at once: no buffer of a stream may keep a copy.
Result<void> read_file(const std::filesystem::path& path, SecretBytes& bytes, bool& readable_by_others) {
  const auto wrong = [&](std::string_view message) {
    return mistake(escape_text(path.string()), std::string(message));
  };
  const auto failed = [&] {
    return wrong(fmt::format("the file cannot be read: {}", std::generic_category().message(errno)));
  };
  // A pipe without a writer would wait for ever.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return failed();
  struct Closer {
    int file;
    ~Closer() { close(file); }
  } const closer{file};
  struct stat status{};
  if (fstat(file, &status) != 0) return failed();
  if (!S_ISREG(status.st_mode)) return wrong("this is no regular file; a file with a key was expected");
  readable_by_others = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  std::size_t size = 0;
  while (size < bytes.room()) {
    const ssize_t count = read(file, bytes.data() + size, bytes.room() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed();
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size == bytes.room()) return wrong("the file is too large to be one of a key (over 64 KiB)");
  if (size == 0) return wrong("the file is empty; a key was expected");
  bytes.set_size(size);
  return {};
}

bool is_pem(std::string_view bytes) {
  return bytes.find("-----BEGIN ") != std::string_view::npos;
}

/// OpenSSL asks for the password of an encrypted key here; nobody is asked, and the question is remembered.
int refuse_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// Whether DER is of the form of an encrypted PKCS#8 key (RFC 5958 section 3), which is that of a signed
/// digest.
bool is_encrypted_der(std::string_view bytes) {
  const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::unique_ptr<X509_SIG, Free> sealed(
      d2i_X509_SIG(nullptr, &start, static_cast<long>(bytes.size())));
  return sealed != nullptr;
}

Key decode_private(std::string_view bytes, bool& encrypted) {
  if (is_pem(bytes)) {
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    return Key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, &encrypted) : nullptr);
  }
  encrypted = is_encrypted_der(bytes);
  if (encrypted) return nullptr;
  const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
  return Key(d2i_AutoPrivateKey(nullptr, &start, static_cast<long>(bytes.size())));
}

Key decode_public(std::string_view bytes) {
  if (is_pem(bytes)) {
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    bool asked = false;
    return Key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, refuse_password, &asked) : nullptr);
  }
  const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
  return Key(d2i_PUBKEY(nullptr, &start, static_cast<long>(bytes.size())));
}

template <class T>
Result<T> at(const std::filesystem::path& path, Result<T> result) {
  if (!result) result.error().front().where = escape_text(path.string());
  return result;
}

}  // namespace

Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path) {
  const ErrorsForgotten errors;
  SecretBytes bytes;
  PrivateKeyFacts facts;
  if (auto read = read_file(path, bytes, facts.readable_by_others); !read)
    return tl::unexpected(read.error());
  bool encrypted = false;
  const Key key = decode_private(bytes.view(), encrypted);
  if (!key) {
    if (encrypted) {
      return mistake(escape_text(path.string()),
                     "the key is encrypted with a password; give its public key or its fingerprint (sha256)");
    }
    const bool is_public = decode_public(bytes.view()) != nullptr;
    return mistake(escape_text(path.string()),
                   is_public ? "this is a public key; name it as public_key"
                             : "this is no private key in PEM or DER (PKCS#8 or PKCS#1)");
  }
  auto identity = at(path, identity_of(*key));
  if (!identity) return tl::unexpected(std::move(identity.error()));
  facts.identity = std::move(*identity);
  return facts;
}

Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path) {
  // By mistake it may be the file of the private key.
  SecretBytes bytes;
  bool readable_by_others = false;
  if (auto read = read_file(path, bytes, readable_by_others); !read) return tl::unexpected(read.error());
  return at(path, read_public_key_bytes(bytes.view()));
}

Result<KeyIdentity> read_public_key_bytes(std::string_view bytes) {
  const ErrorsForgotten errors;
  if (bytes.size() >= longest_file) return mistake("", "this is too long to be a key (over 64 KiB)");
  if (const Key key = decode_public(bytes)) return identity_of(*key);
  bool encrypted = false;
  if (decode_private(bytes, encrypted) || encrypted) {
    return mistake("", "this is a private key; name its file as private_key");
  }
  return mistake("", "this is no public key in PEM or DER (BEGIN PUBLIC KEY)");
}

Result<KeyIdentity> read_raw_ed25519(std::string_view octets) {
  const ErrorsForgotten errors;
  const Key key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(octets.data()), octets.size()));
  if (!key) return mistake("", fmt::format("an Ed25519 key has 32 octets, this has {}", octets.size()));
  return identity_of(*key);
}

}  // namespace dkimprobe::config
