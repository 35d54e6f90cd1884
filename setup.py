"""Packaging: metadata is in pyproject.toml; here only what setuptools cannot read from there.

``package_dir`` makes an editable install a path entry, so that Twisted's plugin search finds ``twisted/plugins``.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["stalwart", "stalwart.*"]), "twisted.plugins"],
    package_dir={"": "."},
    package_data={
        "stalwart": ["**/*.sql", "**/*.html", "**/*.css", "**/*.js", "**/*.svg", "**/*.png", "**/*.json", "py.typed"]
    },
    zip_safe=False,
)
