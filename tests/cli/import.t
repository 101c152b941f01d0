# State dicts of published networks become priors. This one is made by hand: a DnCNN of two layers with two features, all zeros, as safetensors.

$ printf '%s\n' 'head=$(cat "$1")' 'n=${#head}' 'printf "\\$(printf %o $((n % 256)))\\$(printf %o $((n / 256)))\0\0\0\0\0\0%s" "$head"' 'head -c 156 /dev/zero' >pack; echo '{"model.0.weight": {"dtype": "F32", "shape": [2, 1, 3, 3], "data_offsets": [0, 72]}, "model.0.bias": {"dtype": "F32", "shape": [2], "data_offsets": [72, 80]}, "model.2.weight": {"dtype": "F32", "shape": [1, 2, 3, 3], "data_offsets": [80, 152]}, "model.2.bias": {"dtype": "F32", "shape": [1], "data_offsets": [152, 156]}}' >head; sh pack head >net.safetensors
$ csk prior import net.safetensors --arch dncnn --sigma 0.1 --name zero --licence CC0 -o zero.csk
  architecture  dncnn
  tensors       4
  parameters    39
$ csk prior info zero.csk | grep -v -e sha256 -e provenance
  file                zero.csk
  parameters          39
  kind                network
  name                zero
  field               real
  axes                2
  channels            1
  scale               1.0
  sigma               [0.1,0.1]
  multiple            1
  preconditioning     residual
  range offset        0.0
  range factor        1.0
  architecture        dncnn
  licence             CC0
  graph               3 nodes: 2 conv, 1 relu

# Its denoiser leaves the image as it is: it subtracts the network's output.

$ csk phantom --shape 16,16 --kind disk --radius 0.5 x.npy -q >/dev/null; csk denoise x.npy --prior zero.csk --sigma 0.1 y.npy -q >/dev/null; csk metric y.npy x.npy | tail -n 1
  x.npy        inf  1.0000     0      0

# What is missing, misshapen, left over or unknown is named.

$ sed 's/model.2.bias/model.2.bios/' head >wrong; sh pack wrong >wrong.safetensors; csk prior import wrong.safetensors --arch dncnn -o w.csk
2 csk prior import: wrong.safetensors: tensor "model.2.bias" is missing, expected 1
= 3
$ sed 's/"shape": \[2\]/"shape": [1, 2]/' head >wrong; sh pack wrong >wrong.safetensors; csk prior import wrong.safetensors --arch dncnn -o w.csk
2 csk prior import: wrong.safetensors: tensor "model.0.bias" is 1 x 2, expected 2
= 3
$ sed 's/1, 2, 3, 3/1, 3, 2, 3/' head >wrong; sh pack wrong >wrong.safetensors; csk prior import wrong.safetensors --arch dncnn -o w.csk
2 csk prior import: wrong.safetensors: tensor "model.2.weight" is 1 x 3 x 2 x 3, expected 1 x 2 x 3 x 3
= 3
$ csk prior import net.safetensors --arch drunet -o w.csk
2 csk prior import: net.safetensors: no drunet: tensor "m_head.weight" is missing
= 3
$ csk prior import net.safetensors --arch unet -o w.csk
2 csk prior import: --arch unet is none of dncnn, ffdnet, drunet, tdv, ddpm, ncsnpp, adm
= 2
$ csk prior import net.safetensors -o w.csk
2 csk prior import: --arch is missing: which of dncnn, ffdnet, drunet, tdv, ddpm, ncsnpp, adm
= 2
$ csk prior import x.npy --arch dncnn -o w.csk; ls w.csk 2>/dev/null
2 csk prior import: x.npy: is neither safetensors nor .npz nor a PyTorch checkpoint
= 2

# A denoiser of one level is no prior to sample with.
$ csk phantom --shape 16,16 p.npy -q >/dev/null; csk restore p.npy --operator denoise --noise 0.1 --prior zero.csk rec
2 csk restore: zero.csk removes noise of the one level 0.1; samples need one that knows a range of levels
= 3
$ csk sample zero.csk --shape 16,16 s.npy
2 csk sample: zero.csk removes noise of the one level 0.1; samples need one that knows a range of levels
= 3
$ csk prior import weights.npz --arch dncnn --timesteps 50 none.csk
2 csk prior import: --timesteps does nothing here: it needs --arch ddpm, ncsnpp or adm
= 2
$ csk prior import weights.npz --arch ddpm --beta-first 0.4 none.csk
2 csk prior import: --beta-first 0.4 is above --beta-last 0.02
= 2

# Weights that are NaN (all bits set), and finite ones of 3.4e38, with which the image is not finite.
$ sed 's/head -c .*/& | tr "\\000" "\\377"/' pack >bad; sh bad head >bad.safetensors; csk prior import bad.safetensors --arch dncnn -o bad.csk
2 csk prior import: bad.safetensors: tensor "model.0.weight" holds what is not finite
= 3
$ sed 's/head -c .*/& | tr "\\000" "\\177"/' pack >bad; sh bad head >bad.safetensors; csk prior import bad.safetensors --arch dncnn --sigma 0.1 -o bad.csk >/dev/null; csk denoise x.npy --prior bad.csk --sigma 0.1 -q bad.npy
2 csk denoise: the denoised image: value 0 is not finite
= 3
# A denoiser of one noise level has no other.
$ csk phantom --shape 16,16 small.npy >/dev/null; csk denoise small.npy --prior zero.csk --sigma 0.2 other.npy
2 csk denoise: --sigma is 0.2, but zero.csk was made for 0.0999..0.1001, which --unit multiplies
= 2
# A noise level that no card may have.
$ csk prior import net.safetensors --arch dncnn --sigma 1e-300 -o never.csk
2 csk prior import: --sigma is 1e-300, expected at least 1e-09
= 2

# A checkpoint that would run a command when Python reads it: nothing is run, nothing is written.
$ rm -f /tmp/owned; for f in system system-stack-global system-stream; do csk prior import "$tests/fuzz/corpus/pth/$f" --arch dncnn -o owned.csk 2>&1 | sed "s,$tests/fuzz/corpus/pth/,,"; done; ls /tmp/owned owned.csk 2>/dev/null
  csk prior import: system: asks for posix.system, which csk does not run
  csk prior import: system-stack-global: asks for posix.system, which csk does not run
  csk prior import: system-stream: asks for posix.system, which csk does not run
= 2
$ csk prior import "$tests/fuzz/corpus/pth/system" --arch dncnn -o owned.csk 2>/dev/null
= 3
$ csk prior import net.safetensors --arch dncnn --name "$(printf 'a\344')" none.csk
2 csk prior import: --name is not UTF-8
= 2
