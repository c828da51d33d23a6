// A text that many findings say alike, in memory once. It never changes: who wants another one assigns it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pglint {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}

  [[nodiscard]] std::string_view view() const { return text_ == nullptr ? std::string_view() : *text_; }
  [[nodiscard]] bool empty() const { return text_ == nullptr; }
  operator std::string_view() const { return view(); }

 private:
  std::shared_ptr<const std::string> text_;  // null: empty
};

}  // namespace pglint
