// The published text beside the one that was meant.
#include "checks/preflight.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "checks/key_record.hpp"

using namespace dkimprobe;
using namespace dkimprobe::checks;

namespace {

constexpr std::string_view meant = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A";

struct Case {
  std::string published{};
  std::size_t offset = 0;
  std::string cause{};
};

}  // namespace

TEST_CASE("the same text has no difference") {
  CHECK_FALSE(compare_texts(meant, meant));
  CHECK_FALSE(compare_texts("", ""));
}

TEST_CASE("what publishing did to a text is named, with its place") {
  const auto given = GENERATE(
      Case{"\"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\"", 0,
           "publishing put quotation marks around it into the text"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkq\" \"hkiG9w0BAQEFAAOCAQ8A", 30,
           "publishing put quotation marks at the seams of its strings into the text"},
      Case{"v=DKIM1\\; k=rsa\\; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 7,
           "publishing put backslashes before its semicolons into the text"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkq hkiG9w0BAQEFAAOCAQ8A", 30, "white space was added or lost"},
      Case{"v=DKIM1;k=rsa;p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 8, "white space was added or lost"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjAN", 26, "its end is missing: 26 of 50 octets are published"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A;x", 50, "2 octets follow its end"},
      Case{"v=dkim1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 2, "letters changed their case"},
      Case{"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8B", 49, ""}, Case{"", 0, "?"});
  INFO(given.published);
  const auto difference = compare_texts(given.published, meant);
  REQUIRE(difference);
  CHECK(difference->offset == given.offset);
  if (given.cause != "?") CHECK(difference->cause == given.cause);
}

TEST_CASE("the place of a difference is where the texts part, whatever they are") {
  CHECK(rc::check([](const std::string& start, const std::string& a, const std::string& b) {
    const std::string published = start + a;
    const std::string wanted = start + b;
    const auto difference = compare_texts(published, wanted);
    RC_ASSERT(difference.has_value() == (published != wanted));
    if (!difference) return;
    RC_ASSERT(difference->offset >= start.size());
    RC_ASSERT(published.substr(0, difference->offset) == wanted.substr(0, difference->offset));
    RC_ASSERT(published.substr(difference->offset, 1) != wanted.substr(difference->offset, 1));
    RC_ASSERT(difference->shown_from <= difference->offset);
    RC_ASSERT(difference->published != difference->meant);
  }));
}

TEST_CASE("a resolver's text is right when it has the expected key") {
  const std::string ed = "v=DKIM1; k=ed25519; p=866/lVX7NSmjTGjBeTE27xlEdsiFwRlfhM7s5Bwh9G0=";
  const std::string other = "v=DKIM1; k=ed25519; p=wUdrdUfO9qObQd2Ga1tPZzx13oaZMMjd5UPOUNlGbIo=";
  const auto sha256 = read_key_record(ed).key->sha256;
  SigningPlan plan;
  plan.key.emplace().sha256 = sha256;
  CHECK(is_expected({{ed}}, plan, {}));
  CHECK(is_expected({{ed.substr(0, 20), ed.substr(20)}}, plan, {}));
  CHECK_FALSE(is_expected({{other}}, plan, {}));
  CHECK_FALSE(is_expected({{ed}, {other}}, plan, {}));
  CHECK_FALSE(is_expected({}, plan, {}));
  plan.key.reset();
  Report report;
  CHECK_FALSE(is_expected({{ed}}, plan, report));
  report.key.emplace().sha256 = sha256;
  CHECK(is_expected({{ed}}, plan, report));
  CHECK_FALSE(is_expected({{other}}, plan, report));
}
