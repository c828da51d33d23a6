# The libraries that exist both as shared and in another form, under one name for both ways of building:
# pglint::fmt, pglint::yaml, pglint::toml and pglint::nettle.

if(PGLINT_STATIC)
  add_library(pglint::fmt ALIAS fmt::fmt-header-only)

  find_library(PGLINT_YAML_ARCHIVE libyaml-cpp.a REQUIRED)
  get_target_property(_yaml_includes yaml-cpp INTERFACE_INCLUDE_DIRECTORIES)
  add_library(pglint_yaml STATIC IMPORTED)
  set_target_properties(pglint_yaml PROPERTIES IMPORTED_LOCATION ${PGLINT_YAML_ARCHIVE})
  if(_yaml_includes)
    target_include_directories(pglint_yaml SYSTEM INTERFACE ${_yaml_includes})
  endif()

  # Debian has no archive of toml++, but it is a library of headers as well.
  add_library(pglint_toml INTERFACE)
  get_target_property(_toml_includes tomlplusplus::tomlplusplus INTERFACE_INCLUDE_DIRECTORIES)
  if(_toml_includes)
    target_include_directories(pglint_toml SYSTEM INTERFACE ${_toml_includes})
  endif()
  target_compile_definitions(pglint_toml INTERFACE TOML_HEADER_ONLY=1)

  find_library(PGLINT_NETTLE libnettle.a REQUIRED)
else()
  add_library(pglint::fmt ALIAS fmt::fmt)
  add_library(pglint_yaml INTERFACE IMPORTED)
  target_link_libraries(pglint_yaml INTERFACE yaml-cpp)

  add_library(pglint_toml INTERFACE)
  target_link_libraries(pglint_toml INTERFACE tomlplusplus::tomlplusplus)

  find_library(PGLINT_NETTLE nettle REQUIRED)
endif()
add_library(pglint::yaml ALIAS pglint_yaml)
add_library(pglint::toml ALIAS pglint_toml)

find_path(PGLINT_NETTLE_HEADERS nettle/sha2.h REQUIRED)
add_library(pglint_nettle UNKNOWN IMPORTED)
set_target_properties(pglint_nettle PROPERTIES IMPORTED_LOCATION ${PGLINT_NETTLE}
                                               INTERFACE_INCLUDE_DIRECTORIES ${PGLINT_NETTLE_HEADERS})
add_library(pglint::nettle ALIAS pglint_nettle)
