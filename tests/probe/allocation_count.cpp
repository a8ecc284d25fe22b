#include "tests/probe/allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocation_count{0};
std::atomic<std::size_t> allocated_bytes{0};

}  // namespace

namespace dkimprobe::tests {

Allocations allocations() {
  return {allocation_count.load(), allocated_bytes.load()};
}

}  // namespace dkimprobe::tests

// Replace all forms that AddressSanitizer provides, or memory of one allocator is freed by the other.
void* operator new(std::size_t bytes) {
  void* const memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++allocation_count;
  allocated_bytes += bytes;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}

void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return operator new(bytes, std::nothrow);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

void operator delete[](void* memory) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
