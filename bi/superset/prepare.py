"""Make the admin user where there is none, and import a bundle over what is there.

Run by Superset's own Python: prepare.py USER FILE_WITH_PASSWORD BUNDLE. Prints what is wrong in one
line. Everything of a former bundle is replaced; `superset import-dashboards` would keep its charts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile


def main(user_name: str, password_file: Path, bundle: Path) -> int:
    """The exit code."""
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from superset import security_manager
        from superset.commands.exceptions import CommandException
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.commands.importers.v1.utils import get_contents_from_bundle
        from superset.utils.core import override_user

        user = security_manager.find_user(user_name)
        if user is None:
            admin = security_manager.find_role("Admin")
            user = security_manager.add_user(
                user_name, "Throng", "Admin", "admin@localhost", admin, password_file.read_text()
            )
        with ZipFile(bundle) as archive:
            contents = get_contents_from_bundle(archive)
        try:
            with override_user(user):
                ImportAssetsCommand(contents).run()
        except CommandException as error:
            problems = getattr(error, "normalized_messages", dict)()
            print(f"The bundle was not imported: {error} {problems}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
