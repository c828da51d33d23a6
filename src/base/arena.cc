#include "base/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace pglint {
namespace {

// Memory of large blocks comes in huge pages, where the system gives them to those who ask: it costs a quarter of what
// it costs page by page, and what walks about in it finds its way faster.
constexpr std::size_t huge_page = std::size_t{2} * 1024 * 1024;

// From here on a piece is worth being carved up.
constexpr std::size_t large_piece = 4096;

// Under the address sanitizer: who still looks at what was given back is found out.
void poison([[maybe_unused]] void* at, [[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(at, bytes);
#endif
}
void unpoison([[maybe_unused]] void* at, [[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(at, bytes);
#endif
}

constexpr std::size_t rounded(std::size_t bytes, std::size_t to) { return (bytes + to - 1) & ~(to - 1); }

void* map(std::size_t bytes, int flags) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return at;
}

// `bytes` is a multiple of huge_page, and so is the address.
void* map_huge(std::size_t bytes) {
  auto* all = static_cast<std::byte*>(map(bytes + huge_page, 0));
  const auto address = reinterpret_cast<std::uintptr_t>(all);
  const std::size_t before = rounded(address, huge_page) - address;
  if (before != 0) ::munmap(all, before);
  if (before != huge_page) ::munmap(all + before + bytes, huge_page - before);
  // Both are wishes: without them the memory comes when it is touched.
  ::madvise(all + before, bytes, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
  ::madvise(all + before, bytes, MADV_POPULATE_WRITE);
#endif
  return all + before;
}

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) {
    unpoison(block.at, block.bytes);
    ::munmap(block.at, block.bytes);
  }
}

void Arena::give_back(void* at, std::size_t bytes) {
  if (bytes >= large_piece) {
    poison(at, bytes);
    spare_.push_back({at, bytes});
    return;
  }
  const std::size_t bin = bytes / bin_step;
  if (bin >= given_back_.size()) given_back_.resize(bin + 1);
  std::memcpy(at, &given_back_[bin], sizeof(void*));
  given_back_[bin] = at;
  poison(at, bytes);
}

void* Arena::take(std::size_t bin) {
  void* at = given_back_[bin];
  unpoison(at, bin * bin_step);
  std::memcpy(&given_back_[bin], at, sizeof(void*));
  return at;
}

void* Arena::grow(std::size_t bytes, std::size_t align) {
  if (const auto left = static_cast<std::size_t>(end_ - next_); left >= large_piece) give_back(next_, left);
  // Among the last few: who asks for much may ask in vain, and shall not look at all of them.
  for (std::size_t i = spare_.size(); i != 0 && spare_.size() - i < 8; --i) {
    const Block spare = spare_[i - 1];
    if (spare.bytes < bytes + align) continue;
    spare_[i - 1] = spare_.back();
    spare_.pop_back();
    unpoison(spare.at, spare.bytes);
    next_ = static_cast<std::byte*>(spare.at);
    end_ = next_ + spare.bytes;
    return allocate(bytes, align);
  }
  // A few small blocks, so that a file of four statements costs little, then large ones.
  std::size_t size = blocks_.empty() ? first_block : std::min(blocks_.back().bytes * 4, huge_page);
  size = std::max(size, bytes + align);
  if (size >= huge_page) size = rounded(size, huge_page);
  // What is asked for all at once costs a third of what it costs page by page.
  void* block = size >= huge_page ? map_huge(size) : map(size, MAP_POPULATE);
  blocks_.push_back({block, size});
  next_ = static_cast<std::byte*>(block);
  end_ = next_ + size;
  return allocate(bytes, align);
}

}  // namespace pglint
