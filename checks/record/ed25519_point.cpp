#include "checks/record/ed25519_point.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/bn.h>

#include "config/keys/openssl_objects.hpp"

namespace dkimprobe::checks {

namespace {

using namespace std::string_view_literals;

using Number = config::OpensslOwned<BIGNUM>;

Number number_from_hex(const char* hex) {
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, hex);
  return Number(number);
}

/// The prime of the field, 2^255 - 19, and the curve's d (RFC 8032 section 5.1).
struct Curve {
  Number p = number_from_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
  Number d = number_from_hex("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
};

const Curve& curve() {
  static const Curve the_curve;
  return the_curve;
}

// The y of the points whose order divides 8, little-endian: 0, 1, -1, and the two of order 8. Then 0 and 1
// again, encoded as p and p + 1, which lenient decoders accept.
constexpr auto small_order_y = std::to_array<std::string_view>({
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv,
    "\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
});

}  // namespace

PointState judge_point(std::string_view octets) {
  std::string encoded(octets);
  encoded.back() = static_cast<char>(encoded.back() & 0x7f);  // the sign of x
  if (std::ranges::find(small_order_y, encoded) != small_order_y.end()) return PointState::small_order;

  const BIGNUM* const p = curve().p.get();
  const config::OpensslOwned<BN_CTX> context(BN_CTX_new());
  const Number y(BN_lebin2bn(reinterpret_cast<const unsigned char*>(encoded.data()),
                             static_cast<int>(encoded.size()), nullptr));
  const Number square(BN_new());
  const Number u(BN_new());
  const Number v(BN_new());
  if (BN_cmp(y.get(), p) >= 0) return PointState::not_on_curve;
  // x^2 = u/v with u = y^2 - 1 and v = d y^2 + 1. It has a root when u v is a square; v is never zero.
  BN_mod_sqr(square.get(), y.get(), p, context.get());
  BN_sub(u.get(), square.get(), BN_value_one());
  BN_mod_mul(v.get(), curve().d.get(), square.get(), p, context.get());
  BN_add_word(v.get(), 1);
  BN_mod_mul(u.get(), u.get(), v.get(), p, context.get());
  return BN_kronecker(u.get(), p, context.get()) == 1 ? PointState::good : PointState::not_on_curve;
}

std::string ed25519_public_key(std::string_view private_key) {
  const config::OpensslOwned<EVP_PKEY> key(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, config::octets(private_key), private_key.size()));
  std::string octets(ed25519_octets, '\0');
  std::size_t size = octets.size();
  EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(octets.data()), &size);
  return octets;
}

}  // namespace dkimprobe::checks
