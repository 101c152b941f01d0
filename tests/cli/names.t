# Priors by name: what is a name, what is a file, and what happens without one.

$ csk phantom --shape 32,32 h.npy -q >/dev/null; csk prior fit --levels 2 --shifts 1 h.npy h.csk >/dev/null; mkdir one two; sed 's/"kind"/"name": "heads", "training": {"data": "one phantom"}, "about": "not shown", "kind"/' h.csk >one/head.csk; sed 's/"kind"/"about": "the same\\u001b[31m phantom", "kind"/' h.csk >two/other.csk; cp h.csk two/head.csk; cp h.csk one/no.dots.csk; echo x >one/readme; printf 'junk' >two/bad.csk
# The first directory that has the name counts; what cannot be read is listed with its fault.
$ CSK_MODELS=one:two csk prior list | grep 'name\| one/\| two/' | tr -s ' '
  name kind field file trained on
  head wavelet complex one/head.csk one phantom
  bad unreadable - two/bad.csk two/bad.csk: is not a prior, neither JSON text nor safetensors
  other wavelet complex two/other.csk the same [31m phantom
$ csk simulate h.npy --coils 1 --phase smooth --noise 0.02 scan >/dev/null; CSK_MODELS=one:two csk recon scan.cfl --prior head --noise 0.02 --samples 1 --levels 1 -q rec | grep '^prior k\|^prior  ' | tr -s ' '; grep -c "$(sha256sum one/head.csk | cut -c 1-64)" rec/report.json
  prior heads
  prior kind wavelet
  1
$ CSK_MODELS=two:one csk prior info head | grep kind
  kind        wavelet
$ CSK_MODELS=two csk sample other --shape 16,16 --samples 1 --diffusion-levels 2 d.npy | grep samples
  samples            1x16x16
# No such name: the priors there are, and one line with exit code 3.
$ CSK_MODELS=one:two csk recon scan.cfl --prior hed --noise 0.02 x 2>&1 | grep -v '^csk recon: there is .\(brain\|natural\)'
  csk recon: there is 'head' (wavelet, complex images): one phantom
  csk recon: there is 'bad', but two/bad.csk: is not a prior, neither JSON text nor safetensors
  csk recon: there is 'other' (wavelet, complex images): the same [31m phantom
  csk recon: there is no prior called 'hed'; did you mean 'head'?
$ CSK_MODELS=one csk sample quagga x.npy 2>&1 | grep 'quagga\|one phantom'
  csk sample: there is 'head' (wavelet, complex images): one phantom
  csk sample: there is no prior called 'quagga'; for a file of that name write ./quagga
$ CSK_MODELS=one csk recon scan.cfl --prior quagga -q x
2 csk recon: there is no prior called 'quagga'; for a file of that name write ./quagga
= 3
$ CSK_MODELS=one csk recon scan.cfl -q x
2 csk recon: --prior is missing: a name of 'csk prior list', or a file that csk prior fit or csk train wrote
= 2
# A name whose file is none.
$ mkdir three three/dir.csk; ln -s nowhere.csk three/gone.csk; for name in dir gone; do CSK_MODELS=three csk prior info $name -q; done
2 csk prior info: prior 'dir': dir.csk is not a file
2 csk prior info: prior 'gone': gone.csk is not a file
= 3
# A name for a file that is here, but has an ending.
$ cp h.csk quagga.csk; CSK_MODELS=one csk recon scan.cfl --prior quagga -q x
2 csk recon: there is no prior called 'quagga'; for a file of that name write ./quagga.csk
= 3
# A word with a slash or a dot, or the name of an existing file, is a file.
$ CSK_MODELS=one csk prior info ./head
2 csk prior info: ./head: No such file or directory
= 3
$ CSK_MODELS=one csk prior info head.csk
2 csk prior info: head.csk: No such file or directory
= 3
$ cp one/head.csk two/mine; cd two; CSK_MODELS=../one csk prior info mine | head -1
  kind        wavelet
$ CSK_MODELS=one csk prior info one/
2 csk prior info: one/: is a directory, not a file
= 3
$ CSK_MODELS=one csk prior info ''
2 csk prior info: the name of the input is empty
= 3
# A directory that is not there is none; an empty part neither.
$ CSK_MODELS=nowhere::one csk prior info head | head -1
  kind        wavelet
