# Language, warnings, hardening: one interface target that every folder links.
include(CheckCCompilerFlag)
include(CheckPIESupported)

check_pie_supported(OUTPUT_VARIABLE EN_PIE_WHY LANGUAGES C)
if(NOT CMAKE_C_LINK_PIE_SUPPORTED)
  message(WARNING "programs will not be position independent: ${EN_PIE_WHY}")
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# CMake's own release kinds add -DNDEBUG; assertions ship (base/err.h refuses it).
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os -g")
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(EN_TESTS "build the tests" ON)
option(EN_FUZZ "build libFuzzer targets (clang)" OFF)
option(EN_PLANTED "build the planted faults of tests/sim/planted" OFF)
set(EN_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")

add_library(en_flags INTERFACE)
# uv.h under C11 without extensions needs the GNU feature set; defined once.
target_compile_definitions(en_flags INTERFACE _GNU_SOURCE)
target_compile_options(en_flags INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wcast-qual -Wcast-align -Wwrite-strings -Wundef -Wvla
  -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough -Wdouble-promotion
  -Wnull-dereference
  -fno-strict-overflow -fno-delete-null-pointer-checks -fno-common)

# Not every compiler or machine has these: clang 14 refuses the last one, and
# control-flow protection exists on x86 only.
foreach(flag -fstack-protector-strong -fstack-clash-protection
        -fcf-protection=full -ftrivial-auto-var-init=zero)
  string(MAKE_C_IDENTIFIER "EN_HAS${flag}" var)
  check_c_compiler_flag(${flag} ${var})
  if(${var})
    target_compile_options(en_flags INTERFACE ${flag})
  endif()
endforeach()
# What ships names files as core/record/log.c wherever it was built: an assertion
# then tells no path of the builder's, and the same source gives the same bytes.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(en_flags INTERFACE
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()
# The fortified calls need optimisation, and hide from the sanitizers what these
# would report themselves.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT EN_SANITIZE)
  target_compile_options(en_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
target_link_options(en_flags INTERFACE
  LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

if(EN_SANITIZE)
  set(sanitize -fsanitize=${EN_SANITIZE} -fno-sanitize-recover=all)
  target_compile_options(en_flags INTERFACE ${sanitize} -fno-omit-frame-pointer)
  target_link_options(en_flags INTERFACE ${sanitize})
endif()

if(EN_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "libFuzzer comes with clang: cmake --preset fuzz")
  endif()
  # Coverage for the folders; each target links libFuzzer's main (en_fuzz).
  target_compile_options(en_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(en_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
