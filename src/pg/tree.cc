// Accessors over the raw tree. The list of children follows the structs of nodes/parsenodes.h and nodes/primnodes.h,
// restricted to the members that the grammar fills.
#include "pg/tree.h"

#include <array>
#include <charconv>
#include <limits>

namespace pglint::pg {
namespace {

// Appends members in the order they are given; null members and elements are left out.
class Below {
 public:
  explicit Below(std::vector<const ::Node*>& out) : out_(out) {}

  template <class... Members>
  void operator()(const Members*... members) const {
    (add(members), ...);
  }

 private:
  void add(const ::List* list) const {
    for (const ::Node* node : nodes(list))
      if (node != nullptr) out_.push_back(node);
  }
  template <class T>
  void add(const T* node) const {
    if (node != nullptr) out_.push_back(reinterpret_cast<const ::Node*>(node));
  }

  std::vector<const ::Node*>& out_;
};

void children_of(const ::CreateStmt& n, const Below& below) {
  below(n.relation, n.tableElts, n.inhRelations, n.partbound, n.partspec, n.ofTypename, n.constraints, n.options);
}

struct ObjectWords {
  ::ObjectType type;
  std::string_view word;
  std::string_view drop;
  std::string_view alter;
};

// As in PostgreSQL's tcop/cmdtaglist.h; one literal per tag, so that the views live for ever.
#define PGLINT_OBJECT(type, word) \
  ObjectWords { ::type, word, "DROP " word, "ALTER " word }
constexpr std::array object_words = {
    PGLINT_OBJECT(OBJECT_ACCESS_METHOD, "ACCESS METHOD"),
    PGLINT_OBJECT(OBJECT_AGGREGATE, "AGGREGATE"),
    PGLINT_OBJECT(OBJECT_AMOP, "OPERATOR OF ACCESS METHOD"),
    PGLINT_OBJECT(OBJECT_AMPROC, "FUNCTION OF ACCESS METHOD"),
    PGLINT_OBJECT(OBJECT_ATTRIBUTE, "TYPE"),
    PGLINT_OBJECT(OBJECT_CAST, "CAST"),
    PGLINT_OBJECT(OBJECT_COLUMN, "TABLE"),
    PGLINT_OBJECT(OBJECT_COLLATION, "COLLATION"),
    PGLINT_OBJECT(OBJECT_CONVERSION, "CONVERSION"),
    PGLINT_OBJECT(OBJECT_DATABASE, "DATABASE"),
    PGLINT_OBJECT(OBJECT_DEFAULT, "DEFAULT"),
    PGLINT_OBJECT(OBJECT_DEFACL, "DEFAULT PRIVILEGES"),
    PGLINT_OBJECT(OBJECT_DOMAIN, "DOMAIN"),
    PGLINT_OBJECT(OBJECT_DOMCONSTRAINT, "DOMAIN"),
    PGLINT_OBJECT(OBJECT_EVENT_TRIGGER, "EVENT TRIGGER"),
    PGLINT_OBJECT(OBJECT_EXTENSION, "EXTENSION"),
    PGLINT_OBJECT(OBJECT_FDW, "FOREIGN DATA WRAPPER"),
    PGLINT_OBJECT(OBJECT_FOREIGN_SERVER, "SERVER"),
    PGLINT_OBJECT(OBJECT_FOREIGN_TABLE, "FOREIGN TABLE"),
    PGLINT_OBJECT(OBJECT_FUNCTION, "FUNCTION"),
    PGLINT_OBJECT(OBJECT_INDEX, "INDEX"),
    PGLINT_OBJECT(OBJECT_LANGUAGE, "LANGUAGE"),
    PGLINT_OBJECT(OBJECT_LARGEOBJECT, "LARGE OBJECT"),
    PGLINT_OBJECT(OBJECT_MATVIEW, "MATERIALIZED VIEW"),
    PGLINT_OBJECT(OBJECT_OPCLASS, "OPERATOR CLASS"),
    PGLINT_OBJECT(OBJECT_OPERATOR, "OPERATOR"),
    PGLINT_OBJECT(OBJECT_OPFAMILY, "OPERATOR FAMILY"),
    PGLINT_OBJECT(OBJECT_PARAMETER_ACL, "PARAMETER"),
    PGLINT_OBJECT(OBJECT_POLICY, "POLICY"),
    PGLINT_OBJECT(OBJECT_PROCEDURE, "PROCEDURE"),
    PGLINT_OBJECT(OBJECT_PUBLICATION, "PUBLICATION"),
    PGLINT_OBJECT(OBJECT_PUBLICATION_NAMESPACE, "PUBLICATION"),
    PGLINT_OBJECT(OBJECT_PUBLICATION_REL, "PUBLICATION"),
    PGLINT_OBJECT(OBJECT_ROLE, "ROLE"),
    PGLINT_OBJECT(OBJECT_ROUTINE, "ROUTINE"),
    PGLINT_OBJECT(OBJECT_RULE, "RULE"),
    PGLINT_OBJECT(OBJECT_SCHEMA, "SCHEMA"),
    PGLINT_OBJECT(OBJECT_SEQUENCE, "SEQUENCE"),
    PGLINT_OBJECT(OBJECT_SUBSCRIPTION, "SUBSCRIPTION"),
    PGLINT_OBJECT(OBJECT_STATISTIC_EXT, "STATISTICS"),
    PGLINT_OBJECT(OBJECT_TABCONSTRAINT, "TABLE"),
    PGLINT_OBJECT(OBJECT_TABLE, "TABLE"),
    PGLINT_OBJECT(OBJECT_TABLESPACE, "TABLESPACE"),
    PGLINT_OBJECT(OBJECT_TRANSFORM, "TRANSFORM"),
    PGLINT_OBJECT(OBJECT_TRIGGER, "TRIGGER"),
    PGLINT_OBJECT(OBJECT_TSCONFIGURATION, "TEXT SEARCH CONFIGURATION"),
    PGLINT_OBJECT(OBJECT_TSDICTIONARY, "TEXT SEARCH DICTIONARY"),
    PGLINT_OBJECT(OBJECT_TSPARSER, "TEXT SEARCH PARSER"),
    PGLINT_OBJECT(OBJECT_TSTEMPLATE, "TEXT SEARCH TEMPLATE"),
    PGLINT_OBJECT(OBJECT_TYPE, "TYPE"),
    PGLINT_OBJECT(OBJECT_USER_MAPPING, "USER MAPPING"),
    PGLINT_OBJECT(OBJECT_VIEW, "VIEW"),
};
#undef PGLINT_OBJECT

const ObjectWords* words_of(::ObjectType type) noexcept {
  for (const ObjectWords& words : object_words)
    if (words.type == type) return &words;
  return nullptr;
}

std::string_view dropped(::ObjectType type) noexcept {
  const ObjectWords* words = words_of(type);
  return words != nullptr ? words->drop : "DROP";
}

std::string_view altered(::ObjectType type) noexcept {
  const ObjectWords* words = words_of(type);
  return words != nullptr ? words->alter : "ALTER";
}

std::string_view defined(::ObjectType type) noexcept {
  switch (type) {
    case ::OBJECT_AGGREGATE:
      return "CREATE AGGREGATE";
    case ::OBJECT_OPERATOR:
      return "CREATE OPERATOR";
    case ::OBJECT_TYPE:
      return "CREATE TYPE";
    case ::OBJECT_TSPARSER:
      return "CREATE TEXT SEARCH PARSER";
    case ::OBJECT_TSDICTIONARY:
      return "CREATE TEXT SEARCH DICTIONARY";
    case ::OBJECT_TSTEMPLATE:
      return "CREATE TEXT SEARCH TEMPLATE";
    case ::OBJECT_TSCONFIGURATION:
      return "CREATE TEXT SEARCH CONFIGURATION";
    case ::OBJECT_COLLATION:
      return "CREATE COLLATION";
    case ::OBJECT_ACCESS_METHOD:
      return "CREATE ACCESS METHOD";
    default:
      return "CREATE";
  }
}

std::string_view transaction_name(::TransactionStmtKind kind) noexcept {
  switch (kind) {
    case ::TRANS_STMT_BEGIN:
      return "BEGIN";
    case ::TRANS_STMT_START:
      return "START TRANSACTION";
    case ::TRANS_STMT_COMMIT:
      return "COMMIT";
    case ::TRANS_STMT_ROLLBACK:
    case ::TRANS_STMT_ROLLBACK_TO:
      return "ROLLBACK";
    case ::TRANS_STMT_SAVEPOINT:
      return "SAVEPOINT";
    case ::TRANS_STMT_RELEASE:
      return "RELEASE";
    case ::TRANS_STMT_PREPARE:
      return "PREPARE TRANSACTION";
    case ::TRANS_STMT_COMMIT_PREPARED:
      return "COMMIT PREPARED";
    case ::TRANS_STMT_ROLLBACK_PREPARED:
      return "ROLLBACK PREPARED";
  }
  return "";
}

std::string_view discard_name(::DiscardMode target) noexcept {
  switch (target) {
    case ::DISCARD_ALL:
      return "DISCARD ALL";
    case ::DISCARD_PLANS:
      return "DISCARD PLANS";
    case ::DISCARD_SEQUENCES:
      return "DISCARD SEQUENCES";
    case ::DISCARD_TEMP:
      return "DISCARD TEMP";
  }
  return "DISCARD";
}

const ::RangeVar* first_relation(const ::List* list) noexcept {
  for (const ::Node* node : nodes(list)) {
    if (const auto* relation = as<::RangeVar>(node)) return relation;
    if (const auto* vacuumed = as<::VacuumRelation>(node)) return vacuumed->relation;
  }
  return nullptr;
}

bool equal_ignoring_case(std::string_view a, std::string_view lower) noexcept {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

void children(const ::Node* node, std::vector<const ::Node*>& out) {
  if (node == nullptr) return;
  const Below below(out);
  // One line per type: the members that can hold nodes.
#define PGLINT_BELOW(T, ...)         \
  case ::T_##T: {                    \
    const auto& n = cast<::T>(node); \
    below(__VA_ARGS__);              \
    break;                           \
  }
  switch (node->type) {
    case ::T_List:
      below(static_cast<const ::List*>(static_cast<const void*>(node)));
      break;
    case ::T_MultiAssignRef: {
      // All columns of (a, b) = (…) share one source: it is below the first alone.
      const auto& n = cast<::MultiAssignRef>(node);
      if (n.colno == 1) below(n.source);
      break;
    }
    case ::T_CreateStmt:
      children_of(cast<::CreateStmt>(node), below);
      break;
    case ::T_CreateForeignTableStmt: {
      const auto& n = cast<::CreateForeignTableStmt>(node);
      children_of(n.base, below);
      below(n.options);
      break;
    }

      // Expressions.
      PGLINT_BELOW(A_ArrayExpr, n.elements)
      PGLINT_BELOW(A_Expr, n.lexpr, n.rexpr)
      PGLINT_BELOW(A_Indices, n.lidx, n.uidx)
      PGLINT_BELOW(A_Indirection, n.arg, n.indirection)
      PGLINT_BELOW(BoolExpr, n.args)
      PGLINT_BELOW(BooleanTest, n.arg)
      PGLINT_BELOW(CaseExpr, n.arg, n.args, n.defresult)
      PGLINT_BELOW(CaseWhen, n.expr, n.result)
      PGLINT_BELOW(CoalesceExpr, n.args)
      PGLINT_BELOW(CollateClause, n.arg)
      PGLINT_BELOW(FuncCall, n.args, n.agg_order, n.agg_filter, n.over)
      PGLINT_BELOW(GroupingFunc, n.args)
      PGLINT_BELOW(JsonAggConstructor, n.output, n.agg_filter, n.agg_order, n.over)
      PGLINT_BELOW(JsonArgument, n.val)
      PGLINT_BELOW(JsonArrayAgg, n.constructor, n.arg)
      PGLINT_BELOW(JsonArrayConstructor, n.exprs, n.output)
      PGLINT_BELOW(JsonArrayQueryConstructor, n.query, n.output, n.format)
      PGLINT_BELOW(JsonBehavior, n.expr)
      PGLINT_BELOW(JsonFuncExpr, n.context_item, n.pathspec, n.passing, n.output, n.on_empty, n.on_error)
      PGLINT_BELOW(JsonIsPredicate, n.expr, n.format)
      PGLINT_BELOW(JsonKeyValue, n.key, n.value)
      PGLINT_BELOW(JsonObjectAgg, n.constructor, n.arg)
      PGLINT_BELOW(JsonObjectConstructor, n.exprs, n.output)
      PGLINT_BELOW(JsonOutput, n.typeName, n.returning)
      PGLINT_BELOW(JsonParseExpr, n.expr, n.output)
      PGLINT_BELOW(JsonReturning, n.format)
      PGLINT_BELOW(JsonScalarExpr, n.expr, n.output)
      PGLINT_BELOW(JsonSerializeExpr, n.expr, n.output)
      PGLINT_BELOW(JsonTable, n.context_item, n.pathspec, n.passing, n.columns, n.on_error, n.alias)
      PGLINT_BELOW(JsonTableColumn, n.typeName, n.pathspec, n.format, n.columns, n.on_empty, n.on_error)
      PGLINT_BELOW(JsonTablePathSpec, n.string)
      PGLINT_BELOW(JsonValueExpr, n.raw_expr, n.format)
      PGLINT_BELOW(MinMaxExpr, n.args)
      PGLINT_BELOW(NamedArgExpr, n.arg)
      PGLINT_BELOW(NullTest, n.arg)
      PGLINT_BELOW(RowExpr, n.args)
      PGLINT_BELOW(SubLink, n.testexpr, n.subselect)
      PGLINT_BELOW(TypeCast, n.arg, n.typeName)
      PGLINT_BELOW(TypeName, n.typmods, n.arrayBounds)
      PGLINT_BELOW(XmlExpr, n.named_args, n.args)
      PGLINT_BELOW(XmlSerialize, n.expr, n.typeName)

      // Queries and their clauses.
      PGLINT_BELOW(CTECycleClause, n.cycle_mark_value, n.cycle_mark_default)
      PGLINT_BELOW(CommonTableExpr, n.ctequery, n.search_clause, n.cycle_clause)
      PGLINT_BELOW(DeleteStmt, n.withClause, n.relation, n.usingClause, n.whereClause, n.returningClause)
      PGLINT_BELOW(GroupingSet, n.content)
      PGLINT_BELOW(InferClause, n.indexElems, n.whereClause)
      PGLINT_BELOW(InsertStmt, n.withClause, n.relation, n.cols, n.selectStmt, n.onConflictClause, n.returningClause)
      PGLINT_BELOW(IntoClause, n.rel, n.options)
      PGLINT_BELOW(JoinExpr, n.larg, n.rarg, n.join_using_alias, n.quals, n.alias)
      PGLINT_BELOW(LockingClause, n.lockedRels)
      PGLINT_BELOW(MergeStmt, n.withClause, n.relation, n.sourceRelation, n.joinCondition, n.mergeWhenClauses,
                   n.returningClause)
      PGLINT_BELOW(MergeWhenClause, n.condition, n.targetList, n.values)
      PGLINT_BELOW(OnConflictClause, n.infer, n.targetList, n.whereClause)
      PGLINT_BELOW(PLAssignStmt, n.indirection, n.val)
      PGLINT_BELOW(RangeFunction, n.functions, n.alias, n.coldeflist)
      PGLINT_BELOW(RangeSubselect, n.subquery, n.alias)
      PGLINT_BELOW(RangeTableFunc, n.docexpr, n.rowexpr, n.namespaces, n.columns, n.alias)
      PGLINT_BELOW(RangeTableFuncCol, n.typeName, n.colexpr, n.coldefexpr)
      PGLINT_BELOW(RangeTableSample, n.relation, n.args, n.repeatable)
      PGLINT_BELOW(RangeVar, n.alias)
      PGLINT_BELOW(RawStmt, n.stmt)
      PGLINT_BELOW(ResTarget, n.indirection, n.val)
      PGLINT_BELOW(ReturnStmt, n.returnval)
      PGLINT_BELOW(ReturningClause, n.options, n.exprs)
      PGLINT_BELOW(SelectStmt, n.withClause, n.larg, n.rarg, n.distinctClause, n.targetList, n.intoClause, n.fromClause,
                   n.whereClause, n.groupClause, n.havingClause, n.windowClause, n.valuesLists, n.sortClause,
                   n.limitOffset, n.limitCount, n.lockingClause)
      PGLINT_BELOW(SortBy, n.node)
      PGLINT_BELOW(UpdateStmt, n.withClause, n.relation, n.targetList, n.fromClause, n.whereClause, n.returningClause)
      PGLINT_BELOW(WindowDef, n.partitionClause, n.orderClause, n.startOffset, n.endOffset)
      PGLINT_BELOW(WithClause, n.ctes)

      // Definitions.
      PGLINT_BELOW(AlterDatabaseSetStmt, n.setstmt)
      PGLINT_BELOW(AlterDatabaseStmt, n.options)
      PGLINT_BELOW(AlterDefaultPrivilegesStmt, n.options, n.action)
      PGLINT_BELOW(AlterDomainStmt, n.def)
      PGLINT_BELOW(AlterExtensionContentsStmt, n.object)
      PGLINT_BELOW(AlterExtensionStmt, n.options)
      PGLINT_BELOW(AlterFdwStmt, n.func_options, n.options)
      PGLINT_BELOW(AlterForeignServerStmt, n.options)
      PGLINT_BELOW(AlterFunctionStmt, n.func, n.actions)
      PGLINT_BELOW(AlterObjectDependsStmt, n.relation, n.object)
      PGLINT_BELOW(AlterObjectSchemaStmt, n.relation, n.object)
      PGLINT_BELOW(AlterOpFamilyStmt, n.items)
      PGLINT_BELOW(AlterOperatorStmt, n.opername, n.options)
      PGLINT_BELOW(AlterOwnerStmt, n.relation, n.object, n.newowner)
      PGLINT_BELOW(AlterPolicyStmt, n.table, n.roles, n.qual, n.with_check)
      PGLINT_BELOW(AlterPublicationStmt, n.options, n.pubobjects)
      PGLINT_BELOW(AlterRoleSetStmt, n.role, n.setstmt)
      PGLINT_BELOW(AlterRoleStmt, n.role, n.options)
      PGLINT_BELOW(AlterSeqStmt, n.sequence, n.options)
      PGLINT_BELOW(AlterStatsStmt, n.stxstattarget)
      PGLINT_BELOW(AlterSubscriptionStmt, n.options)
      PGLINT_BELOW(AlterSystemStmt, n.setstmt)
      PGLINT_BELOW(AlterTSDictionaryStmt, n.options)
      PGLINT_BELOW(AlterTableCmd, n.newowner, n.def)
      PGLINT_BELOW(AlterTableMoveAllStmt, n.roles)
      PGLINT_BELOW(AlterTableSpaceOptionsStmt, n.options)
      PGLINT_BELOW(AlterTableStmt, n.relation, n.cmds)
      PGLINT_BELOW(AlterTypeStmt, n.options)
      PGLINT_BELOW(AlterUserMappingStmt, n.user, n.options)
      PGLINT_BELOW(CallStmt, n.funccall)
      PGLINT_BELOW(ClusterStmt, n.relation, n.params)
      PGLINT_BELOW(ColumnDef, n.typeName, n.collClause, n.raw_default, n.constraints, n.fdwoptions)
      PGLINT_BELOW(CommentStmt, n.object)
      PGLINT_BELOW(CompositeTypeStmt, n.typevar, n.coldeflist)
      PGLINT_BELOW(Constraint, n.raw_expr, n.exclusions, n.options, n.where_clause, n.pktable)
      PGLINT_BELOW(ConstraintsSetStmt, n.constraints)
      PGLINT_BELOW(CopyStmt, n.relation, n.query, n.options, n.whereClause)
      PGLINT_BELOW(CreateCastStmt, n.sourcetype, n.targettype, n.func)
      PGLINT_BELOW(CreateDomainStmt, n.typeName, n.collClause, n.constraints)
      PGLINT_BELOW(CreateEventTrigStmt, n.whenclause)
      PGLINT_BELOW(CreateExtensionStmt, n.options)
      PGLINT_BELOW(CreateFdwStmt, n.func_options, n.options)
      PGLINT_BELOW(CreateForeignServerStmt, n.options)
      PGLINT_BELOW(CreateFunctionStmt, n.parameters, n.returnType, n.options, n.sql_body)
      PGLINT_BELOW(CreateOpClassItem, n.name, n.class_args, n.storedtype)
      PGLINT_BELOW(CreateOpClassStmt, n.datatype, n.items)
      PGLINT_BELOW(CreatePolicyStmt, n.table, n.roles, n.qual, n.with_check)
      PGLINT_BELOW(CreatePublicationStmt, n.options, n.pubobjects)
      PGLINT_BELOW(CreateRangeStmt, n.params)
      PGLINT_BELOW(CreateRoleStmt, n.options)
      PGLINT_BELOW(CreateSchemaStmt, n.authrole, n.schemaElts)
      PGLINT_BELOW(CreateSeqStmt, n.sequence, n.options)
      PGLINT_BELOW(CreateStatsStmt, n.exprs, n.relations)
      PGLINT_BELOW(CreateSubscriptionStmt, n.options)
      PGLINT_BELOW(CreateTableAsStmt, n.into, n.query)
      PGLINT_BELOW(CreateTableSpaceStmt, n.owner, n.options)
      PGLINT_BELOW(CreateTransformStmt, n.type_name, n.fromsql, n.tosql)
      PGLINT_BELOW(CreateTrigStmt, n.relation, n.whenClause, n.transitionRels, n.constrrel)
      PGLINT_BELOW(CreateUserMappingStmt, n.user, n.options)
      PGLINT_BELOW(CreatedbStmt, n.options)
      PGLINT_BELOW(DeclareCursorStmt, n.query)
      PGLINT_BELOW(DefElem, n.arg)
      PGLINT_BELOW(DefineStmt, n.args, n.definition)
      PGLINT_BELOW(DoStmt, n.args)
      PGLINT_BELOW(DropOwnedStmt, n.roles)
      PGLINT_BELOW(DropRoleStmt, n.roles)
      PGLINT_BELOW(DropStmt, n.objects)
      PGLINT_BELOW(DropUserMappingStmt, n.user)
      PGLINT_BELOW(DropdbStmt, n.options)
      PGLINT_BELOW(ExecuteStmt, n.params)
      PGLINT_BELOW(ExplainStmt, n.options, n.query)
      PGLINT_BELOW(FunctionParameter, n.argType, n.defexpr)
      PGLINT_BELOW(GrantRoleStmt, n.granted_roles, n.grantee_roles, n.opt, n.grantor)
      PGLINT_BELOW(GrantStmt, n.privileges, n.objects, n.grantees, n.grantor)
      PGLINT_BELOW(ImportForeignSchemaStmt, n.table_list, n.options)
      PGLINT_BELOW(IndexElem, n.expr, n.opclassopts)
      PGLINT_BELOW(IndexStmt, n.relation, n.indexParams, n.indexIncludingParams, n.options, n.whereClause)
      PGLINT_BELOW(LockStmt, n.relations)
      PGLINT_BELOW(ObjectWithArgs, n.objargs, n.objfuncargs)
      PGLINT_BELOW(PartitionBoundSpec, n.listdatums, n.lowerdatums, n.upperdatums)
      PGLINT_BELOW(PartitionCmd, n.name, n.bound)
      PGLINT_BELOW(PartitionElem, n.expr)
      PGLINT_BELOW(PartitionRangeDatum, n.value)
      PGLINT_BELOW(PartitionSpec, n.partParams)
      PGLINT_BELOW(PrepareStmt, n.argtypes, n.query)
      PGLINT_BELOW(PublicationObjSpec, n.pubtable)
      PGLINT_BELOW(PublicationTable, n.relation, n.whereClause)
      PGLINT_BELOW(ReassignOwnedStmt, n.roles, n.newrole)
      PGLINT_BELOW(RefreshMatViewStmt, n.relation)
      PGLINT_BELOW(ReindexStmt, n.relation, n.params)
      PGLINT_BELOW(RenameStmt, n.relation, n.object)
      PGLINT_BELOW(RuleStmt, n.relation, n.whereClause, n.actions)
      PGLINT_BELOW(SecLabelStmt, n.object)
      PGLINT_BELOW(StatsElem, n.expr)
      PGLINT_BELOW(TableLikeClause, n.relation)
      PGLINT_BELOW(TransactionStmt, n.options)
      PGLINT_BELOW(TruncateStmt, n.relations)
      PGLINT_BELOW(VacuumRelation, n.relation)
      PGLINT_BELOW(VacuumStmt, n.options, n.rels)
      PGLINT_BELOW(VariableSetStmt, n.args)
      PGLINT_BELOW(ViewStmt, n.view, n.options, n.query)
    default:
      break;
  }
#undef PGLINT_BELOW
}

void conjuncts(const ::Node* where, std::vector<const ::Node*>& out) {
  out.assign(1, where);
  for (std::size_t i = 0; i < out.size();) {
    const auto* both = as<::BoolExpr>(out[i]);
    if (both == nullptr || both->boolop != AND_EXPR) {
      ++i;
      continue;
    }
    out[i] = out.back();
    out.pop_back();
    for (const ::Node* term : nodes(both->args)) out.push_back(term);
  }
}

std::string_view last_name(const ::List* names) noexcept {
  const NodesView all = nodes(names);
  return all.empty() ? std::string_view() : string(all[all.size() - 1]);
}

QualifiedName qualified_name(const ::List* names) noexcept {
  const NodesView all = nodes(names);
  const std::size_t n = all.size();
  QualifiedName name;
  if (n >= 1) name.name = string(all[n - 1]);
  if (n >= 2) name.schema = string(all[n - 2]);
  if (n >= 3) name.catalog = string(all[n - 3]);
  return name;
}

QualifiedName qualified_name(const ::RangeVar& relation) noexcept {
  return {text(relation.catalogname), text(relation.schemaname), text(relation.relname)};
}

QualifiedName object_name(const void* object) noexcept {
  if (const auto* names = as<::List>(object)) return qualified_name(names);
  if (const auto* type = as<::TypeName>(object)) return qualified_name(type->names);
  if (const auto* function = as<::ObjectWithArgs>(object)) return qualified_name(function->objname);
  if (const auto* relation = as<::RangeVar>(object)) return qualified_name(*relation);
  return {{}, {}, string(object)};
}

QualifiedName owner_of(const ::List* names) noexcept {
  const NodesView all = nodes(names);
  const std::size_t n = all.size();
  QualifiedName name;
  if (n >= 2) name.name = string(all[n - 2]);
  if (n >= 3) name.schema = string(all[n - 3]);
  if (n >= 4) name.catalog = string(all[n - 4]);
  return name;
}

std::string_view column_name(const ::ColumnRef& column) noexcept { return last_name(column.fields); }

const ::Node* without_casts(const void* node) noexcept {
  for (;;) {
    if (const auto* typed = as<::TypeCast>(node))
      node = typed->arg;
    else if (const auto* collated = as<::CollateClause>(node))
      node = collated->arg;
    else
      return static_cast<const ::Node*>(node);
  }
}

std::optional<std::string_view> constant_string(const void* node) noexcept {
  const auto* constant = as<::A_Const>(without_casts(node));
  if (constant == nullptr || constant->isnull || constant->val.node.type != ::T_String) return std::nullopt;
  return text(constant->val.sval.sval);
}

std::optional<std::int64_t> constant_integer(const void* node) noexcept {
  bool negative = false;
  const ::Node* inner = without_casts(node);
  while (const auto* sign = as<::A_Expr>(inner)) {
    const std::string_view op = last_name(sign->name);
    if (sign->kind != ::AEXPR_OP || sign->lexpr != nullptr || (op != "-" && op != "+")) return std::nullopt;
    negative ^= op == "-";
    inner = without_casts(sign->rexpr);
  }
  const auto* constant = as<::A_Const>(inner);
  if (constant == nullptr || constant->isnull) return std::nullopt;
  std::int64_t value = 0;
  if (constant->val.node.type == ::T_Integer) {
    value = constant->val.ival.ival;
  } else if (constant->val.node.type == ::T_Float) {
    // What does not fit 32 bits is kept as text.
    const std::string_view digits = text(constant->val.fval.fval);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!negative) return value;
  if (value == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return -value;
}

bool is_null_constant(const void* node) noexcept {
  const auto* constant = as<::A_Const>(without_casts(node));
  return constant != nullptr && constant->isnull;
}

const ::DefElem* option(const ::List* options, std::string_view name) noexcept {
  const ::DefElem* found = nullptr;
  for (const ::DefElem& each : only<::DefElem>(options))
    if (text(each.defname) == name) found = &each;
  return found;
}

std::optional<bool> boolean(const ::DefElem& option) noexcept {
  if (option.arg == nullptr) return true;
  if (const auto* flag = as<::Boolean>(option.arg)) return flag->boolval;
  if (const auto* number = as<::Integer>(option.arg)) {
    if (number->ival == 0) return false;
    if (number->ival == 1) return true;
    return std::nullopt;
  }
  const std::string_view word = value(option);
  if (equal_ignoring_case(word, "true") || equal_ignoring_case(word, "on")) return true;
  if (equal_ignoring_case(word, "false") || equal_ignoring_case(word, "off")) return false;
  return std::nullopt;
}

std::string_view value(const ::DefElem& option) noexcept {
  if (const auto* type = as<::TypeName>(option.arg)) return last_name(type->names);
  if (const auto* names = as<::List>(option.arg)) return last_name(names);
  if (const auto* number = as<::Float>(option.arg)) return text(number->fval);
  if (const auto* flag = as<::Boolean>(option.arg)) return flag->boolval ? "true" : "false";
  if (const auto constant = constant_string(option.arg)) return *constant;
  return string(option.arg);
}

bool is_on(const ::List* options, std::string_view name) noexcept {
  const ::DefElem* found = option(options, name);
  return found != nullptr && boolean(*found).value_or(false);
}

bool is_concurrent(const ::Node* statement) noexcept {
  if (const auto* index = as<::IndexStmt>(statement)) return index->concurrent;
  if (const auto* drop = as<::DropStmt>(statement)) return drop->concurrent;
  if (const auto* reindex = as<::ReindexStmt>(statement)) return is_on(reindex->params, "concurrently");
  if (const auto* refresh = as<::RefreshMatViewStmt>(statement)) return refresh->concurrent;
  if (const auto* alter = as<::AlterTableStmt>(statement))
    for (const ::AlterTableCmd& command : only<::AlterTableCmd>(alter->cmds))
      if (const auto* partition = as<::PartitionCmd>(command.def))
        if (partition->concurrent) return true;
  return false;
}

const ::RangeVar* relation_of(const ::Node* statement) noexcept {
  if (statement == nullptr) return nullptr;
  switch (statement->type) {
    case ::T_AlterTableStmt:
      return cast<::AlterTableStmt>(statement).relation;
    case ::T_IndexStmt:
      return cast<::IndexStmt>(statement).relation;
    case ::T_CreateStmt:
      return cast<::CreateStmt>(statement).relation;
    case ::T_CreateForeignTableStmt:
      return cast<::CreateForeignTableStmt>(statement).base.relation;
    case ::T_CreateTableAsStmt: {
      const ::IntoClause* into = cast<::CreateTableAsStmt>(statement).into;
      return into != nullptr ? into->rel : nullptr;
    }
    case ::T_SelectStmt: {
      const ::IntoClause* into = cast<::SelectStmt>(statement).intoClause;
      return into != nullptr ? into->rel : nullptr;
    }
    case ::T_InsertStmt:
      return cast<::InsertStmt>(statement).relation;
    case ::T_UpdateStmt:
      return cast<::UpdateStmt>(statement).relation;
    case ::T_DeleteStmt:
      return cast<::DeleteStmt>(statement).relation;
    case ::T_MergeStmt:
      return cast<::MergeStmt>(statement).relation;
    case ::T_CopyStmt:
      return cast<::CopyStmt>(statement).relation;
    case ::T_RenameStmt:
      return cast<::RenameStmt>(statement).relation;
    case ::T_AlterObjectSchemaStmt:
      return cast<::AlterObjectSchemaStmt>(statement).relation;
    case ::T_AlterOwnerStmt:
      return cast<::AlterOwnerStmt>(statement).relation;
    case ::T_AlterObjectDependsStmt:
      return cast<::AlterObjectDependsStmt>(statement).relation;
    case ::T_CreateTrigStmt:
      return cast<::CreateTrigStmt>(statement).relation;
    case ::T_CreatePolicyStmt:
      return cast<::CreatePolicyStmt>(statement).table;
    case ::T_AlterPolicyStmt:
      return cast<::AlterPolicyStmt>(statement).table;
    case ::T_RuleStmt:
      return cast<::RuleStmt>(statement).relation;
    case ::T_ViewStmt:
      return cast<::ViewStmt>(statement).view;
    case ::T_RefreshMatViewStmt:
      return cast<::RefreshMatViewStmt>(statement).relation;
    case ::T_CreateSeqStmt:
      return cast<::CreateSeqStmt>(statement).sequence;
    case ::T_AlterSeqStmt:
      return cast<::AlterSeqStmt>(statement).sequence;
    case ::T_CompositeTypeStmt:
      return cast<::CompositeTypeStmt>(statement).typevar;
    case ::T_CreateStatsStmt:
      return first_relation(cast<::CreateStatsStmt>(statement).relations);
    case ::T_ReindexStmt:
      return cast<::ReindexStmt>(statement).relation;
    case ::T_ClusterStmt:
      return cast<::ClusterStmt>(statement).relation;
    case ::T_TruncateStmt:
      return first_relation(cast<::TruncateStmt>(statement).relations);
    case ::T_LockStmt:
      return first_relation(cast<::LockStmt>(statement).relations);
    case ::T_VacuumStmt:
      return first_relation(cast<::VacuumStmt>(statement).rels);
    default:
      return nullptr;
  }
}

std::string_view object_type_name(::ObjectType type) noexcept {
  const ObjectWords* words = words_of(type);
  if (type == ::OBJECT_COLUMN) return "COLUMN";
  if (type == ::OBJECT_TABCONSTRAINT || type == ::OBJECT_DOMCONSTRAINT) return "CONSTRAINT";
  if (type == ::OBJECT_ATTRIBUTE) return "ATTRIBUTE";
  return words != nullptr ? words->word : std::string_view();
}

const ::WithClause* with_clause(const ::Node* statement) noexcept {
  switch (statement != nullptr ? statement->type : T_Invalid) {
    case T_SelectStmt:
      return cast<::SelectStmt>(statement).withClause;
    case T_InsertStmt:
      return cast<::InsertStmt>(statement).withClause;
    case T_UpdateStmt:
      return cast<::UpdateStmt>(statement).withClause;
    case T_DeleteStmt:
      return cast<::DeleteStmt>(statement).withClause;
    case T_MergeStmt:
      return cast<::MergeStmt>(statement).withClause;
    default:
      return nullptr;
  }
}

std::string_view statement_name(const ::Node* statement) noexcept {
  if (statement == nullptr) return "";
  switch (statement->type) {
    case ::T_AlterTableStmt:
      return altered(cast<::AlterTableStmt>(statement).objtype);
    case ::T_DropStmt:
      return dropped(cast<::DropStmt>(statement).removeType);
    case ::T_DefineStmt:
      return defined(cast<::DefineStmt>(statement).kind);
    case ::T_RenameStmt: {
      const auto& rename = cast<::RenameStmt>(statement);
      const bool part = rename.renameType == ::OBJECT_COLUMN || rename.renameType == ::OBJECT_ATTRIBUTE;
      return altered(part && rename.relation != nullptr && rename.renameType == ::OBJECT_COLUMN ? rename.relationType
                                                                                                : rename.renameType);
    }
    case ::T_AlterObjectSchemaStmt:
      return altered(cast<::AlterObjectSchemaStmt>(statement).objectType);
    case ::T_AlterObjectDependsStmt:
      return altered(cast<::AlterObjectDependsStmt>(statement).objectType);
    case ::T_AlterOwnerStmt:
      return altered(cast<::AlterOwnerStmt>(statement).objectType);
    case ::T_AlterFunctionStmt:
      return altered(cast<::AlterFunctionStmt>(statement).objtype);
    case ::T_AlterTableMoveAllStmt:
      return altered(cast<::AlterTableMoveAllStmt>(statement).objtype);
    case ::T_TransactionStmt:
      return transaction_name(cast<::TransactionStmt>(statement).kind);
    case ::T_DiscardStmt:
      return discard_name(cast<::DiscardStmt>(statement).target);
    case ::T_CreateTableAsStmt: {
      const auto& create = cast<::CreateTableAsStmt>(statement);
      if (create.is_select_into) return "SELECT INTO";
      return create.objtype == ::OBJECT_MATVIEW ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
    }
    case ::T_SelectStmt:
      return cast<::SelectStmt>(statement).intoClause != nullptr ? "SELECT INTO" : "SELECT";
    case ::T_CreateFunctionStmt:
      return cast<::CreateFunctionStmt>(statement).is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    case ::T_GrantStmt:
      return cast<::GrantStmt>(statement).is_grant ? "GRANT" : "REVOKE";
    case ::T_GrantRoleStmt:
      return cast<::GrantRoleStmt>(statement).is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    case ::T_VariableSetStmt: {
      const ::VariableSetKind kind = cast<::VariableSetStmt>(statement).kind;
      return kind == ::VAR_RESET || kind == ::VAR_RESET_ALL ? "RESET" : "SET";
    }
    case ::T_VacuumStmt:
      return cast<::VacuumStmt>(statement).is_vacuumcmd ? "VACUUM" : "ANALYZE";
    case ::T_FetchStmt:
      return cast<::FetchStmt>(statement).ismove ? "MOVE" : "FETCH";
    case ::T_DeallocateStmt:
      return cast<::DeallocateStmt>(statement).isall ? "DEALLOCATE ALL" : "DEALLOCATE";
    case ::T_ClosePortalStmt:
      return cast<::ClosePortalStmt>(statement).portalname == nullptr ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
    case ::T_RawStmt:
      return statement_name(cast<::RawStmt>(statement).stmt);
#define PGLINT_NAME(T, name) \
  case ::T_##T:              \
    return name;
      PGLINT_NAME(AlterCollationStmt, "ALTER COLLATION")
      PGLINT_NAME(AlterDatabaseRefreshCollStmt, "ALTER DATABASE")
      PGLINT_NAME(AlterDatabaseSetStmt, "ALTER DATABASE")
      PGLINT_NAME(AlterDatabaseStmt, "ALTER DATABASE")
      PGLINT_NAME(AlterDefaultPrivilegesStmt, "ALTER DEFAULT PRIVILEGES")
      PGLINT_NAME(AlterDomainStmt, "ALTER DOMAIN")
      PGLINT_NAME(AlterEnumStmt, "ALTER TYPE")
      PGLINT_NAME(AlterEventTrigStmt, "ALTER EVENT TRIGGER")
      PGLINT_NAME(AlterExtensionContentsStmt, "ALTER EXTENSION")
      PGLINT_NAME(AlterExtensionStmt, "ALTER EXTENSION")
      PGLINT_NAME(AlterFdwStmt, "ALTER FOREIGN DATA WRAPPER")
      PGLINT_NAME(AlterForeignServerStmt, "ALTER SERVER")
      PGLINT_NAME(AlterOpFamilyStmt, "ALTER OPERATOR FAMILY")
      PGLINT_NAME(AlterOperatorStmt, "ALTER OPERATOR")
      PGLINT_NAME(AlterPolicyStmt, "ALTER POLICY")
      PGLINT_NAME(AlterPublicationStmt, "ALTER PUBLICATION")
      PGLINT_NAME(AlterRoleSetStmt, "ALTER ROLE")
      PGLINT_NAME(AlterRoleStmt, "ALTER ROLE")
      PGLINT_NAME(AlterSeqStmt, "ALTER SEQUENCE")
      PGLINT_NAME(AlterStatsStmt, "ALTER STATISTICS")
      PGLINT_NAME(AlterSubscriptionStmt, "ALTER SUBSCRIPTION")
      PGLINT_NAME(AlterSystemStmt, "ALTER SYSTEM")
      PGLINT_NAME(AlterTSConfigurationStmt, "ALTER TEXT SEARCH CONFIGURATION")
      PGLINT_NAME(AlterTSDictionaryStmt, "ALTER TEXT SEARCH DICTIONARY")
      PGLINT_NAME(AlterTableSpaceOptionsStmt, "ALTER TABLESPACE")
      PGLINT_NAME(AlterTypeStmt, "ALTER TYPE")
      PGLINT_NAME(AlterUserMappingStmt, "ALTER USER MAPPING")
      PGLINT_NAME(CallStmt, "CALL")
      PGLINT_NAME(CheckPointStmt, "CHECKPOINT")
      PGLINT_NAME(ClusterStmt, "CLUSTER")
      PGLINT_NAME(CommentStmt, "COMMENT")
      PGLINT_NAME(CompositeTypeStmt, "CREATE TYPE")
      PGLINT_NAME(ConstraintsSetStmt, "SET CONSTRAINTS")
      PGLINT_NAME(CopyStmt, "COPY")
      PGLINT_NAME(CreateAmStmt, "CREATE ACCESS METHOD")
      PGLINT_NAME(CreateCastStmt, "CREATE CAST")
      PGLINT_NAME(CreateConversionStmt, "CREATE CONVERSION")
      PGLINT_NAME(CreateDomainStmt, "CREATE DOMAIN")
      PGLINT_NAME(CreateEnumStmt, "CREATE TYPE")
      PGLINT_NAME(CreateEventTrigStmt, "CREATE EVENT TRIGGER")
      PGLINT_NAME(CreateExtensionStmt, "CREATE EXTENSION")
      PGLINT_NAME(CreateFdwStmt, "CREATE FOREIGN DATA WRAPPER")
      PGLINT_NAME(CreateForeignServerStmt, "CREATE SERVER")
      PGLINT_NAME(CreateForeignTableStmt, "CREATE FOREIGN TABLE")
      PGLINT_NAME(CreateOpClassStmt, "CREATE OPERATOR CLASS")
      PGLINT_NAME(CreateOpFamilyStmt, "CREATE OPERATOR FAMILY")
      PGLINT_NAME(CreatePLangStmt, "CREATE LANGUAGE")
      PGLINT_NAME(CreatePolicyStmt, "CREATE POLICY")
      PGLINT_NAME(CreatePublicationStmt, "CREATE PUBLICATION")
      PGLINT_NAME(CreateRangeStmt, "CREATE TYPE")
      PGLINT_NAME(CreateRoleStmt, "CREATE ROLE")
      PGLINT_NAME(CreateSchemaStmt, "CREATE SCHEMA")
      PGLINT_NAME(CreateSeqStmt, "CREATE SEQUENCE")
      PGLINT_NAME(CreateStatsStmt, "CREATE STATISTICS")
      PGLINT_NAME(CreateStmt, "CREATE TABLE")
      PGLINT_NAME(CreateSubscriptionStmt, "CREATE SUBSCRIPTION")
      PGLINT_NAME(CreateTableSpaceStmt, "CREATE TABLESPACE")
      PGLINT_NAME(CreateTransformStmt, "CREATE TRANSFORM")
      PGLINT_NAME(CreateTrigStmt, "CREATE TRIGGER")
      PGLINT_NAME(CreateUserMappingStmt, "CREATE USER MAPPING")
      PGLINT_NAME(CreatedbStmt, "CREATE DATABASE")
      PGLINT_NAME(DeclareCursorStmt, "DECLARE CURSOR")
      PGLINT_NAME(DeleteStmt, "DELETE")
      PGLINT_NAME(DoStmt, "DO")
      PGLINT_NAME(DropOwnedStmt, "DROP OWNED")
      PGLINT_NAME(DropRoleStmt, "DROP ROLE")
      PGLINT_NAME(DropSubscriptionStmt, "DROP SUBSCRIPTION")
      PGLINT_NAME(DropTableSpaceStmt, "DROP TABLESPACE")
      PGLINT_NAME(DropUserMappingStmt, "DROP USER MAPPING")
      PGLINT_NAME(DropdbStmt, "DROP DATABASE")
      PGLINT_NAME(ExecuteStmt, "EXECUTE")
      PGLINT_NAME(ExplainStmt, "EXPLAIN")
      PGLINT_NAME(ImportForeignSchemaStmt, "IMPORT FOREIGN SCHEMA")
      PGLINT_NAME(IndexStmt, "CREATE INDEX")
      PGLINT_NAME(InsertStmt, "INSERT")
      PGLINT_NAME(ListenStmt, "LISTEN")
      PGLINT_NAME(LoadStmt, "LOAD")
      PGLINT_NAME(LockStmt, "LOCK TABLE")
      PGLINT_NAME(MergeStmt, "MERGE")
      PGLINT_NAME(NotifyStmt, "NOTIFY")
      PGLINT_NAME(PrepareStmt, "PREPARE")
      PGLINT_NAME(ReassignOwnedStmt, "REASSIGN OWNED")
      PGLINT_NAME(RefreshMatViewStmt, "REFRESH MATERIALIZED VIEW")
      PGLINT_NAME(ReindexStmt, "REINDEX")
      PGLINT_NAME(RuleStmt, "CREATE RULE")
      PGLINT_NAME(SecLabelStmt, "SECURITY LABEL")
      PGLINT_NAME(TruncateStmt, "TRUNCATE TABLE")
      PGLINT_NAME(UnlistenStmt, "UNLISTEN")
      PGLINT_NAME(UpdateStmt, "UPDATE")
      PGLINT_NAME(VariableShowStmt, "SHOW")
      PGLINT_NAME(ViewStmt, "CREATE VIEW")
#undef PGLINT_NAME
    default:
      return "";
  }
}

}  // namespace pglint::pg
