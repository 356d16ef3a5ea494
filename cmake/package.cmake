# What leaves the build: the programs; the library entrenous_core with its
# headers, a CMake config and a .pc file; a Debian package of the programs.
# Nothing of it exists before the programs do.
if(NOT TARGET entrenous)
  return()
endif()

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# --- programs ----------------------------------------------------------------

foreach(program entrenous entrenous-verify)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME COMPONENT program)
  endif()
endforeach()

# --- entrenous_core ----------------------------------------------------------

add_library(entrenous_core STATIC)
set_target_properties(entrenous_core PROPERTIES LINKER_LANGUAGE C)
# A header is named by its folder ("record/log.h") here and once installed.
target_include_directories(entrenous_core INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/entrenous>)
foreach(folder base wire crypto record circle vault journal sync audit replica)
  if(TARGET en_${folder})
    target_sources(entrenous_core PRIVATE $<TARGET_OBJECTS:en_${folder}>)
    get_property(libs TARGET en_${folder} PROPERTY EN_LIBS)
    target_link_libraries(entrenous_core PUBLIC ${libs})
    install(DIRECTORY ${CMAKE_SOURCE_DIR}/core/${folder}/
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/entrenous/${folder}
      COMPONENT library FILES_MATCHING PATTERN "*.h"
      PATTERN "words_*.h" EXCLUDE)
  endif()
endforeach()

set(EN_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/entrenous)
install(TARGETS entrenous_core EXPORT entrenous ARCHIVE COMPONENT library)
install(EXPORT entrenous NAMESPACE entrenous:: FILE entrenous-targets.cmake
  DESTINATION ${EN_CONFIG_DIR} COMPONENT library)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/entrenous-config.cmake.in
  ${CMAKE_BINARY_DIR}/package/entrenous-config.cmake
  INSTALL_DESTINATION ${EN_CONFIG_DIR})
# Before 1.0 a minor version may change a function.
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/package/entrenous-config-version.cmake
  COMPATIBILITY SameMinorVersion)

# Relative to the file itself: `cmake --install --prefix` moves it.
set(EN_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH EN_PC_TO_PREFIX /${EN_PC_DIR} /)
string(REGEX REPLACE "/$" "" EN_PC_TO_PREFIX ${EN_PC_TO_PREFIX})
configure_file(${CMAKE_CURRENT_LIST_DIR}/entrenous.pc.in
  ${CMAKE_BINARY_DIR}/package/entrenous.pc @ONLY)
install(FILES
  ${CMAKE_BINARY_DIR}/package/entrenous-config.cmake
  ${CMAKE_BINARY_DIR}/package/entrenous-config-version.cmake
  DESTINATION ${EN_CONFIG_DIR} COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/package/entrenous.pc
  DESTINATION ${EN_PC_DIR} COMPONENT library)

# --- Debian package ----------------------------------------------------------

# Whoever builds a package to give away says who answers for it.
set(EN_MAINTAINER "the Entre nous authors <>" CACHE STRING
  "name and address for a Debian package, as NAME <ADDRESS>")

# Debian wants its own copyright and changelog files beside a program.
set(EN_DOC_DIR ${CMAKE_INSTALL_DATAROOTDIR}/doc/entrenous)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.Debian.in
  ${CMAKE_BINARY_DIR}/package/changelog.Debian @ONLY)
find_program(EN_GZIP gzip)
if(EN_GZIP)
  # -n: no name and no time, so that the same source gives the same bytes.
  foreach(pair "CHANGELOG.md:changelog" "build:changelog.Debian")
    string(REGEX REPLACE ":.*" "" from ${pair})
    string(REGEX REPLACE ".*:" "" to ${pair})
    if(from STREQUAL "build")
      set(from ${CMAKE_BINARY_DIR}/package/changelog.Debian)
    else()
      set(from ${CMAKE_SOURCE_DIR}/${from})
    endif()
    execute_process(COMMAND ${EN_GZIP} -9nc ${from}
      OUTPUT_FILE ${CMAKE_BINARY_DIR}/package/${to}.gz COMMAND_ERROR_IS_FATAL ANY)
    install(FILES ${CMAKE_BINARY_DIR}/package/${to}.gz
      DESTINATION ${EN_DOC_DIR} COMPONENT program)
  endforeach()
endif()
file(READ ${CMAKE_SOURCE_DIR}/LICENSE EN_LICENCE)
string(REGEX REPLACE "^.*authors\n\n" "" EN_LICENCE "${EN_LICENCE}")
string(REGEX REPLACE "\n$" "" EN_LICENCE "${EN_LICENCE}")
string(REPLACE "\n\n" "\n.\n" EN_LICENCE "${EN_LICENCE}")
string(REPLACE "\n" "\n " EN_LICENCE "${EN_LICENCE}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in
  ${CMAKE_BINARY_DIR}/package/copyright @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/package/copyright
  DESTINATION ${EN_DOC_DIR} COMPONENT program)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME entrenous)
set(CPACK_PACKAGE_CONTACT "${EN_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "encrypted journal for small groups, with no server")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"Entre nous is a journal that a small circle of people keeps together without
a server: private by default, shared with named readers, in step over the
room's network, in French and in English.
.
Everything rests sealed under a passphrase; nothing leaves the machine unless
a person asks for it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME entrenous)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
