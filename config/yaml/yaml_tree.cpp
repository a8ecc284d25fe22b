#include "config/yaml/yaml_tree.hpp"

#include <optional>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::string_view no_anchors = "YAML anchors and aliases are not supported";

YamlPlace place_of(const YAML::Mark& mark) {
  // A mark without a position has negative numbers.
  const auto number = [](int count) { return count < 0 ? 1U : static_cast<std::uint32_t>(count) + 1U; };
  return {number(mark.line), number(mark.column)};
}

/// Thrown to stop the parser, which offers no other way.
struct Refusal {
  YamlPlace place{};
  std::string message{};
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    // The parser calls this for values without an anchor too.
    if (!name.empty()) refuse(mark, std::string(no_anchors));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, std::string(no_anchors)); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, YamlNode::Kind::nothing, {}); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    add(mark, YamlNode::Kind::text, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] YamlNode take_root() { return std::move(root_); }

 private:
  /// An unfinished list or map, and the key whose value comes next.
  struct Open {
    YamlNode node{};
    std::optional<YamlNode> key{};
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw Refusal{place_of(mark), std::move(message)};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" stands for no tag, "!" for quotation marks.
    if (tag.empty() || tag == "?" || tag == "!") return;
    refuse(mark, fmt::format("the YAML tag `{}` is not supported; every value is plain text",
                             escape_text(tag, 40)));
  }

  void add(const YAML::Mark& mark, YamlNode::Kind kind, std::string text) {
    if (++nodes_ > most_yaml_nodes)
      refuse(mark, fmt::format("there are more than {} values", most_yaml_nodes));
    put({kind, place_of(mark), std::move(text), {}, {}});
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > most_yaml_nodes)
      refuse(mark, fmt::format("there are more than {} values", most_yaml_nodes));
    if (open_.size() >= deepest_yaml) {
      refuse(mark, fmt::format("lists and maps are nested more than {} levels deep", deepest_yaml));
    }
    open_.push_back({{kind, place_of(mark), {}, {}, {}}, {}});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(node));
  }

  void put(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  YamlNode root_{};
  std::vector<Open> open_{};
  std::size_t nodes_ = 0;
};

/// Reads from memory without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    // streambuf takes non-const pointers, but a buffer that is only read never writes.
    char* const start = const_cast<char*>(text.data());
    setg(start, start, start + text.size());
  }
};

class SecondDocument final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    throw Refusal{place_of(mark), "a second document begins here; only one is allowed"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

}  // namespace

tl::expected<YamlNode, YamlError> parse_yaml(std::string_view text) {
  const auto wrong = [](YamlPlace place, std::string message) {
    return tl::unexpected(YamlError{place, std::move(message)});
  };
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    parser.HandleNextDocument(builder);
    SecondDocument second;
    parser.HandleNextDocument(second);
    return builder.take_root();
  } catch (const Refusal& refusal) {
    return wrong(refusal.place, refusal.message);
  } catch (const YAML::Exception& error) {
    // The rest of this message differs between yaml-cpp 0.7 and 0.8.
    if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR))
      return wrong(place_of(error.mark), std::string(no_anchors));
    return wrong(place_of(error.mark), fmt::format("this is not YAML: {}", escape_text(error.msg, 200)));
  }
}

Result<YamlNode> read_yaml(std::string_view text, const std::string& name) {
  if (text.size() > longest_yaml_bytes)
    return failure(name, fmt::format("the file is larger than {} MiB", longest_yaml_bytes >> 20U));
  auto tree = parse_yaml(text);
  if (tree) return std::move(*tree);
  const auto& [place, message] = tree.error();
  return failure(fmt::format("{}:{}:{}", name, place.line, place.column),
                 message == no_anchors ? message + "; put what domains share into a group" : message);
}

}  // namespace dkimprobe::config
