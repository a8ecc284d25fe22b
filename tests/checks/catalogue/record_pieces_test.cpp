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
