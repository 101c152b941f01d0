# Run by ctest as
#   cmake -D SOURCE=... -D BUILD=... -D WORK=... -D SHARED=... -D CC=... -D GENERATOR=...
#         -D LIBDIR=... -P consume.cmake
# Installs csk below WORK, static from the build directory BUILD or as a shared library of
# its own build, and compiles and runs a program against it, by CMake and by pkg-config. Another
# prefix than was configured: an installed command must find the models beside it.
cmake_minimum_required(VERSION 3.23)

function(run)
    execute_process(COMMAND ${ARGV} OUTPUT_VARIABLE out ERROR_VARIABLE out
        RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "${command}\n${out}")
    endif()
    set(out "${out}" PARENT_SCOPE)
endfunction()

# The program prints 2 (1 + 4 + ... + 64).
function(run_consumer program)
    run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${prefix}/${LIBDIR} ${program})
    if(NOT out MATCHES "^csk [0-9.]+: 408\n$")
        message(FATAL_ERROR "${program} printed: ${out}")
    endif()
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
if(SHARED)
    run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR}
        -D CMAKE_C_COMPILER=${CC} -D CMAKE_BUILD_TYPE=None -D BUILD_SHARED_LIBS=ON
        -D CSK_CLI=OFF -D CSK_TESTS=OFF)
    run(${CMAKE_COMMAND} --build ${WORK}/build)
    set(BUILD ${WORK}/build)
    set(static)
else()
    set(static --static)
endif()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/consumer -G ${GENERATOR}
    -D CMAKE_C_COMPILER=${CC} -D CMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/consumer)
run_consumer(${WORK}/consumer/consumer)

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(pkg-config --cflags --libs ${static} csk)
separate_arguments(flags UNIX_COMMAND "${out}")
run(${CC} -std=c11 -Wall -Wextra -pedantic -Werror ${CMAKE_CURRENT_LIST_DIR}/consumer.c
    -o ${WORK}/by-pkg-config ${flags})
run_consumer(${WORK}/by-pkg-config)

if(EXISTS ${prefix}/bin/csk)
    set(ENV{CSK_MODELS})
    run(${prefix}/bin/csk prior info brain)
    file(REAL_PATH ${prefix} real)
    string(FIND "${out}" " ${real}/share/csk/models/brain.csk\n" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "${prefix}/bin/csk prior info brain: ${out}")
    endif()
endif()

if(SHARED)
    set(LIBRARY ${prefix}/${LIBDIR}/libcsk.so)
    include(${CMAKE_CURRENT_LIST_DIR}/exports.cmake)
endif()
