"""What an operator can do to connections, links and security: the same verbs for console and command line.

Every refusal is a NeedsOperator whose sentence says what to do; nothing is half done after one.
"""

from sync.managers.verbs.checks import Checks
from sync.managers.verbs.connections import ConnectionVerbs
from sync.managers.verbs.links import LinkVerbs
from sync.managers.verbs.security import SecurityVerbs

__all__ = ["Checks", "ConnectionVerbs", "LinkVerbs", "SecurityVerbs"]
