"""From text to arrays of token ids."""
