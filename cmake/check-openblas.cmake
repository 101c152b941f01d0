# OpenBLAS comes serial, with threads of its own, and with OpenMP. Beside our OpenMP loops
# its own threads would compete for the same cores, so that only the last will do. Asked of
# the library itself, as the alternatives system may point elsewhere than the headers.
include(CheckCSourceRuns)

if(CSK_OPENMP AND NOT CMAKE_CROSSCOMPILING)
    set(CMAKE_REQUIRED_LIBRARIES PkgConfig::OPENBLAS)
    check_c_source_runs("
        int openblas_get_parallel(void);
        int main(void) { return openblas_get_parallel() != 2; }" CSK_OPENBLAS_HAS_OPENMP)
    unset(CMAKE_REQUIRED_LIBRARIES)
    if(NOT CSK_OPENBLAS_HAS_OPENMP)
        unset(CSK_OPENBLAS_HAS_OPENMP CACHE) # look again next time
        message(FATAL_ERROR
            "The OpenBLAS found (${OPENBLAS_LINK_LIBRARIES}) was not built with OpenMP. "
            "Install that flavour: libopenblas-openmp-dev on Debian and Ubuntu, where "
            "`update-alternatives --display libopenblas.so.0-${CMAKE_LIBRARY_ARCHITECTURE}` "
            "shows which one is in use. Or configure with -D CSK_OPENMP=OFF.")
    endif()
endif()
