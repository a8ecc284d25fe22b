// Target files as other programs write them, and every mistake in them with its place.
#include "config/target_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::FileTarget;

std::vector<std::string> shown(const config::Result<std::vector<FileTarget>>& targets) {
  std::vector<std::string> lines;
  if (!targets) {
    for (const auto& error : targets.error()) lines.push_back(error.where + ": " + error.message);
    return lines;
  }
  for (const FileTarget& target : *targets) {
    lines.push_back(fmt::format("{}/{} {}{} {}", target.domain.to_string(), target.selector.to_string(),
                                config::to_string(target.role),
                                target.interval ? fmt::format(" {}ms", target.interval->count()) : "",
                                target.where));
  }
  return lines;
}

using Lines = std::vector<std::string>;

/// A folder that goes away with its files.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "targets-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, std::string_view text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_{};
};

}  // namespace

TEST_CASE("target files may be JSON or YAML") {
  CHECK(shown(config::read_targets(
            R"([{"targets": ["example.com/s1", "Example.net"], "labels": {"selector": "s2"}}])", "t.json")) ==
        Lines{"t.json:1:15: the selector is given twice: after the slash and in the label `selector`"});
  CHECK(shown(config::read_targets(R"([
 {"targets": ["example.com/s1", "bücher.example/a.b"], "labels": {"role": "retired", "__meta_x": "1"}},
 {"targets": ["Example.net"], "labels": {"selector": "s2", "interval": "1h"}}, {"targets": []}
])",
                                   "t.json")) == Lines{"example.com/s1 retired t.json:2:15",
                                                       "xn--bcher-kva.example/a.b retired t.json:2:33",
                                                       "example.net/s2 active 3600000ms t.json:3:15"});
  CHECK(shown(config::read_targets("- targets:\n  - example.com/s1\n  labels:\n    role: standby\n",
                                   "t.yml")) == Lines{"example.com/s1 standby t.yml:2:5"});
  CHECK(config::read_targets("[]", "t.json").value().empty());
}

TEST_CASE("every error in a target file is reported with its position") {
  const auto lines = shown(
      config::read_targets(R"(- targets: [https://example.com/s1, example.com, 'example.com/', example.com/s1]
  labels: {rol: retired, team: mail}
- targets: example.com/s1
- labels: {role: old, interval: 1s, selector: [s1]}
- target: [example.com/s1]
- just text
- targets: [[a]]
  targets: []
- {targets: [example.org]}
)",
                           "t.yml"));
  CAPTURE(lines);
  const auto has = [&](std::string_view place, std::string_view words) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.starts_with(fmt::format("t.yml:{}: ", place)) && line.find(words) != std::string::npos;
    });
  };
  CHECK(has("1:13", "URL"));
  CHECK(has("1:50", "selector"));
  CHECK(has("2:12", "did you mean role?"));
  CHECK(has("2:26", "no label `team`"));
  CHECK(has("3:12", "a list of targets"));
  CHECK(has("4:3", "targets is missing"));
  CHECK(has("4:18", "no role `old`"));
  CHECK(has("4:33", "10s"));
  CHECK(has("4:47", "a single value"));
  CHECK(has("5:3", "did you mean targets?"));
  CHECK(has("6:3", "a map with"));
  CHECK(has("8:3", "twice"));
  CHECK(has("9:14", "the selector is missing: write example.org/SELECTOR"));
  CHECK_FALSE(has("1:37", "selector is missing"));
  // An error that follows from another is not reported.
  CHECK_FALSE(has("5:3", "targets is missing"));
  CHECK(shown(config::read_targets("[{targets: [a.example], labls: {selector: s1}}]", "t.yml")) ==
        Lines{"t.yml:1:25: there is no key `labls`; did you mean labels?"});
  // A file that is being written, or holds something else.
  CHECK(shown(config::read_targets("", "t.yml")).size() == 1);
  CHECK(shown(config::read_targets("{}", "t.yml")).size() == 1);
  CHECK(shown(config::read_targets("[{\"targets\": [", "t.yml")).size() == 1);
  CHECK(shown(config::read_targets("- \x1b[31m\n", "t.yml")).size() == 1);
  CHECK(shown(config::read_targets(
                  std::string("- {targets: [") +
                      [] {
                        std::string many;
                        for (int i = 0; i < 300; ++i) many += "nothing,";
                        return many;
                      }() +
                      "]}",
                  "t.yml"))
            .size() == 101);
}

