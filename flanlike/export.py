"""A run's model in Hugging Face layout: python -m flanlike.export (see `runs.export`)."""

from flanlike.runs import export

if __name__ == "__main__":
    export.main()
