"""What the page may ask of the kernel, and how it is answered.

A command is one dataclass, here: its fields are the question, its `answer` is the answer, and what that
returns is declared by its annotation. `python scripts/generate_typescript.py` gives the page both types.
"""

from layerlab_jupyter.commands import list_commands, model_commands, run_commands, steering_commands
