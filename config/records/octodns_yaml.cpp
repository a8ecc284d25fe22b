#include "config/records/octodns_yaml.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"
#include "config/yaml/yaml_reader.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

/// `example.com.yaml`, or any file in the folder `example.com.`
std::optional<DomainName> zone_of(const std::filesystem::path& file) {
  const std::string folder = file.parent_path().filename().string();
  auto name = DomainName::parse(folder.size() > 1 && folder.ends_with('.') ? folder : file.stem().string());
  if (file == "-" || !name) return std::nullopt;
  return std::move(*name);
}

const YamlNode* find(const YamlNode& map, std::string_view key) {
  const auto entry = std::ranges::find(map.entries, key,
                                       [](const YamlEntry& each) { return std::string_view(each.key.text); });
  return entry == map.entries.end() ? nullptr : &entry->value;
}

/// The text as octoDNS understands it.
std::string text_of(std::string_view value) {
  if (value.starts_with('"')) value = value.substr(1, std::max<std::size_t>(value.size(), 2) - 2);
  std::string text;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value.substr(at, 3) == "\" \"") {
      at += 2;
    } else if (value.substr(at, 2) != "\\;") {
      text += value[at];
    }
  }
  return text;
}

/// Whether octoDNS refuses the text: it wants one backslash before each semicolon that follows a word.
bool has_wrong_semicolon(std::string_view value) {
  if (value.find("\\\\;") != std::string_view::npos) return true;
  for (std::size_t at = value.find(';'); at != std::string_view::npos; at = value.find(';', at + 1)) {
    if (at > 0 && (is_letter_or_digit(value[at - 1]) || value[at - 1] == '_')) return true;
  }
  return false;
}

class OctodnsReader {
 public:
  OctodnsReader(const std::filesystem::path& file, const ReadingRules& rules, const FileSink& sink)
      : file_(file), zone_(rules.origin ? rules.origin : zone_of(file)), sink_(sink) {}

  /// Each function returns false to end the reading.
  [[nodiscard]] bool read(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::map)
      return root.kind == YamlNode::Kind::nothing ||
             fault(root, FileFaultKind::syntax, "it must be a map of names");
    return std::ranges::all_of(root.entries, [&](const YamlEntry& entry) { return read_name(entry); });
  }

  [[nodiscard]] bool fault(const YamlNode& node, FileFaultKind kind, std::string detail) {
    return sink_(FileFault{{file_, node.place.line}, kind, std::move(detail)});
  }

 private:
  [[nodiscard]] bool read_name(const YamlEntry& entry) {
    const auto read = [&](const YamlNode& record) { return read_record(entry.key, record); };
    if (entry.value.kind == YamlNode::Kind::list) return std::ranges::all_of(entry.value.items, read);
    return read(entry.value);
  }

  [[nodiscard]] bool read_record(const YamlNode& key, const YamlNode& record) {
    const YamlNode* type = record.kind == YamlNode::Kind::map ? find(record, "type") : nullptr;
    if (type == nullptr || type->kind != YamlNode::Kind::text) {
      return fault(
          record, FileFaultKind::syntax,
          fmt::format("`{}` must have a record with a type, or a list of such records", shown(key.text)));
    }
    if (type->text != "TXT") return sink_(OtherRecord{});
    FileRecord found;
    if (!name_record(key, found)) return goes_on_;
    const YamlNode* values = find(record, "values");
    if (values == nullptr) values = find(record, "value");
    if (values == nullptr) return fault(record, FileFaultKind::no_text, "the TXT record has no value");
    const auto read = [&](const YamlNode& value) { return read_value(value, found); };
    if (values->kind == YamlNode::Kind::list) return std::ranges::all_of(values->items, read);
    return read(*values);
  }

  [[nodiscard]] bool read_value(const YamlNode& value, FileRecord record) {
    if (value.kind != YamlNode::Kind::text)
      return fault(value, FileFaultKind::no_text, "the value must be a text");
    record.place = {file_, value.place.line};
    const std::string text = text_of(value.text);
    add_strings(text, record.strings);
    if (has_wrong_semicolon(value.text) && (record.name.has_domainkey_label() || looks_like_key(text)) &&
        !fault(value, FileFaultKind::unescaped_semicolon, "octoDNS wants one backslash before each `;`"))
      return false;
    return sink_(checked(std::move(record)));
  }

  /// False without a name; whether the reading goes on is then in `goes_on_`.
  [[nodiscard]] bool name_record(const YamlNode& key, FileRecord& record) {
    record.name_is_relative = !zone_;
    if (zone_) record.name = *zone_;
    if (key.text.empty() || key.text == "@") return true;
    const auto name = DomainName::parse(key.text);
    const auto whole = name ? name->below(record.name) : std::nullopt;
    if (whole) record.name = *whole;
    if (!whole) {
      goes_on_ = fault(key, FileFaultKind::name, fmt::format("`{}` is not a record name", shown(key.text)));
      return false;
    }
    record.place = {file_, key.place.line};
    goes_on_ = origin_note_.give(record, sink_);
    return goes_on_;
  }

  const std::filesystem::path& file_;
  std::optional<DomainName> zone_;
  const FileSink& sink_;
  bool goes_on_ = true;
  OriginNote origin_note_{};
};

}  // namespace

Result<void> read_octodns_yaml(LineReader& input, const ReadingRules& rules, const FileSink& sink) {
  const auto text = input.rest(longest_yaml_bytes);
  if (!text) return tl::unexpected(text.error());
  OctodnsReader reader(input.file(), rules, sink);
  const auto tree = text->size() > longest_yaml_bytes
                        ? tl::unexpected(YamlError{
                              {}, fmt::format("the file is larger than {} MiB", longest_yaml_bytes >> 20U)})
                        : parse_yaml(*text);
  if (tree) {
    static_cast<void>(reader.read(*tree));
  } else {
    YamlNode place;
    place.place = tree.error().place;
    static_cast<void>(reader.fault(place, FileFaultKind::syntax, tree.error().message));
  }
  return {};
}

}  // namespace dkimprobe::config
