#include "memory.hpp"

#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace rserial {

#if defined(__linux__)

namespace {

std::size_t whole_pages(std::size_t size) {
  constexpr std::size_t kPage = 4096;
  if (size > SIZE_MAX - kPage) throw std::bad_alloc();
  return (size + kPage - 1) / kPage * kPage;
}

void* mapped_block(std::size_t size) {
  void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  madvise(block, size, MADV_HUGEPAGE);
  return block;
}

}  // namespace

void* resized_block(void* block, std::size_t& held, std::size_t size) {
  if (size < kLargeBlock) {
    void* moved = std::realloc(block, size);
    if (moved == nullptr) throw std::bad_alloc();
    held = size;
    return moved;
  }
  size = whole_pages(size);
  void* moved;
  if (held >= kLargeBlock) {
    moved = mremap(block, held, size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) throw std::bad_alloc();
  } else {
    moved = mapped_block(size);
    if (held > 0) std::memcpy(moved, block, held);
    std::free(block);
  }
  held = size;
  return moved;
}

void free_block(void* block, std::size_t held) {
  if (held >= kLargeBlock) {
    munmap(block, held);
  } else {
    std::free(block);
  }
}

#else

void* resized_block(void* block, std::size_t& held, std::size_t size) {
  void* moved = std::realloc(block, size);
  if (moved == nullptr) throw std::bad_alloc();
  held = size;
  return moved;
}

void free_block(void* block, std::size_t /*held*/) { std::free(block); }

#endif

}  // namespace rserial
