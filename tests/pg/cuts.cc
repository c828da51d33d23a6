#include "cuts.h"

#include "pg/tree.h"

namespace pglint::pg::test {

std::vector<std::string> parsed(std::string_view text) {
  std::vector<std::string> out;
  const Lexed lexed = lex(text);
  parse(text, 0, lexed, [&](const Parsed& statement) {
    if (statement.error != nullptr)
      out.push_back("error " + std::to_string(statement.error->offset) + ": " + statement.error->message);
    else
      out.push_back(std::string(statement_name(statement.node)) + " " + std::to_string(statement.span.begin) + "-" +
                    std::to_string(statement.span.end));
    return true;
  });
  return out;
}

}  // namespace pglint::pg::test
