// Which request targets are passed on to the web server, and the parameters of their queries.
#include "exporters/http/request_target.hpp"

#include <string>

#include "tests/catch.hpp"

using namespace dkimprobe;
using exporters::clean_target;
using exporters::parameters;
using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("a target in origin or absolute form is passed on without scheme, host and fragment") {
  CHECK(clean_target("/probe?target=a%20b|c#top") == "/probe?target=a%20b|c");
  CHECK(clean_target("http://host:9100/metrics?x") == "/metrics?x");
  CHECK(clean_target("https://host") == "/");
  for (const std::string target :
       {"", "probe", "*", "/a b", "/a%", "/a%2", "/a%zz", "/a%00", "/\x7f", "/\xc3\xa4"}) {
    INFO(target);
    CHECK_FALSE(clean_target(target));
  }
}

TEST_CASE("parameters of a query are decoded in their order, duplicates included") {
  CHECK(parameters("").empty());
  CHECK(parameters("&&").empty());
  CHECK(parameters("a=1&b&=c&a=2==&d=") ==
        Parameters{{"a", "1"}, {"b", ""}, {"", "c"}, {"a", "2=="}, {"d", ""}});
  CHECK(parameters("se%61rch=a+b%2Bc%26d%3D|{}") == Parameters{{"search", "a b+c&d=|{}"}});
  CHECK(parameters("a=1%&b=%41") == Parameters{{"a", "1%"}, {"b", "A"}});
}

TEST_CASE("an encoded text is decoded to itself") {
  CHECK(exporters::percent_encoded("a-b._~c d&\xc3") == "a-b._~c%20d%26%C3");
  CHECK(parameters("a=" + exporters::percent_encoded("%41+&=\x01")) == Parameters{{"a", "%41+&=\x01"}});
}