TEST_CASE("targets from files are added to the domains of the settings") {
  config::Settings settings;
  settings.interval = 2min;
  config::DomainSettings& known = settings.domains.emplace_back();
  known.domain = config::DomainName::parse("example.com").value();
  known.interval = 1h;
  known.selectors.push_back({.selector = config::Selector::parse("s1").value()});

  const auto join = [&](std::string_view text) {
    return config::add_targets(settings, config::read_targets(text, "t").value());
  };
  const auto joined = join(
      "[{targets: [EXAMPLE.com/s2, example.net/s1]}, {targets: [example.net/s2], labels: "
      "{role: retired, interval: 30s}}]");
  REQUIRE(joined);
  REQUIRE(joined->domains.size() == 2);
  CHECK(joined->domains[0].selectors.size() == 2);
  CHECK(joined->domains[0].interval == 1h);
  CHECK(joined->domains[1].selectors.size() == 2);
  CHECK(joined->domains[1].selectors[1].role == config::Role::retired);
  CHECK(joined->domains[1].interval == 30s);
  CHECK(join("[{targets: [example.org/s1]}]").value().domains[1].interval == 2min);

  const auto wrong = join(
      "[{targets: [example.com/s1, example.net/s1, example.net/S1]}, {targets: "
      "[example.com/s3, example.net/s3], labels: {interval: 30s}}, {targets: [example.net/s4], "
      "labels: {interval: 40s}}]");
  REQUIRE_FALSE(wrong);
  REQUIRE(wrong.error().size() == 4);
  CHECK(wrong.error()[0].where == "t:1:13");
  CHECK(wrong.error()[0].message == "the selector s1 of example.com is already in the settings file");
  CHECK(wrong.error()[1].message == "the selector S1 of example.net is already listed at t:1:29");
  CHECK(wrong.error()[2].message == "the interval of example.com is set in the settings file");
  CHECK(wrong.error()[3].message.starts_with("the interval of example.net differs from the one at t:1:"));
}

TEST_CASE("target files are found by pattern, and their changes are detected") {
  const Folder folder;
  folder.write("a.json", "[]");
  folder.write("b.json", "[{\"targets\": [\"example.com/s1\"]}]");
  folder.write("c.txt", "no");
  const std::vector<std::string> patterns{folder.at("*.json"), folder.at("a.json"), folder.at("missing.yml"),
                                          folder.at("none*.yml")};
  auto stamps = config::stamp_target_files(patterns);
  REQUIRE(stamps.size() == 3);
  CHECK(stamps[0].path == folder.at("a.json"));
  CHECK(stamps[2].path == folder.at("missing.yml"));
  CHECK(config::stamp_target_files(patterns) == stamps);
  const auto missing = config::load_targets(stamps);
  REQUIRE_FALSE(missing);
  CHECK(missing.error()[0].message == "the targets cannot be read: No such file or directory");

  folder.write("missing.yml", "- targets: [example.net/s1]\n");
  auto changed = config::stamp_target_files(patterns);
  CHECK(changed != stamps);
  CHECK(shown(config::load_targets(changed)).size() == 2);
  // Other programs put a new file in the place of the old one: as long, and perhaps as old.
  folder.write("b.new", "[{\"targets\": [\"example.com/s2\"]}]");
  std::filesystem::last_write_time(folder.at("b.new"), std::filesystem::last_write_time(folder.at("b.json")));
  std::filesystem::rename(folder.at("b.new"), folder.at("b.json"));
  CHECK(config::stamp_target_files(patterns) != changed);
  std::filesystem::remove(folder.at("a.json"));
  stamps = config::stamp_target_files({folder.at("*.json")});
  CHECK(stamps.size() == 1);
  CHECK_FALSE(config::load_targets(config::stamp_target_files({folder.at("")})));
}

TEST_CASE("all target files together have a limit") {
  const auto read = config::load_targets(
      {{.path = "/dev/null/a", .bytes = config::most_target_bytes}, {.path = "/dev/null/b", .bytes = 1}});
  REQUIRE_FALSE(read);
  REQUIRE(read.error().size() == 2);
  CHECK(read.error().back().where == "/dev/null/b");
  CHECK(read.error().back().message == "with this file, the target files together are larger than 64 MiB");
}

}  // namespace dkimprobe::tests
