# How the parts of pglint are built: floors, rules, tests and benches, each from the folder that bears its name.
#
# A folder may be empty or absent; CMake looks again at every build.

# What every target of ours is compiled with. Headers of libraries are system headers: their warnings are not ours.
add_library(pglint_options INTERFACE)
target_compile_features(pglint_options INTERFACE cxx_std_20)
target_compile_options(pglint_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                $<$<BOOL:${PGLINT_WERROR}>:-Werror>)
# g++ 12 sees copies that overlap, have no end or no room in "literal" + std::string (GCC bug 105651, mended in 13), the more
# the more it inlines. Clang's warnings and the sanitizers remain.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(pglint_options INTERFACE
                         $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>
                         $<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow>
                         $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds>)
endif()
target_include_directories(pglint_options INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(pglint_options INTERFACE PGLINT_VERSION="${PROJECT_VERSION}"
                                                    PGLINT_HOMEPAGE="${PGLINT_HOMEPAGE}")

# The floors that may see PostgreSQL's node structs.
set(PGLINT_NODES_ALLOWED pg catalog effect recipe lint rules)

function(_pglint_library name sources depends libraries nodes)
  set(target pglint_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC pglint_options)
    set(public PUBLIC)
    set(private PRIVATE)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE pglint_options)
    set(public INTERFACE)
    set(private INTERFACE)
  endif()
  foreach(floor IN LISTS depends)
    target_link_libraries(${target} ${public} pglint_${floor})
  endforeach()
  target_link_libraries(${target} ${private} ${libraries})
  if(nodes)
    if(NOT name IN_LIST PGLINT_NODES_ALLOWED)
      message(FATAL_ERROR "The floor ${name} must not see PostgreSQL's headers")
    endif()
    if(sources)
      target_link_libraries(${target} PRIVATE PgQuery::headers)
    endif()
  endif()
endfunction()

