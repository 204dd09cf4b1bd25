#include "memory.hpp"

#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace rserial {

#if defined(__linux__)

namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

std::size_t whole_pages(std::size_t size) {
  constexpr std::size_t kPage = 4096;
  if (size > SIZE_MAX - kPage - kLargePage) throw std::bad_alloc();
  return (size + kPage - 1) / kPage * kPage;
}

// Room that begins where a large page may. Why: what lies before the first such place comes in small pages.
void* mapped_block(std::size_t size) {
  const std::size_t reserved = size + kLargePage;
  void* start = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  const std::size_t before = (kLargePage - address % kLargePage) % kLargePage;
  std::uint8_t* block = static_cast<std::uint8_t*>(start) + before;
  if (before > 0) munmap(start, before);
  if (reserved > before + size) munmap(block + size, reserved - before - size);
  madvise(block, size, MADV_HUGEPAGE);
  return block;
}

// Pages are moved, not copied.
void* remapped_block(void* block, std::size_t held, std::size_t size) {
  void* room = mapped_block(size);
  if (mremap(block, held, size, MREMAP_MAYMOVE | MREMAP_FIXED, room) == MAP_FAILED) {
    munmap(room, size);
    throw std::bad_alloc();
  }
  return room;
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
    moved = remapped_block(block, held, size);
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
