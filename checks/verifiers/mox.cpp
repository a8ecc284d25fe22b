// mox. It follows the grammar of RFC 6376 section 3.6.1 to the letter, with white space anywhere in names and
// words. A text whose first tag is wrong is not a DKIM record to it: a temporary error.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/record/tag_list.hpp"
#include "checks/verifiers/models.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

class MoxReader {
 public:
  explicit MoxReader(const Reading& reading) : reading_(reading), rest_(reading.text()) {}

  [[nodiscard]] std::optional<Refusal> read() {
    std::optional<Refusal> refusal = read_tags();
    if (refusal && !is_record_) refusal->acceptance = Acceptance::temporary_error;
    if (!refusal) refusal = refuse_key();
    if (refusal) return refusal;
    refusal = refuse_use();
    if (refusal) refusal->after_reading = true;
    return refusal;
  }

 private:
  /// The characters that `accepts` takes at their offsets. White space among them is left out, and ends with
  /// them.
  template <class Accepts>
  std::string take(Accepts accepts) {
    std::string taken;
    std::size_t i = 0;
    for (; i < rest_.size(); ++i) {
      if (accepts(rest_[i], i)) {
        taken.push_back(rest_[i]);
      } else if (!config::is_space(rest_[i])) {
        break;
      }
    }
    rest_.remove_prefix(i);
    return taken;
  }

  void skip_space() {
    static_cast<void>(take([](char, std::size_t) { return false; }));
  }

  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view value_to_semicolon() const { return rest_.substr(0, rest_.find(';')); }

  std::string take_name() {
    return take([](char c, std::size_t i) {
      return config::is_letter(c) || (i > 0 && (config::is_digit(c) || c == '_'));
    });
  }

  std::string take_word() {
    return take([this](char c, std::size_t i) {
      return config::is_letter(c) || (i > 0 && config::is_digit(c)) ||
             (i > 0 && c == '-' && i + 1 < rest_.size() && config::is_letter_or_digit(rest_[i + 1]));
    });
  }

  /// The tags up to the end, or why they are not a record.
  std::optional<Refusal> read_tags() {
    std::set<std::string> names;
    while (true) {
      skip_space();
      const std::string_view element = value_to_semicolon();
      const bool is_last = element.size() == rest_.size();
      const std::string name = take_name();
      skip_space();
      if (name.empty() || !skip('=')) return refuse_element(element, is_last);
      skip_space();
      if (!names.insert(name).second) return refuse_duplicate(name);
      const std::string_view value = trimmed(value_to_semicolon(), c_space);
      if (!read_value(name)) return refuse_tag(name, value);
      if (name == "v" && names.size() > 1) return Refusal{"v= is not the first tag"};
      is_record_ = is_record_ || name != "v";
      skip_space();
      if (!rest_.empty() && !skip(';')) return refuse_tag(name, value);
      is_record_ = true;
      if (rest_.empty()) break;
    }
    return names.contains("p") ? std::nullopt : std::optional(no_key());
  }

  static Refusal refuse_tag(std::string_view name, std::string_view value) {
    if (name == "v") return refuse_version(value);
    if (name == "p") return refuse_base64(value);
    return refuse_value(name, value);
  }

  bool read_value(std::string_view name) {
    if (name == "v") {
      if (!rest_.starts_with("DKIM1")) return false;
      rest_.remove_prefix(5);
    } else if (name == "h") {
      return read_words(hashes_.emplace());
    } else if (name == "s") {
      return read_words(services_.emplace());
    } else if (name == "t") {
      std::vector<std::string> flags;
      return read_words(flags);
    } else if (name == "k") {
      key_type_ = take_word();
      return !key_type_.empty();
    } else if (name == "p") {
      const std::string digits =
          take([](char c, std::size_t) { return config::is_base64_digit(c) || c == '='; });
      octets_ = decode_padded(digits);
      return octets_.has_value();
    } else if (name == "n") {
      return read_notes();
    } else {
      rest_.remove_prefix(value_to_semicolon().size());
    }
    return true;
  }

  bool read_words(std::vector<std::string>& words) {
    do {
      skip_space();
      words.push_back(take_word());
      if (words.back().empty()) return false;
      skip_space();
    } while (skip(':'));
    return true;
  }

  /// Printable ASCII, with `=` before two hexadecimal digits alone.
  bool read_notes() {
    while (true) {
      skip_space();
      if (skip('=')) {
        const std::string hex = take(
            [](char c, std::size_t i) { return i < 2 && (config::is_digit(c) || (c >= 'A' && c <= 'Z')); });
        if (hex.size() != 2) return false;
      } else if (take([](char c, std::size_t) {
                   return c > ' ' && c <= '~' && c != ';' && c != '=';
                 }).empty()) {
        return true;
      }
    }
  }

  [[nodiscard]] bool is_for_ed25519() const { return config::equal_ignoring_case(key_type_, "ed25519"); }

  [[nodiscard]] std::optional<Refusal> refuse_key() const {
    if (!is_for_ed25519() && !config::equal_ignoring_case(key_type_, "rsa"))
      return refuse_key_type(key_type_);
    if (octets_->empty()) return std::nullopt;
    return is_for_ed25519() ? refuse_ed25519_octets(*octets_)
                            : refuse_rsa_key(reading_.key(*octets_), {.fewest_bits = 0});
  }

  /// Of a key record, for this signature.
  [[nodiscard]] std::optional<Refusal> refuse_use() const {
    const auto has = [](const std::vector<std::string>& words, std::string_view wanted) {
      return std::ranges::any_of(
          words, [&](const std::string& word) { return config::equal_ignoring_case(word, wanted); });
    };
    if (hashes_ && !has(*hashes_, "sha256")) return refuse_hashes(joined(*hashes_));
    if (octets_->empty()) return revoked_key();
    if (is_for_ed25519() != reading_.is_ed25519())
      return refuse_algorithm(reading_.algorithm(), is_for_ed25519() ? "ed25519" : "rsa");
    if (services_ && !has(*services_, "email")) return refuse_services(joined(*services_));
    return is_for_ed25519() ? std::nullopt : refuse_rsa_key(reading_.key(*octets_), {});
  }

  static std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ":"));
  }

  const Reading& reading_;
  std::string_view rest_;
  bool is_record_ = false;
  std::optional<std::vector<std::string>> hashes_{};
  std::optional<std::vector<std::string>> services_{};
  std::string key_type_ = "rsa";
  std::optional<std::string> octets_{};
};

}  // namespace

std::optional<Refusal> read_as_mox(const Reading& reading) {
  return MoxReader(reading).read();
}

}  // namespace dkimprobe::checks
