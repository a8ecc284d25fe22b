#include "config/records/terraform_json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/records/txt_strings.hpp"
#include "config/yaml/yaml_reader.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::size_t largest_file = 64U << 20U;
constexpr std::size_t deepest_json = 200;

/// A character of a text; reading it counts the lines.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t& line) : at_(at), line_(&line) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

struct TextAtLine {
  std::string text{};
  std::size_t line = 0;
};

/// What is known of a resource.
struct Resource {
  std::size_t line = 0;
  std::string address{};
  std::string mode{};
  std::string type{};
  std::string record_type{};
  std::array<std::string, 3> names{};  ///< of `fqdn`, `hostname`, `name`: the best first
  std::vector<TextAtLine> texts{};
};

/// The strings that a provider publishes for a text, or the fault of the text.
using Strings = tl::expected<std::vector<std::string>, FileFault>;

tl::unexpected<FileFault> wrong(FileFaultKind kind, std::string detail) {
  return tl::unexpected(FileFault{{}, kind, std::move(detail)});
}

tl::expected<std::vector<TxtString>, FileFault> split(std::string_view text, Escapes escapes) {
  auto strings = split_strings(text, escapes);
  if (!strings) return wrong(FileFaultKind::quote, "a quoted string does not end");
  return std::move(*strings);
}

/// The texts of strings none of which may be too long.
Strings short_strings(std::vector<TxtString> strings) {
  std::vector<std::string> texts;
  for (auto& each : strings) {
    if (each.text.size() > longest_txt_string) {
      return wrong(FileFaultKind::string_too_long,
                   fmt::format("a string has {} octets, at most {} are allowed", each.text.size(),
                               longest_txt_string));
    }
    texts.push_back(std::move(each.text));
  }
  return texts;
}

Strings route53_strings(std::string_view text) {
  auto strings = split(fmt::format("\"{}\"", text), Escapes::octal);
  if (!strings) return tl::unexpected(std::move(strings.error()));
  if (!std::ranges::all_of(*strings, &TxtString::is_quoted)) {
    return wrong(FileFaultKind::quote,
                 "the provider adds the outer quotation marks; write only those between two strings");
  }
  return short_strings(std::move(*strings));
}

Strings cloudflare_strings(std::string_view text) {
  std::vector<std::string> texts;
  if (!text.starts_with('"')) {
    add_strings(text, texts);
    return texts;
  }
  const auto strings = split(text, Escapes::decimal);
  if (!strings) return tl::unexpected(strings.error());
  for (const auto& each : *strings) add_strings(each.text, texts);
  return texts;
}

Strings google_strings(std::string_view text) {
  auto strings = split(text, Escapes::decimal);
  if (!strings) return tl::unexpected(std::move(strings.error()));
  return short_strings(std::move(*strings));
}

struct Provider {
  std::string_view type{};  ///< of the resource
  Strings (*strings)(std::string_view text) = nullptr;
};

constexpr auto providers = std::to_array<Provider>({
    {"aws_route53_record", route53_strings},
    {"cloudflare_record", cloudflare_strings},
    {"cloudflare_dns_record", cloudflare_strings},
    {"google_dns_record_set", google_strings},
});

/// Collects the resources while nlohmann's parser reads; its members have the names that the parser calls.
class ResourceReader {
 public:
  ResourceReader(const std::filesystem::path& file, const ReadingRules& rules, const FileSink& sink)
      : file_(file), rules_(rules), sink_(sink) {}

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(std::int64_t) { return true; }
  bool number_unsigned(std::uint64_t) { return true; }
  bool number_float(double, const std::string&) { return true; }
  bool binary(nlohmann::json::binary_t&) { return true; }
  bool string(std::string& text) {
    if (resource_depth_ > 0) {
      take_text(text);
    } else if (keys_.size() == 1 && keys_.back() == "format_version") {
      has_version_ = true;
      if (!text.starts_with("1.") && !text.starts_with("0."))
        return stop(fmt::format("the format version {} is not known", shown(text)));
    }
    return true;
  }
  bool start_object(std::size_t) {
    if (!open({})) return false;
    if (resource_depth_ == 0 && is_resource()) {
      resource_depth_ = keys_.size();
      resource_ = {.line = line_};
    }
    return true;
  }
  bool key(std::string& text) {
    keys_.back() = text;
    return true;
  }
  bool end_object() {
    const bool is_end = resource_depth_ == keys_.size();
    keys_.pop_back();
    if (!is_end) return true;
    resource_depth_ = 0;
    return end_resource();
  }
  bool start_array(std::size_t) { return open("[]"); }
  bool end_array() {
    keys_.pop_back();
    return true;
  }
  template <class Error>
  bool parse_error(std::size_t position, const std::string&, const Error&) {
    return stop(fmt::format("this is not JSON: error at byte {}", position));
  }

  [[nodiscard]] std::size_t& line() { return line_; }
  [[nodiscard]] bool stop(std::string detail) {
    fault(FileFaultKind::syntax, std::move(detail), line_);
    return false;
  }
  [[nodiscard]] bool has_version() const { return has_version_; }

 private:
  bool fault(FileFaultKind kind, std::string detail, std::size_t line) {
    return sink_(FileFault{{file_, line}, kind, std::move(detail)});
  }

  bool open(std::string key) {
    if (keys_.size() >= deepest_json)
      return stop(fmt::format("the JSON is nested more than {} levels deep", deepest_json));
    keys_.push_back(std::move(key));
    return true;
  }

