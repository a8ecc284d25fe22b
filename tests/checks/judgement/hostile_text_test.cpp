// Records that nobody wrote: changed, cut and glued together. Reading them must neither fail nor take long.
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checks/judgement/judge.hpp"
#include "checks/judgement/published_facts.hpp"
#include "checks/record/adsp_record.hpp"
#include "checks/record/key_record.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

const std::vector<std::string> seeds = {
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3",
    "\"v=DKIM1\\; k=rsa\\; \" \"p=MIGf\"",
    "s1._domainkey IN TXT ( \"v=DKIM1; k=rsa; \" \"p=MIGf\" ) ; ----- DKIM key",
    "\xe2\x80\x9cv=DKIM1;\xc2\xa0k=ed25519, p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\xe2\x80\x9d",
    "v=DKIM1; g=bob; t=y:s; n=a; http://example.com/ p=&quot;-----BEGIN PUBLIC KEY-----MIGf",
    "dkim=all; t=s",
};

void check_offsets(const std::string& text, const checks::KeyRecord& record) {
  for (const auto& fault : record.faults) {
    if (fault.offset) CHECK(*fault.offset <= text.size());
  }
  for (const auto& tag : record.list.tags) CHECK(tag.value_offset <= text.size());
}

}  // namespace

TEST_CASE("altered records are read safely, and the texts about them are safe to print") {
  std::mt19937 random(20'260'101);
  const auto draw = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  for (int round = 0; round < 4'000; ++round) {
    std::string text = seeds[draw(seeds.size())];
    for (std::size_t change = draw(6); change > 0; --change) {
      const std::size_t at = draw(text.size() + 1);
      switch (draw(4)) {
        case 0:
          text.insert(at, 1, static_cast<char>(draw(256)));
          break;
        case 1:
          text.erase(at, draw(8));
          break;
        case 2:
          text.insert(at, seeds[draw(seeds.size())].substr(draw(12)));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(draw(256));
          break;
      }
      if (text.empty()) text = ";";
    }
    const std::string exact(text.data(), text.size());
    check_offsets(exact, checks::read_key_record(exact));
    (void)checks::read_adsp_record(exact);
  }
}

TEST_CASE("the largest text with any kind of damage is read in bounded time") {
  const std::string piece =
      GENERATE(as<std::string>{}, "\"", "\" \"", "\\;", "&quot;", "\xe2\x80\x9c", "\xff", "\n", "\r\n",
               " TXT ", "._domainkey", "-----BEGIN", "t=y:", ":", "p=", "A ", "x=1;");
  std::string text = "v=DKIM1; p=A";
  while (text.size() < 65'000) text += piece;
  INFO(piece);
  // The processor's time, which other programs do not take from this one.
  const std::clock_t begin = std::clock();
  const auto record = checks::read_key_record(text);
  CHECK(std::clock() - begin < 2 * CLOCKS_PER_SEC);
  std::size_t said = 0;
  for (const auto& fault : record.faults) said += fault.detail.str().size() + fault.remedy.str().size();
  CHECK(said < 32'768);
}

TEST_CASE("of many different texts only so many are read, and the report says how many are not") {
  const auto report_of = [](std::size_t servers, std::size_t texts_each) {
    nlohmann::json vector = {{"about", ""}, {"findings", nlohmann::json::array()}};
    for (std::size_t server = 0; server < servers; ++server) {
      nlohmann::json texts = nlohmann::json::array();
      for (std::size_t i = 0; i < texts_each; ++i)
        texts.push_back(nlohmann::json::array({fmt::format("v=DKIM1; p=junk{}", server * texts_each + i)}));
      vector["servers"].push_back({{"server", fmt::format("192.0.2.{}", server + 1)},
                                   {"name", fmt::format("ns{}.example.com", server + 1)},
                                   {"record", {{"txt", texts}}}});
    }
    const auto given = tests::read_observation(vector);
    return checks::judge(given.observation, given.expectation, {}).report;
  };
  CHECK(report_of(2, checks::most_read_texts / 2).not_asked.empty());
  const auto over = report_of(32, 32);
  REQUIRE(over.not_asked.size() == 1);
  CHECK(over.not_asked.front() ==
        "Of 1024 different texts, 64 were checked; the others may have other faults.");
  CHECK(over.status == checks::Status::critical);
}
