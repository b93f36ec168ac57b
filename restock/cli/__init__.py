"""The command `restock`."""

import typer

from restock.cli import events, models, user
from restock.cli.errors import OneLineErrors
from restock.cli.evaluate import evaluate
from restock.cli.import_purchases import import_purchases
from restock.cli.recommend import recommend
from restock.cli.report import report
from restock.cli.train import train
from restock.cli.up import up

app = typer.Typer(
    cls=OneLineErrors,
    help="Product recommendations for retail. Begin with: restock up --sample",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(up)
app.command()(recommend)
app.command()(train)
app.command()(evaluate)
app.command()(report)
app.command("import")(import_purchases)
app.add_typer(models.app, name="models")
app.add_typer(events.app, name="events")
app.add_typer(user.app, name="user")
