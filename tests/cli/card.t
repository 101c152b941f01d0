# What csk prior info says of a model card. The file is made by hand: the card is a text in the header.

$ cat >card; printf '%s\n' 'card=$(sed '"'"'s/"/\\"/g'"'"' "$1")' 'head="{\"__metadata__\": {\"csk\": \"$card\"}, \"w\": {\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}}"' 'n=${#head}' 'printf "\\$(printf %o $((n % 256)))\\$(printf %o $((n / 256)))\0\0\0\0\0\0%s" "$head"' 'head -c 24 /dev/zero' >pack; echo '{"csk": "prior", "version": 1, "kind": "network", "name": "tiny", "field": "complex", "axes": 2, "scale": 1.5, "sigma": [0.004, 1], "about": "by hand", "licence": "CC0", "graph": {"input": 2, "nodes": [{"op": "conv"}, {"op": "silu"}, {"op": "conv"}]}, "training": {"data": "none", "split": {"train": 3}, "patches": 0}, "metrics": {"images": "2 phantoms", "sigma": [0.1, 0.2], "psnr": [30.5, 27]}, "score_norm": null, "provenance": {"command": "csk train"}}' >card; sh pack card >tiny.csk
$ csk prior info tiny.csk | grep -v sha256
  file                tiny.csk
  parameters          6
  kind                network
  name                tiny
  field               complex
  axes                2
  scale               1.5
  sigma               [0.004,1]
  about               by hand
  licence             CC0
  graph               3 nodes: 2 conv, 1 silu
  training data       none
  training split      {"train":3}
  training patches    0
  provenance command  csk train
  metrics images      2 phantoms
  ~
  sigma  psnr
    0.1  30.5
    0.2    27
$ csk prior info tiny.csk --json | grep -v sha256 | tr -d ' \n' | cut -c 1-200
  {"file":"tiny.csk","parameters":6,"card":{"csk":"prior","version":1,"kind":"network","name":"tiny","field":"complex","axes":2,"scale":1.5,"sigma":[0.004,1],"about":"byhand","licence":"CC0","graph":{"i
$ csk prior info tiny.csk --json | grep -c '"op": "silu"'
  1
# What is wrong is one line, exit code 3, whatever asks.
$ sed 's/"name": "tiny"/"name": 3/' card >wrong; sh pack wrong >text.csk; csk prior info text.csk
2 csk prior info: text.csk: "name" is no text
= 3
$ sed 's/"axes": 2/"axes": 9/' card >wrong; sh pack wrong >wrong.csk; csk prior info wrong.csk
2 csk prior info: wrong.csk: "axes" is 9, expected 1 to 3
= 3
$ csk sample wrong.csk x.npy
2 csk sample: wrong.csk: "axes" is 9, expected 1 to 3
= 3
$ sed 's/"network"/"oracle"/' card >wrong; sh pack wrong >wrong.csk; csk prior info wrong.csk
2 csk prior info: wrong.csk: "kind" is "oracle", expected "network" or "ridge"
= 3
$ sed 's/"score_norm": null/"score_norm": 3/' card >wrong; sh pack wrong >wrong.csk; csk prior info wrong.csk
2 csk prior info: wrong.csk: "score_norm" is no object
= 3
$ head -c 200 tiny.csk >cut.csk; csk prior info cut.csk
2 csk prior info: cut.csk: header of 630 bytes in a file of 200: truncated or no safetensors
= 3
$ head -c 650 tiny.csk >cut.csk; csk sample cut.csk x.npy
2 csk sample: cut.csk: tensor 'w': bytes 0 to 24 of 12
= 3
$ (cat tiny.csk; echo more) >more.csk; csk prior info more.csk
2 csk prior info: more.csk: 29 bytes of numbers, the header says 24
= 3
$ printf 'PK\003\004 and so on' >weights.pth; csk prior info weights.pth
2 csk prior info: weights.pth: is an archive, as PyTorch and NumPy write weights, not a prior; csk prior import makes one of it
= 3
