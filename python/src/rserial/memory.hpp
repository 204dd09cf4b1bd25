// Memory for columns: large blocks come in large pages, where the system has them.
// Why: a page that is touched for the first time costs more than what is written to it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace rserial {

// From this size on a block is a mapping of its own.
constexpr std::size_t kLargeBlock = std::size_t{2} << 20;

// A block of at least `size` bytes; `held` takes the size of the old one and gives that of the new.
// The old block's content is kept. Throws std::bad_alloc, and then the old block is as it was.
void* resized_block(void* block, std::size_t& held, std::size_t size);
void free_block(void* block, std::size_t held);

// A block of memory that may grow, or that somebody else owns.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) { grow(size); }
  Buffer(const void* data, std::shared_ptr<void> owner)
      : data_(static_cast<std::uint8_t*>(const_cast<void*>(data))),
        owner_(std::move(owner)),
        borrowed_(true) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (!borrowed_) free_block(data_, capacity_);
  }

  void grow(std::size_t size) {
    if (size > capacity_) data_ = static_cast<std::uint8_t*>(resized_block(data_, capacity_, size));
  }

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }

  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::shared_ptr<void> owner_;
  bool borrowed_ = false;
};

using BufferPtr = std::shared_ptr<Buffer>;

}  // namespace rserial
