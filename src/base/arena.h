// A bump allocator for what lives as long as the run: no destructors, no frees. Lists and tables that outgrow their
// memory may give it back, for others to take up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pglint {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) {
    const auto at = (reinterpret_cast<std::uintptr_t>(next_) + align - 1) & ~(align - 1);
    if (next_ == nullptr || at + bytes > reinterpret_cast<std::uintptr_t>(end_)) return grow(bytes, align);
    next_ = reinterpret_cast<std::byte*>(at + bytes);
    return reinterpret_cast<void*>(at);
  }

  template <class T, class... Args>
  [[nodiscard]] T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  template <class T>
  [[nodiscard]] T* array(std::size_t n) {
    static_assert(std::is_trivially_copyable_v<T>);
    return static_cast<T*>(allocate(sizeof(T) * n, alignof(T)));
  }

  // What nobody looks at any more; `bytes` as it was allocated, a multiple of 8.
  void give_back(void* at, std::size_t bytes);

  // As allocate(bytes, 8), but out of what was given back, if there is some of just that size: a multiple of 8.
  [[nodiscard]] void* allocate_again(std::size_t bytes) {
    const std::size_t bin = bytes / bin_step;
    if (bin < given_back_.size() && given_back_[bin] != nullptr) return take(bin);
    return allocate(bytes, 8);
  }

  [[nodiscard]] std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* to = array<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

 private:
  struct Block {
    void* at;
    std::size_t bytes;
  };
  void* grow(std::size_t bytes, std::size_t align);
  void* take(std::size_t bin);

  static constexpr std::size_t first_block = std::size_t{32} * 1024;
  static constexpr std::size_t bin_step = 8;
  std::vector<Block> blocks_;
  std::vector<void*> given_back_;  // small pieces by their size, each leads to the next
  std::vector<Block> spare_;       // large ones, which are carved up like new blocks
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace pglint
