"""Published models in Hugging Face layout: a folder with config.json and safetensors, both ways.

`layout` reads and writes the configuration, `names` is the table of weight names, `weights` moves
the tensors, and `hub` fetches a folder by its id. The T5 family alone so far.
"""
