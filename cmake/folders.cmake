# One OBJECT target a folder, with a door.
#
# A door is a link build/doors/NAME/NAME -> the folder. A target is given the
# doors of exactly the folders it names: any other include ends in "No such
# file", and base/limits.h cannot shadow <limits.h>, which a flat include path
# would allow.
#
#   en_folder(record USES base wire crypto SOURCES record.c log.c LIBS ...)
#
# makes the target en_record. Tests name folders the same way:
#
#   en_test(log_test FOLDERS base record SOURCES log_test.c)

set(EN_DOORS ${CMAKE_BINARY_DIR}/doors)

# DOOR is the name its includes begin with, where that is not the target's own:
# part of a folder that others need without the rest of it.
function(en_door name door path)
  file(MAKE_DIRECTORY ${EN_DOORS}/${name})
  file(CREATE_LINK ${path} ${EN_DOORS}/${name}/${door} SYMBOLIC)
endfunction()

function(en_folder name)
  cmake_parse_arguments(F "" "DOOR" "USES;SOURCES;LIBS" ${ARGN})
  if(NOT F_DOOR)
    set(F_DOOR ${name})
  endif()
  set(target en_${name})
  en_door(${name} ${F_DOOR} ${CMAKE_CURRENT_SOURCE_DIR})
  add_library(${target} OBJECT ${F_SOURCES})
  set_property(TARGET ${target} PROPERTY EN_USES "${F_USES}")
  set_property(TARGET ${target} PROPERTY EN_LIBS "${F_LIBS}")
  target_link_libraries(${target} PRIVATE en_flags ${F_LIBS})
  target_include_directories(${target} PRIVATE ${EN_DOORS}/${name})
  foreach(use ${F_USES})
    target_include_directories(${target} PRIVATE ${EN_DOORS}/${use})
  endforeach()
endfunction()

# Gathers the objects and libraries of FOLDERS and of all that these use, for the
# final link of a program. Includes are not inherited, objects are.
function(en_link target)
  set(todo ${ARGN})
  set(seen)
  while(todo)
    list(POP_FRONT todo name)
    if(NOT name IN_LIST seen)
      list(APPEND seen ${name})
      get_property(uses TARGET en_${name} PROPERTY EN_USES)
      list(APPEND todo ${uses})
    endif()
  endwhile()
  foreach(name ${seen})
    get_property(libs TARGET en_${name} PROPERTY EN_LIBS)
    target_link_libraries(${target} PRIVATE $<TARGET_OBJECTS:en_${name}> ${libs})
  endforeach()
endfunction()

# What every test has: a label, a time limit, a home of its own, no locale and
# no zone of the machine's.
function(en_test_properties name label timeout)
  if(NOT timeout)
    set(timeout 120)
  endif()
  if(NOT label)
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
    string(REGEX REPLACE "/.*" "" label "${rel}")
  endif()
  set(home ${CMAKE_BINARY_DIR}/test-home/${name})
  file(MAKE_DIRECTORY ${home})
  # The label tap tells ./check to count this test's lines, and to count it as
  # failed when it prints none.
  set_tests_properties(${name} PROPERTIES LABELS "${label};tap" TIMEOUT ${timeout}
    SKIP_RETURN_CODE 77
    ENVIRONMENT "CMOCKA_MESSAGE_OUTPUT=TAP;LC_ALL=C.UTF-8;HOME=${home};TZ=UTC")
endfunction()

# A test program: FOLDERS are included by their doors and linked with all they
# use. LABEL defaults to the folder under tests/, TIMEOUT to 120 seconds. ARGS go
# to the program, which runs in tests/ and prints TAP.
function(en_test name)
  cmake_parse_arguments(T "" "LABEL;TIMEOUT" "FOLDERS;SOURCES;LIBS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE en_flags ${CMOCKA_LIBRARIES} ${T_LIBS})
  target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  foreach(folder ${T_FOLDERS})
    target_include_directories(${name} PRIVATE ${EN_DOORS}/${folder})
  endforeach()
  en_link(${name} ${T_FOLDERS})
  add_test(NAME ${name} COMMAND ${name} ${T_ARGS}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  en_test_properties(${name} "${T_LABEL}" "${T_TIMEOUT}")
endfunction()

# A test that is a script: the file SCRIPT beside the CMakeLists.txt, run by bash
# in tests/ with the source and the build folder as its first two arguments. It
# prints TAP; 77 skips it whole.
function(en_script name)
  cmake_parse_arguments(T "" "SCRIPT;LABEL;TIMEOUT" "ARGS" ${ARGN})
  if(NOT T_SCRIPT)
    set(T_SCRIPT ${name})
  endif()
  add_test(NAME ${name}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${T_SCRIPT}
                   ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${T_ARGS}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  en_test_properties(${name} "${T_LABEL}" "${T_TIMEOUT}")
endfunction()

# A parser under fuzz: SOURCES define LLVMFuzzerTestOneInput; the corpus is
# tests/fuzz/corpus/NAME; MAX_LEN is the parser's real limit in bytes.
#
# With EN_FUZZ it is a libFuzzer program, built by the target `fuzzers`, and
# named with its limit in build/<preset>/fuzz-targets. Otherwise the same
# function replays the corpus as an ordinary test (tests/fuzz/replay.c).
function(en_fuzz name)
  cmake_parse_arguments(Z "" "MAX_LEN;TIMEOUT" "FOLDERS;SOURCES;LIBS" ${ARGN})
  if(NOT Z_MAX_LEN)
    message(FATAL_ERROR "en_fuzz(${name}): MAX_LEN is the parser's limit; name it")
  endif()
  set(target fuzz_${name})
  set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(EN_FUZZ)
    add_executable(${target} ${Z_SOURCES})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
      file(WRITE ${CMAKE_BINARY_DIR}/fuzz-targets "")
    endif()
    add_dependencies(fuzzers ${target})
    file(APPEND ${CMAKE_BINARY_DIR}/fuzz-targets
      "${name}\t${CMAKE_CURRENT_BINARY_DIR}/${target}\t${Z_MAX_LEN}\t${corpus}\n")
    add_test(NAME ${target} COMMAND ${target} -runs=0 ${corpus}
             WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 120)
  else()
    add_executable(${target} ${Z_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME ${target} COMMAND ${target} ${corpus}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
    en_test_properties(${target} fuzz "${Z_TIMEOUT}")
  endif()
  target_link_libraries(${target} PRIVATE en_flags ${Z_LIBS})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  foreach(folder ${Z_FOLDERS})
    target_include_directories(${target} PRIVATE ${EN_DOORS}/${folder})
  endforeach()
  en_link(${target} ${Z_FOLDERS})
endfunction()
