#include "checks/record/size.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "checks/record/tag_list.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using dkimprobe::config::DomainName;

namespace {

DomainName name(std::string_view text) {
  return DomainName::parse(text).value();
}

std::string key(const std::string& file) {
  std::ifstream stream(DKIMPROBE_VECTORS "/keys/" + file + ".b64");
  std::string text;
  REQUIRE(std::getline(stream, text));
  return text;
}

std::uint32_t planned(const DomainName& owner, std::string_view text) {
  std::vector<std::string> strings;
  for (std::size_t at = 0; at < text.size(); at += 255) strings.emplace_back(text.substr(at, 255));
  const std::uint32_t rdata[] = {checks::txt_rdata_bytes(strings)};
  return checks::answer_bytes(owner, rdata);
}

}  // namespace

TEST_CASE("minimal records have the sizes that nameservers send") {
  const DomainName owner = name("s1._domainkey.example.com");
  REQUIRE(owner.wire_size() == 27);
  CHECK(planned(owner, "v=DKIM1; k=ed25519; p=" + key("ed25519")) == 122);
  CHECK(planned(owner, "v=DKIM1; k=rsa; p=" + key("rsa1024")) == 290);
  CHECK(planned(owner, "v=DKIM1; k=rsa; p=" + key("rsa2048")) == 467);
  CHECK(planned(owner, "v=DKIM1; k=rsa; p=" + key("rsa3072")) == 640);
  CHECK(planned(owner, "v=DKIM1; k=rsa; p=" + key("rsa4096")) == 812);
}

TEST_CASE("the data of a record has an octet for each string, and at least one string") {
  CHECK(checks::txt_rdata_bytes(std::vector<std::string>{"ab", "c", ""}) == 6);
  CHECK(checks::txt_rdata_bytes(std::vector<std::string>{}) == 1);
}

TEST_CASE("an alias adds the sizes of its record and of its target") {
  const std::uint32_t rdata[] = {412};
  const std::vector<DomainName> targets = {name("s1.dkim.provider.example")};
  const DomainName owner = name("s1._domainkey.example.com");
  CHECK(checks::answer_bytes(owner, rdata, targets) ==
        checks::answer_bytes(owner, rdata) + 12 + targets[0].wire_size());
}

TEST_CASE("tags without effect are droppable, notes first") {
  const auto list =
      checks::parse_tag_list("v=DKIM1; k=rsa; h=sha256; s=email; t=s; n=hello; p=abc", "vghknpst");
  std::vector<std::string> texts;
  std::uint32_t bytes = 0;
  for (const auto& tag : checks::droppable_tags(list.tags)) {
    texts.push_back(tag.text);
    bytes += tag.bytes;
  }
  CHECK(texts == std::vector<std::string>{"n=hello", "h=sha256", "s=email", "k=rsa"});
  CHECK(bytes == std::string("k=rsa; h=sha256; s=email; n=hello; ").size());
  const auto last = checks::parse_tag_list("v=DKIM1; p=abc; n=hello", "vghknpst");
  CHECK(checks::droppable_tags(last.tags).front().bytes == std::string("; n=hello").size());
  const auto meant = checks::parse_tag_list("v=DKIM1; k=ed25519; h=sha1; s=tlsrpt; p=abc", "vghknpst");
  CHECK(checks::droppable_tags(meant.tags).empty());
}
