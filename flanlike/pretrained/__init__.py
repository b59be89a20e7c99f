"""Published models in Hugging Face layout: a folder with config.json and safetensors, both ways.

`layout` reads and writes the configuration, `names` is the table of weight names, and `weights`
moves the tensors. The T5 family alone so far: T5, T5 1.1, LM-adapted, Flan-T5, mT5 and UL2.
"""