# Most of what a source costs to compile is what it includes and instantiates. So floors share a precompiled header, and so
# do tests: it is compiled for the one that owns it.
function(_pglint_precompile target owner header)
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${header})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# With PGLINT_UNITY a few neighbours of a floor are compiled as one source: names in their unnamed namespaces must differ.
# Not the runners, each of which fills one table with functions that are called the same everywhere.
file(GLOB _pglint_alone CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/source/runner/*.cc)
set_source_files_properties(${_pglint_alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

# pglint_floor(<name> [DEPENDS floor...] [PUBLIC library...] [LIBRARIES library...] [NODES])
#
# The static library pglint_<name> of src/<name>/ (of src/plan/form/ for plan_form) and all folders below it, but for
# main.cc and for those that are a library of their own, named before. PUBLIC libraries are those that the floor's headers
# include; LIBRARIES only its sources do. NODES shows it PostgreSQL's node structs.
function(pglint_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "NODES" "" "DEPENDS;PUBLIC;LIBRARIES")
  string(REPLACE "_" "/" folder ${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  file(GLOB below RELATIVE ${PROJECT_SOURCE_DIR}/src/${folder} ${PROJECT_SOURCE_DIR}/src/${folder}/*)
  foreach(part IN LISTS below)
    if(TARGET pglint_${name}_${part})
      list(FILTER sources EXCLUDE REGEX "/src/${folder}/${part}/")
    endif()
  endforeach()
  _pglint_library(${name} "${sources}" "${floor_DEPENDS}" "${floor_LIBRARIES}" "${floor_NODES}")
  if(sources)
    _pglint_precompile(pglint_${name} pglint_base ${PROJECT_SOURCE_DIR}/src/pch.h)
    set_target_properties(pglint_${name} PROPERTIES UNITY_BUILD ${PGLINT_UNITY} UNITY_BUILD_BATCH_SIZE 6)
    target_link_libraries(pglint_${name} PUBLIC ${floor_PUBLIC})
  else()
    target_link_libraries(pglint_${name} INTERFACE ${floor_PUBLIC})
  endif()
endfunction()

# pglint_rules(DEPENDS floor... [LIBRARIES library...])
#
# The static library pglint_rules of rules/: one rule is <id>.cc beside its page <id>.md, and nothing else has to name it.
# rules/set-not-null.cc defines `extern const Rule rule` in the namespace pglint::rules::set_not_null; a generated table
# refers to each of them, so a rule that is missing or misspelt is a link error with its name. It is a table, and not
# objects that register themselves, since the linker drops an object of a static library that nothing refers to.
#
# What a rule costs to compile is mostly what all of them include and instantiate. So they share a precompiled header, and
# with PGLINT_UNITY several are compiled as one source; each has a namespace of its own, so their helpers do not meet.
#
# rules/registry.h declares what is generated here.
function(pglint_rules)
  cmake_parse_arguments(PARSE_ARGV 0 rules "" "" "DEPENDS;LIBRARIES")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rules/*.cc)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rules/*.md)
  # By id: as file names, drop-table-cascade.cc would stand before drop-table.cc.
  foreach(kind IN ITEMS sources:.cc pages:.md)
    string(REGEX MATCH "^[^:]+" list ${kind})
    string(REGEX MATCH "[.].+$" suffix ${kind})
    list(TRANSFORM ${list} REPLACE "[.][a-z]+$" "")
    list(SORT ${list})
    list(TRANSFORM ${list} APPEND ${suffix})
  endforeach()
  set(generated ${PROJECT_BINARY_DIR}/generated/rules)

  set(declarations "")
  set(table "")
  list(LENGTH sources count)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM LAST_ONLY id)
    if(NOT id MATCHES "^[a-z0-9]+(-[a-z0-9]+)*$")
      message(FATAL_ERROR "rules/${id}.cc: the name of a rule is kebab-case")
    endif()
    string(REPLACE "-" "_" symbol ${id})
    string(APPEND declarations "namespace ${symbol} {\nextern const lint::Rule rule;\n}\n")
    string(APPEND table "    &${symbol}::rule,\n")
  endforeach()
  file(CONFIGURE OUTPUT ${generated}/registry.cc @ONLY CONTENT [[
// Generated from the names in rules/ by cmake/PglintFloor.cmake.
#include "rules/registry.h"

#include <array>

namespace pglint::rules {

@declarations@
namespace {
constexpr std::array<const lint::Rule*, @count@> table = {
@table@};
}  // namespace

std::span<const lint::Rule* const> all() { return table; }

}  // namespace pglint::rules
]])

  add_custom_command(
    OUTPUT ${generated}/pages.cc
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generated}/pages.cc "-DPAGES=${pages}" -P
            ${PROJECT_SOURCE_DIR}/cmake/embed-pages.cmake
    DEPENDS ${pages} ${PROJECT_SOURCE_DIR}/cmake/embed-pages.cmake
    COMMENT "Embedding the pages of the rules"
    VERBATIM)

  # A library of its own: what compiles beside a command waits for all libraries that it links, and rules need not.
  add_library(pglint_pages STATIC ${generated}/pages.cc)
  target_link_libraries(pglint_pages PRIVATE pglint_options)
  target_include_directories(pglint_pages PRIVATE ${PROJECT_SOURCE_DIR})

  _pglint_library(rules "${sources};${generated}/registry.cc" "${rules_DEPENDS}" "${rules_LIBRARIES}" TRUE)
  target_link_libraries(pglint_rules PUBLIC pglint_pages)
  target_include_directories(pglint_rules PUBLIC ${PROJECT_SOURCE_DIR})
  if(EXISTS ${PROJECT_SOURCE_DIR}/rules/pch.h)
    target_precompile_headers(pglint_rules PRIVATE ${PROJECT_SOURCE_DIR}/rules/pch.h)
    set_source_files_properties(${generated}/registry.cc PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  endif()
  set_target_properties(pglint_rules PROPERTIES UNITY_BUILD ${PGLINT_UNITY})
  set_source_files_properties(${generated}/registry.cc PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# pglint_test(<name> [DEPENDS floor...] [LIBRARIES library...] [SOURCES file...] [NODES] [PROGRAM] [EXECUTOR]
#             [LABELS label...] [COST seconds] [BY_FILE] [PARTS n])
#
# The program pglint_<name>_test of tests/<name>/ (of tests/live/effects/ for live_effects), known to ctest as <name>.
# It links the floor of its name, if there is one, and DEPENDS. NODES shows it PostgreSQL's node structs and the whole of
# libpg_query. PROGRAM gives it the path of the program as PGLINT_PROGRAM, EXECUTOR that of pglint-apply as PGLINT_EXECUTOR.
# Test data is below PGLINT_TESTDATA, anything else of the project below PGLINT_SOURCE_DIR, and the installed packages of
# tests/npm, if scripts/npm-tools has run, in PGLINT_NPM.
#
# What waits for servers and clocks most of the time is several tests for ctest, to wait at the same time: with BY_FILE one
# for each <file>_test.cc, as <name>.<file>; with PARTS n of them, as <name>.1 and so on, each of which finds in
# PGLINT_TEST_PART, "2/3", which part is its. Each has a folder of its own to run in, and so its own server.
function(pglint_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "NODES;PROGRAM;EXECUTOR;BY_FILE" "COST;PARTS" "DEPENDS;LIBRARIES;LABELS;SOURCES")
  string(REPLACE "_" "/" folder ${name})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cc)
  if(NOT sources OR name IN_LIST PGLINT_TESTS_WITHOUT)
    return()
  endif()
  set(target pglint_${name}_test)
  add_executable(${target} ${sources} ${test_SOURCES})
  _pglint_precompile(${target} pglint_test_main ${PROJECT_SOURCE_DIR}/tests/pch.h)
  target_link_libraries(${target} PRIVATE pglint_test_main ${test_LIBRARIES})
  list(PREPEND test_DEPENDS ${name})
  foreach(floor IN LISTS test_DEPENDS)
    if(TARGET pglint_${floor})
      target_link_libraries(${target} PRIVATE pglint_${floor})
    endif()
  endforeach()
  if(test_NODES)
    target_link_libraries(${target} PRIVATE PgQuery::headers PgQuery::pg_query)
  endif()
  if(test_PROGRAM)
    target_compile_definitions(${target} PRIVATE PGLINT_PROGRAM="$<TARGET_FILE:pglint>")
    add_dependencies(${target} pglint)
  endif()
  if(test_EXECUTOR)
    target_compile_definitions(${target} PRIVATE PGLINT_EXECUTOR="$<TARGET_FILE:pglint-apply>")
    add_dependencies(${target} pglint-apply)
  endif()

  set(tests "")
  if(test_BY_FILE)
    foreach(source IN LISTS sources)
      cmake_path(GET source FILENAME file)
      if(file MATCHES "^(.+)_test\\.cc$")
        _pglint_add_test(${name}.${CMAKE_MATCH_1} ${target} "--source-file=*/${file}")
        list(APPEND tests ${name}.${CMAKE_MATCH_1})
        continue()
      endif()
      file(STRINGS ${source} cases REGEX "^TEST_CASE" LIMIT_COUNT 1)
      if(cases)
        message(FATAL_ERROR "${source} has tests that would not run: call it ..._test.cc")
      endif()
    endforeach()
  elseif(test_PARTS)
    foreach(part RANGE 1 ${test_PARTS})
      _pglint_add_test(${name}.${part} ${target} "")
      set_tests_properties(${name}.${part} PROPERTIES ENVIRONMENT "PGLINT_TEST_PART=${part}/${test_PARTS}")
      list(APPEND tests ${name}.${part})
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${target} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
    set(tests ${name})
  endif()
  if(NOT test_COST)
    set(test_COST 1)
  endif()
  # A program that finds no test to run, or skips all of them, has not passed.
  set_tests_properties(${tests} PROPERTIES LABELS "${test_LABELS}" TIMEOUT 900 COST ${test_COST}
                                           FAIL_REGULAR_EXPRESSION "test cases: +0 ")
endfunction()

# One of several tests that are the same program, in a folder of its own.
function(_pglint_add_test test target arguments)
  set(folder ${PROJECT_BINARY_DIR}/tests/${test})
  file(MAKE_DIRECTORY ${folder})
  add_test(NAME ${test} COMMAND ${target} ${arguments} WORKING_DIRECTORY ${folder})
endfunction()

# pglint_benches([DEPENDS floor...] [LIBRARIES library...])
#
# One program bench/<name> of each bench/<name>.cc; what they share is in bench/support/.
function(pglint_benches)
  cmake_parse_arguments(PARSE_ARGV 0 bench "" "" "DEPENDS;LIBRARIES")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.cc)
  file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/support/*.cc)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM LAST_ONLY name)
    string(REPLACE "-" "_" target pglint_bench_${name})
    add_executable(${target} ${source} ${shared})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/bench)
    target_compile_definitions(${target} PRIVATE PGLINT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                                 PGLINT_PROGRAM="$<TARGET_FILE:pglint>"
                                                 PGLINT_EXECUTOR="$<TARGET_FILE:pglint-apply>")
    target_link_libraries(${target} PRIVATE pglint_options ${bench_LIBRARIES})
    foreach(floor IN LISTS bench_DEPENDS)
      target_link_libraries(${target} PRIVATE pglint_${floor})
    endforeach()
    add_dependencies(${target} pglint pglint-apply)
  endforeach()
endfunction()
