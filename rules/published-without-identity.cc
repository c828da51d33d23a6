// A table whose UPDATE and DELETE are published, and nothing tells its rows: the publisher refuses both.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::published_without_identity {
namespace {

using namespace lint;

void note(const Context& context, const catalog::Relation& table) {
  context.note({.at = context.statement, .schema = table.schema, .name = table.name});
}

void members(const Context& context, const List* objects) {
  for (const PublicationObjSpec& object : pg::only<PublicationObjSpec>(objects)) {
    if (object.pubtable == nullptr) continue;
    const catalog::Lookup found = context.catalog->find(*object.pubtable->relation);
    if (found.presence == catalog::Presence::known) note(context, *found.relation);
  }
}

// Which tables this may be about; whether it is so, the end of the migration tells.
void check(const Context& context) {
  if (context.effects->has_error) return;
  if (const auto* made = context.as<CreatePublicationStmt>()) return members(context, made->pubobjects);
  if (const auto* changed = context.as<AlterPublicationStmt>()) return members(context, changed->pubobjects);
  for (const effect::RelationEffect& table : context.effects->relations) {
    const catalog::Relation* relation = table.relation;
    if (relation == nullptr || !relation->known || !relation->is_table()) continue;
    // One that lacked it before is not about this statement.
    if (table.because == effect::Because::references || catalog::lacks_identity(*relation)) continue;
    if (context.catalog->publication_of(*relation) != nullptr) note(context, *relation);
  }
}

void at_end(const Context& context, const Note& note) {
  const catalog::Catalog& catalog = *context.catalog;
  const catalog::Lookup found = catalog.find(note.schema, note.name);
  if (found.presence != catalog::Presence::known || !catalog::lacks_identity(*found.relation)) return;
  const catalog::Publication* publication = catalog.publication_of(*found.relation);
  if (publication == nullptr) return;
  const std::string name = context.display(note.schema, note.name);
  context.report({
      .at = note.at,
      .message = fmt::format("{} has no replica identity, and {} publishes its updates and deletes", name,
                             quoted(catalog.text(publication->name))),
      .why = fmt::format("Each UPDATE and DELETE of {} fails on this server from then on (55000: it does not have a "
                         "replica identity and publishes updates), with or without a subscriber.",
                         name),
      .help = fmt::format("Give it a primary key, or a unique index over columns that are NOT NULL and ALTER TABLE {0} "
                          "REPLICA IDENTITY USING INDEX …. ALTER TABLE {0} REPLICA IDENTITY FULL works at once, and "
                          "makes subscribers look for each row.",
                          name),
  });
}

constexpr std::array<int, 4> tags = {T_AlterTableStmt, T_DropStmt, T_CreatePublicationStmt, T_AlterPublicationStmt};
constexpr std::array commands = {int{AT_DropConstraint}, int{AT_DropColumn}, int{AT_ReplicaIdentity}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "published-without-identity",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "Updates of a table are published, and nothing tells its rows",
    .subject = Subject::migration,
    .tags = tags,
    .commands = commands,
    .check = check,
    .at_end = at_end,
});

}  // namespace pglint::rules::published_without_identity
