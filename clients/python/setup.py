"""The packages of the wheel: the client, and the stubs generated into gen/python of this tree."""

from setuptools import find_namespace_packages, find_packages, setup

STUBS = "../../gen/python"

setup(
    packages=[*find_packages("src"), *find_namespace_packages(STUBS, include=["ordermesh*"])],
    package_dir={"": "src", "ordermesh": f"{STUBS}/ordermesh"},
    package_data={"": ["*.pyi", "py.typed"]},
)
