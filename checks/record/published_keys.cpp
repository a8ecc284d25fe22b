#include "checks/record/published_keys.hpp"

#include <algorithm>
#include <array>

namespace dkimprobe::checks {

namespace {

struct PublishedKey {
  std::string_view sha256{};
  std::string_view where{};
};

// Each fingerprint was computed from the private key printed there.
constexpr auto published_keys = std::to_array<PublishedKey>({
    {"dba3f0cb69f06d70e41abc6ac5812bc3d2639a24b621ba5d241202ac89cb7b9c", "RFC 6376 appendix C"},
    {"227bfc723ff9388fc564c11daaf9da45c1d4f4f6510f3320bfecdceabcf3e795", "RFC 4870 section 3.2.2"},
    {"362d9a99501883f6d1ac717c53fff96582fb0a7c52464cb64b9082aa887bc7b4", "RFC 8463 appendix A.1"},
    {"06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9", "RFC 8463 appendix A.1"},
    {"deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170", "RFC 8032 section 7.1"},
    {"8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5", "RFC 8032 section 7.1"},
    {"e4f982b51ad0bdd87be820b259fe80337ef636e72b9fa7a8867a6949eb610fd6", "RFC 8032 section 7.1"},
    {"e77db4a9572e9f6552c22bc751d5499ad218a73bdf7e15dc6ea0fc69246a44de", "RFC 8032 section 7.1"},
    {"a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", "RFC 8410 section 10.3"},
    {"c73eecd318bd3813f2402a660d8a90010ca35d609d19377d5ee7af200713229f", "RFC 9421 appendix B.1.1"},
    {"72859cbaf21a0b398b1f25712bbed148b1d85a0c6b824176eb306405caa6f0b2", "RFC 9421 appendix B.1.2"},
    {"34571606cb7a0d71be377e671ddcccae2a169ed7733598214129231cd30c4a3c", "RFC 9421 appendix B.1.4"},
    {"9a9e5b0f404f4e2d4386e38b04ac91e535946dc2a7f8d84a31404b476e5c35e1", "RFC 9500 section 2.1"},
    {"8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878", "RFC 9500 section 2.1"},
    {"96465ea5dc9bb2da7b351d808a7196e5761f2412a5040131c68d719aaba28fb9", "RFC 9500 section 2.1"},
    {"1c6fcae26d025791aca74da12cba8ad7c94e838575f4702bed6e55b45ed2ad9a", "the tests of OpenDKIM"},
    {"121196d8b17397dbb84b5cc863a65c183d8b0bb9dda77f98625070ac0655e105", "the tests of OpenDKIM"},
    {"9cd8bfc77480ab70344d2ba6f44c42f4a7a35fa2c0302cde874bf8760ba3df53", "the tests of OpenDKIM"},
    {"3573d31d54a5dd5dd98dc07e64b3c5bca495b7094157429f1a0f104d6d96d4c1", "the tests of Mail::DKIM"},
    {"2321126408487ffc77c4b62446254d8271cf79c4201d5fbba991ca336a081fbf", "the tests of mailauth"},
    {"91fba102f8cc341ea847735304f72ec67a865afdfd399e4e3751c76b367387fd", "the tests of mailauth"},
    {"4766a6c2b80e364f89f0aa4c61e1b76694c10a86ae00d1287ab68c27629ef1d3", "the tests of Apache jDKIM"},
    {"d9f870e332140732a5b10ee3422e8bc564cb9b060ab432f7f306bb43954337b4", "the tests of Apache jDKIM"},
    {"963474069aa12c1d65d92450a8515c65bac81249429db38aaa8f9d84beb7067f", "the manual of Apache jDKIM"},
    {"877935dcc7672d3d019c2123d67f1a96f92acd05a598cbe974e67b250b069101", "the tests of mox"},
    {"77fcccaad9d29a7e90b438878fc0421f7cbcd5380a8320789c0c75aef64bd71f", "the tests of mox"},
    {"c06f0f3fdb099fe95805d80c16943eeb829670c61c29d3ca17e62bbadfcabc0d", "the tests of chasquid"},
    {"ac3aca3565d4e4ce8c5660529ec0cb431fc5b03048968031958456a4d47e97c7", "the tests of mail-auth"},
    {"83216d1890efe6f4df58f5c52bac710cc8034cd59a705990fab0592e9d1463c6", "the tests of mail-auth"},
    {"fffca55b29db7470d91b51bbb9c0774f19bc680eeb1e9427eef551820301867c", "the tests of mail-auth"},
    {"2b9ccffd7c82d04b8d445d6103bd7ec79b4c070d7eea471eb9b7f639513ab4a6", "the tests of mail-auth"},
    {"a5904b3faecc198483d40bd53f062d8d2f92c2d401adaed1a85e8cb19cf9b3f5", "the tests of mail-auth"},
    {"537b1b94368dc926dcc4bf72e565322decd442c6fc42dcb564740f6a4b0cb1ee", "the tests of mail-auth"},
    {"7b00466e922b43a02805395613baa30d8edd595e5ef188986bc513d068e414ef", "the tests of mail-auth"},
});

}  // namespace

std::string_view published_private_key(std::string_view sha256) {
  const auto* const found = std::ranges::find(published_keys, sha256, &PublishedKey::sha256);
  return found == published_keys.end() ? std::string_view() : found->where;
}

}  // namespace dkimprobe::checks
