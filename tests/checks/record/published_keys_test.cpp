#include "checks/record/published_keys.hpp"

#include "checks/record/public_key.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;

TEST_CASE("the sample keys of RFCs are recognised in each form that p= may have") {
  const auto where = [](const char* base64) {
    return checks::published_private_key(checks::read_public_key(checks::decode_base64(base64).bytes).sha256);
  };
  CHECK(where("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=") == "RFC 8463 appendix A.1");
  CHECK(where("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=") == "RFC 8463 appendix A.1");
  // The key of RFC 6376 in PKCS#1 form, without what names its algorithm.
  CHECK(where("MIGJAoGBAPAhE/9QLdIGwSYapn1klbf8OQygZ4udCDV9afv/Ni0jE3ZKcUKPE4Iob2/dviNh9xM2HmKNKyrrfW4Ei0"
              "truh36/9G10LZTMnWVZP3jupH5FxpzaBu2j80yonR/N9WMfg64qGK11j21/"
              "qZzAaNo0FxZOggyY9I8N1A81RhyRxDZAgMBAAE=") == "RFC 6376 appendix C");
  CHECK(checks::published_private_key("") == "");
}
