"""Published models in Hugging Face layout: a folder with config.json and safetensors, both ways.

`layout` reads and writes the configuration, by the module of each family: `t5`, `llama` and `gemma`
(which share `decoders`). `names` says what a table of weight names tells, `weights` moves the
tensors, and `hub` fetches a folder by its id.
"""
