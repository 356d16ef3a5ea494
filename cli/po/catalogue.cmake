# en_catalogue(LANG): po/LANG.po -> mo_LANG.c, an array and its length, in the
# build folder. msgfmt refuses what is not well formed; completeness is a test's.
find_program(MSGFMT msgfmt REQUIRED)
find_program(XGETTEXT xgettext)
find_program(MSGMERGE msgmerge)
find_program(MSGATTRIB msgattrib)

function(en_catalogue lang)
  set(po ${CMAKE_CURRENT_SOURCE_DIR}/po/${lang}.po)
  set(mo ${CMAKE_CURRENT_BINARY_DIR}/${lang}.mo)
  set(c ${CMAKE_CURRENT_BINARY_DIR}/mo_${lang}.c)
  add_custom_command(OUTPUT ${c}
    COMMAND ${MSGFMT} --check --endianness=little --no-hash -o ${mo} ${po}
    COMMAND ${CMAKE_COMMAND} -DFROM=${mo} -DTO=${c} -DNAME=en_mo_${lang}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/po/embed.cmake
    DEPENDS ${po} ${CMAKE_CURRENT_SOURCE_DIR}/po/embed.cmake
    VERBATIM)
endfunction()

# `ninja catalogue` after a sentence was added: gathers the ids into
# entrenous.pot and puts empty entries into both .po files, to be filled by hand.
add_custom_target(catalogue
  COMMAND ${CMAKE_COMMAND} -DXGETTEXT=${XGETTEXT} -DMSGMERGE=${MSGMERGE}
          -DMSGATTRIB=${MSGATTRIB}
          -P ${CMAKE_CURRENT_SOURCE_DIR}/po/gather.cmake
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
