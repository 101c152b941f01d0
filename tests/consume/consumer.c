/* SPDX-License-Identifier: BSD-3-Clause */
#include <cs/csk.h>
#include <stdio.h>

int main(void)
{
    const csk_space line = csk_space_make(CSK_COMPLEX, 1, (const int64_t[]){ 4 });
    const csk_space point = csk_space_make(CSK_REAL, 1, (const int64_t[]){ 1 });
    const float x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    float y[8], *work;
    csk_linop *A;

    if (csk_linop_conv(&A, &line, &point, (const float[]){ 2 }) ||
        !(work = csk_alloc(csk_linop_work_len(A), sizeof(*work)))) {
        (void)fprintf(stderr, "%s\n", csk_error_message());
        return 1;
    }
    csk_linop_apply(A, y, x, work);
    (void)printf("csk %s: %g\n", CSK_VERSION, csk_dot(8, x, y));
    csk_linop_unref(A);
    csk_free(work);
    return 0;
}
