// mail-auth, the library of Stalwart. It reads names, v= and k= in any case and with white space anywhere; h=
// and s= do not count. A tag that follows words without `=` is lost to it. The last p= that is base64 counts.
#include <algorithm>

#include "checks/record/tag_list.hpp"
#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::uint32_t mail_auth_bits = 8'192;

class MailAuthReader {
 public:
  explicit MailAuthReader(const Reading& reading) : reading_(reading), rest_(reading.text()) {}

  [[nodiscard]] std::optional<Refusal> read() {
    while (const auto name = take_name()) {
      if (*name == "p") {
        read_key();
        continue;
      }
      const std::string_view value = take_value();
      const std::string word = without(value, " \t\n\f\r");
      if (*name == "v" && !config::equal_ignoring_case(word, "DKIM1")) return refuse_version(value);
      if (*name == "k" && !is_key_type(word)) return refuse_key_type(value);
    }
    return use_key();
  }

 private:
  /// In lower case, up to the `=`; empty if it cannot be one that is known.
  std::optional<std::string> take_name() {
    std::string name;
    bool is_lost = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '=') {
        rest_.remove_prefix(i + 1);
        return is_lost ? std::string() : name;
      }
      if (c == ';') {
        is_lost = is_lost || !name.empty();
        name.clear();
      } else if (!config::is_space(c)) {
        is_lost = is_lost || !config::is_letter(c);
        name.push_back(config::to_lower(c));
      }
    }
    return std::nullopt;
  }

  /// The value of the tag, without its semicolon.
  std::string_view take_value() {
    const std::string_view value = rest_.substr(0, rest_.find(';'));
    rest_.remove_prefix(std::min(value.size() + 1, rest_.size()));
    return trimmed(value, c_space);
  }

  bool is_key_type(std::string_view word) {
    if (word.empty()) return true;
    is_ed25519_ = config::equal_ignoring_case(word, "ed25519");
    return is_ed25519_ || config::equal_ignoring_case(word, "rsa");
  }

  /// Digits that `=` does not complete are lost. What follows a character that is not base64 is read as the
  /// next tag.
  void read_key() {
    const auto bad = std::ranges::find_if(
        rest_, [](char c) { return !config::is_base64_digit(c) && c != '=' && !config::is_space(c); });
    const std::string_view value(rest_.begin(), bad);
    value_ = rest_.substr(0, value.size() + 1);
    if (bad == rest_.end() || *bad == ';') octets_ = octets_in(value);
    rest_.remove_prefix(std::min(value.size() + 1, rest_.size()));
  }

  static std::string octets_in(std::string_view text) {
    std::string octets;
    std::string digits;
    for (const char c : text) {
      if (c == '=') {
        octets += octets_before_padding(digits);
        digits.clear();
      } else if (!config::is_space(c)) {
        digits.push_back(c);
      }
    }
    digits.resize(digits.size() / 4 * 4);
    return octets + octets_before_padding(digits);
  }

  [[nodiscard]] std::optional<Refusal> use_key() const {
    if (!octets_) return value_ ? refuse_base64(*value_) : no_key();
    if (octets_->empty()) return revoked_key();
    auto refusal = is_ed25519_ ? refuse_ed25519_octets(*octets_)
                               : refuse_rsa_key(reading_.key(*octets_),
                                                {.pkcs1_too = true, .most_bits = mail_auth_bits});
    if (refusal) return refusal;
    if (is_ed25519_ != reading_.is_ed25519())
      return refuse_algorithm(reading_.algorithm(), is_ed25519_ ? "ed25519" : "rsa");
    return std::nullopt;
  }

  const Reading& reading_;
  std::string_view rest_;
  bool is_ed25519_ = false;
  std::optional<std::string> octets_{};
  std::optional<std::string_view> value_{};  ///< of the last p=, up to the first character that ends it
};

}  // namespace

std::optional<Refusal> read_as_mail_auth(const Reading& reading) {
  return MailAuthReader(reading).read();
}

}  // namespace dkimprobe::checks
