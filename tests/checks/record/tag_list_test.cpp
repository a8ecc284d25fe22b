#include "checks/record/tag_list.hpp"

#include <ctime>
#include <string>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::TagFaultKind;

namespace {

checks::TagList parse(std::string_view text) {
  return checks::parse_tag_list(text, "vghknpst");
}

}  // namespace

TEST_CASE("a tag list keeps names, values and offsets") {
  const auto list = parse("v=DKIM1; k = rsa ;p=a=b=");
  REQUIRE(list.tags.size() == 3);
  CHECK(list.faults.empty());
  CHECK(list.tags[1].name == "k");
  CHECK(list.tags[1].value == "rsa");
  CHECK(list.tags[1].offset == 9);
  CHECK(list.tags[1].value_offset == 13);
  CHECK(list.find("p")->value == "a=b=");
  CHECK(list.find("x") == nullptr);
}

TEST_CASE("each error in a tag list is reported with its offset") {
  struct Case {
    std::string text;
    TagFaultKind kind;
    std::size_t offset;
    std::string what;
  };
  const auto given = GENERATE(
      Case{"a=1; a=2", TagFaultKind::duplicate, 5, "a"},
      Case{"v=1 k=2", TagFaultKind::missing_semicolon, 4, "k"},
      Case{"v=1k=2", TagFaultKind::missing_semicolon, 3, "k"},
      Case{"p=abc t=s", TagFaultKind::missing_semicolon, 6, "t"},
      Case{"v=1, k=2", TagFaultKind::comma_separator, 3, "k"},
      Case{"a=1; foo bar; b=2", TagFaultKind::stray_token, 5, "foo bar"},
      Case{"a=1; foo p=2", TagFaultKind::stray_token, 5, "foo"},
      Case{"a=1; _p=2", TagFaultKind::bad_name, 5, "_p"}, Case{"a=1; =2", TagFaultKind::bad_name, 5, ""},
      Case{"a=1;; b=2", TagFaultKind::double_semicolon, 4, ";"},
      Case{"a=1;;", TagFaultKind::double_semicolon, 4, ";"},
      Case{";a=1", TagFaultKind::leading_semicolon, 0, ";"}, Case{" a=1", TagFaultKind::outer_space, 0, " "},
      Case{"a=1 ", TagFaultKind::outer_space, 3, " "},
      Case{"a=1; ", TagFaultKind::trailing_semicolon_space, 4, " "});
  INFO(given.text);
  const auto list = parse(given.text);
  REQUIRE_FALSE(list.faults.empty());
  CHECK(list.faults.front().kind == given.kind);
  CHECK(list.faults.front().offset == given.offset);
  CHECK(list.faults.front().text == given.what);
}

TEST_CASE("what only looks like an error in a tag list is accepted") {
  const std::string text = GENERATE(as<std::string>{}, "p=ab cd=", "p=ab cd==", "p=ab t=", "n=a, k=b",
                                    "x=a=b c", "a=1;", "a=", "t=y:s", "");
  INFO(text);
  CHECK(parse(text).faults.empty());
}

TEST_CASE("the tags after an error are recovered") {
  const auto list = parse("v=DKIM1 k=rsa, p=abc");
  REQUIRE(list.tags.size() == 3);
  CHECK(list.tags[0].value == "DKIM1");
  CHECK(list.tags[1].value == "rsa");
  CHECK(list.tags[2].value == "abc");
}

TEST_CASE("the largest text is read in bounded time, with a bounded number of reported errors") {
  const std::string piece =
      GENERATE(as<std::string>{}, "a;", ";", "a=;", "=", "v=k=", " ", "\"", "a,k=1 ", "\\;", "&quot;", "p");
  std::string text = "v=";
  while (text.size() < 65'000) text += piece;
  // The processor's time, which other programs do not take from this one.
  const std::clock_t begin = std::clock();
  const auto list = parse(text);
  CHECK(std::clock() - begin < 2 * CLOCKS_PER_SEC);
  CHECK(list.faults.size() <= 9 * 8);
}
