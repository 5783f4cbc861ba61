"""The packages of the wheel: the client, and the stubs generated into gen/python of this tree."""

from setuptools import find_namespace_packages, find_packages, setup

STUBS = "../../gen/python"

# What svc_oms stores and sends to nobody.
STORED = ["ordermesh.oms.internal*"]

setup(
    packages=[
        *find_packages("src"),
        *find_namespace_packages(STUBS, include=["ordermesh*"], exclude=STORED),
    ],
    package_dir={"": "src", "ordermesh": f"{STUBS}/ordermesh"},
    package_data={"": ["*.pyi", "py.typed"]},
)
