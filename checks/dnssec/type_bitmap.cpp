#include "checks/dnssec/type_bitmap.hpp"

#include "checks/dnssec/canonical_form.hpp"

namespace dkimprobe::checks::dnssec {
namespace {

constexpr std::size_t most_window_octets = 32;

bool is_delegation(const TypeBitmap& types) {
  return types.has(type::ns) && !types.has(type::soa);
}

}  // namespace

std::optional<TypeBitmap> TypeBitmap::read(std::string_view bytes) {
  TypeBitmap bitmap;
  int last_window = -1;
  for (RdataReader reader(bytes); !reader.at_end();) {
    const int window = reader.u8();
    const std::size_t size = reader.u8();
    const std::string_view octets = reader.octets(size);
    if (reader.failed() || window <= last_window || size == 0 || size > most_window_octets)
      return std::nullopt;
    last_window = window;
    for (std::size_t bit = 0; bit < 8 * size; ++bit)
      if ((static_cast<unsigned char>(octets[bit / 8]) & 0x80U >> bit % 8) != 0)
        bitmap.types_.set(256 * static_cast<std::size_t>(window) + bit);
  }
  return bitmap;
}

bool TypeBitmap::is_cut() const {
  return is_delegation(*this) || has(type::dname);
}

bool TypeBitmap::lacks(std::uint16_t type) const {
  if (has(type) || has(type::cname)) return false;
  return type == type::ds ? !has(type::soa) : !is_delegation(*this);
}

}  // namespace dkimprobe::checks::dnssec
