"""How stylesheet and script are stored: compressed, each under a name made from its content, so that it is kept."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Gives the script that ours imports its name by content too; without this a browser asks for it every time."""

    support_js_module_import_aggregation = True
