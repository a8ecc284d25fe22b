#include "config/keys/expected_key.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/basics/base64.hpp"
#include "config/basics/escape.hpp"
#include "config/keys/key_form.hpp"
#include "config/keys/key_text.hpp"
#include "config/keys/private_key.hpp"
#include "config/keys/public_key.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {
namespace {

/// The quoted strings of zone file text (RFC 1035 section 5.1), joined; text without quotation marks as it
/// is.
std::string joined_strings(std::string_view text) {
  if (text.find('"') == std::string_view::npos) return std::string(without_outer_space(text));
  std::string joined;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      inside = !inside;
    } else if (inside) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      joined.push_back(text[i]);
    } else if (text[i] == ';') {
      i = std::min(text.find('\n', i), text.size() - 1);  // a comment
    }
  }
  return joined;
}

bool is_text(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return is_space(c) || (c >= 0x20 && c < 0x7f); });
}

/// The tags of a key record that identify its key.
struct KeyTags {
  std::optional<std::string_view> key{};   ///< p=
  std::optional<std::string_view> type{};  ///< k=
};

Result<KeyTags> read_key_tags(std::string_view record) {
  KeyTags tags;
  while (!record.empty()) {
    const std::size_t semicolon = record.find(';');
    const std::string_view tag = without_outer_space(record.substr(0, semicolon));
    record.remove_prefix(semicolon == std::string_view::npos ? record.size() : semicolon + 1);
    if (tag.empty()) continue;
    const std::size_t equals = tag.find('=');
    if (equals == std::string_view::npos) {
      return failure(
          "", fmt::format("`{}` is not a tag of a key record (RFC 6376 section 3.2)", escape_text(tag, 40)));
    }
    const std::string_view name = without_outer_space(tag.substr(0, equals));
    auto* const wanted = name == "p" ? &tags.key : name == "k" ? &tags.type : nullptr;
    if (wanted == nullptr) continue;
    if (wanted->has_value()) return failure("", fmt::format("{}= is given twice", name));
    *wanted = without_outer_space(tag.substr(equals + 1));
  }
  return tags;
}

}  // namespace

Result<KeyIdentity> read_fingerprint(std::string_view text) {
  KeyIdentity identity;
  const auto wrong = [&] {
    return failure("",
                   fmt::format("`{}` cannot be used: it must be 64 hexadecimal digits, as `openssl pkey -in "
                               "FILE -pubout -outform DER | sha256sum` prints them",
                               escape_text(text, 80)));
  };
  bool colon_allowed = false;
  for (const char c : text) {
    if (c == ':' && colon_allowed) {
      colon_allowed = false;
      continue;
    }
    if (c >= '0' && c <= '9') {
      identity.sha256.push_back(c);
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      identity.sha256.push_back(static_cast<char>(c | 0x20));
    } else {
      return wrong();
    }
    colon_allowed = identity.sha256.size() % 2 == 0;
  }
  if (identity.sha256.size() != 64 || text.back() == ':') return wrong();
  return identity;
}

Result<KeyIdentity> read_expected_record(std::string_view text) {
  const auto tags = read_key_tags(text);
  if (!tags) return tl::unexpected(tags.error());
  const auto& [key, type] = *tags;
  if (!key) return failure("", "this record has no p=, so there is no key to expect");
  if (key->empty()) return failure("", "p= is empty: the record of a revoked key contains no key to expect");
  std::string bytes(key->size(), '\0');
  const auto size = decode_base64(*key, bytes);
  if (!size) return failure("", "p= is not base64 (RFC 4648 section 4)");
  bytes.resize(*size);
  if (type && *type == "ed25519") return read_raw_ed25519(bytes);
  if (type && *type == "mldsa44") return read_raw_mldsa44(bytes);
  if (type && *type != "rsa") {
    return failure(
        "", fmt::format("k= is `{}`; the key types are rsa, ed25519 and mldsa44", escape_text(*type, 40)));
  }
  auto identity = read_public_key_bytes(bytes);
  if (!identity) return failure("", "p= is not a public key (SubjectPublicKeyInfo in DER)");
  return identity;
}

Result<KeyFile> read_key_file(const std::filesystem::path& path, const PassphraseSource& passphrase) {
  SecretBytes bytes(longest_key_file);
  const auto readable_by_others = read_secret_file(path, SecretFiles::regular_and_pipes, "a key", bytes);
  if (!readable_by_others) return tl::unexpected(readable_by_others.error());
  undo_wrapping(bytes);
  const std::string name = path == "-" ? "standard input" : escape_text(path.string());
  const KeyForm form = key_form(bytes.view());
  if (form == KeyForm::private_key) {
    auto facts = with_place(read_private_key_bytes(bytes.view(), name, passphrase), name);
    if (!facts) return tl::unexpected(std::move(facts.error()));
    if (*readable_by_others) facts->warnings.push_back(private_key_readable(name));
    return KeyFile{KeyFile::Kind::private_key, std::move(facts->identity), {}, std::move(facts->warnings)};
  }
  if (form == KeyForm::public_key) {
    return with_place(read_public_key_bytes(bytes.view()), name).map([](KeyIdentity&& identity) {
      return KeyFile{KeyFile::Kind::public_key, std::move(identity), {}, {}};
    });
  }
  if (is_text(bytes.view()) && bytes.view().find("p=") != std::string_view::npos) {
    std::string record = joined_strings(bytes.view());
    return with_place(read_expected_record(record), name).map([&](KeyIdentity&& identity) {
      return KeyFile{KeyFile::Kind::record, std::move(identity), std::move(record), {}};
    });
  }
  if (is_raw_key_text(bytes.view())) {
    return failure(name,
                   "these are 32 octets in base64, which could be a private or a public Ed25519 key; give "
                   "the key in PEM (BEGIN PRIVATE KEY or BEGIN PUBLIC KEY) or the text of its record");
  }
  const std::string_view other = name_other_form(bytes.view());
  return failure(name, fmt::format("{}; give a private key or a public key, in PEM, in DER or as the "
                                   "base64 between the PEM lines, or the text of a key record",
                                   other.empty() ? std::string("this contains no readable key")
                                                 : fmt::format("this is {}", other)));
}

}  // namespace dkimprobe::config
