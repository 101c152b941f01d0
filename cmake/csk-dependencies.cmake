# What libcsk links to, as the list csk_dependencies. Used by our own build and, for the
# static library, by find_package(csk). Sets csk_pc_requires and csk_pc_libs for csk.pc.
set(csk_pc_requires fftw3f jansson libjpeg libpng zlib)
set(csk_dependencies SuiteSparse::spqr SuiteSparse::cholmod Threads::Threads m)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(name IN ITEMS openblas libzip ${csk_pc_requires}) # fftw3f: PkgConfig::FFTW3F
    string(TOUPPER ${name} prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${name})
    list(APPEND csk_dependencies PkgConfig::${prefix})
endforeach()

# OpenBLAS and libzip are not among csk_pc_requires, whose own private libraries
# `pkg-config --static` adds: -lgfortran of the one is found only where the Fortran compiler
# is installed, -lbz2 and -lcrypto of the other only with packages that Debian's does not ask for.
set(csk_pc_libs -lspqr -lcholmod ${OPENBLAS_LDFLAGS} ${LIBZIP_LDFLAGS} -pthread -lm)

# SuiteSparse describes itself neither to CMake nor to pkg-config before version 7.
find_path(CSK_SUITESPARSE_INCLUDE_DIR cholmod.h PATH_SUFFIXES suitesparse REQUIRED)
mark_as_advanced(CSK_SUITESPARSE_INCLUDE_DIR)
foreach(name IN ITEMS cholmod spqr)
    if(NOT TARGET SuiteSparse::${name})
        find_library(CSK_${name}_LIBRARY ${name} REQUIRED)
        mark_as_advanced(CSK_${name}_LIBRARY)
        add_library(SuiteSparse::${name} UNKNOWN IMPORTED GLOBAL)
        set_target_properties(SuiteSparse::${name} PROPERTIES
            IMPORTED_LOCATION ${CSK_${name}_LIBRARY}
            INTERFACE_INCLUDE_DIRECTORIES ${CSK_SUITESPARSE_INCLUDE_DIR})
    endif()
endforeach()

if(CSK_DNNL)
    list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
    find_package(OneDNN 2.6 REQUIRED)
    list(POP_FRONT CMAKE_MODULE_PATH)
    list(APPEND csk_dependencies OneDNN::dnnl)
    list(APPEND csk_pc_libs -ldnnl)
endif()

if(CSK_OPENMP)
    find_package(OpenMP REQUIRED COMPONENTS C)
    list(APPEND csk_dependencies OpenMP::OpenMP_C)
    list(APPEND csk_pc_libs ${OpenMP_C_FLAGS})
endif()
