#include "config/keys/openssl_memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <openssl/crypto.h>

namespace dkimprobe::config {
namespace {

void* allocate(std::size_t size, const char*, int) {
  return std::malloc(size);
}

void wipe_and_free(void* memory, const char*, int) {
  if (memory != nullptr) explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (size == 0) {
    wipe_and_free(memory, file, line);
    return nullptr;
  }
  void* const moved = std::malloc(size);
  if (moved == nullptr || memory == nullptr) return moved;
  std::memcpy(moved, memory, std::min(size, malloc_usable_size(memory)));
  wipe_and_free(memory, file, line);
  return moved;
}

}  // namespace

void wipe_freed_openssl_memory() {
  if (CRYPTO_set_mem_functions(allocate, reallocate, wipe_and_free) != 1)
    throw std::logic_error("OpenSSL was used before its allocator was set");
}

}  // namespace dkimprobe::config
