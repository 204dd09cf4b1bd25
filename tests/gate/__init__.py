"""A proxy on 127.0.0.1 before an S3 server: it checks every signature, notes every request and makes faults.

::

    with Gate(server.endpoint, {server.access_key: server.secret_key}) as gate:
        gate.expect(Rule("status", method="PUT", status=503, code="SlowDown", times=2))
        ...  # a client at gate.endpoint
        assert [entry.method for entry in gate.log] == ["PUT", "PUT", "PUT"]
"""

from gate.proxy import Entry, Gate
from gate.rules import ALWAYS, Action, Rule

__all__ = ["ALWAYS", "Action", "Entry", "Gate", "Rule"]
