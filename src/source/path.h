// Paths as text: what is shown to the user stays what the user wrote, so nothing here asks the disk.
#pragma once

#include <string>
#include <string_view>

namespace pglint::source {

// "a/b" of "a" and "b"; "b" of "." and "b".
[[nodiscard]] std::string join(std::string_view folder, std::string_view name);

// Without "./", doubled and trailing slashes: "a/b" of "./a//b/"; "." of "". ".." stays, since links may stand before
// it.
[[nodiscard]] std::string tidy(std::string_view path);

// The folder around a tidy path: "a" of "a/b", "." of "a", ".." of ".", "../.." of "..", "" of "/".
[[nodiscard]] std::string parent(std::string_view path);

// What follows the last slash.
[[nodiscard]] std::string_view file_name(std::string_view path);

// The part of `path` below `folder`, both tidy: "b/c" of "a/b/c" below "a"; "" if it is not below it.
[[nodiscard]] std::string_view below(std::string_view path, std::string_view folder);

// Folders that are not looked into for migrations, unless they are named: hidden ones, packages, what builds make.
[[nodiscard]] bool is_skipped(std::string_view folder_name);

}  // namespace pglint::source
