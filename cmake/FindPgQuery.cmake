# Finds libpg_query 18.1 or a later 18: PostgreSQL's own parser, as a static library.
#
# It is looked for below -DPgQuery_ROOT=FOLDER or the environment's PgQuery_ROOT (a prefix, or a package unpacked with
# dpkg -x), then among the installed packages, then in build/_deps, where fetch-pg-query.sh unpacks Debian's package when
# nothing else has it.
#
#   PgQuery::headers    the include folders, as system headers; PostgreSQL's macros come with them
#   PgQuery::pg_query   the library alone, so that linking it shows nobody those headers
#
# The package is built against a newer C library than an older Debian has. What the linker misses here, and only that,
# is added from pg_query_shim/.

set(_pg_query_minimum 18.1)
set(_pg_query_deps ${PROJECT_SOURCE_DIR}/build/_deps/pg_query)

# Looks below `root` and sets PgQuery_INCLUDE_DIR, PgQuery_INTERNAL_DIR, PgQuery_LIBRARY, PgQuery_VERSION in the caller.
function(_pg_query_look root)
  unset(include)
  unset(internal)
  unset(library)
  find_path(include pg_query.h PATHS ${root} PATH_SUFFIXES include usr/include NO_CACHE NO_DEFAULT_PATH)
  find_library(library libpg_query.a
               PATHS ${root}
               PATH_SUFFIXES lib/${CMAKE_LIBRARY_ARCHITECTURE} usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} lib usr/lib
               NO_CACHE NO_DEFAULT_PATH)
  if(include)
    find_path(internal pg_query_internal.h PATHS ${include}/pg_query ${include} NO_CACHE NO_DEFAULT_PATH)
  endif()
  if(NOT include OR NOT internal OR NOT library)
    set(PgQuery_FOUND_AT "" PARENT_SCOPE)
    return()
  endif()

  set(version "")
  file(STRINGS ${include}/pg_query.h major REGEX "#define PG_MAJORVERSION ")
  string(REGEX REPLACE "[^0-9]" "" major "${major}")
  get_filename_component(tree ${include} DIRECTORY)
  if(EXISTS ${root}/version)
    file(READ ${root}/version version)
  elseif(tree STREQUAL "/usr")
    execute_process(COMMAND dpkg-query -W -f=\${Version} libpg-query-dev OUTPUT_VARIABLE version ERROR_QUIET)
  else()
    # A package unpacked by hand says its version in its changelog.
    set(changelog ${tree}/share/doc/libpg-query-dev/changelog.Debian.gz)
    if(EXISTS ${changelog})
      execute_process(COMMAND gzip -dc ${changelog} OUTPUT_VARIABLE version ERROR_QUIET)
      string(REGEX REPLACE "^[^(]*\\(([^)]*)\\).*" "\\1" version "${version}")
    endif()
  endif()
  string(REGEX MATCH "^[0-9]+(\\.[0-9]+)*" version "${version}")
  if(NOT version)
    # Neither says it: 18.1 is the first that bounds the nesting it follows.
    set(version ${major}.0)
    file(STRINGS ${internal}/pg_query_internal.h bounded REGEX "PG_QUERY_PROTOBUF_MAX_DEPTH")
    if(bounded)
      set(version ${major}.1)
    endif()
  endif()

  set(PgQuery_FOUND_AT ${root} PARENT_SCOPE)
  set(PgQuery_INCLUDE_DIR ${include} PARENT_SCOPE)
  set(PgQuery_INTERNAL_DIR ${internal} PARENT_SCOPE)
  set(PgQuery_LIBRARY ${library} PARENT_SCOPE)
  set(PgQuery_VERSION ${version} PARENT_SCOPE)
endfunction()

function(_pg_query_accept result)
  set(${result} FALSE PARENT_SCOPE)
  if(PgQuery_FOUND_AT AND PgQuery_VERSION VERSION_GREATER_EQUAL _pg_query_minimum AND PgQuery_VERSION VERSION_LESS 19)
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

if(NOT PgQuery_ROOT AND DEFINED ENV{PgQuery_ROOT})
  set(PgQuery_ROOT $ENV{PgQuery_ROOT})
endif()
if(PgQuery_ROOT)
  get_filename_component(_pg_query_root "${PgQuery_ROOT}" ABSOLUTE BASE_DIR "${CMAKE_BINARY_DIR}")
  _pg_query_look("${_pg_query_root}")
  _pg_query_accept(_pg_query_good)
  if(NOT _pg_query_good)
    set(_pg_query_seen ${PgQuery_VERSION})
    if(NOT _pg_query_seen)
      set(_pg_query_seen none)
    endif()
    message(FATAL_ERROR "PgQuery_ROOT is ${PgQuery_ROOT}, where libpg_query.a with pg_query.h and pg_query_internal.h of "
                        "version 18.1 or a later 18 should be. Version found there: ${_pg_query_seen}")
  endif()
