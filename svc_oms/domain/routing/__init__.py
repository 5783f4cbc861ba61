"""Smart order routing as pure functions: one parent order, several venues, children.

`request.py` says what a parent asks for, `view.py` what the venues show, `fees.py` what they
charge, `parent.py` what was sent and what may be live, `decision.py` what is decided. `decide.py`
is the one function of them all. docs/ROUTING.md explains the rules.
"""
