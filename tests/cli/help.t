# What csk says of itself.

$ csk help | head -4
  csk - compressed-sensing reconstruction with calibrated uncertainty
  ~
  Usage:
    csk VERB [options] arguments
$ csk help metrics | sed -n '3,10p'
  For an image x and a reference r with N pixels in the region:
  ~
    NMSE  = sum |x - r|^2 / sum |r|^2
    NRMSE = sqrt(NMSE)
    PSNR  = 10 log10( peak^2 / (sum |x - r|^2 / N) )   in dB
    SSIM  = mean over pixels of the structural similarity of 7x7 windows
  ~
  peak is the largest |r| of the region unless --peak gives it. Of complex images
$ csk help formats | grep BART
    .cfl                   BART: NAME.hdr and NAME.cfl, complex single precision
$ csk help exit-codes
  csk exit-codes - what the exit code says
    0                      done
    1                      failed: an output cannot be written or exists
                           (--force), no memory
    2                      usage: an unknown verb or option, a value out of
                           range, a missing argument
    3                      bad data: an input (a file, or a prior by name) is
                           missing, malformed, not finite, zero everywhere, or
                           does not fit the others; or a prior or a format cannot
                           do it, or computing diverged
    4                      not converged: an iteration reached its limit under
                           --strict; the output is written all the same
    130                    interrupted by Ctrl-C; what was finished is kept. A
                           second Ctrl-C ends at once
    143                    terminated (SIGTERM); likewise
  ~
  Every failure is one line on standard error that begins with the verb; an
  unknown prior has the list of those there are before it. A verb that fails
  leaves no output behind; outputs are written beside their target and renamed,
  so none is ever half written.
$ csk help provenance | head -3
  csk provenance - what is recorded with every output
  ~
  Every output says where it comes from, in one line of JSON:
$ csk --help | head -1
  csk - compressed-sensing reconstruction with calibrated uncertainty
$ csk -h | head -1
  csk - compressed-sensing reconstruction with calibrated uncertainty
$ csk mask -h | head -1
  csk mask - make an undersampling pattern for Cartesian k-space
$ csk mask --accel 0 --help | head -1
  csk mask - make an undersampling pattern for Cartesian k-space
$ csk mask --man | sed 's/"csk [0-9].*/V/; 3q'
  .TH "CSK-MASK" 1 "" V
  .SH NAME
  csk\-mask \- make an undersampling pattern for Cartesian k\-space
$ csk mask --markdown | head -3
  # csk mask
  ~
  make an undersampling pattern for Cartesian k-space
$ csk help --man mask | sed 's/"csk [0-9].*/V/; 3q'
  .TH "CSK-MASK" 1 "" V
  .SH NAME
  csk\-mask \- make an undersampling pattern for Cartesian k\-space
$ csk help --man exit-codes | sed 's/"csk [0-9].*/V/; 1q'
  .TH "CSK-EXIT-CODES" 1 "" V
$ csk help --into . mask
2 csk help: --into needs --man or --markdown
= 2
$ csk help --man --into no
2 csk help: no/csk.1: No such file or directory
= 1
$ csk help --man --into .; ls csk.1 csk-mask.1
  csk-mask.1
  csk.1
# A verb of two words by its first, and by both in quotes.
$ csk help prior | head -2
  csk prior fit    learn a prior from example images
  csk prior import make a prior of a published network's weights
$ csk help "prior fit" | head -1
  csk prior fit - learn a prior from example images
$ csk help prior nothing
2 csk help: there is no verb 'prior nothing'; 'csk help' lists them
= 2
