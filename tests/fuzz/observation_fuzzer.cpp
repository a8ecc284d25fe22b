// Any text as stored observations, and changed ones that are still of the right shape: whatever is accepted
// is judged, and every output holds only what is safe to print. What is written again is the same.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/judgement/judge.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/report_table.hpp"

using namespace dkimprobe;
using Json = nlohmann::json;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_no_control(std::string_view text) {
  demand(std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; }));
}

/// Every value in the tree, from the outside in.
void collect(Json& value, std::vector<Json*>& found) {
  found.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& inner : value) collect(inner, found);
}

/// A value of the same kind that a writer of the format would not choose.
Json other_value(const Json& value, std::mt19937& random) {
  constexpr std::array<std::int64_t, 8> numbers = {
      0, 1, -1, 53, 255, 65'536, 4'294'967'295, 9'007'199'254'740'993};
  constexpr std::array texts = {"",
                                ".",
                                "*",
                                "\\000\\255",
                                "a\\.b.example",
                                "v=DKIM1; p=",
                                "v=DKIM1; k=ed25519; p=AAAA",
                                "127.0.0.1",
                                "2001:db8::1",
                                "\xe2\x80\xae<b>&amp;",
                                "nxdomain",
                                "timed_out",
                                "answered"};
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return numbers[random() % numbers.size()];
  if (value.is_string()) return texts[random() % texts.size()];
  return nullptr;
}

void change_once(Json& whole, std::mt19937& random) {
  std::vector<Json*> values;
  collect(whole, values);
  Json& value = *values[random() % values.size()];
  const Json& another = *values[random() % values.size()];
  switch (random() % 4) {
    case 0:
      if (another.type() == value.type()) value = Json(another);
      break;
    case 1:
      if (value.is_array() && !value.empty()) value.push_back(Json(value[random() % value.size()]));
      break;
    case 2:
      if (value.is_array() && !value.empty()) value.erase(random() % value.size());
      break;
    default:
      if (!value.is_structured()) value = other_value(value, random);
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  std::mt19937 random(seed);
  Json whole = Json::parse(data, data + size, nullptr, false);
  if (whole.is_discarded() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  for (auto left = 1 + random() % 4; left > 0; --left) change_once(whole, random);
  const std::string text = whole.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto observations = exporters::read_observation_json(text, "file");
  if (!observations) {
    for (const auto& error : observations.error()) demand_no_control(error.message);
    return 0;
  }
  const std::string written = exporters::observation_json(*observations);
  const auto again = exporters::read_observation_json(written, "file");
  demand(again && exporters::observation_json(*again) == written);
  for (const auto& observation : *observations) {
    checks::Expectation expectation;
    expectation.role = static_cast<config::Role>(size % 4);
    const checks::Report report = checks::judge(observation, expectation, {}).report;
    demand(Json::accept(exporters::check_json(report.domain, report.status, {&report, 1})));
    demand_no_control(exporters::report_table(report, {80, false, true}));
  }
  return 0;
}
