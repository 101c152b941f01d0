# Run by ctest as `cmake -D LIBRARY=... -P exports.cmake`: all that others can see of the
# library, static or shared, is called csk_*.
cmake_minimum_required(VERSION 3.23)

if(LIBRARY MATCHES "\\.so$")
    set(table --dynamic)
endif()
execute_process(COMMAND nm --extern-only --defined-only ${table} ${LIBRARY}
    OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " [A-Za-z] [^\n]+" symbols "${symbols}")
if(NOT " T csk_linop_apply" IN_LIST symbols)
    message(FATAL_ERROR "${LIBRARY} does not export csk_linop_apply")
endif()
list(TRANSFORM symbols REPLACE "^ . " "")
list(FILTER symbols EXCLUDE REGEX "^(csk_|__odr_asan)") # the latter by the sanitizer
if(symbols)
    message(FATAL_ERROR "${LIBRARY} exports what is not called csk_*: ${symbols}")
endif()
