// As much of CREATE INDEX as the executor has to know: it has no parser, and the texts are its plan's.
#pragma once

#include <string>
#include <string_view>

namespace pglint::apply {

// The name of the index that a statement builds CONCURRENTLY, not quoted; empty for any other statement.
[[nodiscard]] std::string built_index(std::string_view statement);

// Whether a statement builds what pg_get_indexdef calls `definition`: word by word, but for what it leaves out or adds.
// False if that is not certain.
[[nodiscard]] bool same_index(std::string_view statement, std::string_view definition);

}  // namespace pglint::apply
