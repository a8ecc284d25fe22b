// Rotations as text, as a script and as JSON: some vectors are compared with golden files, all are tested for
// width, colour and foreign octets.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "exporters/json/rotation_json.hpp"
#include "exporters/terminal/rotation_text.hpp"
#include "exporters/text/text_layout.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/rotation/rotation_plan_vector.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;

namespace {

const std::filesystem::path vectors = DKIMPROBE_SOURCE_DIRECTORY "/tests/checks/vectors/rotation_plan";

/// Lines to copy are not wrapped.
std::vector<std::string> copied_lines(const checks::RotationOverview& overview) {
  std::vector<std::string> lines{overview.plan_command.str()};
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) {
      for (const auto& action : step.actions) {
        for (const auto& line : action.lines) lines.push_back(line.str());
      }
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("the outputs of rotations match their golden files") {
  for (const auto* name : {"idle_before_due", "spreading", "sign_later", "sign_now", "switched_remove_now",
                           "switched_last_signature_unknown", "removed_too_early", "reused_too_soon",
                           "three_in_turn", "emergency_none_ready", "emergency_half", "emergency_over"}) {
    INFO(name);
    const auto overview = tests::load_rotation(vectors / (std::string(name) + ".json")).overview;
    tests::compare_with_golden("rotation/" + std::string(name) + ".txt",
                               rotation_text(overview, {80, false, true}));
    tests::compare_with_golden("rotation/" + std::string(name) + ".json", rotation_json(overview));
  }
  const auto overview = tests::load_rotation(vectors / "emergency_half.json").overview;
  tests::compare_with_golden("rotation/emergency_half-50-ascii.txt",
                             rotation_text(overview, {50, false, false}));
  tests::compare_with_golden("rotation/emergency_half-color.txt", rotation_text(overview, {80, true, true}));
  tests::compare_with_golden("rotation/plan_ring.sh",
                             rotation_script(tests::load_rotation(vectors / "plan_ring.json").overview, {}));
}

TEST_CASE("the title of a step begins with its word") {
  using Step = checks::RotationStep;
  for (const auto step :
       {Step::choose, Step::generate, Step::publish, Step::check, Step::sign, Step::wait, Step::revoke,
        Step::delete_record, Step::gone, Step::stop_signing, Step::replace, Step::clean_up}) {
    for (const bool emergency : {false, true}) {
      std::string word(checks::to_string(step));
      std::ranges::replace(word, '_', ' ');
      word.front() = static_cast<char>(word.front() - 'a' + 'A');
      const std::string title(rotation_step_title(step, emergency));
      INFO(title);
      CHECK(title.find(' ' + word) == title.find(' '));
    }
  }
}

TEST_CASE("no line of a rotation is wider than the terminal, and no foreign octet reaches it") {
  for (const auto& file : tests::vector_files(vectors)) {
    const auto overview = tests::load_rotation(file).overview;
    const auto copied = copied_lines(overview);
    for (const std::size_t columns : {1U, 40U, 63U, 64U, 80U, 110U}) {
      for (const bool unicode : {true, false}) {
        const TableStyle style{columns, false, unicode};
        for (const auto& text : {rotation_text(overview, style), rotation_script(overview, style)}) {
          std::istringstream stream(text);
          for (std::string line; std::getline(stream, line);) {
            INFO(file.filename().string() << " at " << columns << ": " << line);
            const bool is_copy =
                std::ranges::any_of(copied, [&](const auto& each) { return line.ends_with(each); });
            CHECK((is_copy || text_width(line) <= std::max<std::size_t>(columns, 40)));
            CHECK(std::ranges::none_of(line, [&](char c) {
              const auto octet = static_cast<unsigned char>(c);
              return octet < 0x20 || octet == 0x7f || (!unicode && octet >= 0x80);
            }));
          }
        }
      }
    }
    CHECK(tests::without_colors(rotation_text(overview, {80, true, true})) ==
          rotation_text(overview, {80, false, true}));
  }
}

TEST_CASE("a plan is a valid shell script that runs only its commands") {
  for (const auto* name : {"plan_ring", "plan_new_name", "plan_given", "plan_rests", "plan_first"}) {
    const auto script =
        rotation_script(tests::load_rotation(vectors / (std::string(name) + ".json")).overview, {});
    std::istringstream stream(script);
    std::vector<std::string> commands;
    for (std::string line; std::getline(stream, line);) {
      if (!line.empty() && line.front() != '#')
        commands.push_back(line.substr(0, line.find(' ', line.find(' ') + 1)));
    }
    INFO(script);
    // The roles of the new key change before it is made, unless it is chosen already, and when it signs.
    std::vector<std::string> wanted{"test !", "dkimprobe record", "dkimprobe preflight",
                                    "dkimprobe rotation"};
    const std::string_view chosen = name;
    if (chosen != "plan_given" && chosen != "plan_first") wanted.insert(wanted.begin(), "dkimprobe rotation");
    CHECK(commands == wanted);
  }
}

TEST_CASE("a rotation is one JSON object, on one line if requested") {
  for (const auto& file : tests::vector_files(vectors)) {
    const auto overview = tests::load_rotation(file).overview;
    const std::string line = rotation_json_line(overview);
    CHECK(std::ranges::count(line, '\n') == 1);
    CHECK(nlohmann::json::parse(line) == nlohmann::json::parse(rotation_json(overview)));
  }
}
