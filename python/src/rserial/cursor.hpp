// A place in bytes that lie in memory, or that come piece by piece while they are read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "failure.hpp"

namespace rserial {

struct Piece {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

// Bytes that come piece by piece; a piece stays where it is until the next one is asked for.
class Feed {
 public:
  virtual ~Feed() = default;
  // Gives an empty piece where the bytes end.
  virtual Piece next() = 0;
};

// What a feed gave is less than was foretold; nothing is known to be wrong with the bytes themselves.
class FeedEnded : public std::exception {
 public:
  const char* what() const noexcept override { return "the bytes end before their foretold size"; }
};

class Cursor {
 public:
  Cursor(const std::uint8_t* data, std::size_t size) : start_(data), at_(data), end_(data + size) {}
  // `size` bytes are to come. They are foretold, not there: room may be made for as many, never for more.
  Cursor(Feed& feed, std::size_t size) : feed_(&feed), to_come_(size) {}

  std::size_t offset() const { return passed_ + static_cast<std::size_t>(at_ - start_); }
  std::size_t left() const { return here() + to_come_; }

 protected:
  // Bytes that can be taken without waiting for more.
  std::size_t here() const { return static_cast<std::size_t>(end_ - at_); }

  // Valid until the next call.
  const std::uint8_t* take(std::size_t size) {
    if (size > here()) return gather(size);
    const std::uint8_t* taken = at_;
    at_ += size;
    return taken;
  }

  // As many whole elements as are here, at most `count`; one, where not even one is here.
  std::size_t elements(std::size_t count, std::size_t size) const {
    return std::min(count, std::max<std::size_t>(here() / size, 1));
  }

  const std::uint8_t* start_ = nullptr;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;

 private:
  // Joins what several pieces hold. Grows with what has come, not with what is claimed.
  const std::uint8_t* gather(std::size_t size) {
    if (size > left()) {
      throw DecodeFailure("length " + std::to_string(size) + " exceeds the " + std::to_string(left()) +
                          " bytes left");
    }
    joined_.assign(at_, end_);
    at_ = end_;
    while (joined_.size() < size) {
      if (at_ == end_) pull();
      const std::size_t part = std::min(size - joined_.size(), here());
      joined_.insert(joined_.end(), at_, at_ + part);
      at_ += part;
    }
    return joined_.data();
  }

  void pull() {
    passed_ += static_cast<std::size_t>(end_ - start_);
    const Piece piece = feed_->next();
    if (piece.size == 0 || piece.size > to_come_) throw FeedEnded();
    start_ = at_ = piece.data;
    end_ = piece.data + piece.size;
    to_come_ -= piece.size;
  }

  Feed* feed_ = nullptr;
  std::size_t to_come_ = 0;
  std::size_t passed_ = 0;
  std::vector<std::uint8_t> joined_;
};

}  // namespace rserial
