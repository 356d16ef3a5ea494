# The libraries of docs/decisions/0012: found once, named by the folders that
# use them. A failed search ends in the one line that installs them all.
macro(en_need name)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR
      "${name} is missing. On Debian 12, in the source folder: "
      "apt-get install -y --no-install-recommends $(grep -v '^#' apt-packages.txt)")
  endif()
endmacro()

find_package(PkgConfig QUIET)
en_need(PkgConfig)

pkg_check_modules(SODIUM QUIET IMPORTED_TARGET libsodium>=1.0.18)
en_need(SODIUM)
pkg_check_modules(UV QUIET IMPORTED_TARGET libuv>=1.44)
en_need(UV)
pkg_check_modules(UTF8PROC QUIET IMPORTED_TARGET libutf8proc)
en_need(UTF8PROC)
pkg_check_modules(QRCODEGEN QUIET IMPORTED_TARGET qrcodegen)
en_need(QRCODEGEN)
# The module's name changes at msgpack-c 6.0.
pkg_search_module(MSGPACK QUIET IMPORTED_TARGET msgpack-c msgpack)
en_need(MSGPACK)
find_package(SQLite3 3.40 QUIET)
en_need(SQLite3)

if(EN_TESTS)
  # Gives CMOCKA_INCLUDE_DIR and CMOCKA_LIBRARIES, no imported target.
  find_package(cmocka QUIET)
  en_need(cmocka)
endif()
