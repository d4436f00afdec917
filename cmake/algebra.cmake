# Dense linear algebra: Eigen's types and decompositions, with OpenBLAS behind its products.

find_package(Eigen3 REQUIRED NO_MODULE)
# By name: find_package(BLAS) takes whatever is the system's, and the reference BLAS is 15 times slower.
find_library(MIXVEC_OPENBLAS NAMES openblas REQUIRED)
add_library(mixvec_algebra INTERFACE)
# All sources of a program must see Eigen with the same definitions. Threads are parallel_for's, so that sums do not
# depend on how many there are.
target_compile_definitions(mixvec_algebra INTERFACE EIGEN_USE_BLAS EIGEN_DONT_PARALLELIZE)
get_target_property(folders Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(mixvec_algebra SYSTEM INTERFACE ${folders})
# Every program with OpenBLAS starts it in this way; nothing calls it, so its name has to be asked for.
add_library(mixvec_blas_start STATIC ${CMAKE_SOURCE_DIR}/golden/network/start/blas_start.cpp)
set_target_properties(mixvec_blas_start PROPERTIES UNITY_BUILD OFF)
target_link_options(mixvec_algebra INTERFACE -Wl,--undefined=mixvec_blas_start)
target_link_libraries(mixvec_algebra INTERFACE mixvec_blas_start ${MIXVEC_OPENBLAS})
