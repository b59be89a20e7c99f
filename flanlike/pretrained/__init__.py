"""Published models in Hugging Face layout: a folder with config.json and safetensors, both ways.

`layout` reads and writes the configuration, by the module of each family: `t5`, and the decoders'
(`llama`, `gemma`, `gpt2`, ...), which share `decoders` (configurations) and `tables` (names of
tensors). `names` says what such a table tells, `weights` moves the tensors, and `hub` fetches a
folder by its id.
"""
