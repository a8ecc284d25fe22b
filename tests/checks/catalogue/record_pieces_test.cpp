#include "checks/catalogue/record_pieces.hpp"

#include <string>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;

namespace {

checks::AnswerGroup published(const std::vector<std::string>& texts) {
  checks::AnswerGroup group;
  for (const auto& text : texts) group.texts.push_back({text, {text}, 60});
  return group;
}

const std::string key = "9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";

}  // namespace

TEST_CASE("fragments of one record are joined in the order that makes it valid") {
  const auto joined = checks::join_pieces(published({"p=" + key, "v=DKIM1; k=ed25519"}), {});
  REQUIRE(joined);
  CHECK(joined->pieces == std::vector<std::string>{"v=DKIM1; k=ed25519", "p=" + key});
  CHECK(joined->needs_semicolon);
  CHECK_FALSE(checks::join_pieces(published({"v=spf1 -all", "p=" + key}), {}));
}

TEST_CASE("texts longer than any record are not joined in every order") {
  const std::string notes = "v=DKIM1; k=ed25519; n=";
  CHECK(checks::join_pieces(published({notes + std::string(100, 'n'), "p=" + key}), {}));
  CHECK_FALSE(checks::join_pieces(published({notes + std::string(5'000, 'n'), "p=" + key}), {}));
}

TEST_CASE("halves of a cut key are joined, whatever is around them") {
  const std::string rsa =
      "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"
      "zYtIxN2SnFCjxOCKG9v3b4jYfcT"
      "Nh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
      "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ"
      "2QIDAQAB";
  const std::string a = rsa.substr(0, 80);
  const std::string b = rsa.substr(80, 80);
  const std::string c = rsa.substr(160);
  struct Case {
    const char* about;
    std::vector<std::string> texts;
    std::vector<std::string> pieces;
  };
  const std::string head = "v=DKIM1; k=rsa; p=" + a;
  const auto given = GENERATE_COPY(
      Case{"two halves", {head, b + c}, {head, b + c}},
      Case{"in reversed order", {b + c, head}, {head, b + c}},
      Case{"three pieces", {c, head, b}, {head, b, c}},
      Case{"quoted", {"\"" + head + "\"", "\"" + b + c + "\""}, {head, b + c}},
      Case{"a quote at each end", {"\"" + head, b + c + "\""}, {head, b + c}},
      Case{"white space and parentheses", {"( " + head + " ", b + c + " )"}, {head, b + c}},
      Case{"a semicolon at the end of each", {head + ";", b + c + ";"}, {head, b + c}},
      Case{"without v=", {"k=rsa; p=" + a, b + c}, {"k=rsa; p=" + a, b + c}},
      Case{"p= alone", {"p=" + a, b + c}, {"p=" + a, b + c}},
      Case{"beside another text", {head, "google-site-verification=abc", b + c}, {head, b + c}});
  INFO(given.about);
  const auto joined = checks::join_pieces(published(given.texts), {});
  REQUIRE(joined);
  CHECK(joined->pieces == given.pieces);
  CHECK_FALSE(joined->needs_semicolon);
  CHECK(joined->is_order_known);
}

TEST_CASE("a key without v= beside another text is no piece") {
  CHECK_FALSE(checks::join_pieces(published({"k=ed25519; p=" + key, "some text"}), {}));
  CHECK_FALSE(
      checks::join_pieces(published({"k=ed25519; p=" + key, "k=ed25519; p=" + key.substr(0, 10)}), {}));
}
