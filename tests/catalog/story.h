// A history told in SQL, and what the catalogue makes of it.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/transaction.h"

namespace pglint::catalog::test {

class Story {
 public:
  explicit Story(std::string_view sql = {}, int pg_version = 15) : pg_version_(pg_version) { tell(sql); }

  // Statement by statement, as psql sends them, in the migration at hand.
  Story& tell(std::string_view sql);
  // As one script of the current file.
  Story& script(std::string_view sql, Sent sent, bool wrapped = false);

  // The lines of the dump that begin with `prefix`, without when things were made.
  [[nodiscard]] std::string about(std::string_view prefix) const;
  // A relation that is on record, gone or not; fails if there is none.
  [[nodiscard]] const Relation& relation(std::string_view schema, std::string_view name) const;
  [[nodiscard]] const Relation& table(std::string_view name) const { return relation("public", name); }
  [[nodiscard]] const Column& column(std::string_view table, std::string_view name) const;
  [[nodiscard]] Presence presence(std::string_view name) const;
  [[nodiscard]] Symbol symbol(std::string_view name) const { return catalog.symbols.intern(name); }

  Catalog catalog;
  Transactions transactions{catalog};
  // The transactions of the statements so far: "autocommit 1, explicit 2 block, …".
  std::string seen;

 private:
  int pg_version_;
};

}  // namespace pglint::catalog::test
