# Run in the project's root by `ninja catalogue`; with CHECK set, by a test: then
# nothing is written but OUT, the .pot that the sources give today.
file(GLOB_RECURSE sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} cli/*.c cli/*.h)
list(SORT sources)
set(pot cli/po/entrenous.pot)
if(CHECK)
  set(pot ${OUT})
endif()
execute_process(
  COMMAND ${XGETTEXT} --language=C --from-code=UTF-8 --no-location --no-wrap
    --sort-output --omit-header
    --keyword --keyword=EN_MSG:1 --keyword=EN_MSGC:1c,2 --keyword=EN_MSGN:1,2 --keyword=en_tr:3
    --keyword=en_trn:3,4 --keyword=en_arg_msg:2 --keyword=en_arg_count:2,3
    --keyword=en_show_line:2 --keyword=en_show_line_n:2,3
    --keyword=en_show_hint:2 --keyword=en_show_fact:2
    --keyword=en_cmd_say:3 --keyword=en_cmd_tell:2 --keyword=en_cmd_yes:2
    -o ${pot} ${sources}
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "xgettext: ${failed}")
endif()
if(CHECK)
  return()
endif()
foreach(lang fr en)
  execute_process(
    COMMAND ${MSGMERGE} --quiet --no-fuzzy-matching --no-wrap --sort-output
      --no-location --backup=off --update cli/po/${lang}.po ${pot}
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "msgmerge: ${failed}")
  endif()
  # What nobody says any more goes.
  execute_process(
    COMMAND ${MSGATTRIB} --no-obsolete --no-wrap --sort-output
      -o cli/po/${lang}.po cli/po/${lang}.po
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "msgattrib: ${failed}")
  endif()
endforeach()