  /// Whether the object that begins is in the list of resources of a module.
  [[nodiscard]] bool is_resource() const {
    const std::size_t depth = keys_.size();
    return depth > 4 && (keys_[0] == "values" || keys_[0] == "planned_values") && keys_[1] == "root_module" &&
           keys_[depth - 2] == "[]" && keys_[depth - 3] == "resources";
  }

  void take_text(const std::string& text) {
    const auto path = std::span(keys_).subspan(resource_depth_ - 1);
    if (path.size() == 1) {
      put(path[0], text,
          {{"address", &resource_.address}, {"mode", &resource_.mode}, {"type", &resource_.type}});
    } else if (path[0] == "values" && path.size() == 2) {
      take_value(path[1], text);
    } else if (path[0] == "values" && path.size() == 3 && path[2] == "[]") {
      if (path[1] == "records" || path[1] == "rrdatas") resource_.texts.push_back({text, line_});
    }
  }

  void take_value(const std::string& key, const std::string& text) {
    auto& names = resource_.names;
    put(key, text,
        {{"type", &resource_.record_type},
         {"fqdn", &names[0]},
         {"hostname", &names[1]},
         {"name", &names[2]}});
    if (key == "content") resource_.texts.clear();  // it is newer than `value`
    if (key == "content" || (key == "value" && resource_.texts.empty()))
      resource_.texts.push_back({text, line_});
  }

  static void put(std::string_view key, const std::string& text,
                  std::initializer_list<std::pair<std::string_view, std::string*>> places) {
    for (const auto& [name, place] : places) {
      if (name == key) *place = text;
    }
  }

  [[nodiscard]] bool end_resource() {
    const auto provider = std::ranges::find(providers, resource_.type, &Provider::type);
    if (provider == providers.end() || resource_.mode == "data") return true;
    if (resource_.record_type != "TXT") return sink_(OtherRecord{});
    FileRecord record{.place = {file_, resource_.line}};
    if (const std::string why = read_name(record); !why.empty())
      return fault(FileFaultKind::name, fmt::format("{}: {}", shown_address(), why), resource_.line);
    if (resource_.texts.empty()) {
      return !record.name.has_domainkey_label() ||
             fault(FileFaultKind::no_text,
                   fmt::format("{}: its text is not known before it is applied", shown_address()),
                   resource_.line);
    }
    if (!origin_note_.give(record, sink_)) return false;
    return std::ranges::all_of(
        resource_.texts, [&](const TextAtLine& text) { return end_text(record, text, provider->strings); });
  }

  [[nodiscard]] bool end_text(FileRecord record, const TextAtLine& text,
                              Strings (*strings_of)(std::string_view)) {
    record.place.line = text.line;
    auto strings = strings_of(text.text);
    if (!strings)
      return fault(strings.error().kind, fmt::format("{}: {}", shown_address(), strings.error().detail),
                   text.line);
    record.strings = std::move(*strings);
    if (record.strings.empty())
      return fault(FileFaultKind::no_text, fmt::format("{}: it has no string", shown_address()), text.line);
    return sink_(checked(std::move(record)));
  }

  [[nodiscard]] std::string shown_address() const { return shown(resource_.address); }

  /// Providers accept a name within the zone and a complete one without its last dot; returns why it is none.
  [[nodiscard]] std::string read_name(FileRecord& record) const {
    const auto text = std::ranges::find_if_not(resource_.names, &std::string::empty);
    if (text == resource_.names.end()) {
      record.name_is_relative = true;
      return {};
    }
    auto name = DomainName::parse(*text == "@" ? "." : *text);
    if (!name) return fmt::format("`{}` is not a record name", shown(*text));
    record.name = std::move(*name);
    const bool is_complete = text != resource_.names.end() - 1 || text->ends_with('.') ||
                             (rules_.origin && record.name.is_at_or_below(*rules_.origin));
    if (is_complete) return {};
    const auto whole = rules_.origin ? record.name.below(*rules_.origin) : std::nullopt;
    record.name_is_relative = !whole;
    if (whole) record.name = *whole;
    return {};
  }

  const std::filesystem::path& file_;
  const ReadingRules& rules_;
  const FileSink& sink_;
  std::size_t line_ = 1;
  std::vector<std::string> keys_{};  ///< of each object its last key, of each list `[]`
  std::size_t resource_depth_ = 0;   ///< of `keys_` in the resource; 0 outside
  Resource resource_{};
  bool has_version_ = false;
  OriginNote origin_note_{};
};

}  // namespace

Result<void> read_terraform_json(LineReader& input, const ReadingRules& rules, const FileSink& sink) {
  const auto text = input.rest(largest_file);
  if (!text) return tl::unexpected(text.error());
  ResourceReader reader(input.file(), rules, sink);
  if (text->size() > largest_file) {
    static_cast<void>(reader.stop(fmt::format("the file is larger than {} MiB", largest_file >> 20U)));
    return {};
  }
  const CountingIterator begin(text->data(), reader.line());
  const CountingIterator end(text->data() + text->size(), reader.line());
  if (nlohmann::json::sax_parse(begin, end, &reader) && !reader.has_version())
    static_cast<void>(
        reader.stop("it has no format_version: this is not what `terraform show -json` prints"));
  return {};
}

}  // namespace dkimprobe::config