else()
  _pg_query_look(/usr)
  _pg_query_accept(_pg_query_good)
  if(NOT _pg_query_good)
    execute_process(COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/fetch-pg-query.sh ${_pg_query_deps}
                    RESULT_VARIABLE _pg_query_failed ERROR_VARIABLE _pg_query_error)
    if(_pg_query_failed)
      message(FATAL_ERROR "${_pg_query_error}")
    endif()
    _pg_query_look(${_pg_query_deps})
    _pg_query_accept(_pg_query_good)
    if(NOT _pg_query_good)
      message(FATAL_ERROR "${_pg_query_deps} is damaged; delete it and configure again")
    endif()
  endif()
endif()

set(_pg_query_includes ${PgQuery_INCLUDE_DIR} ${PgQuery_INTERNAL_DIR} ${PgQuery_INTERNAL_DIR}/postgres)
list(REMOVE_DUPLICATES _pg_query_includes)

# Links the test program with what the shim holds so far; sets `missing` to the symbols that the linker asked for.
function(_pg_query_link linked missing)
  try_compile(works
              SOURCES ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/pg_query_link_test.c ${ARGN}
              CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${_pg_query_includes}"
              LINK_LIBRARIES ${PgQuery_LIBRARY}
              OUTPUT_VARIABLE output)
  # GNU ld says "undefined reference to `name'", lld "undefined symbol: name".
  string(REGEX MATCHALL "(undefined reference to [`'][A-Za-z0-9_]+|undefined symbol: [A-Za-z0-9_]+)" lines "${output}")
  list(TRANSFORM lines REPLACE "^.*[`' ]([A-Za-z0-9_]+)$" "\\1")
  list(REMOVE_DUPLICATES lines)
  list(SORT lines)
  set(${linked} ${works} PARENT_SCOPE)
  set(${missing} "${lines}" PARENT_SCOPE)
  set(_pg_query_output "${output}" PARENT_SCOPE)
endfunction()

file(TIMESTAMP ${PgQuery_LIBRARY} _pg_query_key)
string(APPEND _pg_query_key "|${PgQuery_LIBRARY}|${CMAKE_C_COMPILER}|${CMAKE_C_COMPILER_VERSION}|${CMAKE_C_FLAGS}|"
       "${CMAKE_EXE_LINKER_FLAGS}")
if(NOT _pg_query_key STREQUAL PgQuery_SHIM_KEY)
  set(_pg_query_shim "")
  _pg_query_link(_pg_query_linked _pg_query_missing)
  if(NOT _pg_query_linked)
    foreach(symbol IN LISTS _pg_query_missing)
      set(file ${CMAKE_CURRENT_LIST_DIR}/pg_query_shim/${symbol}.c)
      if(NOT EXISTS ${file})
        message(FATAL_ERROR "${PgQuery_LIBRARY} needs ${symbol}, which this system's C library does not have and "
                            "cmake/pg_query_shim/ has no replacement for. Use a newer release of the system, or pass "
                            "-DPgQuery_ROOT= with a libpg_query ${PgQuery_VERSION} that was built on this one.")
      endif()
      list(APPEND _pg_query_shim ${file})
    endforeach()
    _pg_query_link(_pg_query_linked _pg_query_missing ${_pg_query_shim})
    if(NOT _pg_query_linked)
      message(FATAL_ERROR "A program with ${PgQuery_LIBRARY} does not link:\n${_pg_query_output}")
    endif()
  endif()
  set(PgQuery_SHIM "${_pg_query_shim}" CACHE INTERNAL "Replacements for what the C library lacks")
  set(PgQuery_SHIM_KEY "${_pg_query_key}" CACHE INTERNAL "What PgQuery_SHIM was found out for")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PgQuery REQUIRED_VARS PgQuery_LIBRARY PgQuery_INCLUDE_DIR PgQuery_INTERNAL_DIR
                                  VERSION_VAR PgQuery_VERSION)

if(NOT TARGET PgQuery::headers)
  add_library(PgQuery::headers INTERFACE IMPORTED)
  target_include_directories(PgQuery::headers SYSTEM INTERFACE ${_pg_query_includes})

  add_library(PgQuery::pg_query STATIC IMPORTED)
  set_target_properties(PgQuery::pg_query PROPERTIES IMPORTED_LOCATION ${PgQuery_LIBRARY})
  if(PgQuery_SHIM)
    add_library(pglint_pg_query_shim STATIC ${PgQuery_SHIM})
    set_target_properties(pglint_pg_query_shim PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(PgQuery::pg_query INTERFACE pglint_pg_query_shim)
  endif()
endif()
