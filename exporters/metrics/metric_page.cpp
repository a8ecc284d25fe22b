#include "exporters/metrics/metric_page.hpp"

#include <zlib.h>

#include <limits>
#include <stdexcept>
#include <utility>

namespace dkimprobe::exporters {

std::string gzip(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max())
    throw std::length_error("the page is larger than 4 GiB");
  z_stream stream{};
  // The lowest level compresses metrics to a tenth, in a third of the time of the default level. Adding 16
  // selects the gzip format.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  const auto size = stream.total_out;
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::logic_error("deflate needs more room than deflateBound returned");
  packed.resize(size);
  packed.shrink_to_fit();
  return packed;
}

void MetricPage::make(MetricFormat format, Variant& variant) const {
  variant.text = std::make_shared<const std::string>(render_(format));
  variant.packed = variant.wanted_packed ? std::make_shared<const std::string>(gzip(*variant.text)) : nullptr;
}

void MetricPage::publish() {
  const std::lock_guard rendering(rendering_);
  for (const MetricFormat format : {MetricFormat::text, MetricFormat::openmetrics}) {
    Variant& shared = variants_[static_cast<std::size_t>(format)];
    Variant made;
    {
      const std::lock_guard lock(mutex_);
      if (!shared.wanted) continue;
      made = shared;
    }
    make(format, made);
    const std::lock_guard lock(mutex_);
    shared = std::move(made);
  }
}

MetricPage::Bytes MetricPage::get(MetricFormat format, bool packed) {
  Variant& shared = variants_[static_cast<std::size_t>(format)];
  const auto ready = [&]() -> Bytes {
    const std::lock_guard lock(mutex_);
    return packed ? shared.packed : shared.text;
  };
  if (auto bytes = ready()) return bytes;

  const std::lock_guard rendering(rendering_);
  if (auto bytes = ready()) return bytes;  // another thread has just made it
  Variant made;
  {
    const std::lock_guard lock(mutex_);
    made = shared;
  }
  made.wanted = true;
  if (packed) made.wanted_packed = true;
  if (made.text) {
    made.packed = std::make_shared<const std::string>(gzip(*made.text));
  } else {
    make(format, made);
  }
  const std::lock_guard lock(mutex_);
  shared = std::move(made);
  return packed ? shared.packed : shared.text;
}

}  // namespace dkimprobe::exporters
