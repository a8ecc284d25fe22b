// mailauth of Node.js. It removes all white space, and reads names of tags and their values in any case; the
// last of several tags counts. The key, not k=, decides what it is used for. Up to 5, it takes texts in
// parentheses for comments, does not read s= and h=, and misreads all that follows a backslash.
#include <algorithm>
#include <utility>

#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

/// White space of JavaScript below 256: Node.js makes a character of each octet.
constexpr std::string_view javascript_space = " \t\n\v\f\r\xa0";

struct Part {
  std::string name{};
  std::string value{};
};

class PartsOfMailauth {
 public:
  explicit PartsOfMailauth(std::string_view text) {
    for (const char c : text) {
      if (in_comment_) {
        read_in_comment(c);
      } else if (quote_ != '\0') {
        read_in_quotes(c);
      } else {
        read_plain(c);
      }
    }
    for (Part& part : parts_) part.name = config::lower_case(part.name);
  }

  [[nodiscard]] std::vector<Part> take() { return std::move(parts_); }

 private:
  std::string& words() { return in_value_ ? parts_.back().value : parts_.back().name; }

  void read_in_comment(char c) {
    if (c == '\\') doubles_ = true;
    if (c == ')') in_comment_ = false;
  }

  void read_in_quotes(char c) {
    if (c == '\\') {
      doubles_ = true;
      return;
    }
    if (c == quote_) quote_ = '\0';
    words().push_back(c);
  }

  void read_plain(char c) {
    if (c == '=' && !in_value_) {
      in_value_ = true;
      return;
    }
    if (doubles_) words().push_back(c);
    switch (c) {
      case ';':
        parts_.emplace_back();
        in_value_ = false;
        break;
      case '\\':
        doubles_ = true;
        break;
      case '(':
        in_comment_ = true;
        break;
      case '"':
      case '\'':
        quote_ = c;
        words().push_back(c);
        break;
      default:
        words().push_back(c);
    }
  }

  std::vector<Part> parts_ = std::vector<Part>(1);
  bool in_value_ = false;
  bool in_comment_ = false;
  bool doubles_ = false;  ///< after a backslash it takes each character twice
  char quote_ = '\0';
};

std::vector<Part> split_as_mailauth_7(std::string_view text) {
  std::vector<Part> parts;
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view element = text.substr(0, end);
    if (const std::size_t sign = element.find('='); sign != std::string_view::npos)
      parts.push_back({config::lower_case(element.substr(0, sign)), std::string(element.substr(sign + 1))});
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

ReadTags tags_of(const std::vector<Part>& parts) {
  ReadTags tags;
  for (const Part& part : parts) tags.push_back({part.name, part.value});
  return tags;
}

/// `takes_other_forms`: it lets OpenSSL take the public key out of an RSAPublicKey or a private key.
std::optional<Refusal> use_key_as_mailauth(const Reading& reading, const ReadTags& tags,
                                           std::optional<std::string_view> k, bool takes_other_forms) {
  const auto p = last_value(tags, "p");
  const auto octets = decode_with_optional_padding(*p);
  if (!octets) return refuse_base64(*p);
  const PublicKey& key = reading.key(*octets);
  const bool is_ed25519 = octets->size() == 32 || key.form == KeyForm::ed25519_spki;
  const bool is_private_rsa = key.form == KeyForm::private_key && key.algorithm == "rsa";
  if (!is_ed25519 && !(takes_other_forms && is_private_rsa)) {
    if (auto refusal = refuse_rsa_key(key, {.pkcs1_too = takes_other_forms, .trailing_octets_too = true}))
      return refusal;
  }
  const std::string_view type = is_ed25519 ? "ed25519" : "rsa";
  if (k && !config::equal_ignoring_case(*k, type)) {
    const bool is_known =
        config::equal_ignoring_case(*k, "rsa") || config::equal_ignoring_case(*k, "ed25519");
    return is_known ? refuse_algorithm(reading.algorithm(), config::lower_case(*k)) : refuse_key_type(*k);
  }
  if (is_ed25519 != reading.is_ed25519()) return refuse_algorithm(reading.algorithm(), type);
  return std::nullopt;
}

std::optional<Refusal> refuse_mailauth_head(const ReadTags& tags) {
  const auto p = last_value(tags, "p");
  if (!p) return no_key();
  if (p->empty()) return revoked_key();
  if (const auto v = last_value(tags, "v"); v && !config::equal_ignoring_case(*v, "dkim1"))
    return refuse_version(*v);
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_as_mailauth_5(const Reading& reading) {
  const std::string text = without(reading.text(), javascript_space);
  if (text.empty()) return no_text();
  const std::vector<Part> parts = PartsOfMailauth(text).take();
  const ReadTags tags = tags_of(parts);
  if (auto refusal = refuse_mailauth_head(tags)) return refusal;
  return use_key_as_mailauth(reading, tags, last_value(tags, "k"), false);
}

std::optional<Refusal> read_as_mailauth_7(const Reading& reading) {
  const std::string text = without(reading.text(), javascript_space);
  if (text.empty()) return no_text();
  const std::vector<Part> parts = split_as_mailauth_7(text);
  const ReadTags tags = tags_of(parts);
  if (auto refusal = refuse_mailauth_head(tags)) return refusal;
  if (const auto s = last_value(tags, "s"); s && !lists(*s, "*") && !lists_in_any_case(*s, "email"))
    return refuse_services(*s);
  if (const auto h = last_value(tags, "h"); h && !lists_in_any_case(*h, "sha256")) return refuse_hashes(*h);
  auto k = last_value(tags, "k");
  if (k && k->empty()) k.reset();
  return use_key_as_mailauth(reading, tags, k, true);
}

}  // namespace dkimprobe::checks
