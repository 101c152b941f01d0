# The same bytes on any number of threads.

$ csk phantom --shape 70,64 a.npy >/dev/null
$ for t in 1 2 7; do csk phantom --shape 70,64 --threads $t p$t.npy >/dev/null; done
$ for t in 1 2 7; do csk mask --shape 70,64 --acs 12 --threads $t m$t.npy >/dev/null; done
$ for t in 1 2 7; do csk simulate a.npy --mask m$t.npy --phase smooth --threads $t s$t -q >/dev/null; done
$ for t in 1 2 7; do csk convert s$t-truth.npy --resample 0.7 --threads $t c$t.npy >/dev/null; done
$ for t in 1 2 7; do csk phantom --kind sparse --shape 64 --seed 9 --threads $t x$t.npy >/dev/null; done
$ for t in 1 2 7; do csk phantom --kind gaussian --shape 40,64 --threads $t A$t.npy >/dev/null; done
$ for t in 1 2 7; do csk simulate x$t.npy --matrix A$t.npy --threads $t y$t >/dev/null; done
$ for t in 1 2 7; do n=0; for m in zero-filled cg-sense l1-wavelet tv; do n=$((n + 3)); csk solve s$t.cfl --coils s$t-coils.cfl --method $m $([ $m = zero-filled ] || echo --max-iter 20) --threads $t v-$t-$n.npy -q >/dev/null; done; done
$ for t in 1 2 7; do csk solve --matrix A$t.npy --data y$t.npy --method lasso --lambda 0.1x --threads $t w$t.npy >/dev/null; csk solve --matrix A$t.npy --data y$t.npy --method lsq --ridge 0.1 --threads $t q$t.npy >/dev/null; done
$ for t in 2 7; do for f in $(ls | grep '[a-zA-Z-]1[-.]' | grep -v 'json$\|hdr$'); do cmp $f $(echo $f | sed "s/1/$t/"); done; done; ls | wc -l
  92
