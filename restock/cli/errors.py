"""What goes wrong, as one clear line."""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from restock.errors import RestockError

EXIT_CODE = 2
"""Of a command that was refused, as for a mistyped option."""


class OneLineErrors(TyperGroup):
    """Commands whose `RestockError`s and `OSError`s are printed in red instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        Raises:
            typer.Exit: with `EXIT_CODE`, when Restock or the file system says that something is wrong.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read the output has gone, such as `head`: the library ends quietly
        except (RestockError, OSError) as error:
            Console(stderr=True).print(Text(str(error), style="red"), soft_wrap=True)
            raise typer.Exit(EXIT_CODE) from error
