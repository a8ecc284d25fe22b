// Writes the pages of the sample fleet into a directory, with `manifest.json` that says which file answers
// which request. What a browser is to do with them is in pages_test.mjs.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "exporters/status/status_pages.hpp"
#include "tests/exporters/status_samples.hpp"

using namespace dkimprobe;

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: render_pages DIRECTORY\n");
    return 64;
  }
  const std::filesystem::path directory = arguments[1];
  const auto overview = tests::sample_overview();
  auto pages = tests::linked_pages(overview);
  pages["/no/such/page"] = tests::answer_target(overview, "/no/such/page");

  nlohmann::ordered_json manifest{{"policy", exporters::status_content_policy},
                                  {"hostile", tests::hostile_script},
                                  {"answers", nlohmann::ordered_json::array()}};
  std::size_t number = 0;
  for (const auto& [target, answer] : pages) {
    const std::string file = fmt::format("{}.body", ++number);
    std::ofstream(directory / file, std::ios::binary) << answer.body;
    manifest["answers"].push_back(
        {{"target", target}, {"file", file}, {"code", answer.code}, {"type", answer.content_type}});
  }
  std::ofstream stream(directory / "manifest.json");
  stream << manifest.dump(2) << '\n';
  return stream.good() ? 0 : 70;
}
